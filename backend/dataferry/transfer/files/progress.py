"""Progress: bytes and files are counted by many threads and reported to one callback."""

import threading
import time
from collections.abc import Callable, Iterable

from dataferry.core.types import Phase, Progress
from dataferry.transfer.files.rate import RateMeter

#: The shortest interval between reports.
REPORT_INTERVAL_S = 0.1


class ProgressMeter:
    """Bytes on disk, out of those promised.

    Download threads count; only the thread that called ``fetch`` reports, so that the callback is never
    called from two threads. ``present_bytes`` and ``present_files`` are what an earlier run has left.
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        *,
        sizes: Iterable[int | None],
        present_bytes: int = 0,
        present_files: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        missing = list(sizes)
        self._report = report
        self._clock = clock
        self._lock = threading.Lock()
        self._bytes = present_bytes
        self._total = present_bytes + sum(size for size in missing if size is not None)
        self._unknown = missing.count(None)
        self._files = present_files
        self._files_total: int | None = present_files + len(missing)
        self._phase: Phase = "fetching"
        self._note: str | None = None
        self._rate = RateMeter()
        self._reported_at: float | None = None

    @property
    def bytes_done(self) -> int:
        """Bytes on disk so far."""
        return self._bytes

    def add(self, count: int) -> None:
        """``count`` bytes were written; negative for bytes that turned out to be of no use."""
        with self._lock:
            self._bytes += count

    def add_total(self, size: int) -> None:
        """The size of a file that was unknown so far."""
        with self._lock:
            self._unknown -= 1
            self._total += size

    def remove_total(self, size: int) -> None:
        """The size of such a file is unknown again: its download is repeated."""
        with self._lock:
            self._unknown += 1
            self._total -= size

    def note(self, text: str | None) -> None:
        """A message for the listener that is no error, such as a retry; None for none."""
        with self._lock:
            self._note = text

    def file_completed(self) -> None:
        """One more file is complete."""
        with self._lock:
            self._files += 1

    def enter_phase(self, phase: Phase) -> None:
        """The next phase, reported at once. While unpacking, files are counted from 0."""
        with self._lock:
            self._phase = phase
            if phase == "unpacking":
                self._files, self._files_total = 0, None
        self.report()

    def expect_files(self, count: int) -> None:
        with self._lock:
            self._files_total = (self._files_total or 0) + count

    def report_if_due(self) -> None:
        """Report if the last report is old enough."""
        if self._reported_at is None or self._clock() - self._reported_at >= REPORT_INTERVAL_S:
            self.report()

    def report(self) -> None:
        """Report now."""
        self._reported_at = self._clock()
        self._report(self._progress())

    def _progress(self) -> Progress:
        with self._lock:
            moving = self._phase == "fetching"
            total = None if self._unknown else self._total
            done = self._bytes if total is None else min(self._bytes, total)
            if moving:
                self._rate.add(self._clock(), self._bytes)
            return Progress(
                phase=self._phase,
                bytes_done=done,
                bytes_total=total,
                rate_bps=self._rate.rate if moving else None,
                eta_s=self._rate.time_left(total - done) if moving and total is not None else None,
                files_done=self._files,
                files_total=self._files_total,
                note=self._note,
            )
