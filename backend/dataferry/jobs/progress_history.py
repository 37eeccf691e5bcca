"""What a job's run has reported so far: its rates of late, and the most bytes that it had."""

import time
from collections import deque
from collections.abc import Callable

from dataferry.core.db import now
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import Progress
from dataferry.jobs.views import RateSample

#: Samples that are kept, and the time between them.
_SAMPLES, _INTERVAL_S = 180, 1.0
#: A step back by less than this, or than this share of the whole, is no news: the bar waits there.
_SMALL_BYTES, _SMALL_SHARE = 64 * 1024, 0.005


class ProgressHistory:
    """``progress`` is what the runs before have left. Knows no threads; ``clock`` is in seconds."""

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._most_bytes = progress.bytes_done
        self._samples: deque[RateSample] = deque(maxlen=_SAMPLES)
        #: Where the rate was last measured.
        self._last: tuple[float, int] | None = None

    def without_steps_back(self, progress: Progress) -> Progress:
        """``progress``, with a word about it where there are fewer bytes than there were: those that a
        process had not saved when it was killed, or that turned out to be of no use, are fetched again."""
        if progress.phase != "fetching":
            return progress
        self._sample(progress.bytes_done)
        missing = self._most_bytes - progress.bytes_done
        self._most_bytes = max(self._most_bytes, progress.bytes_done)
        if missing <= 0:
            return progress
        if missing <= max(_SMALL_BYTES, _SMALL_SHARE * (progress.bytes_total or 0)):
            shown = min(self._most_bytes, progress.bytes_total or self._most_bytes)
            return progress.model_copy(update={"bytes_done": shown})
        if progress.note is not None:
            return progress
        note = f"{readable_bytes(missing)} are fetched again: they had not been kept."
        return progress.model_copy(update={"note": note})

    def rates(self) -> list[RateSample]:
        return list(self._samples)

    def _sample(self, bytes_done: int) -> None:
        at = self._clock()
        if self._last is None:
            self._last = (at, bytes_done)
            return
        seconds, came = at - self._last[0], bytes_done - self._last[1]
        if seconds >= _INTERVAL_S:
            self._last = (at, bytes_done)
            self._samples.append(RateSample(at=now(), bytes_per_s=max(0.0, came / seconds)))
