"""Files of the library on their way to somebody's own computer."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from dataferry.api.deps import FILE_COOKIE, AccessToken, Current, Reader, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision
from dataferry.core.threads import in_thread
from dataferry.core.types import View
from dataferry.library.archive_stream import ArchiveFormat

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

#: What generated clients read as bytes; they know no type of archives.
_OCTETS = "application/octet-stream"
_FILE = {"content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
_FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", **_FILE},
    206: {"description": "The ranges of it that were asked for.", **_FILE},
    304: {"description": "The file is the one that you have."},
    416: {"description": "No such range: the file is shorter."},
}
_ARCHIVE_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"description": "The archive.", **_FILE}}


class LibraryFile(FileResponse):
    """A file, or the ranges of it that are asked for. It is never shown in the page's origin: what a stranger
    wrote could run there."""

    #: With 64 KiB, which is the default, a large file takes four times as long.
    chunk_size = 1 << 20

    def __init__(
        self, *arguments: Any, in_use: Callable[[], None], content: bytes | None = None, **options: Any
    ) -> None:
        """``content``: all of the file, where it has been read already and no range is asked for."""
        super().__init__(*arguments, **options)
        self._in_use = in_use
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_noted(message: Message) -> None:
            self._in_use()
            await send(message)

        if self._content is None:
            await super().__call__(scope, receive, send_noted)
            return
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send_noted(start)
        await send({"type": "http.response.body", "body": self._content})


class BrowserAccess(View):
    """``address``: what the addresses of the dataset's files begin with (``files/…``, ``archive``). Only
    these bring the cookie, which lasts ``expires_in`` seconds."""

    address: str
    expires_in: int


@router.post("/{key}/browser-access")
async def allow_browser(
    key: str,
    request: Request,
    response: Response,
    token: AccessToken,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
) -> BrowserAccess:
    """Let this browser fetch the dataset's files and archive by their addresses, for some hours: its own
    downloads bear no token. It gets a cookie that is sent to this dataset's routes alone and that ends with
    the session.
    """
    if await wired.images.not_here(viewer, key, revision) is None:  # else its pictures come from its source
        await wired.shelf.opened(viewer, key, revision)
    value, lifetime_s = await wired.accounts.issue_file_token(token, key)
    address = f"/api/datasets/{quote(key, safe=':~')}/"
    response.set_cookie(
        FILE_COOKIE,
        value,
        max_age=lifetime_s,
        path=address,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return BrowserAccess(address=address, expires_in=lifetime_s)


@router.get("/{key}/files/{path:path}", response_class=FileResponse, responses=_FILE_ANSWERS)
async def get_file(
    key: str,
    path: Annotated[str, Path(max_length=4096)],
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
) -> Response:
    """One file of the dataset, whole or in ranges (`Range`, `If-Range`). Its `ETag` is its SHA-256."""
    file = await wired.shelf.open_file(viewer, key, path, revision)
    return LibraryFile(
        file.path,
        headers={"ETag": f'"{file.sha256}"', "Cache-Control": "private, no-cache"},
        media_type=_OCTETS,
        filename=file.path.name,
        stat_result=await in_thread("disk", file.path.stat),
        in_use=partial(wired.last_use.touch, file.dataset_id),
    )


@router.get("/{key}/archive", response_class=StreamingResponse, responses=_ARCHIVE_ANSWERS)
async def get_archive(
    key: str,
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
    format: Annotated[ArchiveFormat, Query(description="Files are stored in it as they are")] = "zip",
) -> StreamingResponse:
    """The whole dataset as one file, made while it is sent; its length is told before."""
    archive = await wired.archives.make(viewer, key, format, revision)
    headers = {
        "Content-Length": str(archive.length),
        "Content-Disposition": f'attachment; filename="{archive.name}"',
    }
    return StreamingResponse(archive.pieces, media_type=_OCTETS, headers=headers)
