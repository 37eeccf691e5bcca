"""URLs of one file, http or https, that need no account.

A URL may hold a secret (a signed query, user info): messages name its host, never the URL.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from dataferry.core.errors import (
    DataferryError,
    Forbidden,
    InvalidInput,
    NetworkFault,
    NotFound,
    SourceProtocolError,
    SourceRateLimited,
    SourceUnreachable,
)
from dataferry.core.rate_limit_headers import retry_after_s
from dataferry.core.settings import Settings
from dataferry.core.types import (
    Credential,
    DatasetRef,
    DatasetSummary,
    FileEntry,
    Http,
    Manifest,
    SourceName,
)
from dataferry.sources.base import SearchQuery
from dataferry.transfer.archives.archive_formats import is_named_archive
from dataferry.transfer.http.client import HttpResponse, open_http

_WEB_PAGE_TYPES = ("text/html", "application/xhtml+xml")
#: Endings for names that have none, where the type leaves no doubt.
_SUFFIX_OF_TYPE = {
    "application/json": ".json",
    "application/x-tar": ".tar",
    "application/x-zip-compressed": ".zip",
    "application/zip": ".zip",
    "text/csv": ".csv",
}
#: A dataset's page at a hub, with the tabs that it has.
_HUB_PAGES = {
    "kaggle": re.compile(r"(?:www\.)?kaggle\.com/datasets/([^/]+/[^/]+)(?:/(?:data|code|discussion).*)?/?"),
    "huggingface": re.compile(
        r"(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/([^/]+(?:/(?!viewer|tree|discussions)[^/]+)?)"
        r"(?:/(?:viewer|tree|discussions).*)?/?"
    ),
}
_MAX_NAME_CHARS = 150


@dataclass(frozen=True, slots=True)
class _RemoteFile:
    """What the server says of the file. ``size`` in bytes, None where it does not tell."""

    name: str
    size: int | None
    modified: datetime | None
    revision: str


class UrlSource:
    """URLs that people give. There is nothing to search, and no checksum that a source publishes."""

    name: SourceName = "url"
    threads = 6
    endpoint: str | None = None
    how_to_connect = ""

    def __init__(self, settings: Settings) -> None:
        self._public_only = not settings.allow_private_urls
        self._connect_timeout = settings.connect_timeout_s
        self._read_timeout = max(1.0, settings.describe_timeout_s - settings.connect_timeout_s)

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        return []

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        """Errors beyond a source's own: ``InvalidInput`` for a web page or a URL whose secret part
        is not known, ``PrivateAddress`` for an address that is not a public one."""
        file = self._fetch_metadata(ref, revision)
        shown = urlsplit(ref.id)
        size = "of unknown size" if file.size is None else f"of {file.size:,} bytes"
        description = f"One file {size} behind a direct link to {shown.hostname}."
        if shown.scheme == "http":
            description += " It comes over http, so nothing protects it from changes on the way."
        ending = PurePosixPath(file.name).suffix.lstrip(".").lower()
        return DatasetSummary(
            ref=str(ref),
            source="url",
            id=ref.id,
            title=file.name,
            description=description,
            url=shown._replace(fragment="").geturl(),
            size_bytes=file.size,
            file_count=None if is_named_archive(file.name) else 1,
            updated_at=file.modified,
            formats=(ending,) if ending else (),
            revision=file.revision,
        )

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        file = self._fetch_metadata(ref, revision)
        entry = FileEntry(
            path=file.name, origin=self._origin(ref), size=file.size, unpack=is_named_archive(file.name)
        )
        return Manifest(ref, file.revision, (entry,))

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        return ""

    def _origin(self, ref: DatasetRef) -> Http:
        if ref.url is None:
            raise InvalidInput(
                "The secret part of this link is not known here.", next_step="Give the whole link again."
            )
        return Http(ref.url, public_only=self._public_only)

    def _fetch_metadata(self, ref: DatasetRef, revision: str | None) -> _RemoteFile:
        _refuse_hub_page(ref)
        try:
            file = self._request_metadata(ref, self._origin(ref))
        except NetworkFault as error:
            raise SourceUnreachable(error.detail, next_step=error.next_step) from error
        if revision is not None and revision != file.revision:
            raise NotFound(
                "The file behind the link is not the one it was.",
                next_step="Ask for the link anew, without a revision, to get the file of today.",
            )
        return file

    def _request_metadata(self, ref: DatasetRef, origin: Http) -> _RemoteFile:
        """By HEAD, or by the first byte where a server refuses HEAD (signed URLs do) or keeps the
        size from it."""
        with self._open(origin, "HEAD") as response:
            if response.status < 400 and response.length is not None:
                return _parse_response(ref, response)
            if response.status == 429:
                raise _refusal(response)
        with self._open(origin, "GET") as response:
            if response.status >= 400 and response.status != 416:
                raise _refusal(response)
            return _parse_response(ref, response)

    def _open(self, origin: Http, method: str) -> HttpResponse:
        return open_http(
            origin,
            method="HEAD" if method == "HEAD" else "GET",
            headers={"Range": "bytes=0-0"} if method == "GET" else None,
            connect_timeout_s=self._connect_timeout,
            read_timeout_s=self._read_timeout,
        )


def _refuse_hub_page(ref: DatasetRef) -> None:
    """A dataset's page is what people have at hand; its reference is what they mean."""
    parts = urlsplit(ref.id)
    for source, pattern in _HUB_PAGES.items():
        if match := pattern.fullmatch(f"{parts.hostname}{parts.path}"):
            raise InvalidInput(
                "That is a dataset's page, not a link to a file.",
                next_step=f"Ask for {source}:{match.group(1)}.",
            )


