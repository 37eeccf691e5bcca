"""A feed tells the whole truth in order, and nothing piles up for a slow reader."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

import pytest

from dataferry.core.job_types import JobState, JobView
from dataferry.core.types import Progress, Viewer
from dataferry.realtime import Change, Feed, FeedClosed, LocalBus, Realtime
from dataferry.realtime.bus import Sink
from dataferry.realtime.events import JobEvent, JobSnapshot, Pong, ServerMessage, SocketError, Subscribed

pytestmark = pytest.mark.anyio

ADA, BOB = Viewer("ada"), Viewer("bob")


def job(done: int = 0, *, job_id: str = "job_1", state: JobState = "running") -> JobView:
    return JobView(
        id=job_id,
        kind="download",
        state=state,
        ref="builtin:iris",
        key="builtin:iris",
        source="builtin",
        title="Iris",
        dataset_id="dataset_1",
        progress=Progress(phase="fetching", bytes_done=done, bytes_total=100),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


class Stored:
    """What the database would say, and how often it was asked."""

    def __init__(self, **topics: list[Change]) -> None:
        self.topics = {name.replace("__", ":"): changes for name, changes in topics.items()}
        self.reads = 0
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, topic: str) -> Sequence[Change] | None:
        self.reads += 1
        self.asked.set()
        await self.gate.wait()
        return self.topics.get(topic)


@pytest.fixture
async def realtime() -> AsyncIterator[Realtime]:
    realtime = Realtime(linger_s=30, max_topics=3)
    await realtime.start()
    yield realtime
    await realtime.close()


async def received(feed: Feed) -> list[ServerMessage]:
    async with asyncio.timeout(2):
        return await feed.receive()


async def until_event(feed: Feed, done: int) -> list[ServerMessage]:
    """Everything up to the message that says ``done`` bytes."""
    messages: list[ServerMessage] = []
    while True:
        messages += await received(feed)
        last = messages[-1]
        if isinstance(last, JobEvent | JobSnapshot) and last.job.progress.bytes_done == done:
            return messages


def bytes_done(messages: Sequence[ServerMessage]) -> list[int]:
    return [m.job.progress.bytes_done for m in messages if isinstance(m, JobEvent | JobSnapshot)]


async def test_a_snapshot_then_every_event_in_order(realtime: Realtime) -> None:
    feed = realtime.feed(ADA, Stored(job__job_1=[Change(job=job(5), version=1)]))
    await feed.subscribe("job:job_1")
    snapshot, subscribed = await received(feed)
    assert isinstance(snapshot, JobSnapshot)
    assert isinstance(subscribed, Subscribed)
    for done in range(6, 16):
        realtime.publish_job(job(done), ["ada"], version=1)
    events = await until_event(feed, 15)
    assert bytes_done(events) == list(range(6, 16))
    assert [e.seq for e in events if isinstance(e, JobEvent)] == list(range(1, 11))
    assert subscribed.seq == 0


async def test_what_is_published_while_the_snapshot_is_read_comes_once_and_later(realtime: Realtime) -> None:
    stored = Stored(job__job_1=[Change(job=job(5), version=1)])
    stored.gate.clear()
    feed = realtime.feed(ADA, stored)
    subscribing = asyncio.create_task(feed.subscribe("job:job_1"))
    await stored.asked.wait()
    realtime.publish_job(job(7), ["ada"], version=1)
    realtime.publish_job(job(8), ["ada"], version=1)
    await asyncio.sleep(0)
    stored.gate.set()
    await subscribing
    realtime.publish_job(job(9), ["ada"], version=1)
    assert bytes_done(await until_event(feed, 9)) == [8, 9]


async def test_an_event_older_than_the_snapshot_is_not_shown_after_it(realtime: Realtime) -> None:
    """The row was read after its change and before its event arrived."""
    feed = realtime.feed(ADA, Stored(job__job_1=[Change(job=job(50, state="verifying"), version=4)]))
    await feed.subscribe("job:job_1")
    await received(feed)
    realtime.publish_job(job(40), ["ada"], version=3)
    realtime.publish_job(job(60, state="verifying"), ["ada"], version=4)
    assert bytes_done(await until_event(feed, 60)) == [60]


async def test_an_overtaken_event_is_dropped(realtime: Realtime) -> None:
    feed = realtime.feed(ADA, Stored(job__job_1=[]))
    await feed.subscribe("job:job_1")
    await received(feed)
    realtime.publish_job(job(100, state="succeeded"), ["ada"], version=7)
    realtime.publish_job(job(90), ["ada"], version=6)
    realtime.publish_job(job(100, state="succeeded"), ["ada"], version=7)
    messages = await received(feed)
    assert bytes_done(messages) == [100, 100]


async def test_a_reconnect_is_replayed_what_it_missed(realtime: Realtime) -> None:
    stored = Stored(job__job_1=[Change(job=job(0), version=1)])
    first = realtime.feed(ADA, stored)
    await first.subscribe("job:job_1")
    subscribed = (await received(first))[-1]
    assert isinstance(subscribed, Subscribed)
    realtime.publish_job(job(1), ["ada"], version=1)
    await until_event(first, 1)
    realtime.release(first)
    for done in (2, 3):
        realtime.publish_job(job(done), ["ada"], version=1)

    again = realtime.feed(ADA, stored)
    await asyncio.sleep(0)
    await again.subscribe("job:job_1", after=1, epoch=subscribed.epoch)
    messages = await received(again)
    assert bytes_done(messages) == [2, 3]
    assert all(isinstance(m, JobEvent) for m in messages[:2])
    assert isinstance(messages[-1], Subscribed)
    assert messages[-1].seq == 3


@pytest.mark.parametrize(("after", "epoch"), [(1, "another"), (0, None), (999, None), (None, None)])
async def test_a_place_that_is_not_in_the_log_means_a_snapshot(
    realtime: Realtime, after: int | None, epoch: str | None
) -> None:
    feed = realtime.feed(ADA, Stored(job__job_1=[Change(job=job(5), version=1)]))
    await feed.subscribe("job:job_1", after=after, epoch=epoch)
    assert isinstance((await received(feed))[0], JobSnapshot)


async def test_a_slow_reader_gets_one_snapshot_for_what_no_longer_fits(realtime: Realtime) -> None:
    stored = Stored(job__job_1=[Change(job=job(0), version=1)])
    feed = realtime.feed(ADA, stored)
    await feed.subscribe("job:job_1")
    await received(feed)
    for done in range(1, 5001):
        realtime.publish_job(job(done), ["ada"], version=1)
    messages = await until_event(feed, 5000)
    assert [type(m) for m in messages] == [JobSnapshot]
    assert stored.reads == 2


async def test_followers_of_a_person_see_all_of_their_jobs_and_no_others(realtime: Realtime) -> None:
    feed = realtime.feed(ADA, Stored(user__ada=[]))
    await feed.subscribe("user:ada")
    await received(feed)
    realtime.publish_job(job(1, job_id="job_1"), ["ada", "bob"])
    realtime.publish_job(job(2, job_id="job_2"), ["bob"])
    realtime.publish_job(job(3, job_id="job_3"), ["ada"])
    assert bytes_done(await until_event(feed, 3)) == [1, 3]


async def test_a_strangers_topic_is_not_found(realtime: Realtime) -> None:
    feed = realtime.feed(BOB, Stored())
    await feed.subscribe("job:job_1")
    (error,) = await received(feed)
    assert isinstance(error, SocketError)
    assert error.code == "not_found"
    realtime.publish_job(job(1), ["ada"])
    await feed.answer(Pong())
    assert await received(feed) == [Pong()]


async def test_who_left_a_job_sees_that_they_did_and_nothing_more_of_it(realtime: Realtime) -> None:
    stored = Stored(job__job_1=[Change(job=job(1), version=1)])
    feed = realtime.feed(ADA, stored)
    await feed.subscribe("job:job_1")
    await received(feed)
    stored.topics["job:job_1"] = [Change(job=job(1, state="cancelled"), version=2)]
    realtime.publish_job(job(1), ["bob"], version=2, left=["ada"])
    (told,) = await received(feed)
    assert isinstance(told, JobSnapshot)
    assert told.job.state == "cancelled"
    for done in (2, 3):
        realtime.publish_job(job(done), ["bob"], version=2)
    await asyncio.sleep(0)
    await feed.answer(Pong())
    assert await received(feed) == [Pong()]
    realtime.publish_job(job(4), ["ada", "bob"], version=3)
    assert bytes_done(await received(feed)) == [4]


async def test_a_feed_follows_a_bounded_number_of_topics(realtime: Realtime) -> None:
    feed = realtime.feed(ADA, Stored(**{f"job__{n}": [] for n in range(5)}))
    for n in range(4):
        await feed.subscribe(f"job:{n}")
    *_, error = await received(feed)
    assert isinstance(error, SocketError)
    assert error.code == "too_many_topics"
    await feed.unsubscribe("job:0")
    await feed.subscribe("job:3")
    assert isinstance((await received(feed))[-1], Subscribed)


async def test_a_client_that_asks_without_reading_is_not_read(realtime: Realtime) -> None:
    feed = realtime.feed(ADA, Stored())

    async def ask() -> None:
        for n in range(1000):
            await feed.answer(Pong(t=n))

    asking = asyncio.create_task(ask())
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(await received(feed)) < 20
    asking.cancel()


async def test_unsubscribed_topics_are_silent(realtime: Realtime) -> None:
    feed = realtime.feed(ADA, Stored(job__job_1=[], job__job_2=[]))
    await feed.subscribe("job:job_1")
    await feed.subscribe("job:job_2")
    await received(feed)
    await feed.unsubscribe("job:job_1")
    realtime.publish_job(job(1, job_id="job_1"), ["ada"])
    realtime.publish_job(job(2, job_id="job_2"), ["ada"])
    assert bytes_done(await until_event(feed, 2)) == [2]


async def test_closing_ends_every_feed(realtime: Realtime) -> None:
    feed = realtime.feed(ADA, Stored(job__job_1=[]))
    await feed.subscribe("job:job_1")
    await received(feed)
    waiting = asyncio.create_task(feed.receive())
    await asyncio.sleep(0)
    await realtime.close()
    with pytest.raises(FeedClosed):
        await waiting


async def test_one_who_gives_up_while_subscribing_leaves_nothing_behind(realtime: Realtime) -> None:
    stored = Stored(job__job_1=[])
    stored.gate.clear()
    feed, other = realtime.feed(ADA, stored), realtime.feed(BOB, Stored(job__job_1=[]))
    subscribing = asyncio.create_task(feed.subscribe("job:job_1"))
    await stored.asked.wait()
    await other.subscribe("job:job_1")
    subscribing.cancel()
    await asyncio.gather(subscribing, return_exceptions=True)
    log = await realtime.attach("job:job_1", lambda: None)
    assert len(log.readers) == 2
    realtime.publish_job(job(1), ["bob"])
    assert bytes_done(await until_event(other, 1)) == [1]


async def test_a_text_of_another_version_is_a_loss_and_no_fault(realtime: Realtime) -> None:
    stored = Stored(job__job_1=[Change(job=job(1), version=1)])
    feed = realtime.feed(ADA, stored)
    await feed.subscribe("job:job_1")
    await received(feed)
    realtime.bus.publish("job:job_1", '{"from": "the future"}')
    (told,) = await received(feed)
    assert isinstance(told, JobSnapshot)
    realtime.publish_job(job(2), ["ada"], version=1)
    assert bytes_done(await until_event(feed, 2)) == [2]


class SlowBus(LocalBus):
    """Redis on a bad day: to be listened to takes a while."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.gate = asyncio.Event(), asyncio.Event()

    async def listen(self, topic: str, sink: Sink) -> Callable[[], None]:
        self.asked.set()
        await self.gate.wait()
        return await super().listen(topic, sink)


async def test_one_who_gives_up_does_not_end_the_line_that_others_wait_for() -> None:
    bus = SlowBus()
    realtime = Realtime(bus=bus)
    first, second = (realtime.feed(ADA, Stored(job__job_1=[])) for _ in range(2))
    giving_up = asyncio.create_task(first.subscribe("job:job_1"))
    waiting = asyncio.create_task(second.subscribe("job:job_1"))
    await bus.asked.wait()
    giving_up.cancel()
    await asyncio.gather(giving_up, return_exceptions=True)
    bus.gate.set()
    await waiting
    realtime.publish_job(job(1), ["ada"])
    assert bytes_done(await until_event(second, 1)) == [1]
    await realtime.close()
