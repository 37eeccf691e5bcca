"""What every bus promises: in memory and on a real Redis."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from dataferry.core.job_types import JobView
from dataferry.core.types import Progress, Viewer
from dataferry.realtime import Bus, Change, Feed, Lagged, LocalBus, Realtime
from dataferry.realtime.bus import MAX_BACKLOG
from dataferry.realtime.events import JobEvent, JobSnapshot, ServerMessage
from dataferry.realtime.redis_bus import LOSS_CHANNEL, RedisBus
from tests.support.redis import RedisServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

MakeBus = Callable[[], Awaitable[Bus]]


@pytest.fixture(params=["memory", "redis"])
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[MakeBus]:
    """Makes connected buses that reach each other: one and the same in memory, several over Redis."""
    async with AsyncExitStack() as stack:
        local = LocalBus()

        async def make() -> Bus:
            bus: Bus = local
            if request.param == "redis":
                bus = RedisBus(request.getfixturevalue("redis").url, retry_s=0.02)
            await bus.start()
            stack.push_async_callback(bus.close)
            return bus

        if request.param == "redis":
            request.getfixturevalue("redis")
        yield make


async def some(texts: AsyncIterator[str], count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [await anext(texts) for _ in range(count)]


async def test_texts_arrive_in_order_once(connect: MakeBus) -> None:
    sender, receiver = await connect(), await connect()
    async with receiver.subscribe("t") as texts:
        for n in range(100):
            sender.publish("t", str(n))
        assert await some(texts, 100) == [str(n) for n in range(100)]


async def test_every_listener_of_a_topic_and_no_other_hears(connect: MakeBus) -> None:
    sender, near, far = await connect(), await connect(), await connect()
    async with near.subscribe("t") as a, far.subscribe("t") as b, far.subscribe("u") as c:
        sender.publish("t", "for t")
        sender.publish("u", "for u")
        assert await some(a, 1) == ["for t"]
        assert await some(b, 1) == ["for t"]
        assert await some(c, 1) == ["for u"]


async def test_any_thread_may_publish(connect: MakeBus) -> None:
    sender, receiver = await connect(), await connect()
    async with receiver.subscribe("t", size=1000) as texts:
        threads = [
            threading.Thread(target=lambda: [sender.publish("t", "x") for _ in range(50)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        assert len(await some(texts, 200)) == 200
        for thread in threads:
            thread.join()


async def test_nothing_is_heard_after_the_end(connect: MakeBus) -> None:
    bus = await connect()
    heard: list[str | None] = []
    end = await bus.listen("t", heard.append)
    end()
    async with bus.subscribe("t") as texts:
        bus.publish("t", "late")
        assert await some(texts, 1) == ["late"]
    assert heard == []


async def test_a_slow_reader_that_wants_all_is_told_of_its_loss_and_can_read_on(connect: MakeBus) -> None:
    sender, receiver = await connect(), await connect()
    async with receiver.subscribe("t", size=10) as texts, receiver.subscribe("t", size=1000) as witness:
        for n in range(50):
            sender.publish("t", str(n))
        await some(witness, 50)
        with pytest.raises(Lagged):
            await anext(texts)
        sender.publish("t", "after")
        rest: list[str] = []
        while not rest or rest[-1] != "after":
            rest += await some(texts, 1)
        assert rest == [*sorted(set(rest) - {"after"}, key=int), "after"]


async def test_a_slow_reader_that_wants_the_latest_gets_just_that(connect: MakeBus) -> None:
    sender, receiver = await connect(), await connect()
    async with (
        receiver.subscribe("t", size=1, keep="latest") as texts,
        receiver.subscribe("t", size=1000) as witness,
    ):
        for n in range(50):
            sender.publish("t", str(n))
        await some(witness, 50)
        assert await some(texts, 1) == ["49"]


async def test_a_feed_follows_a_job_that_another_process_runs(connect: MakeBus) -> None:
    page, worker = Realtime(bus=await connect()), Realtime(bus=await connect())
    stored = [Change(job=_job(0), version=1)]

    async def snapshot(_topic: str) -> list[Change]:
        return stored

    feed = page.feed(Viewer("ada"), snapshot)
    await feed.subscribe("job:job_1")
    await feed.receive()
    for done in range(1, 20):
        worker.publish_job(_job(done), ["ada"], version=1)
    messages: list[ServerMessage] = []
    async with asyncio.timeout(5):
        while len(messages) < 19:
            messages += await feed.receive()
    assert [m.job.progress.bytes_done for m in messages if isinstance(m, JobEvent)] == list(range(1, 20))


async def test_what_redis_lost_heals_by_a_snapshot(redis: RedisServer) -> None:
    buses = [RedisBus(redis.url, retry_s=0.02, confirm_s=0.2) for _ in range(2)]
    for bus in buses:
        await bus.start()
    page, worker = (Realtime(bus=bus) for bus in buses)
    stored = [Change(job=_job(1), version=1)]

    async def snapshot(_topic: str) -> list[Change]:
        return stored

    feed = page.feed(Viewer("ada"), snapshot)
    await feed.subscribe("job:job_1")
    await feed.receive()
    redis.stop()
    try:
        stored[0] = Change(job=_job(2), version=2)
        worker.publish_job(_job(2), ["ada"], version=2)
    finally:
        redis.start()
    assert await _last(feed, 2) == 2
    worker.publish_job(_job(3), ["ada"], version=2)
    assert await _last(feed, 3) == 3
    await page.close()
    await worker.close()


async def test_a_flood_that_does_not_fit_is_told_as_a_loss(connect: MakeBus) -> None:
    sender, receiver = await connect(), await connect()
    heard: list[str | None] = []
    end = await receiver.listen("t", heard.append)
    for n in range(MAX_BACKLOG + 1):
        sender.publish("t", str(n))

    async def told() -> bool:
        return None in heard and str(MAX_BACKLOG) in heard

    await eventually(told, "the loss and the last text")
    end()


async def test_a_loss_while_another_one_is_being_told_is_told_too() -> None:
    """A Redis that takes its time over the message about the first loss."""
    told, flooded = [0], asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await reader.readline()).startswith(b"*"):
            words = []
            for _ in range(int(head[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2])
            if words[:2] == [b"PUBLISH", LOSS_CHANNEL.encode()]:
                told[0] += 1
                if told[0] == 1:
                    await flooded.wait()
            writer.write(b":1\r\n" if words[0] == b"PUBLISH" else b"+OK\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    bus = RedisBus(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", retry_s=0.02)
    await bus.start()

    def flood() -> None:
        for n in range(MAX_BACKLOG + 1):
            bus.publish("t", str(n))

    async def tells(count: int) -> bool:
        return told[0] >= count

    flood()
    await eventually(lambda: tells(1), "the first loss is being told")
    flood()
    flooded.set()
    await eventually(lambda: tells(2), "the second loss is told")
    await bus.close()
    server.close()
    await server.wait_closed()


async def _last(feed: Feed, done: int) -> int:
    """Read on until ``done`` bytes are told; the last figure that was."""
    async with asyncio.timeout(10):
        while True:
            for message in await feed.receive():
                if isinstance(message, JobEvent | JobSnapshot):
                    last = message.job.progress.bytes_done
                    if last >= done:
                        return last


def _job(done: int) -> JobView:
    return JobView(
        id="job_1",
        kind="download",
        state="running",
        ref="builtin:iris",
        key="builtin:iris",
        source="builtin",
        title="Iris",
        dataset_id="dataset_1",
        progress=Progress(phase="fetching", bytes_done=done),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
