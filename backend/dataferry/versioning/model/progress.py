"""How far a push or a fetch is."""

import threading
import time
from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""Is told what is done (``push``, ``fetch``), and how many bytes of how many; a few times a second."""

_INTERVAL_S = 0.1


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


class Progress:
    """Counts what several threads do."""

    def __init__(self, what: str, total: int, report: Report) -> None:
        self._what, self._total, self._report = what, total, report
        self._done = 0
        self._told = 0.0
        self._lock = threading.Lock()

    def add(self, size: int) -> None:
        with self._lock:
            self._done += size
            now = time.monotonic()
            if now - self._told >= _INTERVAL_S or self._done >= self._total:
                self._told = now
                self._report(self._what, self._done, self._total)
