"""URLs of one file, http or https, that need no account.

A URL may hold a secret (a signed query, user info): messages name its host, never the URL.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

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
from dataferry.transfer.contract import Limits
from dataferry.transfer.http.client import PEEK_BYTES, HttpResponse, open_http
from dataferry.transfer.http.connector import check_is_public
from dataferry.transfer.http.content_disposition import disposition_name, last_segment, plain_name
from dataferry.transfer.http.content_encoding import DecodedBody
from dataferry.transfer.http.response_errors import PREPARING_WAIT_S
from dataferry.transfer.http.web_pages import PAGE_STEP, content_type, page_in_place_of

#: Endings for names that have none, where the type leaves no doubt.
_SUFFIX_OF_TYPE = {
    "application/json": ".json",
    "application/vnd.apache.parquet": ".parquet",
    "application/x-ndjson": ".ndjson",
    "application/x-tar": ".tar",
    "application/x-zip-compressed": ".zip",
    "application/zip": ".zip",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
}
#: The same by the first bytes. Of those of a zip there are too many kinds.
_SUFFIX_OF_MAGIC = {b"PAR1": ".parquet"}
#: A dataset's page at a hub, with the tabs that it has.
_HUB_PAGES = {
    "kaggle": re.compile(r"(?:www\.)?kaggle\.com/datasets/([^/]+/[^/]+)(?:/(?:data|code|discussion).*)?/?"),
    "huggingface": re.compile(
        r"(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/([^/]+(?:/(?!viewer|tree|discussions)[^/]+)?)"
        r"(?:/(?:viewer|tree|discussions).*)?/?"
    ),
}

#: What a range is refused with by servers that give the whole file.
_REFUSALS_OF_RANGES = frozenset({400, 403, 405, 406, 412, 500, 501})


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
        self._described_within = _Timeouts(
            settings.connect_timeout_s, max(1.0, settings.describe_timeout_s - settings.connect_timeout_s)
        )
        # A job has the patience of a download: an archive may be made only when it is asked for.
        self._resolved_within = _Timeouts(Limits().connect_timeout_s, settings.stall_timeout_s)

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        return []

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        """Errors beyond a source's own: ``InvalidInput`` for a web page or a URL whose secret part
        is not known, ``PrivateAddress`` for an address that is not a public one."""
        if self._public_only and ref.url is not None:
            # In less time than a description may take: a name that is looked for in vain must not be
            # answered otherwise than a private one.
            check_is_public(ref.url, timeout_s=self._described_within.read_s / 2)
        file = self._look(ref, revision, self._described_within)
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
        """One file, whose size is no promise: what counts is the answer that its bytes come with.

        With a ``revision``, ``NotFound`` where the file is another one by now.
        """
        file = self._look(ref, revision, self._resolved_within)
        entry = FileEntry(
            path=file.name,
            origin=self._origin(ref),
            size=file.size,
            unpack=is_named_archive(file.name),
            exact=False,
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

    def _look(self, ref: DatasetRef, revision: str | None, timeouts: "_Timeouts") -> _RemoteFile:
        """Ask for the first bytes. HEAD would be cheaper, and is refused, left unanswered or answered with
        something else than GET by many a server."""
        _refuse_hub_page(ref)
        try:
            with self._open(ref, timeouts, {"Range": f"bytes=0-{PEEK_BYTES - 1}"}) as response:
                # Some refuse a range instead of sending the whole.
                file = None if _refuses_range(response) else _parse_response(ref, response)
            if file is None:
                with self._open(ref, timeouts, {}) as response:
                    file = _parse_response(ref, response)
        except NetworkFault as error:
            raise SourceUnreachable(error.detail, next_step=error.next_step) from error
        if revision is not None and revision != file.revision:
            raise NotFound(
                "The file behind the link is not the one it was.",
                next_step="Ask for the link anew, without a revision, to get the file of today.",
            )
        return file

    def _open(self, ref: DatasetRef, timeouts: "_Timeouts", headers: Mapping[str, str]) -> HttpResponse:
        return open_http(
            self._origin(ref),
            headers=headers,
            connect_timeout_s=timeouts.connect_s,
            read_timeout_s=timeouts.read_s,
        )


class _Timeouts(NamedTuple):
    connect_s: float
    read_s: float


def _refuse_hub_page(ref: DatasetRef) -> None:
    """A dataset's page is what people have at hand; its reference is what they mean."""
    parts = urlsplit(ref.id)
    for source, pattern in _HUB_PAGES.items():
        if match := pattern.fullmatch(f"{parts.hostname}{parts.path}"):
            raise InvalidInput(
                "That is a dataset's page, not a link to a file.",
                next_step=f"Ask for {source}:{match.group(1)}.",
            )


def _refuses_range(response: HttpResponse) -> bool:
    if response.status == 416:
        return _size(response) != 0
    return response.status in _REFUSALS_OF_RANGES


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
    if status == 202:
        return SourceUnreachable(
            f"{host} is still preparing the file.",
            next_step="Nothing to do: it is asked again in a moment.",
            retry_after=retry_after_s(response.headers) or PREPARING_WAIT_S,
        )
    if status >= 500:
        return SourceUnreachable(f"{host} fails at the moment ({status}).", next_step="Try again later.")
    return SourceProtocolError(f"{host} does not give the file ({status}).", next_step="Check the link.")


def _parse_response(ref: DatasetRef, response: HttpResponse) -> _RemoteFile:
    """Errors: those of a refusal; ``InvalidInput`` for a web page."""
    if response.status not in (200, 206, 416):
        raise _refusal(response)
    headers = response.headers
    given = plain_name(disposition_name(headers))
    own = last_segment(ref.id)
    name = _file_name(given, own, response.url)
    # A page that a redirect leads to is none that was asked for, whatever its name.
    asked_for = given or own
    body = None if response.status == 416 else DecodedBody(response, name)
    head = body.head if body is not None else b""
    came = page_in_place_of(asked_for, headers, head)
    if came is not None:
        raise InvalidInput(f"That is {came}, not a file.", next_step=PAGE_STEP)
    encoded = body is not None and body.encoded
    size = None if encoded else _size(response)
    return _RemoteFile(
        name=_with_suffix(name, content_type(headers), head),
        size=size,
        modified=_time(headers.get("last-modified")),
        revision=_revision(ref, headers.get("etag", ""), headers.get("last-modified", ""), size),
    )


def _size(response: HttpResponse) -> int | None:
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


def _file_name(given: str, own: str, final_url: str) -> str:
    """The server's name for the file, else the URL's, else that of the URL it redirects to."""
    if given:
        return given
    names = [name for name in (own, last_segment(final_url)) if name]
    return next((name for name in names if PurePosixPath(name).suffix), "") or next(iter(names), "download")


def _with_suffix(name: str, kind: str, head: bytes) -> str:
    """The name with an ending, where it has none and the bytes or the type leave no doubt."""
    if PurePosixPath(name).suffix:
        return name
    by_bytes = next((suffix for magic, suffix in _SUFFIX_OF_MAGIC.items() if head.startswith(magic)), None)
    return name + (_SUFFIX_OF_TYPE.get(kind) or by_bytes or "")


def _time(text: str | None) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
