"""Which bytes of one file are on disk, which are under way, and which are missing.

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

#: A span begins to be split once its connection would need so many seconds more.
_SLOW_S = 2.0


@dataclass(eq=False, slots=True)
class Span:
    """``start`` to ``stop`` of a file, on one connection; what lies before ``position`` is on disk.

    ``stop`` may come down while the span is under way, when another connection takes over its end.
    """

    start: int
    stop: int
    position: int
    begun: float

    @property
    def left(self) -> int:
        return self.stop - self.position


class Spans:
    """The account of one file of ``size`` bytes, for many threads.

    ``present`` is on disk already; what a slow connection has left is split down to ``smallest`` bytes.
    """

    def __init__(
        self,
        size: int,
        present: Iterable[Range] = (),
        *,
        smallest: int = 512 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.size = size
        self._smallest = smallest
        self._clock = clock
        self._changed = threading.Condition()
        self._held = merged(present)
        self._missing = _gaps(self._held, size)
        self._active: list[Span] = []
        self._urgent: list[Range] = []
        self._ended = False
        self._prefix = 0
        self._extend_prefix()

    @property
    def prefix(self) -> int:
        """Bytes on disk without a gap, from the first."""
        return self._prefix

    @property
    def whole(self) -> bool:
        return self._prefix == self.size

    @property
    def count(self) -> int:
        """Bytes on disk."""
        return sum(stop - start for start, stop in self.held())

    @property
    def missing(self) -> int:
        """Bytes that no connection brings yet."""
        with self._changed:
            return sum(stop - start for start, stop in self._missing)

    def held(self) -> list[Range]:
        """What is on disk now, in ascending order."""
        with self._changed:
            under_way = [(span.start, span.position) for span in self._active if span.position > span.start]
            return merged([*self._held, *under_way])

    # -- for connections -----------------------------------------------------------------------

    def take(self, want: int) -> Span | None:
        """The next missing bytes, at most ``want``; None where all are held or under way."""
        with self._changed:
            while self._urgent:
                found = self._overlap(self._urgent[0])
                if found is not None:
                    return self._cut(*found)
                self._urgent.pop(0)
            if not self._missing:
                return None
            start, stop = self._missing[0]
            return self._cut(start, min(stop, start + want))

    def take_over(self) -> Span | None:
        """The second half of what the slowest connection has still to bring, if it is slow."""
        with self._changed:
            slowest = max(self._active, key=self._time_left, default=None)
            if slowest is None or slowest.left < 2 * self._smallest or self._time_left(slowest) < _SLOW_S:
                return None
            middle = slowest.stop - slowest.left // 2
            span = Span(middle, slowest.stop, middle, self._clock())
            slowest.stop = middle
            self._active.append(span)
            return span

    def widen(self, span: Span) -> bool:
        """Make a span the whole file; False where there is more of it already than this span."""
        with self._changed:
            rest = [gap for gap in [(span.stop, self.size)] if gap[0] < gap[1]]
            if span.position > 0 or self._missing != rest or len(self._active) > 1:
                return False
            self._missing = []
            span.stop = self.size
            return True

    def wrote(self, span: Span, count: int) -> int:
        """``count`` bytes at the span's position are on disk. Returns how many of them were its own:
        those past its end, which may have come down meanwhile, are another's to count."""
        with self._changed:
            count = min(count, span.left)
            span.position += count
            if span.start <= self._prefix < span.position:
                self._extend_prefix()
                self._changed.notify_all()
            elif self._urgent:
                self._changed.notify_all()
            return count

    def give_back(self, span: Span) -> None:
        """Its connection is done with a span; what it did not bring is missing again."""
        with self._changed:
            self._active.remove(span)
            if span.position > span.start:
                self._held = merged([*self._held, (span.start, span.position)])
            if span.left > 0:
                insort(self._missing, (span.position, span.stop))
            self._changed.notify_all()

    # -- for those who follow the bytes ----------------------------------------------------------

    def wait(self, offset: int) -> int:
        """The prefix, once it reaches ``offset`` or the end. Errors: ``Cancelled`` if it never will."""
        wanted = min(offset, self.size)
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._prefix >= wanted)
            if self._prefix < wanted:
                raise Cancelled
            return self._prefix

    def hurry(self, wanted: Range) -> None:
        """Ask for a range before its turn, and wait until it is there. Errors: ``Cancelled``."""
        start, stop = wanted
        with self._changed:
            self._urgent.append(wanted)
            self._changed.wait_for(lambda: self._ended or self._holds(start, stop))
            if wanted in self._urgent:
                self._urgent.remove(wanted)
            if not self._holds(start, stop):
                raise Cancelled

    def end(self) -> None:
        """No more bytes will come: whoever waits is told so."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    # -- under the lock --------------------------------------------------------------------------

    def _cut(self, start: int, stop: int) -> Span:
        """Take a range, which lies inside one gap, out of what is missing."""
        for index, (first, last) in enumerate(self._missing):
            if first <= start and stop <= last:
                rest = [(first, start), (stop, last)]
                self._missing[index : index + 1] = [gap for gap in rest if gap[0] < gap[1]]
                break
        span = Span(start, stop, start, self._clock())
        self._active.append(span)
        return span

    def _overlap(self, wanted: Range) -> Range | None:
        for start, stop in self._missing:
            found = (max(start, wanted[0]), min(stop, wanted[1]))
            if found[0] < found[1]:
                return found
        return None

    def _holds(self, start: int, stop: int) -> bool:
        under_way = [(span.start, span.position) for span in self._active]
        return any(first <= start and stop <= last for first, last in merged([*self._held, *under_way]))

    def _time_left(self, span: Span) -> float:
        """Seconds at the pace so far; what has brought nothing yet is judged by its age."""
        age = self._clock() - span.begun
        brought = span.position - span.start
        return span.left * age / brought if brought else age

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
    """The same bytes as ranges that are apart, ascending."""
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
