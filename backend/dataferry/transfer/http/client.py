"""An HTTP client: kept connections, redirects checked at every hop, errors of our own tree.

``http1`` reads and writes on a connection, ``connector`` opens it. This module adds redirects, the headers
that follow them, the pool of kept connections, and errors of our own tree.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self
from urllib.parse import SplitResult, urlsplit

from dataferry import __version__
from dataferry.core.errors import DataferryError, InvalidInput, NetworkFault, TransferError
from dataferry.core.types import Http
from dataferry.transfer.http.connector import Address, Connector, Route, is_public, route_to, tls_context
from dataferry.transfer.http.cookies import RedirectCookies
from dataferry.transfer.http.http1 import Connection, ConnectionClosed, Headers, MalformedResponse, Response
from dataferry.transfer.http.urls import (
    host_of,
    redirect_target,
    request_target,
    same_origin,
    split_credentials,
)

Method = Literal["GET", "HEAD"]

#: As browsers and wget have it: the way to a publisher's file can be long.
MAX_REDIRECTS = 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: A redirect's body up to this size is read, so that its connection can be used again.
_DRAIN_BYTES = 64 * 1024
#: As much as tells what a file is.
PEEK_BYTES = 4096
#: One ``read1`` gives no more.
_READ_BYTES = 256 * 1024
#: After so many idle seconds, a kept connection is checked before it is used: it may have ended.
_UNCHECKED_IDLE_S = 1.0
#: ``identity``: a body that was compressed on the way has neither the size nor the hash promised.
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"dataferry/{__version__}"}


class HttpResponse:
    """A response, redirects followed. Used as a context manager: leaving it returns the connection to the
    pool if the body was read to its end, and closes it if not."""

    def __init__(
        self, response: Response, url: str, pool: "_ConnectionPool", route: Route, connection: Connection
    ) -> None:
        self._response = response
        self._pool = pool
        self._route = route
        self._connection = connection
        self._closed = False
        #: Bytes that were looked at and are still to be read.
        self._peeked = b""
        #: Called once the response is closed.
        self.on_close: Callable[[], None] | None = None
        #: Where the response came from, after redirects. It may hold a signature: never show it whole.
        self.url = url
        #: 203 is a 200 that a proxy on the way has a hand in.
        self.status = 200 if response.status == 203 else response.status
        #: Cookies of the way to it were sent, without which its URL may not give the same.
        self.had_cookies = False
        #: Names in any case.
        self.headers = response.headers

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def connection(self) -> object:
        """What it comes on: the same object for all responses of a kept connection."""
        return self._connection

    @property
    def length(self) -> int | None:
        """``Content-Length``; None where it is missing or the body is chunked."""
        if "transfer-encoding" in self.headers:
            return None
        text = self.headers.get("content-length", "")
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    def readinto(self, buffer: memoryview) -> int:
        """What has arrived, written into ``buffer``; the number of bytes, 0 at the end of a whole body.

        Errors: ``NetworkFault`` when the connection drops, stalls, or ends before ``Content-Length``.
        """
        if self._peeked:
            count = min(len(buffer), len(self._peeked))
            buffer[:count], self._peeked = self._peeked[:count], self._peeked[count:]
            return count
        try:
            if self._closed:
                raise ConnectionError("the response is closed")
            count = self._response.readinto(buffer)
            if count == 0 and not self._response.has_known_end and self._pool.connector.is_shut_down:
                raise ConnectionError("shut down")  # which looks like the end of such a body
            return count
        except OSError as error:
            raise network_fault(error, self.host, self._pool.read_timeout_s) from error

    def read1(self, size: int = 1 << 20) -> bytes:
        """What has arrived, at most ``size`` bytes; empty at the end of a whole body.

        Errors: as ``readinto``.
        """
        buffer = bytearray(min(size, _READ_BYTES))
        count = self.readinto(memoryview(buffer))
        return bytes(memoryview(buffer)[:count])

    def read(self, limit: int) -> bytes:
        """The body up to ``limit`` bytes. Errors: as ``readinto``."""
        chunks = []
        while limit > 0 and (chunk := self.read1(limit)):
            chunks.append(chunk)
            limit -= len(chunk)
        return b"".join(chunks)

    def peek(self, size: int) -> bytes:
        """The first ``size`` bytes of what is still to be read, fewer where the body ends before. They stay
        to be read. Errors: as ``readinto``."""
        if len(self._peeked) < size:
            peeked, self._peeked = self._peeked, b""
            self._peeked = peeked + self.read(size - len(peeked))
        return self._peeked[:size]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._pool.release(self._route, self._connection, self._response)
        if self.on_close is not None:
            self.on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _ConnectionPool:
    """Idle connections. The one used last is acquired first, so that those no longer needed are closed by
    the server."""

    def __init__(self, connector: Connector, max_idle: int, read_timeout_s: float) -> None:
        self.connector = connector
        self.read_timeout_s = read_timeout_s
        self._max_idle = max_idle
        self._lock = threading.Lock()
        #: The oldest first; with the moment at which each was given back.
        self._idle: list[tuple[Route, Connection, float]] = []
        self._closed = False

    def acquire(self, route: Route) -> Connection | None:
        """A kept connection of a route; it may have ended meanwhile."""
        while True:
            with self._lock:
                for place in range(len(self._idle) - 1, -1, -1):
                    if self._idle[place][0] == route:
                        _, connection, since = self._idle.pop(place)
                        break
                else:
                    return None
            if time.monotonic() - since < _UNCHECKED_IDLE_S or not connection.has_unexpected_data():
                return connection
            connection.close()

    def release(self, route: Route, connection: Connection, response: Response) -> None:
        """Keep a connection for the next request if its response has ended cleanly; else close it."""
        surplus: Connection | None = connection
        with self._lock:
            if response.reusable and not self._closed:
                self._idle.append((route, connection, time.monotonic()))
                surplus = self._idle.pop(0)[1] if len(self._idle) > self._max_idle else None
        if surplus is not None:
            surplus.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, connection, _ in idle:
            connection.close()


class HttpClient:
    """Keep-alive connections, for many threads.

    ``connections``: how many threads send requests at once, about; so many are kept for each of a few hosts.
    ``read_timeout_s``: a connection that gives no byte for so many seconds ends.
    ``allowed`` decides which addresses origins that are ``public_only`` may have.
    """

    def __init__(
        self,
        *,
        connections: int = 4,
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 60.0,
        allowed: Callable[[Address], bool] = is_public,
    ) -> None:
        self._read_timeout_s = read_timeout_s
        self._connector = Connector(
            allowed, connect_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s
        )
        # A file often takes two hosts: the hub, and the storage that it redirects to.
        self._pool = _ConnectionPool(self._connector, 4 * connections, read_timeout_s)
        #: By scheme, host and port as the URL has them, and ``public_only``.
        self._routes: dict[tuple[str, str, bool], Route] = {}

    def open(
        self,
        origin: Http,
        *,
        method: Method = "GET",
        headers: Mapping[str, str] | None = None,
        on_response: Callable[[str, Headers, int], None] | None = None,
    ) -> HttpResponse:
        """Request an origin and follow its redirects. Any final status is returned.

        ``headers`` travel with every hop; the origin's own only as far as its own host. ``on_response`` is
        called with every hop's host, headers and status.

        Errors: ``NetworkFault``, ``PrivateAddress``, ``InvalidInput`` for what is no URL,
        ``TransferError`` for a redirect that cannot be followed, a certificate that is not trusted, or
        a response that is not HTTP.
        """
        url, own = split_credentials(origin)
        cookies = RedirectCookies()
        for _ in range(MAX_REDIRECTS + 1):
            cookie = cookies.header(url)
            sent = {**_HEADERS, **({"Cookie": cookie} if cookie else {}), **own, **(headers or {})}
            response = self._send(method, url, sent, origin.public_only)
            response.had_cookies = cookie is not None
            if on_response is not None:
                on_response(response.host, response.headers, response.status)
            location = response.headers.get("location") if response.status in _REDIRECTS else None
            if not location:
                return response
            cookies.record(url, response.headers)
            _drain(response)
            next_url = redirect_target(url, location)
            if not same_origin(url, next_url):
                own = {}
            url = next_url
        raise TransferError(f"{host_of(url)} redirects more than {MAX_REDIRECTS} times.")

    def shutdown(self) -> None:
        """End every connection now, from any thread; no request can be made afterwards."""
        self._connector.shutdown()

    def close(self) -> None:
        """Close the idle connections. Those in use close with their responses."""
        self._pool.close()

    def _send(self, method: Method, url: str, headers: Mapping[str, str], public_only: bool) -> HttpResponse:
        parts = urlsplit(url)
        route = self._route(parts, public_only)
        request = _request(method, request_target(parts), route, headers)
        connection = self._pool.acquire(route)
        if connection is not None:
            try:
                # What is not HTTP here may be left over from the response before.
                with suppress(ConnectionClosed, MalformedResponse):
                    return self._response(connection, request, method, url, route)
            except OSError as error:
                raise network_fault(error, route.host, self._read_timeout_s) from error
        try:
            connection = Connection(self._connector.connect(route))
        except DataferryError:
            self._routes.clear()  # the environment may name another proxy by the next try
            raise
        try:
            return self._response(connection, request, method, url, route)
        except (OSError, MalformedResponse) as error:
            raise network_fault(error, route.host, self._read_timeout_s) from error

    def _response(
        self, connection: Connection, request: bytes, method: Method, url: str, route: Route
    ) -> HttpResponse:
        try:
            response = connection.send_request(request, bodiless=method == "HEAD")
        except BaseException:
            connection.close()
            raise
        return HttpResponse(response, url, self._pool, route, connection)

    def _route(self, parts: SplitResult, public_only: bool) -> Route:
        key = (parts.scheme, parts.netloc, public_only)
        route = self._routes.get(key)
        if route is None:
            if parts.scheme == "https":
                tls_context()  # a wrong setting is reported before a connection is made
            route = self._routes[key] = route_to(parts, public_only=public_only)
        return route


def open_http(
    origin: Http,
    *,
    method: Method = "GET",
    headers: Mapping[str, str] | None = None,
    connect_timeout_s: float = 5.0,
    read_timeout_s: float = 10.0,
) -> HttpResponse:
    """One request on a connection of its own, for a source that looks at a URL.

    ``with open_http(origin, method="HEAD") as response: …``. Errors: as ``HttpClient.open``.
    """
    client = HttpClient(connections=1, connect_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s)
    try:
        response = client.open(origin, method=method, headers=headers)
    except BaseException:
        client.close()
        raise
    response.on_close = client.close
    return response


def network_fault(error: Exception, host: str, timeout: float) -> TransferError:
    """An error of a connection, as one of our tree. It names no URL: URLs carry signatures."""
    if isinstance(error, MalformedResponse):
        return TransferError(
            f"{host} does not answer in HTTP ({error}).",
            next_step="Look at the link in a browser; if it fails there too, tell its publisher.",
        )
    if isinstance(error, TimeoutError):
        return NetworkFault(f"{host} sent nothing for {timeout:g} s.")
    return NetworkFault(f"The connection to {host} broke.")


def _request(method: Method, target: str, route: Route, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {route.authority}"]
    if route.proxy is not None and route.scheme == "http":
        lines[0] = f"{method} http://{route.authority}{target} HTTP/1.1"
        if route.proxy.authorization:
            lines.append(f"Proxy-Authorization: {route.proxy.authorization}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    text = "\n".join(lines)
    if not text.isascii() or "\r" in text or "\0" in text or text.count("\n") != len(lines) - 1:
        raise InvalidInput(
            f"What would be sent to {route.host} holds letters that a header cannot.",
            next_step="Check the token for that source: it may have been pasted with something else.",
        )
    return text.replace("\n", "\r\n").encode() + b"\r\n\r\n"


def _drain(response: HttpResponse) -> None:
    """Read a redirect's small body so that the connection can be used again; else close it."""
    with response, suppress(NetworkFault):
        if response.length is not None and response.length <= _DRAIN_BYTES:
            response.read(_DRAIN_BYTES)
