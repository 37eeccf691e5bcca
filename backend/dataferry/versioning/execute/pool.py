"""Work for several processes at once, whose results come in the order of the work."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from dataferry.versioning.execute.running import ChildEndedError, ChildProcess, Children

Work = TypeVar("Work")
Result = TypeVar("Result")
#: Pieces of work under way or waiting, for each process.
_AHEAD = 2


class Pool:
    """``jobs`` processes at most, started when there is work for them."""

    def __init__(self, children: Children, jobs: int | None) -> None:
        self.jobs = jobs or usable_cores()
        self._children = children
        self._executor = ThreadPoolExecutor(self.jobs, thread_name_prefix="datasets")
        self._own = threading.local()

    def start(self, function: Callable[[ChildProcess, Work], Result], work: Work) -> "Future[Result]":
        return self._executor.submit(self._run, function, work)

    def close(self) -> None:
        """End the processes and what is under way."""
        self._children.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _run(self, function: Callable[[ChildProcess, Work], Result], work: Work) -> Result:
        child: ChildProcess | None = getattr(self._own, "child", None)
        if child is None:
            child = self._own.child = self._children.start()
        return function(child, work)


class InOrder(Generic[Work, Result]):
    """Pieces of work in a pool. Iterating gives their results in order; a few are done ahead. What a function
    raises is raised at its place."""

    def __init__(
        self, pool: Pool, function: Callable[[ChildProcess, Work], Result], works: Iterable[Work]
    ) -> None:
        self._pool, self._function, self._works = pool, function, works
        self._waiting: deque[Future[Result]] = deque()

    def __iter__(self) -> Iterator[Result]:
        waiting = self._waiting
        for work in self._works:
            waiting.append(self._pool.start(self._function, work))
            while waiting and (waiting[0].done() or len(waiting) > _AHEAD * self._pool.jobs):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def abandon(self) -> Iterator[Result]:
        """End what is under way, with the pool, and give the results that there are nonetheless."""
        self._pool.close()
        for future in self._waiting:
            with contextlib.suppress(CancelledError, ChildEndedError, OSError):
                yield future.result()


def usable_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
