"""HTTP as transfers need it: pooled connections, redirects checked at every hop, honest errors.

urllib3 does the protocol. What is ours: the guard against private addresses (``dial``), which
headers follow a redirect, the environment's proxy and certificates, and errors of our own tree.
"""

import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3 import HTTPHeaderDict, HTTPResponse, PoolManager, ProxyManager, Timeout
from urllib3 import exceptions as urllib3_errors
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util import make_headers

from dataferry import __version__
from dataferry.core.errors import NetworkFault, TransferError
from dataferry.core.types import Http
from dataferry.transfer.dial import (
    Address,
    DialledConnection,
    DialledTlsConnection,
    Dialler,
    addresses_of,
    is_public,
    refuse_unless,
)
from dataferry.transfer.links import followed, host_of, same_origin, without_user

Method = Literal["GET", "HEAD"]

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: A redirect's body up to this size is read, so that its connection can be used again.
_DRAIN_BYTES = 64 * 1024
#: ``identity``: a body that was packed on the way has neither the size nor the hash promised.
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"dataferry/{__version__}"}


class HttpResponse:
    """An answer, redirects followed. Used as a context manager: leaving it gives the connection back
    if the body was read to its end, and closes it if not."""

    def __init__(self, raw: HTTPResponse, url: str, timeout: float) -> None:
        self._raw = raw
        self._timeout = timeout
        #: Called once the answer is closed.
        self.on_close: Callable[[], None] | None = None
        #: Where the answer came from, after redirects. It may hold a signature: never show it whole.
        self.url = url
        self.status = raw.status
        #: Case-insensitive.
        self.headers: HTTPHeaderDict = raw.headers

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def length(self) -> int | None:
        """``Content-Length``; None where it is missing or the body is chunked."""
        if "transfer-encoding" in self.headers:
            return None
        text = self.headers.get("content-length", "")
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    def read1(self, size: int = 1 << 20) -> bytes:
        """What has arrived, at most ``size`` bytes; empty at the end of a whole body.

        Errors: ``NetworkFault`` when the line drops, stalls, or ends before ``Content-Length``.
        """
        try:
            return self._raw.read1(size, decode_content=False) or b""
        except (urllib3_errors.HTTPError, OSError, ValueError) as error:
            raise network_fault(error, self.host, self._timeout) from error

    def readinto(self, buffer: memoryview) -> int:
        """What has arrived, written into ``buffer``; the number of bytes, 0 at the end of a whole body.

        Errors: as ``read1``.
        """
        piece = self.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def read(self, limit: int) -> bytes:
        """The body up to ``limit`` bytes. Errors: as ``read1``."""
        pieces = []
        while limit > 0 and (piece := self.read1(limit)):
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        if self._raw.length_remaining == 0:
            self._raw.drain_conn()  # reads nothing, and returns the connection to its pool
        self._raw.close()
        if self.on_close is not None:
            self.on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class HttpClient:
    """Pools of keep-alive connections, for many threads.

    ``read_timeout``: a connection that gives no byte for so many seconds ends.
    ``allowed`` judges addresses of origins that are ``public_only``.
    """

    def __init__(
        self,
        *,
        connections: int = 4,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        allowed: Callable[[Address], bool] = is_public,
    ) -> None:
        self._connections = connections
        self._timeout = Timeout(connect=connect_timeout, read=read_timeout)
        self._read_timeout = read_timeout
        self._allowed = allowed
        self._lock = threading.Lock()
        # A connection that was opened without the guard must not serve an origin that asks for it.
        self._managers: dict[tuple[bool, str | None], PoolManager] = {}
        self._diallers = {False: Dialler(), True: Dialler(allowed)}
        # The proxy itself is the operator's choice and usually has a private address.
        self._to_proxy = Dialler()

    def open(
        self, origin: Http, *, method: Method = "GET", headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """Ask for an origin and follow its redirects. Any final status is returned.

        ``headers`` travel with every hop; the origin's own only as far as its own host.

        Errors: ``NetworkFault``, ``PrivateAddress``, ``InvalidInput`` for a link that is none,
        ``TransferError`` for a redirect that cannot be followed or a certificate that is not trusted.
        """
        url, own = without_user(origin)
        for _ in range(MAX_REDIRECTS + 1):
            sent = {**_HEADERS, **own, **(headers or {})}
            raw = self._send(method, url, sent, origin.public_only)
            location = raw.headers.get("location")
            if raw.status not in _REDIRECTS or not location:
                return HttpResponse(raw, url, self._read_timeout)
            _drain(raw)
            following = followed(url, location)
            if not same_origin(url, following):
                own = {}
            url = following
        raise TransferError(f"{host_of(url)} redirects more than {MAX_REDIRECTS} times.")

    def hang_up(self) -> None:
        """End every connection now, from any thread; nothing can be asked afterwards."""
        for dialler in (*self._diallers.values(), self._to_proxy):
            dialler.hang_up()

    def close(self) -> None:
        with self._lock:
            for manager in self._managers.values():
                manager.clear()

    def _send(self, method: Method, url: str, headers: Mapping[str, str], public_only: bool) -> HTTPResponse:
        manager = self._manager(urlsplit(url), public_only)

        def ask() -> HTTPResponse:
            answer = manager.request(
                method,
                url,
                headers=headers,
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
            )
            return cast(HTTPResponse, answer)

        try:
            try:
                return ask()
            except urllib3_errors.ProtocolError:
                # Mostly a kept connection that the server closed meanwhile: no fault yet.
                return ask()
        except (urllib3_errors.HTTPError, OSError, ValueError) as error:
            raise network_fault(error, host_of(url), self._read_timeout) from error

    def _manager(self, url: SplitResult, public_only: bool) -> PoolManager:
        proxy = _proxy_of(url)
        if proxy is not None and public_only:
            self._judge_name(url)
        with self._lock:
            key = (public_only, proxy)
            if key not in self._managers:
                dialler = self._to_proxy if proxy else self._diallers[public_only]
                self._managers[key] = _pool_manager(dialler, proxy, self._connections)
            return self._managers[key]

    def _judge_name(self, url: SplitResult) -> None:
        """The guard where a proxy makes the connection: it can judge only what we resolve ourselves.
        A name that only the proxy can resolve is the proxy's to refuse."""
        host = url.hostname or ""
        try:
            addresses = addresses_of(host, url.port or 443)
        except socket.gaierror:
            return
        refuse_unless(self._allowed, host, addresses)


def open_http(
    origin: Http,
    *,
    method: Method = "GET",
    headers: Mapping[str, str] | None = None,
    connect_timeout: float = 5.0,
    read_timeout: float = 10.0,
) -> HttpResponse:
    """One request on a connection of its own, for a source that looks at a link.

    ``with open_http(origin, method="HEAD") as response: …``. Errors: as ``HttpClient.open``.
    """
    client = HttpClient(connections=1, connect_timeout=connect_timeout, read_timeout=read_timeout)
    try:
        response = client.open(origin, method=method, headers=headers)
    except BaseException:
        client.close()
        raise
    response.on_close = client.close
    return response


def network_fault(error: Exception, host: str, timeout: float) -> TransferError:
    """What urllib3 ran into, in our words. No URL in it: links carry signatures."""
    if isinstance(error, urllib3_errors.ProxyError):
        return NetworkFault(
            "The proxy does not connect.", next_step="Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
        )
    if isinstance(error, urllib3_errors.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return TransferError(
            f"The certificate of {host} is not trusted.",
            next_step="Behind a company's proxy, set SSL_CERT_FILE to its certificate authority.",
        )
    if isinstance(error, urllib3_errors.NameResolutionError):
        return NetworkFault(f"The name {host} is not known.", next_step="Check the network and the link.")
    if isinstance(error, (urllib3_errors.ConnectTimeoutError, urllib3_errors.NewConnectionError)):
        return NetworkFault(f"{host} cannot be reached.", next_step="Check the network; it is tried again.")
    if isinstance(error, (urllib3_errors.ReadTimeoutError, TimeoutError)):
        return NetworkFault(f"{host} sent nothing for {timeout:g} s.")
    return NetworkFault(f"The connection to {host} broke.")


@lru_cache(maxsize=4)
def _tls_context(bundle: str | None, system: str | None) -> ssl.SSLContext:
    """Trusts ``bundle`` alone where one is set, else the system's authorities and certifi's: a small
    container has none of its own. ``system`` is only a cache key (OpenSSL reads the variable)."""
    if bundle is None:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context
    try:
        if os.path.isdir(bundle):
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise TransferError(
            f"The certificates in {bundle} cannot be read.",
            next_step="Set SSL_CERT_FILE to a PEM file of certificate authorities.",
        ) from error


def _trusted() -> ssl.SSLContext:
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    bundle = next((os.environ[name] for name in names if os.environ.get(name)), None)
    return _tls_context(bundle, os.environ.get("SSL_CERT_DIR"))


class _DialledPools(PoolManager):
    """A pool manager whose connections come from a dialler."""

    dialler: Dialler

    def _new_pool(
        self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None
    ) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, host, port, request_context)
        kind = DialledTlsConnection if scheme == "https" else DialledConnection
        pool.ConnectionCls = cast(Any, partial(kind, dialler=self.dialler))
        return pool


class _DialledProxyPools(_DialledPools, ProxyManager):
    pass


def _pool_manager(dialler: Dialler, proxy: str | None, connections: int) -> PoolManager:
    pools: _DialledPools
    if proxy is None:
        pools = _DialledPools(num_pools=16, maxsize=connections, ssl_context=_trusted())
    else:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.scheme not in ("http", "https"):
            raise TransferError(
                f"A {parts.scheme} proxy cannot be used.", next_step="Set HTTPS_PROXY to an http:// one."
            )
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
        pools = _DialledProxyPools(
            proxy_url=urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])),
            proxy_headers=make_headers(proxy_basic_auth=user) if user else None,
            num_pools=16,
            maxsize=connections,
            ssl_context=_trusted(),
        )
    pools.dialler = dialler
    return pools


def _proxy_of(url: SplitResult) -> str | None:
    """The environment's proxy for a URL. This machine's own loopback is never asked of a proxy."""
    host = url.hostname or ""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    proxies = getproxies()
    if loopback or proxy_bypass(url.netloc.rpartition("@")[2]):
        return None
    return proxies.get(url.scheme) or proxies.get("all")


def _drain(raw: HTTPResponse) -> None:
    """Read a redirect's small body so that the connection can be used again; else close it."""
    if raw.length_remaining is not None and raw.length_remaining <= _DRAIN_BYTES:
        raw.drain_conn()
    raw.close()
