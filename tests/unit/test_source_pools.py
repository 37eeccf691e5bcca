"""Deadlines, bounds and the breaker that keep a slow hub from holding anybody up."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from dataferry.core.errors import NotFound, SourceTimeout, SourceUnreachable
from dataferry.core.telemetry import log_context
from dataferry.sources import pools
from dataferry.sources.pools import SourcePool
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def pool(workers: int = 2, breaker_s: float = 30) -> SourcePool:
    return SourcePool("kaggle", workers, breaker_s)


async def test_it_returns_what_the_function_returns_in_another_thread() -> None:
    assert await pool().run(5, lambda word: (word, threading.current_thread().name), "hi") == (
        "hi",
        "source-kaggle",
    )


async def test_it_raises_what_the_function_raises() -> None:
    def fail() -> None:
        raise NotFound("not there")

    with pytest.raises(NotFound, match="not there"):
        await pool().run(5, fail)


async def test_the_logs_context_goes_along() -> None:
    from dataferry.core.telemetry import _context

    with log_context(job="job_1"):
        assert await pool().run(5, _context.get) == {"job": "job_1"}


async def test_the_loop_stays_free_while_a_hub_hangs(gate: threading.Event) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(SourceTimeout):
        await pool().run(0.5, gate.wait)
    ticking.cancel()
    # A loop that waited with the hub would have had one.
    assert ticks > 3


async def test_the_deadline_ends_a_call_and_opens_the_breaker(gate: threading.Event) -> None:
    slow = pool(breaker_s=30)
    began = time.monotonic()
    with pytest.raises(SourceTimeout, match=r"Kaggle did not answer within 0\.1 s"):
        await slow.run(0.1, gate.wait)
    assert time.monotonic() - began < 1
    began = time.monotonic()
    with pytest.raises(SourceTimeout, match=r"not asked again until \d\d:\d\d:\d\d UTC") as caught:
        await slow.run(5, lambda: "never asked")
    assert time.monotonic() - began < 0.05
    assert caught.value.retry_after == pytest.approx(30, abs=1)
    assert caught.value.next_step


async def test_a_clients_own_timeout_opens_the_breaker_too() -> None:
    def time_out() -> None:
        raise SourceTimeout("the socket")

    slow = pool()
    with pytest.raises(SourceTimeout, match="the socket"):
        await slow.run(5, time_out)
    with pytest.raises(SourceTimeout, match="not asked again"):
        await slow.run(5, int)


async def test_other_errors_leave_the_breaker_shut() -> None:
    def fail() -> None:
        raise SourceUnreachable("no way")

    used = pool()
    with pytest.raises(SourceUnreachable):
        await used.run(5, fail)
    assert await used.run(5, int) == 0


async def test_the_breaker_shuts_again_after_its_time(gate: threading.Event) -> None:
    slow = pool(breaker_s=0.05)
    with pytest.raises(SourceTimeout):
        await slow.run(0.05, gate.wait)

    async def answers() -> bool:
        try:
            return await slow.run(5, lambda: True)
        except SourceTimeout:
            return False

    assert await eventually(answers, "the source is asked again")


async def test_no_more_calls_at_once_than_workers() -> None:
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    bounded = pool(workers=2)
    await asyncio.gather(*(bounded.run(5, work) for _ in range(8)))
    assert most == 2


async def test_a_call_that_waits_for_a_thread_times_out_without_blaming_the_hub(
    gate: threading.Event,
) -> None:
    busy = pool(workers=1)
    holder = asyncio.create_task(busy.run(30, gate.wait))
    await asyncio.sleep(0)
    with pytest.raises(SourceTimeout):
        await busy.run(0.05, int)
    gate.set()
    await holder
    assert await busy.run(5, int) == 0


async def test_too_many_waiting_calls_are_refused_at_once(gate: threading.Event) -> None:
    busy = pool(workers=1)
    calls = [asyncio.create_task(busy.run(30, gate.wait)) for _ in range(1 + pools.MAX_WAITING_PER_THREAD)]
    await asyncio.sleep(0)
    with pytest.raises(SourceUnreachable, match="Too many"):
        await busy.run(30, int)
    gate.set()
    await asyncio.gather(*calls)


async def test_threads_left_behind_are_bounded_and_counted_down(gate: threading.Event) -> None:
    hung = pool(workers=1, breaker_s=0)
    for _ in range(pools.MAX_ABANDONED_PER_THREAD):
        with pytest.raises(SourceTimeout):
            await hung.run(0.02, gate.wait)
    with pytest.raises(SourceUnreachable, match="Too many"):
        await hung.run(5, int)
    gate.set()

    async def works() -> bool:
        try:
            return await hung.run(5, lambda: True)
        except SourceUnreachable:
            return False

    assert await eventually(works, "the threads came back")


async def test_a_caller_who_leaves_gives_the_place_to_the_next(gate: threading.Event) -> None:
    used = pool(workers=1)
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        loop.call_soon_threadsafe(started.set)
        gate.wait()

    leaver = asyncio.create_task(used.run(30, hang))
    await started.wait()
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    assert await used.run(5, int) == 0


async def test_a_closed_pool_refuses() -> None:
    closed = pool()
    closed.close()
    with pytest.raises(SourceUnreachable, match="stopping"):
        await closed.run(5, int)
