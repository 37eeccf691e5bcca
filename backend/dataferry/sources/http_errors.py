"""What the hubs' HTTP answers have in common: rate limits, timeouts and server errors as our own errors.

Whoever stands between here and a hub refuses too, in a body of any shape: it is read for what the hub may
have said, and never trusted to be JSON, UTF-8 or short.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from dataferry.core.errors import (
    Forbidden,
    NotFound,
    SourceRateLimited,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.core.rate_limit_headers import retry_after_s
from dataferry.core.types import DatasetRef, SourceLabel
from dataferry.sources.metadata import one_line

#: Longer waits are cut to this; a hub's windows are minutes.
MAX_RETRY_AFTER_S = 3600.0
#: Of an error's body, no more is read.
MAX_ERROR_BYTES = 64 * 1024
_MAX_WORDS = 200


def rate_limited(label: SourceLabel, headers: Mapping[str, str]) -> SourceRateLimited:
    wait = retry_after_s(headers)
    if wait is not None:
        wait = min(wait, MAX_RETRY_AFTER_S)
    when = f"in {math.ceil(wait)} s" if wait is not None else "in a few minutes"
    return SourceRateLimited(
        f"{label}'s limit of requests is used up.",
        next_step=f"It can be asked again {when}.",
        retry_after=wait,
    )


def timed_out(label: SourceLabel) -> SourceTimeout:
    return SourceTimeout(f"{label} did not answer in time.", next_step="Try again in a minute.")


def server_error(label: SourceLabel, status: int) -> SourceUnreachable:
    """The hub's own failure (5xx)."""
    return SourceUnreachable(
        f"{label} has a fault of its own (HTTP {status}).", next_step="Try again in a few minutes."
    )


def unreachable(label: SourceLabel, *, certificate: bool = False) -> SourceUnreachable:
    if certificate:
        return SourceUnreachable(
            f"The certificate that {label}'s address shows is not trusted.",
            next_step="Behind a company's proxy, the server must trust its authority: ask an admin.",
            setting="SSL_CERT_FILE and REQUESTS_CA_BUNDLE",
        )
    return SourceUnreachable(
        f"{label} cannot be reached.",
        next_step="Check the server's network connection, and its proxy where one is needed.",
        setting="HTTPS_PROXY",
    )


def missing_file(ref: DatasetRef, path: str) -> NotFound:
    """``ref`` has other files, but not this one."""
    return NotFound(f"{ref.id} at {ref.label} has no file {path}.")


def no_files(ref: DatasetRef) -> NotFound:
    return NotFound(
        f"The {ref.label} dataset {ref.id} has no files.",
        next_step="Its page may say where they are; otherwise choose another dataset.",
    )


def closed_by_hub(ref: DatasetRef, words: str, page: str) -> Forbidden:
    """The hub itself keeps a dataset from everybody. ``words`` are the hub's own, already on one line."""
    quoted = f": “{words.rstrip('.')}”" if words else ""
    return Forbidden(
        f"{ref.label} has closed {ref.id}{quoted}.",
        next_step="Nobody can download it now. Its page may say why; otherwise choose another dataset.",
        link=page,
    )


def is_web_page(content_type: str, body: bytes) -> bool:
    """Whether an error's body is a page for people: of a load balancer or a proxy, not of a hub's API."""
    begins = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" in content_type.lower() or begins.startswith((b"<!doctype html", b"<html"))


def error_words(body: bytes) -> str:
    """What an error's body says, on one short line; empty where that cannot be read."""
    text = body[:MAX_ERROR_BYTES].decode("utf-8", "replace").strip()
    try:
        text = _message_in(json.loads(text))
    except (ValueError, RecursionError):
        # Plain words are words too; a torn object is not.
        text = "" if text.startswith(("{", "[", "<")) else text
    return one_line(text, _MAX_WORDS)


def _message_in(told: Any) -> str:
    """``{"error": {"message": …}}``, ``{"message": …}``, ``{"error": …}``, ``{"errors": […]}``, or a list."""
    if isinstance(told, str):
        return told
    if isinstance(told, list):
        return next(filter(None, map(_message_in, told)), "")
    if isinstance(told, dict):
        parts = (told.get(name) for name in ("error", "errors", "message", "detail"))
        return next(filter(None, map(_message_in, parts)), "")
    return ""
