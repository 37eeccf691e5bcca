"""Guessing passwords is slow: failures are counted for each account and each address."""

import threading
import time
from collections import deque

from dataferry.core.errors import TooManyRequests

_WINDOW_S = 60.0
#: Above this many subjects, those that are quiet are forgotten.
_SUBJECTS = 10_000


class FailureLimit:
    """``limit`` failures a minute for a subject (an account or an address), in this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, *subjects: str) -> None:
        """Errors: ``TooManyRequests`` with the seconds until the next try may be made."""
        with self._lock:
            wait = max(map(self._wait, subjects))
        if wait > 0:
            raise TooManyRequests(
                "Too many failed logins.",
                next_step=f"Wait {int(wait) + 1} seconds and try again.",
                retry_after=wait,
            )

    def count(self, *subjects: str) -> None:
        """A login failed."""
        with self._lock:
            for subject in subjects:
                self._failures.setdefault(subject, deque(maxlen=self._limit)).append(time.monotonic())
            if len(self._failures) > _SUBJECTS:
                self._failures = {s: f for s, f in self._failures.items() if self._recent(f)}

    def clear(self, subject: str) -> None:
        """A login succeeded."""
        with self._lock:
            self._failures.pop(subject, None)

    def _wait(self, subject: str) -> float:
        failures = self._failures.get(subject)
        if failures is None or len(failures) < self._limit:
            return 0.0
        return max(0.0, failures[0] + _WINDOW_S - time.monotonic())

    @staticmethod
    def _recent(failures: deque[float]) -> bool:
        return bool(failures) and failures[-1] + _WINDOW_S > time.monotonic()
