"""ClamAV, where a socket leads to it: the content of a file as a stream (INSTREAM)."""

import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from dataferry.core.errors import InfectedFile, ScanFailed

Scan = Literal["clean", "not_configured"]
_TIMEOUT_S = 60.0
_LONGEST_REPLY = 4096


class Scanner:
    """Asks clamd at a Unix socket. What it does not call clean is refused, whatever the reason."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def scan(self, chunks: Iterable[bytes]) -> Scan:
        """Blocks. Errors: ``InfectedFile``; ``ScanFailed`` where no clear answer comes."""
        if self._path is None:
            return "not_configured"
        try:
            reply = self._ask(self._path, chunks)
        except OSError as error:
            raise ScanFailed("The virus scanner cannot be reached, so the file is not taken.") from error
        if reply.endswith("FOUND"):
            raise InfectedFile(f"The virus scanner has found {reply.partition(':')[2][:-5].strip()[:100]}.")
        if not reply.endswith(": OK"):
            raise ScanFailed("The virus scanner gives no clear answer, so the file is not taken.")
        return "clean"

    def _ask(self, path: Path, chunks: Iterable[bytes]) -> str:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(b"zINSTREAM\0")
            try:
                for chunk in chunks:
                    connection.sendall(struct.pack(">I", len(chunk)) + chunk)
                connection.sendall(struct.pack(">I", 0))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has said why: a file larger than it reads
            reply = b""
            while not reply.endswith(b"\0") and len(reply) < _LONGEST_REPLY:
                piece = connection.recv(1024)
                if not piece:
                    break
                reply += piece
        return reply.rstrip(b"\0\n").decode("utf-8", "replace")
