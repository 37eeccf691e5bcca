"""Which bytes of one file are on disk, which are being downloaded, and which are missing.

::

    0        prefix                                              size
    ├─ held ──┤▒▒▒ span ▒▒▒├─ held ─┤▒▒ span ▒▒├──── missing ─────┤
                  position ─┘            └─ each on a connection of its own

Spans are handed out in ascending order, so that the contiguous prefix, which is what can be hashed and
unpacked, grows as early as it can.
"""

import threading
import time
from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dataferry.core.errors import Cancelled

Range = tuple[int, int]
"""Bytes from the first number up to, not including, the second."""

#: A span can be split once its connection would need this much longer.
_SPLIT_AFTER_S = 2.0


@dataclass(eq=False, slots=True)
class Span:
    """``start`` to ``stop`` of a file, on one connection; what lies before ``position`` is on disk.

    ``stop`` may decrease meanwhile, when the span is split for another connection.
    """

    start: int
    stop: int
    position: int
    started_at: float

    @property
    def remaining(self) -> int:
        return self.stop - self.position


class Spans:
    """The spans of one file of ``size`` bytes, for many threads.

    ``held`` is on disk already; halves of a split span have at least ``min_split_bytes``.
    """

    def __init__(
        self,
        size: int,
        held: Iterable[Range] = (),
        *,
        min_split_bytes: int = 512 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.size = size
        self._min_split_bytes = min_split_bytes
        self._clock = clock
        self._changed = threading.Condition()
        self._held = merged(held)
        self._missing = _gaps(self._held, size)
        self._active: list[Span] = []
        self._priority: list[Range] = []
        self._closed = False
        self._prefix = 0
        self._extend_prefix()

    @property
    def prefix(self) -> int:
        """Bytes on disk without a gap, from the first."""
        return self._prefix

    @property
    def is_complete(self) -> bool:
        return self._prefix == self.size

    @property
    def bytes_held(self) -> int:
        """Bytes on disk."""
        return sum(stop - start for start, stop in self.held())

    @property
    def missing(self) -> int:
        """Bytes that are neither on disk nor on a connection."""
        with self._changed:
            return sum(stop - start for start, stop in self._missing)

    @property
    def is_under_way(self) -> bool:
        """Whether a connection downloads some of it now."""
        return bool(self._active)

    def held(self) -> list[Range]:
        """What is on disk now, in ascending order."""
        with self._changed:
            active = [(span.start, span.position) for span in self._active if span.position > span.start]
            return merged([*self._held, *active])

    # -- for connections -----------------------------------------------------------------------

    def next_span(self, max_bytes: int) -> Span | None:
        """The next missing bytes, at most ``max_bytes``; None where all are held or on connections."""
        with self._changed:
            while self._priority:
                found = self._missing_within(self._priority[0])
                if found is not None:
                    return self._assign(*found)
                self._priority.pop(0)
            if not self._missing:
                return None
            start, stop = self._missing[0]
            return self._assign(start, min(stop, start + max_bytes))

    def split_slowest(self) -> Span | None:
        """The second half of what the slowest connection has yet to download, if it is slow."""
        with self._changed:
            slowest = max(self._active, key=self._time_remaining_s, default=None)
            if (
                slowest is None
                or slowest.remaining < 2 * self._min_split_bytes
                or self._time_remaining_s(slowest) < _SPLIT_AFTER_S
            ):
                return None
            middle = slowest.stop - slowest.remaining // 2
            span = Span(middle, slowest.stop, middle, self._clock())
            slowest.stop = middle
            self._active.append(span)
            return span

    def extend_to_whole_file(self, span: Span) -> bool:
        """Make a span the whole file; False where there are bytes of it outside this span already."""
        with self._changed:
            rest = [gap for gap in [(span.stop, self.size)] if gap[0] < gap[1]]
            if span.position > 0 or self._missing != rest or len(self._active) > 1:
                return False
            self._missing = []
            span.stop = self.size
            return True

    def record_written(self, span: Span, count: int) -> int:
        """``count`` bytes at the span's position are on disk. Returns how many of them lie within
        it: those past its end, which may have decreased meanwhile, are counted by another span."""
        with self._changed:
            count = min(count, span.remaining)
            span.position += count
            if span.start <= self._prefix < span.position:
                self._extend_prefix()
                self._changed.notify_all()
            elif self._priority:
                self._changed.notify_all()
            return count

    def release(self, span: Span) -> None:
        """A connection has ended its request; the bytes of the span that did not arrive are missing again."""
        with self._changed:
            self._active.remove(span)
            if span.position > span.start:
                self._held = merged([*self._held, (span.start, span.position)])
            if span.remaining > 0:
                insort(self._missing, (span.position, span.stop))
            self._changed.notify_all()

    # -- for readers: hashing and extraction -----------------------------------------------------

    def wait_for_prefix(self, offset: int) -> int:
        """The length of the prefix, once it reaches ``offset`` or the end. Errors: ``Cancelled`` if it never
        will."""
        wanted = min(offset, self.size)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._prefix >= wanted)
            if self._prefix < wanted:
                raise Cancelled
            return self._prefix

    def fetch_first(self, wanted: Range) -> None:
        """Have a range downloaded before all others, and wait until it is held. Errors: ``Cancelled``."""
        start, stop = wanted
        with self._changed:
            self._priority.append(wanted)
            self._changed.wait_for(lambda: self._closed or self._holds(start, stop))
            if wanted in self._priority:
                self._priority.remove(wanted)
            if not self._holds(start, stop):
                raise Cancelled

    def close(self) -> None:
        """No more bytes will arrive: whoever waits gets ``Cancelled``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # -- under the lock --------------------------------------------------------------------------

    def _assign(self, start: int, stop: int) -> Span:
        """Take a range, which lies inside one gap, out of what is missing."""
        for index, (first, last) in enumerate(self._missing):
            if first <= start and stop <= last:
                rest = [(first, start), (stop, last)]
                self._missing[index : index + 1] = [gap for gap in rest if gap[0] < gap[1]]
                break
        span = Span(start, stop, start, self._clock())
        self._active.append(span)
        return span

    def _missing_within(self, wanted: Range) -> Range | None:
        for start, stop in self._missing:
            found = (max(start, wanted[0]), min(stop, wanted[1]))
            if found[0] < found[1]:
                return found
        return None

    def _holds(self, start: int, stop: int) -> bool:
        active = [(span.start, span.position) for span in self._active]
        return any(first <= start and stop <= last for first, last in merged([*self._held, *active]))

    def _time_remaining_s(self, span: Span) -> float:
        """Seconds at the pace so far; the age of a span of which nothing has arrived yet."""
        age = self._clock() - span.started_at
        downloaded = span.position - span.start
        return span.remaining * age / downloaded if downloaded else age

    def _extend_prefix(self) -> None:
        runs = [*self._held, *((span.start, span.position) for span in self._active)]
        grown = True
        while grown:
            grown = False
            for start, stop in runs:
                if start <= self._prefix < stop:
                    self._prefix = stop
                    grown = True


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same bytes as disjoint ranges, ascending."""
    result: list[Range] = []
    for start, stop in sorted(ranges):
        if start >= stop:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        else:
            result.append((start, stop))
    return result


def _gaps(held: list[Range], size: int) -> list[Range]:
    edges = [0, *(edge for pair in held for edge in pair), size]
    return [(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if start < stop]
