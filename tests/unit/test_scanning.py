"""ClamAV at a Unix socket: what it does not call clean is refused."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dataferry.core.errors import DataferryError, InfectedFile, ScanFailed
from dataferry.uploads.scanning import Scanner

#: In two parts, so that no scanner stops at this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@contextmanager
def clamd(path: Path, *, most: int = 1 << 20, silent: bool = False) -> Iterator[None]:
    """Speaks INSTREAM as clamd does, to one who asks."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack(">I", stream.read(4))[0]:
                    content += stream.read(size)
                    if len(content) > most:
                        connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                        return
                if silent:
                    return
                found = b"stream: Eicar-Test FOUND\0" if EICAR in content else b"stream: OK\0"
                connection.sendall(found)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def test_a_clean_file_and_a_virus(tmp_path: Path) -> None:
    assert Scanner(None).scan([b"x"]) == "not_configured"
    with clamd(tmp_path / "one"):
        assert Scanner(tmp_path / "one").scan([b"a", b"b" * 70_000]) == "clean"
    with clamd(tmp_path / "two"), pytest.raises(InfectedFile, match="Eicar-Test"):
        Scanner(tmp_path / "two").scan([EICAR[:30], EICAR[30:]])


@pytest.mark.parametrize("fault", ["limit", "silent", "away"])
def test_no_clear_answer_is_no_clean_file(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "socket"
    refused: type[DataferryError] = ScanFailed
    if fault == "away":
        with pytest.raises(refused):
            Scanner(path).scan([b"x"])
        return
    most = 10 if fault == "limit" else 1 << 20
    with clamd(path, most=most, silent=fault == "silent"), pytest.raises(refused):
        Scanner(path).scan([b"x" * 100])
