"""One version of a large file on disk: written at several places, hashed in order."""

import os
import threading
from collections.abc import Callable, Iterable
from contextvars import copy_context

from dataferry.core.errors import Cancelled
from dataferry.core.files.digests import Digests
from dataferry.core.types import Checksum, FileEntry
from dataferry.transfer.files.disk import allocate, disk_faults, sync_data, write_at
from dataferry.transfer.files.journal import Begun
from dataferry.transfer.files.spans import Range, Span, Spans
from dataferry.transfer.files.workdir import Partial
from dataferry.transfer.files.write_gate import Gate

_CHUNK = 1 << 20


class Version:
    """``size`` bytes in the partial folder, with an account of them. Used by many threads; ``begun`` is
    what an earlier run has left of it."""

    def __init__(self, entry: FileEntry, size: int, work: Partial, begun: Begun | None, piece: int) -> None:
        self.entry = entry
        self.size = size
        self.place = work.part(entry)
        self.spans = Spans(size, _usable(begun, entry, piece) if begun else ())
        self.gate = Gate()
        self.validator = begun.validator if begun else None
        #: Whether its bytes were all hashed, and are what was promised.
        self.verified = False
        self._work = work
        self.piece = piece
        self._resumed = begun is not None
        self._descriptor: int | None = None
        self._closing = threading.Lock()
        self._noted: dict[Span, int] = {}
        self._follower: threading.Thread | None = None

    @property
    def open(self) -> bool:
        return self._descriptor is not None

    def begin(self, validator: str | None) -> None:
        """Make the file, or go on with it. Errors: ``DiskFull``, ``StoreNotWritable``, ``Cancelled``."""
        with self.gate, disk_faults(self._work.root, self.size):
            if self._resumed:
                self._descriptor = os.open(self.place, os.O_RDWR | os.O_CLOEXEC)
                return
            self.place.unlink(missing_ok=True)
            self._descriptor = os.open(self.place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            allocate(self._descriptor, self.size)
            self.validator = validator
            self._work.journal.begun(Begun(self.entry.path, self.size, validator))

    def write(self, span: Span, chunk: memoryview) -> int:
        """Put a chunk at the span's position; how many of its bytes were the span's own.

        Errors: ``Cancelled`` once closed, ``DiskFull``, ``StoreNotWritable``.
        """
        with self.gate, disk_faults(self._work.root):
            assert self._descriptor is not None
            write_at(self._descriptor, chunk, span.position)
            counted = self.spans.wrote(span, len(chunk))
            if span.position - self._noted.get(span, span.start) >= self.piece:
                self._note(span)
            return counted

    def give_back(self, span: Span) -> None:
        """The span's connection is done with it."""
        try:
            with self.gate, disk_faults(self._work.root):
                self._note(span)
        except Cancelled:
            pass  # closed: the journal has the last whole piece
        finally:
            self._noted.pop(span, None)
            self.spans.give_back(span)

    def _note(self, span: Span) -> None:
        noted = self._noted.get(span, span.start)
        if span.position > noted:
            self._work.journal.bytes(self.entry.path, (noted, span.position))
            self._noted[span] = span.position

    def sync(self) -> None:
        """Make what has come so far outlast a power cut."""
        with self.gate, disk_faults(self._work.root):
            if self._descriptor is not None:
                held: list[Range] = self.spans.held()
                sync_data(self._descriptor)
                self._work.journal.synced(self.entry.path, held)

    def follow(self, checksum: Checksum | None, hashed: Callable[["Version", Digests], None]) -> None:
        """Hash the bytes in order as they come, in a thread of its own; ``hashed`` is called from it
        after the last one."""
        digests = Digests(checksum, self.size)
        self._follower = threading.Thread(
            target=copy_context().run, args=(self._follow, digests, hashed), name="transfer-hash", daemon=True
        )
        self._follower.start()

    def _follow(self, digests: Digests, hashed: Callable[["Version", Digests], None]) -> None:
        buffer = memoryview(bytearray(min(_CHUNK, max(self.size, 1))))
        position = 0
        try:
            while position < self.size:
                prefix = self.spans.wait(position + 1)
                while position < prefix:
                    with self.gate:
                        assert self._descriptor is not None
                        count = os.preadv(self._descriptor, [buffer[: prefix - position]], position)
                    digests.update(buffer[:count])
                    position += count
        except Cancelled:
            return
        hashed(self, digests)

    def finish(self) -> None:
        """All bytes are here and verified: they outlast a power cut once this returns."""
        self.verified = True
        with self.gate, disk_faults(self._work.root):
            assert self._descriptor is not None
            os.fsync(self._descriptor)
        self.close()

    def close(self) -> None:
        """Nothing is written any more, and whoever waits for bytes is told so. What is here stays."""
        left = self.gate.close()
        self.spans.end()
        with self._closing:  # a second close of the same number would close another file's descriptor
            descriptor = self._descriptor
            if left and descriptor is not None:
                self._descriptor = None
                os.close(descriptor)


def _usable(begun: Begun, entry: FileEntry, piece: int) -> Iterable[Range]:
    """What an earlier run has left. Of a file without a promise the end is asked for again: the answer
    tells the checksum that its server publishes."""
    if entry.checksum is not None:
        return begun.held
    return [(start, min(stop, begun.size - min(piece, begun.size))) for start, stop in begun.held]
