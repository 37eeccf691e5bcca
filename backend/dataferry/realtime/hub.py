"""Realtime: what the rest of the product publishes to and sockets read from."""

import asyncio
from collections.abc import Callable, Iterable

from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer
from dataferry.realtime.bus import Bus, LocalBus
from dataferry.realtime.feed import Feed, Snapshot
from dataferry.realtime.log import Change, TopicLog


def _bus(settings: Settings | None) -> Bus:
    if settings is None or settings.redis_url is None:
        return LocalBus()
    from dataferry.realtime.redis_bus import RedisBus  # not imported by a process that is alone

    return RedisBus(settings.redis_url)


class Realtime:
    """Publishes changes of jobs and keeps a log of each topic that somebody follows.

    Its bus is Redis where the settings name one, else this process alone; ``bus`` may be used for other
    texts too. ``linger_s`` is how long a log outlives its last reader, so that a page which reconnects is
    replayed what it missed. ``max_topics`` bounds what one socket may follow.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        bus: Bus | None = None,
        linger_s: float = 30.0,
        max_topics: int = 200,
    ) -> None:
        self.bus = bus or _bus(settings)
        self._linger_s = linger_s
        self._max_topics = max_topics
        self._logs: dict[str, _TopicSubscription] = {}
        self._feeds: set[Feed] = set()

    async def start(self) -> None:
        """Connect the bus on the running event loop. Needed before the first ``feed``."""
        await self.bus.start()

    async def close(self) -> None:
        """End every feed and the bus."""
        for feed in list(self._feeds):
            feed.close()
        self._feeds.clear()
        for subscription in list(self._logs.values()):
            subscription.forget()
        await self.bus.close()

    def publish_job(
        self, job: JobView, requesters: Iterable[str], *, version: int = 0, left: Iterable[str] = ()
    ) -> None:
        """Tell the followers of the job and of its requesters. Any thread; never blocks.

        ``version`` rises with every change of the job's row. ``left`` are those who have just left the
        job: their feeds check again what they may see.
        """
        audience = tuple(requesters)
        text = Change(job=job, version=version, audience=audience).model_dump_json()
        self.bus.publish(f"job:{job.id}", text)
        for user_id in {*audience, *left}:
            self.bus.publish(f"user:{user_id}", text)

    def publish_change(self, topic: str) -> None:
        """Tell the followers of a topic that has no jobs that something in it has changed: their feeds check
        again whether they may see it. Any thread; never blocks."""
        self.bus.publish(topic, Change().model_dump_json())

    def feed(self, viewer: Viewer, snapshot: Snapshot) -> Feed:
        """What one socket of ``viewer`` receives; ``snapshot`` decides which topics it may follow."""
        feed = Feed(self, viewer, snapshot, self._max_topics)
        self._feeds.add(feed)
        return feed

    def release(self, feed: Feed) -> None:
        """Close a feed whose socket has gone."""
        feed.close()
        self._feeds.discard(feed)

    async def attach(self, topic: str, wake: Callable[[], None]) -> TopicLog:
        """The topic's log, which calls ``wake`` after each change until ``detach``."""
        subscription = self._logs.get(topic)
        if subscription is None:
            subscription = self._logs[topic] = _TopicSubscription(self, topic)
        subscription.log.readers.append(wake)
        subscription.cancel_timer()
        try:
            # Others may wait for the same subscription: one that is cancelled does not end it.
            await asyncio.shield(subscription.listening)
        except BaseException:
            self.detach(subscription.log, wake)
            raise
        return subscription.log

    def detach(self, log: TopicLog, wake: Callable[[], None], *, linger: bool = True) -> None:
        """Stop calling ``wake``; without readers the log is kept for a while, or not."""
        if wake in log.readers:
            log.readers.remove(wake)
        subscription = self._logs.get(log.topic)
        if subscription is not None and subscription.log is log and not log.readers:
            subscription.linger(self._linger_s if linger else 0.0)

    def forget(self, topic: str) -> None:
        self._logs.pop(topic, None)


class _TopicSubscription:
    """A topic's log, its subscription to the bus, and the timer that ends both without readers."""

    def __init__(self, realtime: Realtime, topic: str) -> None:
        self.log = TopicLog(topic)
        self._realtime = realtime
        self._timer: asyncio.TimerHandle | None = None
        self._end: Callable[[], None] | None = None
        self._forgotten = False
        # Shared by those who attach while the subscription is being made.
        self.listening = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        end = await self._realtime.bus.listen(self.log.topic, self.log.receive)
        if self._forgotten:
            end()
        else:
            self._end = end

    def cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def linger(self, seconds: float) -> None:
        self.cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.forget)

    def forget(self) -> None:
        self.cancel_timer()
        self._forgotten = True
        self._realtime.forget(self.log.topic)
        if self._end is not None:
            self._end()
            self._end = None
