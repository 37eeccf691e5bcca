"""A whole file as text."""

import io
from collections.abc import Iterator

from dataferry.library.preview.head import Head, unpacked

_BUFFER_BYTES = 1 << 20


class _Pieces(io.RawIOBase):
    """What an iterator of bytes gives, as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
            self.bytes_read += len(piece)
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


class FileText:
    """A file's text, unpacked, its line ends as they are; what is not of the encoding stands as U+FFFD.
    Errors, while it is read: ``NotATable``."""

    def __init__(self, head: Head, encoding: str) -> None:
        self._packed = head.packing is not None
        self._pieces = _Pieces(unpacked(head))
        self.file = io.TextIOWrapper(
            io.BufferedReader(self._pieces, _BUFFER_BYTES),
            encoding="utf-8-sig" if encoding == "utf-8" else encoding,
            errors="replace",
            newline="",
        )

    def bytes_read(self) -> int:
        """Of the file; 0 where it is packed, and nobody counts them."""
        return 0 if self._packed else self._pieces.bytes_read
