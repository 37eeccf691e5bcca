"""Files that are encrypted at rest: AES-256-GCM in chunks of 64 KiB.

    magic (8 bytes) · chunk · chunk · … · last chunk
    chunk: nonce (12) · encrypted bytes (65,536; of the last one 0 to 65,536) · tag (16)

Each chunk is bound to the file's id, its own place and whether it is the last one: bytes that were changed,
moved, taken from another file, cut off or added are found when they are read. A file without its last chunk
is one that is still being received; it can be gone on with.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dataferry.core.errors import SealBroken

CHUNK = 1 << 16
_MAGIC = b"DFSEAL1\n"
_NONCE, _TAG = 12, 16
_STORED = _NONCE + CHUNK + _TAG


@dataclass(frozen=True, slots=True)
class SealedFile:
    """Where a sealed file lies, and what opens it: the 32 bytes of ``key`` are this file's alone."""

    path: Path
    file_id: str
    key: bytes

    def opened(self) -> BinaryIO:
        """Its content, to be read and sought. Errors: ``OSError``; while reading ``SealBroken``."""
        return io.BufferedReader(_SealedReader(self), CHUNK)

    def read(self) -> bytes:
        """All of its content. Errors: as ``opened``."""
        with self.opened() as file:
            return file.read()

    def chunks(self) -> Iterator[bytes]:
        """Its content in pieces of at most 64 KiB. Errors: as ``opened``."""
        with self.opened() as file:
            while chunk := file.read(CHUNK):
                yield chunk

    @property
    def received(self) -> int:
        """How many bytes of a file that is still being received are kept; 0 where there is none yet."""
        try:
            stored = self.path.stat().st_size - len(_MAGIC)
        except FileNotFoundError:
            return 0
        return max(0, stored) // _STORED * CHUNK


class SealedWriter:
    """Writes a sealed file, or goes on with one after the bytes that it has ``received``.

    Without ``finish`` the file stays one that is being received: of what was written last up to 64 KiB are
    not kept.
    """

    def __init__(self, sealed: SealedFile, *, go_on: bool = False) -> None:
        self._sealed = sealed
        self._cipher = AESGCM(sealed.key)
        self._held = bytearray()
        self._index = sealed.received // CHUNK if go_on else 0
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (0 if go_on else os.O_TRUNC)
        self._file = os.fdopen(os.open(sealed.path, flags, 0o600), "r+b")
        if not self._index:
            self._file.write(_MAGIC)
        self._file.truncate(len(_MAGIC) + self._index * _STORED)
        self._file.seek(0, os.SEEK_END)

    @property
    def size(self) -> int:
        """Bytes of content so far."""
        return self._index * CHUNK + len(self._held)

    def write(self, data: bytes) -> None:
        """Errors: ``OSError``."""
        self._held += data
        # One chunk is held back: which one is the last is known at the end.
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def keep(self) -> int:
        """Put down what can be gone on with later; how many bytes those are in all."""
        if len(self._held) == CHUNK:
            self._put(bytes(self._held), last=False)
            self._held.clear()
        self._file.flush()
        return self._index * CHUNK

    def finish(self) -> None:
        """The file is whole, and survives a power cut once this returns."""
        self._put(bytes(self._held), last=True)
        self._held.clear()
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, content: bytes, *, last: bool) -> None:
        nonce = os.urandom(_NONCE)
        bound = _bound_to(self._sealed.file_id, self._index, last)
        self._file.write(nonce + self._cipher.encrypt(nonce, content, bound))
        self._index += 1


class _SealedReader(io.RawIOBase):
    """The content of a sealed file; one chunk is in memory at a time."""

    def __init__(self, sealed: SealedFile) -> None:
        self._sealed = sealed
        self._cipher = AESGCM(sealed.key)
        self._file = sealed.path.open("rb")
        stored = os.fstat(self._file.fileno()).st_size - len(_MAGIC)
        self._last = max(0, stored - 1) // _STORED
        self._size = max(0, stored - (self._last + 1) * (_NONCE + _TAG))
        self._place = 0
        self._chunk: tuple[int, bytes] | None = None
        if self._file.read(len(_MAGIC)) != _MAGIC or stored < _NONCE + _TAG:
            self._file.close()
            raise _broken()
        self._read_chunk(self._last)  # a file that was cut off is found at once

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(22, "a place before the beginning")
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if self._place >= self._size:
            return 0
        index, offset = divmod(self._place, CHUNK)
        piece = self._read_chunk(index)[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _read_chunk(self, index: int) -> bytes:
        if self._chunk is None or self._chunk[0] != index:
            self._file.seek(len(_MAGIC) + index * _STORED)
            stored = self._file.read(_STORED)
            bound = _bound_to(self._sealed.file_id, index, index == self._last)
            try:
                content = self._cipher.decrypt(stored[:_NONCE], stored[_NONCE:], bound)
            except (InvalidTag, ValueError) as error:
                self._file.close()
                raise _broken() from error
            self._chunk = (index, content)
        return self._chunk[1]


def _bound_to(file_id: str, index: int, last: bool) -> bytes:
    return file_id.encode() + b"\0" + index.to_bytes(8, "big") + bytes([last])


def _broken() -> SealBroken:
    return SealBroken(
        "The file is not as it was stored: bytes of it were changed, or it was stored with another key.",
        next_step="Delete it and upload it again, or ask an admin whether the server's key was changed.",
        setting="SECRET_KEY",
    )
