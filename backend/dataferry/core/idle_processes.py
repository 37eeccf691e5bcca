"""Child processes that are ready for the next call, and end when nobody has one for them."""

import threading
import time
from typing import Generic, Protocol, TypeVar

from dataferry.core.errors import Cancelled

_LOOK_S = 10.0


class PooledProcess(Protocol):
    """``idle_since``: by the monotonic clock, when it was given back."""

    idle_since: float

    @property
    def alive(self) -> bool: ...

    def end(self) -> None: ...


P = TypeVar("P", bound=PooledProcess)


class IdleProcesses(Generic[P]):
    """Those of one pool. ``idle_s``: after which one that is not taken ends; ``name``: of the thread that
    looks after that. Any thread may call it."""

    def __init__(self, idle_s: float, name: str) -> None:
        self._idle_s = idle_s
        self._name = name
        self._lock = threading.Lock()
        self._free: list[P] = []
        self._reaper: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def any_ready(self) -> bool:
        """Whether one is ready, or none is to be started any more."""
        return bool(self._free) or self._closed.is_set()

    def take(self) -> P | None:
        """The one that was used last; None where a new one has to be started. Errors: ``Cancelled`` once the
        pool is closed."""
        with self._lock:
            if self._closed.is_set():
                raise Cancelled
            while self._free:
                process = self._free.pop()
                if process.alive:
                    return process
                process.end()
        return None

    def give_back(self, process: P) -> None:
        """Keep it for the next call; it ends where the pool is closed."""
        with self._lock:
            if self._closed.is_set():
                process.end()
                return
            process.idle_since = time.monotonic()
            self._free.append(process)
            if self._reaper is None:
                self._reaper = threading.Thread(target=self._reap, name=self._name, daemon=True)
                self._reaper.start()

    def _reap(self) -> None:
        while not self._closed.wait(min(self._idle_s, _LOOK_S)):
            with self._lock:
                before = time.monotonic() - self._idle_s
                idle = [one for one in self._free if one.idle_since < before]
                self._free = [one for one in self._free if one not in idle]
            for one in idle:
                one.end()

    def waiting(self) -> list[P]:
        """Those that are idle now."""
        with self._lock:
            return list(self._free)

    def close(self) -> None:
        """End the idle ones; those at work are ended as they are given back."""
        self._closed.set()
        with self._lock:
            idle, self._free = self._free, []
        for one in idle:
            one.end()
        if self._reaper is not None:
            self._reaper.join()
