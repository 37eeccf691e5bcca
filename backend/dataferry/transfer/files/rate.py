"""How fast bytes come, and how long the rest of them takes: calm enough to be read.

A mean over all of a download is too slow to notice a new limit, one over the last second jumps
(yt-dlp/yt-dlp#4267, webtorrent/webtorrent-desktop#1203). So there are two means: the rate that is shown
forgets within seconds, the one for the time left later, unless the first has left it behind.
"""

import math

#: The time constants of the rate that is shown, and of that for the time left.
_SHOWN_S, _STEADY_S = 3.0, 20.0
#: Before this there is no rate, and no time left: a connection begins slowly.
_RATE_AFTER_S, _TIME_LEFT_AFTER_S = 0.5, 2.0
#: So long a connection may still be beginning: nothing is said while what came last is so many times the
#: mean.
_BEGINNING_S, _LATEST_S, _GROWING = 8.0, 0.7, 1.5
#: The line has changed, if the two differ by this factor for so long.
_FAR, _FAR_FOR_S = 1.6, 1.5
#: Nothing has come for this long, and for so many times as long as it usually takes: it has stalled.
_STALLED_S, _STALLED_GAPS = 4.0, 4.0
#: A longer time than this is not worth saying.
_LONGEST_S = 100 * 86_400.0


class _Mean:
    """Bytes over time, where what is long ago weighs less. From its first sample on it is a true mean."""

    def __init__(self, tau_s: float) -> None:
        self._tau_s = tau_s
        self.bytes = self.seconds = 0.0

    def add(self, came: float, elapsed_s: float) -> None:
        kept = math.exp(-elapsed_s / self._tau_s)
        self.bytes = self.bytes * kept + came
        self.seconds = self.seconds * kept + elapsed_s

    @property
    def rate(self) -> float:
        return self.bytes / self.seconds if self.seconds else 0.0


class RateMeter:
    """Fed with the bytes on disk from time to time. Knows no threads and no clock: ``now`` in seconds."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._stalled = False
        #: How far apart arrivals are: a narrow limit lets a piece through now and then.
        self._usual_gap_s = 0.0
        self._begin(None)

    def _begin(self, now: float | None) -> None:
        """Forget what came before ``now``; None: nothing has come yet."""
        self._began_at = self._came_at = now
        self._latest, self._shown, self._steady = _Mean(_LATEST_S), _Mean(_SHOWN_S), _Mean(_STEADY_S)
        self._far_since: float | None = None

    def add(self, now: float, count: int) -> None:
        """``count`` bytes are there at ``now``. Fewer than before are no speed."""
        if self._last is None:
            self._last = (now, count)
            return
        elapsed, came = now - self._last[0], max(0, count - self._last[1])
        if elapsed <= 0:
            return
        before, self._last = self._last[0], (now, count)
        if came and (self._stalled or self._began_at is None):
            # What came after a silence says nothing of how fast it comes, but that it does again.
            if self._stalled and self._came_at is not None:
                self._learn_gap(now - self._came_at)
                self._begin(now)
                self._stalled = False
                return
            self._begin(before)
        if self._began_at is not None:
            self._measure(now, came, elapsed)

    def _measure(self, now: float, came: int, elapsed: float) -> None:
        for mean in (self._latest, self._shown, self._steady):
            mean.add(came, elapsed)
        assert self._came_at is not None
        gap = now - self._came_at
        if came:
            self._learn_gap(gap)
            self._came_at = now
        elif gap > max(_STALLED_S, _STALLED_GAPS * self._usual_gap_s):
            self._stalled = True
        far = max(self._shown.rate, 1.0) / max(self._steady.rate, 1.0)
        if 1 / _FAR < far < _FAR:
            self._far_since = None
        elif self._far_since is None:
            self._far_since = now
        elif now - self._far_since >= _FAR_FOR_S:
            for mean in (self._shown, self._steady):
                mean.bytes, mean.seconds = self._latest.bytes, self._latest.seconds
            self._far_since = None

    def _learn_gap(self, gap_s: float) -> None:
        self._usual_gap_s = 0.7 * self._usual_gap_s + 0.3 * gap_s if self._usual_gap_s else gap_s

    @property
    def rate(self) -> float | None:
        """Bytes a second; 0 while it has stalled, None while there is nothing to tell."""
        if self._stalled:
            return 0.0
        return self._shown.rate if self._age_s >= _RATE_AFTER_S else None

    def time_left(self, count: int) -> float | None:
        """Seconds until ``count`` more bytes are there; None while that would be a guess."""
        if self._stalled or self._age_s < _TIME_LEFT_AFTER_S or self._steady.rate < 1:
            return None
        if self._age_s < _BEGINNING_S and self._latest.rate > _GROWING * self._steady.rate:
            return None
        seconds = count / self._steady.rate
        return seconds if seconds <= _LONGEST_S else None

    @property
    def _age_s(self) -> float:
        if self._last is None or self._began_at is None:
            return 0.0
        return self._last[0] - self._began_at + 1e-6
