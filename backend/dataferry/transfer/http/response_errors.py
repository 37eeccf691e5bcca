"""HTTP responses as errors of our own tree, and what their headers say of a file."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    Forbidden,
    GatedDataset,
    NetworkFault,
    NotFound,
    SourceRateLimited,
    SourceUnreachable,
    TransferError,
)
from dataferry.core.rate_limit_headers import retry_after_s
from dataferry.core.specs import SOURCES, KeyForm
from dataferry.core.types import Checksum, DatasetRef
from dataferry.transfer.http.client import HttpResponse
from dataferry.transfer.http.http1 import Headers

#: When to come back for a file that is being made, where its server does not say.
PREPARING_WAIT_S = 10.0
#: RFC 9110, section 14.4.
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
#: So long after its last change a file's time tells it from another version.
_SETTLED_S = 60


def response_error(response: HttpResponse, path: str, ref: DatasetRef, *, signed_in: bool) -> DataferryError:
    """The error behind a status that is not 200. ``signed_in``: a credential was sent."""
    status, host = response.status, response.host
    wait_s = retry_after_s(response.headers)
    if status == 429 or (status == 503 and wait_s is not None):
        until = f"; it asks to wait {wait_s:.0f} s" if wait_s is not None else ""
        return SourceRateLimited(
            f"{host} limits how often it may be asked{until}.",
            next_step="Nothing to do: the download goes on by itself.",
            retry_after=wait_s,
        )
    if status in (404, 410):
        return NotFound(
            f"{host} has no file {path} ({status}).",
            next_step="Search for the dataset again: its files may have changed.",
        )
    if status == 451 or (status == 403 and "disabled" in response.headers.get("x-error-message", "").lower()):
        # HuggingFace's words for what it closed itself: no token and no terms open it.
        return Forbidden(
            f"{SOURCES[ref.source].label if SOURCES[ref.source].hub else host} has closed {path} ({status}).",
            next_step="Nobody can download it now; its page may say why.",
        )
    if status == 202:
        return NetworkFault(f"{host} is still preparing {path}.", retry_after=wait_s or PREPARING_WAIT_S)
    if status in (401, 403):
        return _no_access(status, host, path, ref, signed_in=signed_in)
    if status >= 500 or status in (408, 421, 425):
        return NetworkFault(f"{host} answered {status} for {path}.", retry_after=wait_s)
    return TransferError(f"{host} answered {status} for {path}, which is not the file.")


def storage_refusal(response: HttpResponse, path: str, ref: DatasetRef) -> DataferryError:
    """The error behind a refusal by storage that the source itself led to. It says nothing about rights: the
    address was made for us just now. Another one often works, if not at once then later."""
    source = SOURCES[ref.source]
    if source.hub:
        return SourceUnreachable(
            f"{source.label}'s storage refuses its own address of {path} ({response.status}).",
            next_step=f"Nothing to do but try again later: it is {source.label}'s fault, and passes.",
        )
    return SourceUnreachable(
        f"{response.host}, where the link to {path} leads, refuses it ({response.status}).",
        next_step="Try again later; if it stays so, look at the link in a browser.",
    )


def _no_access(status: int, host: str, path: str, ref: DatasetRef, *, signed_in: bool) -> DataferryError:
    hub = SOURCES[ref.source].hub
    label = SOURCES[ref.source].label
    if status == 401 and signed_in and hub:
        return CredentialRejected(
            f"{label} does not accept the credentials ({status} for {path}).",
            next_step=f"Replace your {label} key under Settings.",
            **SOURCES[ref.source].key_form,
        )
    if hub:
        key = f", and add that account's {label} key under Settings"
        form: KeyForm = {} if signed_in else SOURCES[ref.source].key_form
        return GatedDataset(
            f"{label} does not give {path} to this account ({status}).",
            next_step=f"Accept the terms on its page{'' if signed_in else key}; then retry.",
            **form,
        )
    return Forbidden(
        f"{host} does not give {path} without permission ({status}).",
        next_step="Check the link: it may have expired or need a sign-in.",
    )


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int | None] | None:
    """The first and the last byte of a range, and the size of the whole where the server tells it."""
    match = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if match is None:
        return None
    return int(match[1]), int(match[2]), None if match[3] == "*" else int(match[3])


def validator_of(headers: Mapping[str, str]) -> str | None:
    """The validator that distinguishes versions of a file: a strong ``ETag``, else ``Last-Modified``.

    A file that was modified just now may have been again within the second, or was made for this answer
    alone: its time tells nothing (RFC 9110, section 8.8.2.2).
    """
    tag = headers.get("etag", "").strip()
    if tag.startswith('"'):
        return tag
    text = headers.get("last-modified", "").strip()
    modified, answered = _time(text), _time(headers.get("date", ""))
    if modified is not None and answered is not None and (answered - modified).total_seconds() < _SETTLED_S:
        return None
    return text or None


def _time(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def published_checksum(headers: Headers) -> Checksum | None:
    """What Google's storage (Kaggle's files) sends beside the bytes: an MD5, and of an object that was
    put together from parts a CRC32C alone. None where it unpacks what it has stored: they are of that."""
    stored = headers.get("x-goog-stored-content-encoding", "identity")
    if stored != headers.get("content-encoding", "identity"):
        return None
    found = {}
    for line in headers.getlist("x-goog-hash"):
        for term in line.split(","):
            name, _, value = term.strip().partition("=")
            with suppress(Base64Error, ValueError):
                found[name] = b64decode(value, validate=True)
    if len(found.get("md5", b"")) == 16:
        return Checksum("md5", found["md5"].hex(), "publisher")
    if len(found.get("crc32c", b"")) == 4:
        return Checksum("crc32c", found["crc32c"].hex(), "transport")
    return None
