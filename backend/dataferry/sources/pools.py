"""Threads for blocking clients: bounded for each source, with a deadline and a circuit breaker.

A hub that hangs costs its callers one deadline; then the circuit breaker
(https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker) fails calls at once for a
while. A thread cannot be stopped from outside, so one that outlives its deadline is abandoned: its slot
is given to another, and the number of abandoned ones is bounded too. They are daemons, so that a hanging
hub does not keep the process from ending.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from dataferry.core.errors import SourceTimeout, SourceUnreachable
from dataferry.core.types import SOURCE_LABELS, SourceName

T = TypeVar("T")

#: Calls that may wait for a thread, for each thread there is.
MAX_WAITING_PER_THREAD = 16
#: Abandoned threads that are allowed, for each thread there is.
MAX_ABANDONED_PER_THREAD = 4


class SourcePool:
    """At most ``threads`` calls of one source at a time; never blocks the event loop.

    ``breaker_s``: how long calls fail at once after one ran into its deadline. Use it from one event
    loop.
    """

    def __init__(self, name: SourceName, threads: int, breaker_s: float) -> None:
        self._name = name
        self._label = SOURCE_LABELS[name]
        self._threads = threads
        self._breaker_s = breaker_s
        self._slots = asyncio.Semaphore(threads)
        self._waiting = 0
        self._abandoned = 0
        self._lock = threading.Lock()
        self._open_until = 0.0
        self._closed = False

    async def run(self, deadline_s: float, function: Callable[..., T], *args: Any) -> T:
        """What ``function(*args)`` returns or raises, in a thread, within ``deadline_s`` seconds.

        The deadline counts the wait for a thread. Errors: ``SourceTimeout`` at the deadline and while
        the breaker is open; ``SourceUnreachable`` when too many calls wait already, or after ``close``.
        """
        self._check()
        self._waiting += 1
        started = False
        try:
            async with asyncio.timeout(deadline_s), self._slots:
                self._waiting -= 1
                started = True
                return await self._in_thread(function, *args)
        except TimeoutError:
            if started:
                self._trip()
            raise SourceTimeout(
                f"{self._label} did not answer within {deadline_s:g} s.",
                next_step="Try again in a minute.",
                retry_after=self._breaker_s,
            ) from None
        except SourceTimeout:
            # The client's own socket timeout, which lies just below the deadline.
            self._trip()
            raise
        finally:
            if not started:
                self._waiting -= 1

    def close(self) -> None:
        """Refuse further calls. Those under way are left to their own timeouts."""
        self._closed = True

    def _check(self) -> None:
        if self._closed:
            raise SourceUnreachable(f"{self._label} is not asked any more: the server is stopping.")
        left = self._open_until - time.monotonic()
        if left > 0:
            until = datetime.now(UTC) + timedelta(seconds=left)
            raise SourceTimeout(
                f"{self._label} did not answer in time and is not asked again until {until:%H:%M:%S} UTC.",
                next_step=f"Try again in {left:.0f} s.",
                retry_after=left,
            )
        overloaded = self._waiting >= self._threads * MAX_WAITING_PER_THREAD
        if overloaded or self._abandoned >= self._threads * MAX_ABANDONED_PER_THREAD:
            raise SourceUnreachable(
                f"Too many requests to {self._label} are waiting for an answer.",
                next_step="Try again in a minute.",
            )

    def _trip(self) -> None:
        self._open_until = time.monotonic() + self._breaker_s

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        call = _Call(self, loop, answer)
        context = copy_context()
        thread = threading.Thread(
            target=lambda: call.run(lambda: context.run(function, *args)),
            name=f"source-{self._name}",
            daemon=True,
        )
        thread.start()
        try:
            return await answer
        except asyncio.CancelledError:
            call.abandon()
            raise


class _Call:
    """One call in its thread, counted as abandoned from ``abandon`` until it ends."""

    def __init__(
        self, pool: SourcePool, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Any]"
    ) -> None:
        self._pool, self._loop, self._answer = pool, loop, answer
        self._ended = False
        self._is_abandoned = False

    def run(self, work: Callable[[], Any]) -> None:
        try:
            result = work()
        except BaseException as error:
            self._deliver(self._answer.set_exception, error)
        else:
            self._deliver(self._answer.set_result, result)
        with self._pool._lock:
            self._ended = True
            if self._is_abandoned:
                self._pool._abandoned -= 1

    def abandon(self) -> None:
        """Called when nobody waits for the answer any more."""
        with self._pool._lock:
            if not self._ended:
                self._is_abandoned = True
                self._pool._abandoned += 1

    def _deliver(self, settle: Callable[[Any], None], value: Any) -> None:
        def hand_over() -> None:
            if not self._answer.done():
                settle(value)

        # The loop is gone when the process ends while the hub still hangs.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(hand_over)
