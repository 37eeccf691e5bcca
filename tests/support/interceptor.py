"""A company's proxy that looks into TLS: it ends the tunnels that it opens, by certificates of its own."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self


class Interceptor:
    """``tls``: its certificate of the ``ports``, which are those of this machine that names stand for.
    ``asked``: the name of each tunnel."""

    def __init__(self, tls: ssl.SSLContext, ports: Mapping[str, int]) -> None:
        self.asked: list[str] = []
        self._tls, self._ports = tls, ports
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: socket.socket) -> None:
        self._threads.append(threading.Thread(target=target, args=args, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._start(self._serve, self._listener.accept()[0])

    def _serve(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                received = near.recv(65536)
                if not received:  # it was opened ahead, and never needed
                    return
                request += received
            name = request.split()[1].decode().partition(":")[0]
            self.asked.append(name)
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with (
                self._tls.wrap_socket(near, server_side=True) as plain,
                socket.create_connection(("127.0.0.1", self._ports[name])) as far,
            ):
                back = threading.Thread(target=_carry, args=(far, plain), daemon=True)
                back.start()
                _carry(plain, far)
                back.join()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while received := source.recv(65536):
            sink.sendall(received)
        sink.shutdown(socket.SHUT_WR)
