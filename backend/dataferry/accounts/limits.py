"""Rate limit for failed logins: failures are counted for each account and each address."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from dataferry.core.errors import TooManyRequests

WINDOW_S = 60.0
#: Above this many subjects, those without a failure within the window are dropped.
_MAX_SUBJECTS = 10_000

Clock = Callable[[], float]


def account_subject(email: str) -> str:
    return f"account:{email[:320]}"


def address_subject(address: str) -> str:
    """An IPv6 customer owns a whole /64, so all of it is one subject."""
    try:
        if ip_address(address).version == 6:
            address = str(ip_network(f"{address}/64", strict=False))
    except ValueError:  # a socket's path, or a test's name
        pass
    return f"address:{address}"


class FailureLimit:
    """``limit`` failures a minute for a subject, in this process. Any thread."""

    def __init__(self, limit: int, *, clock: Clock = time.time) -> None:
        self.limit = limit
        self.clock = clock
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, *subjects: str) -> None:
        """Errors: ``TooManyRequests`` with the seconds until the next try may be made."""
        wait = min(WINDOW_S, max(self.wait_s(subject) for subject in subjects))
        if wait > 0:
            raise TooManyRequests(
                "There were too many failed tries.",
                next_step=f"Wait {math.ceil(wait)} seconds and try again.",
                retry_after=wait,
            )

    def count(self, *subjects: str) -> None:
        """A try failed."""
        with self._lock:
            for subject in subjects:
                self._failures.setdefault(subject, deque(maxlen=self.limit)).append(self.clock())
            if len(self._failures) > _MAX_SUBJECTS:
                window_start = self.clock() - WINDOW_S
                self._failures = {s: times for s, times in self._failures.items() if times[-1] > window_start}

    def clear(self, subject: str) -> None:
        """A try succeeded."""
        with self._lock:
            self._failures.pop(subject, None)

    def wait_s(self, subject: str) -> float:
        """Seconds until the subject may try again; 0 or less: now."""
        with self._lock:
            failures = self._failures.get(subject)
            if failures is None or len(failures) < self.limit:
                return 0.0
            return failures[0] + WINDOW_S - self.clock()
