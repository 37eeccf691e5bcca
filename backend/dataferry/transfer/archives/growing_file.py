"""An archive that is read while it is downloaded."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from dataferry.transfer.files.part_file import PartFile
from dataferry.transfer.files.spans import Spans

_READ_AHEAD_BYTES = 256 * 1024


class _GrowingFile(io.RawIOBase):
    """A part file during its download: a read waits for its first byte, and returns what has arrived.

    Reads follow the contiguous prefix; while ``prioritized`` is set, the bytes that they ask for are
    downloaded before all others.
    """

    def __init__(self, spans: Spans, descriptor: int) -> None:
        self._spans = spans
        self._descriptor = descriptor
        self._position = 0
        self.prioritized = False

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
        """Errors: ``Cancelled`` if the bytes will never arrive."""
        view = memoryview(cast(bytearray, buffer)).cast("B")
        start, size = self._position, self._spans.size
        if start >= size or not view:
            return 0
        if self.prioritized:
            end = min(start + len(view), size)
            self._spans.fetch_first((start, end))
        else:
            end = min(start + len(view), self._spans.wait_for_prefix(start + 1))
        count = os.preadv(self._descriptor, [view[: end - start]], start)
        self._position += count
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def open_growing_file(part_file: PartFile) -> BinaryIO:
    """The file from its first byte, seekable. Reads raise ``Cancelled`` if its bytes will never arrive."""
    # Opened first: an object that lacks its descriptor would fail once more when it is collected.
    descriptor = os.open(part_file.path, os.O_RDONLY | os.O_CLOEXEC)
    return cast(BinaryIO, io.BufferedReader(_GrowingFile(part_file.spans, descriptor), _READ_AHEAD_BYTES))


@contextmanager
def prioritized(stream: BinaryIO) -> Iterator[None]:
    """Inside the block, what is read of a growing file is downloaded before all other bytes of it."""
    raw = getattr(stream, "raw", None)
    if not isinstance(raw, _GrowingFile):
        yield
        return
    raw.prioritized = True
    try:
        yield
    finally:
        raw.prioritized = False
