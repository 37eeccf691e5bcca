"""URLs: which can be requested, where a redirect leads, and which headers may follow it."""

import re
from base64 import b64encode
from contextlib import suppress
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from dataferry.core.errors import InvalidInput, TransferError
from dataferry.core.types import Http

PORTS = {"http": 80, "https": 443}

#: What stands in a request line as it is. Signatures cover the spelling, so escapes are left alone.
_SAFE = "-._~!$&'()*+,;=:@/?"
_PLAIN = re.compile(rf"(?:[A-Za-z0-9{re.escape(_SAFE)}]++|%[0-9A-Fa-f]{{2}})*+")
_SLASHES = re.compile(r"^(https?:)/{3,}", re.IGNORECASE)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def split_credentials(origin: Http) -> tuple[str, dict[str, str]]:
    """The URL without ``user:password@``, and the headers with it as ``Authorization``."""
    parts = _parse_http_url(origin.url)
    headers = dict(origin.headers)
    if "@" not in parts.netloc and "#" not in origin.url:
        return origin.url, headers
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers.setdefault("Authorization", basic_auth(pair))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")), headers


def basic_auth(user: str) -> str:
    """``user:password`` as an ``Authorization`` header."""
    return f"Basic {b64encode(user.encode()).decode()}"


def request_target(parts: SplitResult) -> str:
    """A URL's path and query as they stand in a request line."""
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    if _PLAIN.fullmatch(target):
        return target
    return quote(_STRAY_PERCENT.sub("%25", target), safe=_SAFE + "%")


def _parse_http_url(url: str) -> SplitResult:
    """Errors: ``InvalidInput`` unless it leads to a file on the web."""
    try:
        parts = urlsplit(url)
        usable = _usable(parts.scheme, parts.netloc)
    except ValueError:
        usable = False
    if not usable:
        raise InvalidInput(
            "That is not a link to a file.", next_step="Give a whole http:// or https:// address."
        )
    return parts


@lru_cache(maxsize=256)
def _usable(scheme: str, netloc: str) -> bool:
    parts = SplitResult(scheme, netloc, "", "", "")
    usable = scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    # Two parsers of URLs could disagree on where such a host ends.
    return usable and "\\" not in netloc


def redirect_target(url: str, location: str) -> str:
    """Where a redirect leads. Errors: ``TransferError`` if that is nowhere to go."""
    with suppress(UnicodeError):
        # Headers are read as Latin-1; servers that put other letters there mean UTF-8.
        location = location.encode("latin-1").decode()
    # Browsers forgive too many slashes.
    location = _SLASHES.sub(r"\1//", location.strip())
    try:
        next_url = urljoin(url, location)
        parts = _parse_http_url(next_url)
    except (ValueError, InvalidInput) as error:
        raise TransferError(f"{host_of(url)} redirects to something that is not a web address.") from error
    if urlsplit(url).scheme == "https" and parts.scheme == "http":
        raise TransferError(
            f"{host_of(url)} redirects from https to http, which anyone on the way could change.",
            next_step="If that will do, give the http:// link itself.",
        )
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def same_origin(url: str, next_url: str) -> bool:
    """Same scheme, host and port; http on port 80 to https on port 443 of a host counts as the same."""
    old, new = urlsplit(url), urlsplit(next_url)
    old_end = (old.scheme, old.port or PORTS[old.scheme])
    new_end = (new.scheme, new.port or PORTS[new.scheme])
    secured = (old_end, new_end) == (("http", 80), ("https", 443))
    return old.hostname == new.hostname and (old_end == new_end or secured)


def host_of(url: str) -> str:
    """The host, for messages: the rest of a URL may hold a signature."""
    return _host(urlsplit(url).netloc)


@lru_cache(maxsize=256)
def _host(netloc: str) -> str:
    return SplitResult("", netloc, "", "", "").hostname or "the server"
