"""Datasets that people add themselves: announced, sent in pieces, and brought into the library."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.core.types import Count
from dataferry.library.additions.views import (
    MAX_FILES,
    PAGE_FILES,
    AdditionView,
    AnnouncedFile,
    ArrivedFiles,
    Mode,
    NewAddition,
    Received,
    Visibility,
)
from dataferry.library.views import DownloadTicket

router = APIRouter(prefix="/api/additions", tags=["additions"], route_class=TokenFirst)

AdditionId = Annotated[str, Path(max_length=64)]
_OCTETS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class AdditionRequest(RequestBody):
    """A folder of files that is to become a dataset of the library."""

    name: str = Field("", max_length=120, description="What the dataset is called; its id follows from it")
    to: str | None = Field(
        None, max_length=400, description="A dataset of yours, by key or ref, that gets another revision"
    )
    mode: Mode = Field("new", description="`add` to its files or `replace` them, with `to`")
    description: str = Field("", max_length=4000, description="What it is, in a few words")
    license: str | None = Field(None, max_length=200, description="A licence's name, or your own words")
    visibility: Visibility = Field("restricted", description="`restricted`: yours alone until you share it")
    unpack: bool = Field(False, description="Archives are unpacked, and their members are the files")
    file_count: int = Field(ge=1, le=MAX_FILES, description="Files that will come")
    size: Count = Field(description="Bytes that will come")
    go_on: bool = Field(
        False, description="With what has arrived under this name already; else that is a conflict"
    )
    make_room: bool = Field(False, description="Beyond a quota: what it names is removed")


class FilesRequest(RequestBody):
    """A page of the files that are to come."""

    files: list[AnnouncedFile] = Field(max_length=PAGE_FILES)
    first: bool = Field(False, description="The list begins anew: what it does not name is not wanted")


@router.post("", status_code=201)
async def begin_addition(body: AdditionRequest, viewer: Current, wired: Wired) -> AdditionView:
    """Begin to add a dataset. What has no room on the disk or in a quota is refused here, with the sums."""
    return await wired.additions.begin(viewer, NewAddition.model_validate(body.model_dump()))


@router.get("")
async def list_additions(viewer: Current, wired: Wired) -> list[AdditionView]:
    """What is on its way of yours, newest first."""
    return await wired.additions.list(viewer)


@router.get("/{addition_id}")
async def get_addition(addition_id: AdditionId, viewer: Current, wired: Wired) -> AdditionView:
    """How far it is."""
    return await wired.additions.get(viewer, addition_id)


@router.post("/{addition_id}/files")
async def announce_files(
    addition_id: AdditionId, body: FilesRequest, viewer: Current, wired: Wired
) -> ArrivedFiles:
    """Announce files, page after page. The answer tells which are here already, whole or in part: to go on
    after a dropped line, announce them again and send the rest."""
    return await wired.additions.announce(viewer, addition_id, body.files, first=body.first)


@router.post("/{addition_id}/data", openapi_extra=_OCTETS)
async def receive_files(addition_id: AdditionId, request: Request, viewer: Current, wired: Wired) -> Received:
    """Send files or pieces of them, one after another: for each a line of JSON,
    `{"path": "a/b.png", "offset": 0, "length": 1234}`, and then so many bytes. `offset` is 0 or where the
    kept bytes end; else 409 `wrong_offset`. What has arrived when the line drops is kept."""
    return await wired.additions.receive(viewer, addition_id, request.stream())


@router.post("/{addition_id}/finish", status_code=202)
async def finish_addition(addition_id: AdditionId, viewer: Current, wired: Wired) -> DownloadTicket:
    """All is sent: a job verifies every byte and brings the dataset into the library."""
    return await wired.additions.finish(viewer, addition_id)


@router.delete("/{addition_id}", status_code=204)
async def remove_addition(addition_id: AdditionId, viewer: Current, wired: Wired) -> None:
    """Forget it, and what has arrived."""
    await wired.additions.remove(viewer, addition_id)
