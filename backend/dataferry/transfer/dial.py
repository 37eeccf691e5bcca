"""TCP connections that reach allowed addresses only, and that can be ended from another thread."""

import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from dataferry.core.errors import PrivateAddress

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


def addresses_of(host: str, port: int) -> list[str]:
    """Every address a name has. Errors: ``socket.gaierror``."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def refuse_unless(allowed: Callable[[Address], bool], host: str, addresses: list[str]) -> None:
    """Errors: ``PrivateAddress`` if one of the addresses is not allowed. A name with a public and a
    private address is refused whole: nobody serves a dataset so."""
    if not all(allowed(ipaddress.ip_address(address)) for address in addresses):
        raise PrivateAddress(
            f"{host} is not on the public internet, so it is not asked for files.",
            next_step="Give a link to a public server, or upload the file.",
        )


class Dialler:
    """Makes the connections of one client.

    ``allowed`` is asked about every address that a name has, and the connection goes to exactly the
    address that was judged: a name server cannot answer differently the second time.
    ``hang_up`` ends every connection; reads that wait in other threads return at once.
    """

    def __init__(self, allowed: Callable[[Address], bool] | None = None) -> None:
        self._allowed = allowed
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._ended = False
        self._lock = threading.Lock()

    def hang_up(self) -> None:
        with self._lock:
            self._ended = True
            for each in list(self._sockets):
                _shut_down(each)

    def track(self, connected: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connected)
            if self._ended:
                _shut_down(connected)

    def connect(self, connection: HTTPConnection, host: str) -> socket.socket | None:
        """A socket to one of the host's allowed addresses; None where any address will do.

        Errors: ``PrivateAddress``, and urllib3's own for what fails on the way.
        """
        if self._ended:
            raise NewConnectionError(connection, "hung up")
        if self._allowed is None:
            return None
        try:
            addresses = addresses_of(host, connection.port)
        except OSError as error:
            raise NameResolutionError(host, connection, socket.gaierror(*error.args)) from error
        refuse_unless(self._allowed, host, addresses)
        failure: OSError | None = None
        for address in addresses:
            try:
                return create_connection(
                    (address, connection.port),
                    connection.timeout,
                    socket_options=connection.socket_options,
                )
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(connection, f"{host} did not answer") from failure
        raise NewConnectionError(connection, f"{host} cannot be reached: {failure}") from failure


def _shut_down(connected: socket.socket) -> None:
    with suppress(OSError):  # closed or never connected: nothing waits on it
        # Not SSLSocket.shutdown: it drops the TLS state under a reader's feet.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


class DialledConnection(HTTPConnection):
    """urllib3's connection over a ``Dialler``'s socket. The host stays as it was named, so that
    ``Host``, SNI and the certificate's name are the right ones."""

    def __init__(self, *args: Any, dialler: Dialler, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialler = dialler

    def _new_conn(self) -> socket.socket:
        return self._dialler.connect(self, self._dns_host) or super()._new_conn()

    def connect(self) -> None:
        super().connect()
        self._dialler.track(self.sock)


class DialledTlsConnection(DialledConnection, HTTPSConnection):
    """The same over TLS."""
