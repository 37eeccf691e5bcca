"""Cookies of one chain of redirects: they go back to the host that set them, and are then forgotten."""

from email.message import Message
from http.cookiejar import CookieJar
from urllib.parse import urlsplit
from urllib.request import Request

from dataferry.transfer.http.http1 import Headers
from dataferry.transfer.http.urls import PORTS


class RedirectCookies:
    """A jar for each host of the chain, so that no ``Domain`` can send a cookie to another one.

    Domain, path, expiry and ``Secure`` are judged by the standard library's jar.
    """

    def __init__(self) -> None:
        self._jars: dict[tuple[str, int], CookieJar] = {}

    def header(self, url: str) -> str | None:
        """The ``Cookie`` header for a request; None where its host has set none."""
        jar = self._jars.get(_host(url))
        if jar is None:
            return None
        request = Request(url)  # noqa: S310 -- a bearer of the URL; nothing is opened by it
        jar.add_cookie_header(request)
        return request.get_header("Cookie")

    def record(self, url: str, headers: Headers) -> None:
        """Keep what a response sets, but for letters that no header of ours can hold."""
        lines = [line for line in headers.getlist("set-cookie") if line.isascii()]
        if lines:
            jar = self._jars.setdefault(_host(url), CookieJar())
            jar.extract_cookies(_Response(lines), Request(url))  # type: ignore[arg-type]  # noqa: S310


class _Response:
    """As much of a response as a jar looks at."""

    def __init__(self, lines: list[str]) -> None:
        self._headers = Message()
        for line in lines:
            self._headers["Set-Cookie"] = line

    def info(self) -> Message:
        return self._headers


def _host(url: str) -> tuple[str, int]:
    """Host and port; a host that moves on from http to https stays the same."""
    parts = urlsplit(url)
    port = parts.port or PORTS[parts.scheme]
    return parts.hostname or "", PORTS["https"] if port == PORTS["http"] else port
