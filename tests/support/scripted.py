"""A server that says exactly what a test has written, byte by byte."""

import contextlib
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

Script = Sequence[bytes]


class ScriptedServer:
    """``scripts``: for each connection in turn, the answers to its requests. After the last one the
    connection is closed, unless ``linger``; further connections are closed at once."""

    def __init__(self, *scripts: Script, linger: bool = False, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._scripts = scripts
        self._linger = linger
        self._open: list[socket.socket] = []
        #: The requests of each connection.
        self.requests: list[list[bytes]] = []
        #: Set once the first script has been played, and its connection closed.
        self.played = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def url(self, path: str = "a.bin", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        for connection in self._open:
            connection.close()
        self._listener.close()

    def _run(self) -> None:
        for number in range(1000):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            with contextlib.suppress(OSError):
                self._play(connection, self._scripts[number] if number < len(self._scripts) else ())

    def _play(self, connection: socket.socket, script: Script) -> None:
        asked: list[bytes] = []
        self.requests.append(asked)
        for answer in script:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                received = connection.recv(65536)
                if not received:
                    return
                request += received
            asked.append(request)
            connection.sendall(answer)
        if not self._linger:
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self.played.set()
