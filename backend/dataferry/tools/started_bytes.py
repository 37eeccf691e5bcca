"""How much was started without a click: the agent's limit is for all of it together."""

import time
from collections import deque
from collections.abc import Callable


class StartedBytes:
    """The bytes of the downloads that were started in the last ``window_s`` seconds; None: ever."""

    def __init__(self, window_s: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s = window_s
        self._clock = clock
        self._started: deque[tuple[float, int]] = deque()

    @property
    def total(self) -> int:
        while self._window_s is not None and self._started:
            if self._clock() - self._started[0][0] < self._window_s:
                break
            self._started.popleft()
        return sum(size for _, size in self._started)

    def add(self, size_bytes: int) -> None:
        self._started.append((self._clock(), size_bytes))
