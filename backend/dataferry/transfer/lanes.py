"""Several files at once, one connection each."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import copy_context
from enum import IntEnum

from dataferry.core.errors import Cancelled, DataferryError, SourceRateLimited
from dataferry.core.types import FileEntry
from dataferry.transfer.contract import FetchedFile

#: What ``stop`` waits for its threads; one that hangs in a name look-up is left to end by itself.
_FAREWELL_S = 0.5


class Lanes:
    """Threads that each take the next file from a queue until it is empty.

    A file that fails for good stops everything. After a passing fault the others go on, since what
    they bring need not be fetched again; only when fault follows on fault is the rest left alone.
    At a rate limit, files under way are finished and no other is begun.
    """

    def __init__(
        self, receive: Callable[[FileEntry], FetchedFile], files: Iterable[FileEntry], count: int
    ) -> None:
        self._receive = receive
        self._queue = deque(files)
        self._lock = threading.Lock()
        self._received: dict[str, FetchedFile] = {}
        self._errors: list[Exception] = []
        self._faults_in_a_row = 0
        self._patience = 2 * count
        self._running = min(count, len(self._queue))
        self._idle = threading.Event()
        self._threads = [
            threading.Thread(
                target=copy_context().run, args=(self._drive,), name=f"transfer-{number}", daemon=True
            )
            for number in range(self._running)
        ]

    def start(self) -> None:
        if not self._threads:
            self._idle.set()
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether all is done, after at most so long."""
        return self._idle.wait(seconds)

    def stop(self) -> None:
        """No further file is begun. The caller makes ``receive`` end."""
        with self._lock:
            self._queue.clear()
        deadline = time.monotonic() + _FAREWELL_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def received(self) -> dict[str, FetchedFile]:
        """The files by path. Errors: the gravest of those met on the way."""
        if self._errors:
            raise min(self._errors, key=_gravity)
        return self._received

    def _drive(self) -> None:
        try:
            while (entry := self._next()) is not None:
                try:
                    file = self._receive(entry)
                except Exception as error:
                    self._failed(error)
                else:
                    self._succeeded(file)
        finally:
            with self._lock:
                self._running -= 1
                if self._running == 0:
                    self._idle.set()

    def _next(self) -> FileEntry | None:
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def _succeeded(self, file: FetchedFile) -> None:
        with self._lock:
            self._received[file.path] = file
            self._faults_in_a_row = 0

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._errors.append(error)
            self._faults_in_a_row += 1
            gravity = _gravity(error)
            if gravity is not _Gravity.PASSING or self._faults_in_a_row >= self._patience:
                self._queue.clear()
            if gravity is _Gravity.FOR_GOOD:
                self._idle.set()


class _Gravity(IntEnum):
    """The order in which errors are told. A limit says how long to wait; a ``Cancelled`` only that a
    file was stopped on account of another."""

    FOR_GOOD = 1
    LIMIT = 2
    PASSING = 3
    STOPPED = 4


def _gravity(error: Exception) -> _Gravity:
    if isinstance(error, Cancelled):
        return _Gravity.STOPPED
    if isinstance(error, SourceRateLimited):
        return _Gravity.LIMIT
    passing = isinstance(error, DataferryError) and error.transient
    return _Gravity.PASSING if passing else _Gravity.FOR_GOOD
