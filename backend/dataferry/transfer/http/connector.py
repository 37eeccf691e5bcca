"""Connections: by which route, to which addresses, trusted by which certificates.

They reach allowed addresses only, and can be ended from another thread.
"""

import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakSet

import certifi

from dataferry.core.errors import InvalidInput, NetworkFault, PrivateAddress, TransferError
from dataferry.transfer.http.http1 import Connection, Malformed
from dataferry.transfer.http.urls import PORTS, basic

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: Reserved for documents, yet called global by Python 3.11.
_V6_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
#: Protocol assignments and 6to4 relays, called global by Python 3.11.
_V4_SPECIAL = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet.

    IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4) are judged by what they carry.
    """
    if isinstance(address, ipaddress.IPv4Address):
        special = any(address in network for network in _V4_SPECIAL)
        return address.is_global and not (address.is_multicast or address.is_reserved or special)
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address in _NAT64:
        carried = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if carried is not None:
        return is_public(carried)
    return address in _GLOBAL_UNICAST and address.is_global and address not in _V6_DOCUMENTATION


def refuse_unless(allowed: Callable[[Address], bool], host: str, addresses: Iterable[str]) -> None:
    """Errors: ``PrivateAddress`` if one of the addresses is not allowed. A name with a public and a
    private address is refused whole: nobody serves a dataset so."""
    if not all(allowed(ipaddress.ip_address(address)) for address in addresses):
        raise PrivateAddress(
            f"{host} is not on the public internet, so it is not asked for files.",
            next_step="Give a link to a public server, or upload the file.",
        )


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
    #: Whether only allowed addresses will do.
    guarded: bool
    proxy: Proxy | None


def route_to(link: SplitResult, *, guarded: bool) -> Route:
    """The way to a link's host. Errors: ``InvalidInput`` for a name that is none, ``TransferError`` for a
    proxy that cannot be used."""
    host = link.hostname or ""
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise InvalidInput(f"{host} is not the name of a host.", next_step="Check the link.") from error
    usual = PORTS[link.scheme]
    port = link.port or usual
    authority = _bracketed(host) if port == usual else f"{_bracketed(host)}:{port}"
    return Route(link.scheme, host, port, authority, guarded, _proxy_for(link))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _proxy_for(link: SplitResult) -> Proxy | None:
    """The environment's proxy for a link. This machine's own loopback is never asked of a proxy."""
    host = link.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if loopback or proxy_bypass(link.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    address = proxies.get(link.scheme) or proxies.get("all")
    return _read_proxy(address, link.scheme) if address else None


def _read_proxy(address: str, scheme: str) -> Proxy:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        kind, host, port = parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]
    except (KeyError, ValueError):
        kind, host, port = "", None, 0
    # TLS to the proxy and TLS through it would be two layers on one socket.
    if host is None or kind not in PORTS or (kind, scheme) == ("https", "https"):
        raise TransferError(
            "The proxy of the environment cannot be used.", next_step="Set HTTPS_PROXY to an http:// one."
        )
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    return Proxy(host, port, kind == "https", basic(user) if user else None)


class Dialler:
    """Makes the connections of one client.

    ``allowed`` is asked about every address of a guarded route's host, and the connection goes to
    exactly the address that was judged: a name server cannot answer differently the second time.
    ``hang_up`` ends every connection; whoever waits on one in another thread returns at once.
    Timeouts are seconds.
    """

    def __init__(
        self, allowed: Callable[[Address], bool], *, connect_timeout: float, read_timeout: float
    ) -> None:
        self._allowed = allowed
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._lines: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self.ended = False

    def hang_up(self) -> None:
        with self._lock:
            self.ended = True
            for line in list(self._lines):
                _shut_down(line)

    def dial(self, route: Route) -> socket.socket:
        """A new connection over which the route's host can be asked.

        Errors: ``PrivateAddress``, ``NetworkFault``, ``TransferError`` for a certificate that is not
        trusted.
        """
        if route.proxy is None:
            line = self._connect(route.host, route.port, guarded=route.guarded)
        else:
            line = self._through(route.proxy, route)
        if route.scheme == "https":
            line = self._secure(line, route.host)
        line.settimeout(self._read_timeout)
        return line

    def _connect(self, host: str, port: int, *, guarded: bool) -> socket.socket:
        try:
            found = _addresses(host, port)
        except OSError as error:
            raise NetworkFault(
                f"The name {host} is not known.", next_step="Check the network and the link."
            ) from error
        if guarded:
            refuse_unless(self._allowed, host, (str(place[0]) for _, place in found))
        failure: OSError | None = None
        for family, place in found:
            try:
                return self._reach(family, place)
            except OSError as error:
                failure = error
        raise NetworkFault(
            f"{host} cannot be reached.", next_step="Check the network; it is tried again."
        ) from failure

    def _reach(self, family: int, place: tuple[Any, ...]) -> socket.socket:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(self._connect_timeout)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._track(line)
            line.connect(place)
            self._track(line)  # what hung up just before the first packet was not noticed
        except BaseException:
            line.close()
            raise
        return line

    def _track(self, line: socket.socket) -> None:
        with self._lock:
            if self.ended:
                raise ConnectionAbortedError("hung up")
            self._lines.add(line)

    def _through(self, proxy: Proxy, route: Route) -> socket.socket:
        """To the proxy, whose own address is the operator's choice and usually private."""
        if route.guarded:
            # A name that only the proxy can resolve is the proxy's to refuse.
            with suppress(OSError):
                found = _addresses(route.host, route.port)
                refuse_unless(self._allowed, route.host, (str(place[0]) for _, place in found))
        try:
            line = self._connect(proxy.host, proxy.port, guarded=False)
            if proxy.secure:
                line = self._secure(line, proxy.host)
            if route.scheme == "https":
                _open_tunnel(line, proxy, route)
        except NetworkFault as error:
            raise NetworkFault(
                "The proxy does not connect.", next_step="Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
            ) from error
        return line

    def _secure(self, line: socket.socket, host: str) -> socket.socket:
        """The connection under TLS, for the host as it was named."""
        try:
            line = trusted().wrap_socket(
                line, server_hostname=host.rstrip("."), do_handshake_on_connect=False
            )
            self._track(line)
            line.do_handshake()
        except (OSError, ValueError) as error:
            line.close()
            if isinstance(error, ssl.SSLCertVerificationError):
                raise TransferError(
                    f"The certificate of {host} is not trusted.",
                    next_step="Behind a company's proxy, set SSL_CERT_FILE to its certificate authority.",
                ) from error
            raise NetworkFault(f"The connection to {host} broke.") from error
        return line


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """Every address a name has, with its family. Errors: ``OSError``."""
    # As bytes, because a name that no server can know is no reason for a UnicodeError.
    found = socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM)
    return [(family, place) for family, _, _, _, place in found]


def _open_tunnel(line: socket.socket, proxy: Proxy, route: Route) -> None:
    """Have the proxy connect to the route's host. Errors: ``NetworkFault``."""
    place = f"{_bracketed(route.host)}:{route.port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    request = "\r\n".join([*lines, "", ""]).encode()
    try:
        answer = Connection(line).ask(request, bodiless=True)
    except (OSError, Malformed) as error:
        line.close()
        raise NetworkFault("The proxy gives no answer.") from error
    if not 200 <= answer.status < 300:
        line.close()
        raise NetworkFault(f"The proxy answers {answer.status}.")


def _shut_down(line: socket.socket) -> None:
    with suppress(OSError):  # closed or never connected: nothing waits on it
        # Not SSLSocket.shutdown: it drops the TLS state under a reader's feet.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def trusted() -> ssl.SSLContext:
    """The certificates that the environment trusts. Errors: ``TransferError`` if they cannot be read."""
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
            next_step="Set SSL_CERT_FILE to a PEM file of certificate authorities.",
        ) from error
    context.set_alpn_protocols(["http/1.1"])
    return context
