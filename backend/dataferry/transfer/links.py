"""Links: which can be asked, where a redirect leads, and what may travel along."""

from base64 import b64encode
from contextlib import suppress
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from dataferry.core.errors import InvalidInput, TransferError
from dataferry.core.types import Http


def without_user(origin: Http) -> tuple[str, dict[str, str]]:
    """The link without ``user:password@``, which becomes a header."""
    _check_link(origin.url)
    parts = urlsplit(origin.url)
    headers = dict(origin.headers)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers.setdefault("Authorization", f"Basic {b64encode(pair.encode()).decode()}")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")), headers


def _check_link(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        # Two readers of links could disagree on where such a host ends.
        usable = usable and "\\" not in parts.netloc
    except ValueError:
        usable = False
    if not usable:
        raise InvalidInput(
            "That is not a link to a file.", next_step="Give a whole http:// or https:// address."
        )


def followed(url: str, location: str) -> str:
    """Where a redirect leads. Errors: ``TransferError`` if that is nowhere to go."""
    with suppress(UnicodeError):
        # http.client reads headers as Latin-1; servers that put other letters there mean UTF-8.
        location = location.encode("latin-1").decode()
    try:
        following = urljoin(url, location)
        _check_link(following)
        parts = urlsplit(following)
    except (ValueError, InvalidInput) as error:
        raise TransferError(f"{host_of(url)} redirects to something that is not a web address.") from error
    if urlsplit(url).scheme == "https" and parts.scheme == "http":
        raise TransferError(
            f"{host_of(url)} redirects from https to http, which anyone on the way could change.",
            next_step="If that will do, give the http:// link itself.",
        )
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def same_origin(url: str, following: str) -> bool:
    """Same scheme, host and port; http on port 80 to https on port 443 of a host counts as the same."""
    old, new = urlsplit(url), urlsplit(following)
    ports = {"http": 80, "https": 443}
    old_end = (old.scheme, old.port or ports[old.scheme])
    new_end = (new.scheme, new.port or ports[new.scheme])
    secured = (old_end, new_end) == (("http", 80), ("https", 443))
    return old.hostname == new.hostname and (old_end == new_end or secured)


def host_of(url: str) -> str:
    """The host, for messages: the rest of a link may hold a signature."""
    return urlsplit(url).hostname or "the server"
