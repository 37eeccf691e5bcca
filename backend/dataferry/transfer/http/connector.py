"""Connections: by which route, to which addresses, trusting which certificates.

They reach allowed addresses only, and can be shut down from another thread.
"""

import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakSet

import certifi

from dataferry.core.addresses import carried_ipv4
from dataferry.core.errors import InvalidInput, NetworkFault, PrivateAddress, TransferError
from dataferry.transfer.http.http1 import Connection, MalformedResponse
from dataferry.transfer.http.urls import PORTS, basic_auth

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
#: Reserved for documents, yet called global by Python 3.11.
_V6_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
#: Protocol assignments and 6to4 relays, called global by Python 3.11.
_V4_SPECIAL = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
#: A name server's last word, unlike EAI_AGAIN.
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet.

    IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4) are judged by what they carry.
    """
    if isinstance(address, ipaddress.IPv4Address):
        special = any(address in network for network in _V4_SPECIAL)
        return address.is_global and not (address.is_multicast or address.is_reserved or special)
    carried = carried_ipv4(address)
    if carried is not None:
        return is_public(carried)
    return address in _GLOBAL_UNICAST and address.is_global and address not in _V6_DOCUMENTATION


def check_addresses(allowed: Callable[[Address], bool], host: str, addresses: Iterable[str]) -> None:
    """Errors: ``PrivateAddress`` if one of the addresses is not allowed. A name with a public and a
    private address is refused: no dataset is served so."""
    if not all(allowed(ipaddress.ip_address(address)) for address in addresses):
        raise not_public(host)


def not_public(host: str) -> PrivateAddress:
    """The refusal of a host, and of a name that does not exist: were they told apart, anybody could try out
    which names the private network has."""
    return PrivateAddress(
        f"{host} is not on the public internet, so it is not asked for files.",
        next_step="Check its name. Give a link to a public server, or upload the file.",
    )


def check_is_public(url: str, *, timeout_s: float) -> None:
    """Errors: ``PrivateAddress`` for a URL whose host has an address that is not a public one, or none that
    is known within ``timeout_s``. Behind a proxy a name that is not known here is the proxy's to refuse."""
    route = route_to(urlsplit(url), public_only=True)
    found: Future[list[str]] = Future()

    def resolve() -> None:
        try:
            found.set_result([str(address[0]) for _, address in _resolve(route.host, route.port)])
        except Exception as error:
            found.set_exception(error)

    # A look-up cannot be called off; one that takes too long ends by itself.
    threading.Thread(target=resolve, name="resolve", daemon=True).start()
    try:
        addresses = found.result(timeout_s)
    except (OSError, TimeoutError) as error:
        if route.proxy is None:
            raise not_public(route.host) from error
        return
    check_addresses(is_public, route.host, addresses)


class Proxy(NamedTuple):
    host: str
    port: int
    #: Whether it is itself spoken to over TLS.
    secure: bool
    #: A whole ``Proxy-Authorization``.
    authorization: str | None


class Route(NamedTuple):
    """Where connections for one host go. Equal routes share connections."""

    scheme: str
    host: str
    port: int
    #: The host as ``Host`` names it.
    authority: str
    #: Whether only allowed addresses are connected to.
    public_only: bool
    proxy: Proxy | None


def route_to(url: SplitResult, *, public_only: bool) -> Route:
    """The route to a URL's host. Errors: ``InvalidInput`` for a name that is none, ``TransferError`` for a
    proxy that cannot be used."""
    host = url.hostname or ""
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise InvalidInput(f"{host} is not the name of a host.", next_step="Check the link.") from error
    usual = PORTS[url.scheme]
    port = url.port or usual
    authority = _bracketed(host) if port == usual else f"{_bracketed(host)}:{port}"
    return Route(url.scheme, host, port, authority, public_only, _proxy_for(url))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _proxy_for(url: SplitResult) -> Proxy | None:
    """The environment's proxy for a URL. This machine's own loopback is never asked of a proxy."""
    host = url.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if loopback or proxy_bypass(url.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    return _read_proxy(address, url.scheme) if address else None


def _read_proxy(address: str, scheme: str) -> Proxy:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        kind, host, port = parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]
    except (KeyError, ValueError):
        kind, host, port = "", None, 0
    # TLS to the proxy and TLS through it would be two layers on one socket.
    if host is None or kind not in PORTS or (kind, scheme) == ("https", "https"):
        raise TransferError(
            "The proxy of the environment cannot be used.",
            next_step="Ask an admin: it must be an http:// one.",
            setting="HTTPS_PROXY",
        )
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    return Proxy(host, port, kind == "https", basic_auth(user) if user else None)


