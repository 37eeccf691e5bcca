"""Counting bytes and files from many threads, and telling one listener about it."""

import math
import threading
import time
from collections.abc import Callable, Iterable

from dataferry.core.types import Phase, Progress

#: Seconds between reports, at least.
INTERVAL_S = 0.1
#: Seconds over which the rate is smoothed.
_SMOOTHING_S = 3.0


class Meter:
    """Bytes that are on disk, out of those promised.

    Lanes count; only the thread that called ``fetch`` reports, so that the listener is never called
    from two threads. ``there`` and ``files_there`` are what an earlier run has left.
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        *,
        sizes: Iterable[int | None],
        there: int = 0,
        files_there: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        missing = list(sizes)
        self._report = report
        self._clock = clock
        self._lock = threading.Lock()
        self._bytes = there
        self._total = there + sum(size for size in missing if size is not None)
        self._unknown = missing.count(None)
        self._files = files_there
        self._files_total: int | None = files_there + len(missing)
        self._phase: Phase = "fetching"
        self._note: str | None = None
        self._rate: float | None = None
        self._told_at: float | None = None
        #: Where the rate was last measured.
        self._sample: tuple[float, int] | None = None

    @property
    def count(self) -> int:
        """Bytes so far."""
        return self._bytes

    def add(self, count: int) -> None:
        """``count`` bytes were written; negative for bytes that turned out to be of no use."""
        with self._lock:
            self._bytes += count

    def learn(self, size: int) -> None:
        """The size of a file that had none."""
        with self._lock:
            self._unknown -= 1
            self._total += size

    def unlearn(self, size: int) -> None:
        """That size does not count after all."""
        with self._lock:
            self._unknown += 1
            self._total -= size

    def note(self, text: str) -> None:
        """Something that the listener should know, though the work goes on."""
        with self._lock:
            self._note = text

    def landed(self) -> None:
        """One more file is whole."""
        with self._lock:
            self._files += 1

    def enter(self, phase: Phase) -> None:
        """The next phase; said at once. While unpacking, files count anew."""
        with self._lock:
            self._phase = phase
            if phase == "unpacking":
                self._files, self._files_total = 0, None
        self.tell()

    def expect_files(self, count: int) -> None:
        with self._lock:
            self._files_total = (self._files_total or 0) + count

    def tick(self) -> None:
        """Report if the last report is old enough."""
        if self._told_at is None or self._clock() - self._told_at >= INTERVAL_S:
            self.tell()

    def tell(self) -> None:
        """Report now."""
        self._told_at = self._clock()
        self._report(self._progress())

    def _progress(self) -> Progress:
        with self._lock:
            moving = self._phase == "fetching"
            total = None if self._unknown else self._total
            done = self._bytes if total is None else min(self._bytes, total)
            rate = self._smoothed(self._clock()) if moving else None
            left = None if total is None else total - done
            return Progress(
                phase=self._phase,
                bytes_done=done,
                bytes_total=total,
                rate_bps=rate,
                eta_s=left / rate if left is not None and rate is not None and rate >= 1 else None,
                files_done=self._files,
                files_total=self._files_total,
                note=self._note,
            )

    def _smoothed(self, now: float) -> float | None:
        """An exponential mean: what came in the last ``_SMOOTHING_S`` weighs most."""
        if self._sample is None:
            self._sample = (now, self._bytes)
            return None
        elapsed, arrived = now - self._sample[0], self._bytes - self._sample[1]
        if elapsed < INTERVAL_S / 2:
            return self._rate
        self._sample = (now, self._bytes)
        current = max(0, arrived) / elapsed
        weight = 1.0 if self._rate is None else 1 - math.exp(-elapsed / _SMOOTHING_S)
        self._rate = (self._rate or 0.0) * (1 - weight) + current * weight
        return self._rate
