"""An archive that is read while it arrives."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from dataferry.transfer.files.part_file import Version

_READ_AHEAD = 256 * 1024


class _Arriving(io.RawIOBase):
    """A file under way: a read waits for its first byte, and gives what is there.

    Reads go along the contiguous prefix; while ``early`` is set, whatever they want is fetched before
    its turn.
    """

    def __init__(self, version: Version) -> None:
        self._spans = version.spans
        self._descriptor = os.open(version.place, os.O_RDONLY | os.O_CLOEXEC)
        self._position = 0
        self.early = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._spans.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: object) -> int:
        """Errors: ``Cancelled`` if the bytes will never come."""
        view = memoryview(cast(bytearray, buffer)).cast("B")
        start, size = self._position, self._spans.size
        if start >= size or not view:
            return 0
        if self.early:
            end = min(start + len(view), size)
            self._spans.hurry((start, end))
        else:
            end = min(start + len(view), self._spans.wait(start + 1))
        count = os.preadv(self._descriptor, [view[: end - start]], start)
        self._position += count
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def open_arriving(version: Version) -> BinaryIO:
    """The file from its first byte, seekable. Reads raise ``Cancelled`` if its bytes will never come."""
    return cast(BinaryIO, io.BufferedReader(_Arriving(version), _READ_AHEAD))


@contextmanager
def early(stream: BinaryIO) -> Iterator[None]:
    """Inside the block, what is read of an arriving file is fetched before its turn."""
    raw = getattr(stream, "raw", None)
    if not isinstance(raw, _Arriving):
        yield
        return
    raw.early = True
    try:
        yield
    finally:
        raw.early = False