class Connector:
    """Opens the connections of one client.

    ``allowed`` is called with every address of the host of a ``public_only`` route, and the connection goes
    to exactly the address that was checked: a name server cannot answer differently the second time.
    ``shutdown`` ends every connection; a thread that waits on one returns at once.
    Timeouts are seconds.
    """

    def __init__(
        self, allowed: Callable[[Address], bool], *, connect_timeout_s: float, read_timeout_s: float
    ) -> None:
        self._is_allowed = allowed
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self.is_shut_down = False

    def shutdown(self) -> None:
        with self._lock:
            self.is_shut_down = True
            for sock in list(self._sockets):
                _shut_down(sock)

    def connect(self, route: Route) -> socket.socket:
        """A new connection for requests to the route's host, through its proxy and TLS.

        Errors: ``PrivateAddress``, ``NetworkFault``, ``TransferError`` for a certificate that is not
        trusted.
        """
        if route.proxy is None:
            sock = self._open_socket(route.host, route.port, public_only=route.public_only)
        else:
            sock = self._connect_via_proxy(route.proxy, route)
        if route.scheme == "https":
            sock = self._start_tls(sock, route.host)
        sock.settimeout(self._read_timeout_s)
        return sock

    def _open_socket(self, host: str, port: int, *, public_only: bool) -> socket.socket:
        try:
            addresses = _resolve(host, port)
        except OSError as error:
            if public_only and isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
                raise not_public(host) from error
            raise NetworkFault(
                f"The name {host} is not known.", next_step="Check the network and the link."
            ) from error
        if public_only:
            check_addresses(self._is_allowed, host, (str(address[0]) for _, address in addresses))
        failure: OSError | None = None
        for family, address in addresses:
            try:
                return self._connect_to_address(family, address)
            except OSError as error:
                failure = error
        raise NetworkFault(
            f"{host} cannot be reached.", next_step="Check the network; it is tried again."
        ) from failure

    def _connect_to_address(self, family: int, address: tuple[Any, ...]) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._connect_timeout_s)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._track(sock)
            sock.connect(address)
            self._track(sock)  # a shutdown just before the first packet did not reach it
        except BaseException:
            sock.close()
            raise
        return sock

    def _track(self, sock: socket.socket) -> None:
        with self._lock:
            if self.is_shut_down:
                raise ConnectionAbortedError("shut down")
            self._sockets.add(sock)

    def _connect_via_proxy(self, proxy: Proxy, route: Route) -> socket.socket:
        """Connect to the proxy, whose own address is the operator's choice and usually private."""
        if route.public_only:
            # A name that only the proxy can resolve is the proxy's to refuse.
            with suppress(OSError):
                addresses = _resolve(route.host, route.port)
                check_addresses(self._is_allowed, route.host, (str(address[0]) for _, address in addresses))
        try:
            sock = self._open_socket(proxy.host, proxy.port, public_only=False)
            if proxy.secure:
                sock = self._start_tls(sock, proxy.host)
            if route.scheme == "https":
                _open_tunnel(sock, proxy, route)
        except NetworkFault as error:
            raise NetworkFault(
                "The proxy does not connect.",
                next_step="Ask an admin to check the server's proxy.",
                setting="HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
            ) from error
        return sock

    def _start_tls(self, sock: socket.socket, host: str) -> socket.socket:
        """TLS on a connection, for the host as it was named."""
        try:
            sock = tls_context().wrap_socket(
                sock, server_hostname=host.rstrip("."), do_handshake_on_connect=False
            )
            self._track(sock)
            sock.do_handshake()
        except (OSError, ValueError) as error:
            sock.close()
            if isinstance(error, ssl.SSLCertVerificationError):
                raise TransferError(
                    f"The certificate of {host} is not trusted.",
                    next_step="Behind a company's proxy, the server must trust its authority: ask an admin.",
                    setting="SSL_CERT_FILE",
                ) from error
            raise NetworkFault(f"The connection to {host} broke.") from error
        return sock


def _resolve(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """Every address a name has, with its family. Errors: ``OSError``."""
    # As bytes, because a name that no server can know is no reason for a UnicodeError.
    addresses = socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in addresses]


def _open_tunnel(sock: socket.socket, proxy: Proxy, route: Route) -> None:
    """Have the proxy connect to the route's host. Errors: ``NetworkFault``."""
    address = f"{_bracketed(route.host)}:{route.port}"
    lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    request = "\r\n".join([*lines, "", ""]).encode()
    try:
        response = Connection(sock).send_request(request, bodiless=True)
    except (OSError, MalformedResponse) as error:
        sock.close()
        raise NetworkFault("The proxy gives no answer.") from error
    if not 200 <= response.status < 300:
        sock.close()
        raise NetworkFault(f"The proxy answers {response.status}.")


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):  # closed or never connected: nothing waits on it
        # Not SSLSocket.shutdown: it drops the TLS state under a reader's feet.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def tls_context() -> ssl.SSLContext:
    """A context that trusts the environment's certificates.

    Errors: ``TransferError`` if they cannot be read.
    """
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    bundle = next((os.environ[name] for name in names if os.environ.get(name)), None)
    return _tls_context(bundle, os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _tls_context(bundle: str | None, system: str | None) -> ssl.SSLContext:
    """Trusts ``bundle`` alone where one is set, else the system's authorities and certifi's: a small
    container has none of its own. ``system`` is only a cache key (OpenSSL reads the variable)."""
    try:
        if bundle is None:
            context = ssl.create_default_context()
            context.load_verify_locations(certifi.where())
        elif os.path.isdir(bundle):
            context = ssl.create_default_context(capath=bundle)
        else:
            context = ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise TransferError(
            f"The certificates in {bundle or certifi.where()} cannot be read.",
            next_step="Ask an admin: it must be a PEM file of certificate authorities.",
            setting="SSL_CERT_FILE",
        ) from error
    context.set_alpn_protocols(["http/1.1"])
    return context