def _refusal(response: HttpResponse) -> DataferryError:
    host, status = response.host, response.status
    if status in (404, 410):
        return NotFound(f"{host} has no file at that link.", next_step="Check the link.")
    if status in (401, 403, 407):
        return Forbidden(
            f"{host} refuses the link ({status}).",
            next_step="If it was made for a limited time or needs a login, get a new one.",
        )
    if status == 429:
        return SourceRateLimited(
            f"{host} allows no more requests for now.",
            next_step="Wait, then try again.",
            retry_after=retry_after_s(response.headers),
        )
    if status >= 500:
        return SourceUnreachable(f"{host} fails at the moment ({status}).", next_step="Try again later.")
    return SourceProtocolError(f"{host} does not give the file ({status}).", next_step="Check the link.")


def _parse_response(ref: DatasetRef, response: HttpResponse) -> _RemoteFile:
    """Errors: ``InvalidInput`` for a web page."""
    headers = response.headers
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    disposition = Message()
    disposition["Content-Disposition"] = headers.get("content-disposition", "")
    if content_type in _WEB_PAGE_TYPES and disposition.get_content_disposition() != "attachment":
        raise InvalidInput(
            "That is a web page, not a file.",
            next_step="Open it and copy the address that its download button leads to.",
        )
    size = _size(response)
    return _RemoteFile(
        name=_file_name(disposition.get_filename(), ref.id, response.url, content_type),
        size=size,
        modified=_time(headers.get("last-modified")),
        revision=_revision(ref, headers.get("etag", ""), headers.get("last-modified", ""), size),
    )


def _size(response: HttpResponse) -> int | None:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return None
    if response.status in (206, 416):
        total = response.headers.get("content-range", "").rpartition("/")[2]
        return int(total) if re.fullmatch(r"[0-9]{1,18}", total) else None
    return response.length


def _revision(ref: DatasetRef, etag: str, modified: str, size: int | None) -> str:
    """The best there is to tell one version of the file from the next, as 40 hex digits."""
    if etag.startswith('"'):
        version = f"etag {etag}"
    elif modified:
        version = f"modified {modified} size {size}"
    else:
        version = f"link {ref.id} size {size}"
    return sha256(version.encode()).hexdigest()[:40]


def _file_name(given: str | None, url: str, final_url: str, content_type: str) -> str:
    """The server's name for the file, else the URL's, else that of the URL it redirects to."""
    if name := _plain_name(_as_utf8(given or "")):
        return _with_suffix(name, content_type)
    names = [_plain_name(unquote(urlsplit(each).path)) for each in (url, final_url)]
    name = next((name for name in names if PurePosixPath(name).suffix), None) or next(filter(None, names), "")
    return _with_suffix(name or "download", content_type)


def _with_suffix(name: str, content_type: str) -> str:
    return name if PurePosixPath(name).suffix else name + _SUFFIX_OF_TYPE.get(content_type, "")


def _as_utf8(text: str) -> str:
    """Headers arrive as Latin-1; servers that put other letters there mean UTF-8."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _plain_name(path: str) -> str:
    """The last segment of a path, fit to be a file's name; empty where there is none."""
    name = re.split(r"[/\\]", path)[-1]
    name = "".join(char if char.isprintable() else "_" for char in name).strip(" .")
    ending = PurePosixPath(name).suffix[:12]
    return name if len(name) <= _MAX_NAME_CHARS else name[: _MAX_NAME_CHARS - len(ending)] + ending


def _time(text: str | None) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
