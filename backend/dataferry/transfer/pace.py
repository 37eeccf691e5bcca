"""How fast the connections to one file are, and which of them are better made anew.

Storage of many edges has slow ones among them (huggingface/xet-core#821: 8.7 MB/s beside 68). A connection
that drew one is closed once it is clear that others are far faster, and the next may draw a better one.
"""

import threading
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from dataferry.transfer.contract import Limits
from dataferry.transfer.http.requester import account_of
from dataferry.transfer.http.resolved_url import ResolvedUrl
from dataferry.transfer.http.urls import host_of
from dataferry.transfer.limits.governor import Member

#: How many times as fast another connection has to be.
_FAR = 3.0
#: A connection whose rate still grows by more than this from window to window has only just begun.
_GROWING = 1.3
#: The share of its time that a connection waits for bytes, if it is the line that is slow and not we.
_WAITING = 0.5
#: A rate counts for so many windows after it was measured.
_FRESH_WINDOWS = 8
#: How often connections to one file are made anew: so often for each connection, and once for so many bytes.
_REDRAWS, _BYTES_PER_REDRAW = 4, 64 * 2**20


class Pace:
    """One connection's rate in bytes a second, in each of its last two windows."""

    __slots__ = ("__weakref__", "before", "bytes", "measured_at", "now", "seconds", "waited_s")

    def __init__(self) -> None:
        self.before: float | None = None
        self.now: float | None = None
        self.measured_at = 0.0
        #: The present window: what came, in which time of reading, and how much of that was waiting.
        self.bytes = 0
        self.seconds = self.waited_s = 0.0


class Paces:
    """Those of all connections to one file, for many threads. A kept connection keeps its pace."""

    def __init__(self, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._paces: WeakKeyDictionary[object, Pace] = WeakKeyDictionary()

    def of(self, connection: object) -> Pace:
        with self._lock:
            return self._paces.setdefault(connection, Pace())

    def is_far_behind(self, pace: Pace, count: int, seconds: float, waited_s: float) -> bool:
        """``count`` bytes came in so many seconds, ``waited_s`` of them spent waiting for the line. Whether
        it is clear now that the connection is far behind another one."""
        pace.bytes += count
        pace.seconds += seconds
        pace.waited_s += waited_s
        if pace.seconds < self._window_s:
            return False
        rate, is_waiting = pace.bytes / pace.seconds, pace.waited_s >= _WAITING * pace.seconds
        pace.before, pace.now, pace.measured_at = pace.now, rate, self._clock()
        pace.bytes, pace.seconds, pace.waited_s = 0, 0.0, 0.0
        if pace.before is None or not is_waiting or rate > _GROWING * pace.before:
            return False
        return _FAR * max(rate, pace.before) < self._best_beside(pace)

    def _best_beside(self, own: Pace) -> float:
        """What the fastest other connection has held over two windows, of late."""
        since = self._clock() - _FRESH_WINDOWS * self._window_s
        with self._lock:
            others = [pace for pace in self._paces.values() if pace is not own]
        return max(
            (min(pace.before or 0.0, pace.now or 0.0) for pace in others if pace.measured_at >= since),
            default=0.0,
        )


class SlowConnections:
    """Decides which connections to a file of ``size`` bytes are made anew. None is where all are equally
    slow, where our own cap makes them slow, or where the hub would count another question among few."""

    def __init__(self, url: ResolvedUrl, size: int, limits: Limits, member: Member) -> None:
        self._url = url
        self._member = member
        self._paces = Paces(limits.pace_window_s)
        self._lock = threading.Lock()
        self._left = _REDRAWS * limits.connections + size // _BYTES_PER_REDRAW

    def pace_of(self, connection: object) -> Pace:
        """What ``is_one`` needs of a connection that begins to read a response."""
        return self._paces.of(connection)

    def is_one(self, pace: Pace, count: int, seconds: float, waited_s: float) -> bool:
        """What a connection has just read, as in ``Paces.is_far_behind``; whether to make it anew."""
        if not self._paces.is_far_behind(pace, count, seconds, waited_s) or self._member.is_capped:
            return False
        origin = self._url.origin
        if self._url.redirects and not self._member.can_spare_requests(
            host_of(origin.url), kind=account_of(origin)
        ):
            return False
        with self._lock:
            self._left -= 1
            return self._left >= 0
