"""A large file during its download: written at several offsets, hashed in order."""

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import copy_context

from dataferry.core.errors import Cancelled
from dataferry.core.files.digests import Digests
from dataferry.core.files.durable import sync_data, write_all_at
from dataferry.core.types import Checksum, FileEntry
from dataferry.transfer.files.disk import allocate, disk_faults
from dataferry.transfer.files.journal import PartState
from dataferry.transfer.files.spans import Range, Span, Spans
from dataferry.transfer.files.workdir import Workdir
from dataferry.transfer.files.write_gate import WriteGate

_CHUNK_BYTES = 1 << 20


class PartFile:
    """One version of a file in the working folder: ``size`` bytes and which of them have arrived. For many
    threads. ``saved`` is what an earlier run has left of it; the journal records every ``piece_bytes``."""

    def __init__(
        self, entry: FileEntry, size: int, workdir: Workdir, saved: PartState | None, piece_bytes: int
    ) -> None:
        self.entry = entry
        self.size = size
        self.path = workdir.part_path(entry)
        self.spans = Spans(size, _resumable_ranges(saved, entry, piece_bytes) if saved else ())
        self.write_gate = WriteGate()
        self.validator = saved.validator if saved else None
        #: Whether all bytes were hashed and match the checksum.
        self.verified = False
        self._workdir = workdir
        self.piece_bytes = piece_bytes
        self._resumed = saved is not None
        self._descriptor: int | None = None
        self._close_lock = threading.Lock()
        self._recorded: dict[Span, int] = {}
        self._hash_thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        return self._descriptor is not None

    def open(self, validator: str | None) -> None:
        """Create the file, or open what is left of it.

        Errors: ``DiskFull``, ``StoreNotWritable``, ``Cancelled``.
        """
        with self.write_gate, disk_faults(self._workdir.root, self.size):
            if self._resumed:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
                return
            self.path.unlink(missing_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
            allocate(self._descriptor, self.size)
            self.validator = validator
            self._workdir.journal.record_started(PartState(self.entry.path, self.size, validator))

    def write(self, span: Span, chunk: memoryview) -> int:
        """Write a chunk at the span's position; the number of its bytes that lie within the span.

        Errors: ``Cancelled`` once closed, ``DiskFull``, ``StoreNotWritable``.
        """
        with self.write_gate, disk_faults(self._workdir.root):
            assert self._descriptor is not None
            write_all_at(self._descriptor, chunk, span.position)
            counted = self.spans.record_written(span, len(chunk))
            if span.position - self._recorded.get(span, span.start) >= self.piece_bytes:
                self._record_progress(span)
            return counted

    def release(self, span: Span) -> None:
        """Called when the span's connection has ended its request."""
        try:
            with self.write_gate, disk_faults(self._workdir.root):
                self._record_progress(span)
        except Cancelled:
            pass  # closed: that has recorded it
        finally:
            self._recorded.pop(span, None)
            self.spans.release(span)

    def _record_progress(self, span: Span) -> None:
        recorded = self._recorded.get(span, span.start)
        if span.position > recorded:
            self._workdir.journal.record_written(self.entry.path, (recorded, span.position))
            self._recorded[span] = span.position

    def sync(self) -> None:
        """Make what has arrived so far survive a power cut."""
        with self.write_gate, disk_faults(self._workdir.root):
            if self._descriptor is not None:
                held: list[Range] = self.spans.held()
                sync_data(self._descriptor)
                self._workdir.journal.record_synced(self.entry.path, held)

    def start_hashing(
        self, checksum: Checksum | None, on_hashed: Callable[["PartFile", Digests], None]
    ) -> None:
        """Hash the bytes in order as they arrive, in a thread that calls ``on_hashed`` after the last one."""
        digests = Digests(checksum, self.size)
        self._hash_thread = threading.Thread(
            target=copy_context().run,
            args=(self._hash_prefix, digests, on_hashed),
            name="transfer-hash",
            daemon=True,
        )
        self._hash_thread.start()

    def _hash_prefix(self, digests: Digests, on_hashed: Callable[["PartFile", Digests], None]) -> None:
        buffer = memoryview(bytearray(min(_CHUNK_BYTES, max(self.size, 1))))
        position = 0
        try:
            while position < self.size:
                prefix = self.spans.wait_for_prefix(position + 1)
                while position < prefix:
                    with self.write_gate:
                        assert self._descriptor is not None
                        count = os.preadv(self._descriptor, [buffer[: prefix - position]], position)
                    digests.update(buffer[:count])
                    position += count
        except Cancelled:
            return
        on_hashed(self, digests)

    def finish(self) -> None:
        """All bytes are verified: they survive a power cut once this returns."""
        self.verified = True
        with self.write_gate, disk_faults(self._workdir.root):
            assert self._descriptor is not None
            os.fsync(self._descriptor)
        self.close()

    def close(self) -> None:
        """Nothing is written any more, and whoever waits for bytes gets ``Cancelled``. What has arrived
        stays."""
        drained = self.write_gate.close()
        if drained and self.is_open and not self.verified:
            # Connections that still hold a span cannot record it any more: what a pause shows is kept.
            with suppress(OSError):
                for held in self.spans.held():
                    self._workdir.journal.record_written(self.entry.path, held)
        self.spans.close()
        with self._close_lock:  # a second close of the same number would close another file's descriptor
            descriptor = self._descriptor
            if drained and descriptor is not None:
                self._descriptor = None
                os.close(descriptor)


def _resumable_ranges(saved: PartState, entry: FileEntry, piece_bytes: int) -> Iterable[Range]:
    """What an earlier run has left. Of a file without a checksum the end is requested again: the response
    brings the checksum that its server publishes."""
    if entry.checksum is not None:
        return saved.held
    return [(start, min(stop, saved.size - min(piece_bytes, saved.size))) for start, stop in saved.held]
