"""The bus between processes: Redis publish and subscribe, which keeps nothing.

Every loss is told. A line that was down comes back with ``None`` for each of its listeners; a process
that could not send says so on a channel of its own as soon as it can, and everybody takes a snapshot.
"""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from dataferry.core.telemetry import redact
from dataferry.realtime.bus import BACKLOG, Bus, Sink

log = logging.getLogger(__name__)

PREFIX = "dataferry:"
#: Whoever could not send publishes here, for what was lost has no other way to be noticed.
LOSSES = f"{PREFIX}!losses"

_FAULTS = (RedisError, OSError)


class RedisBus(Bus):
    """``start`` binds it to the running event loop; ``publish`` may be called from any thread.

    While Redis is away ``publish`` keeps the newest texts for a while and ``listen`` succeeds: the
    product goes on, and pages fall back on what they ask for.
    """

    def __init__(self, url: str, *, confirm_s: float = 2.0, retry_s: float = 0.5) -> None:
        self._url = url
        self._confirm_s = confirm_s
        self._retry_s = retry_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._sinks: dict[str, list[Sink]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        #: Channels that were listened to while the line was down.
        self._missed: set[str] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._pubsub: PubSub | None = None
        self._away = False
        self._outbox: deque[tuple[str, str]] = deque()
        self._outbox_lock = threading.Lock()
        self._outbox_filled = asyncio.Event()
        self._losses = False

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]

    async def close(self) -> None:
        self._loop = None
        self._outbox_filled.set()
        if self._tasks:  # the sender ends once its outbox is empty
            await asyncio.wait(self._tasks[:1], timeout=self._confirm_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def publish(self, topic: str, text: str) -> None:
        loop = self._loop
        if loop is None:
            return
        with self._outbox_lock:
            if len(self._outbox) >= BACKLOG:
                self._outbox.popleft()
                self._losses = True
            wake = not self._outbox
            self._outbox.append((PREFIX + topic, text))
        if wake:
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(self._outbox_filled.set)

    async def listen(self, topic: str, sink: Sink) -> Callable[[], None]:
        channel = PREFIX + topic
        self._sinks.setdefault(channel, []).append(sink)
        confirmed = self._confirmed.get(channel)
        if confirmed is None:
            confirmed = self._confirmed[channel] = asyncio.Event()
            await self._follow(channel)
        try:
            # While Redis is known to be away nobody waits for it.
            await asyncio.wait_for(confirmed.wait(), 0 if self._away else self._confirm_s)
        except TimeoutError:
            self._missed.add(channel)

        def end() -> None:
            sinks = self._sinks.get(channel, [])
            if sink in sinks:
                sinks.remove(sink)
            if not sinks and self._sinks.pop(channel, None) is not None:
                self._confirmed.pop(channel, None)
                self._missed.discard(channel)
                if self._loop is not None:
                    task = self._loop.create_task(self._unfollow(channel))
                    self._leaving.add(task)
                    task.add_done_callback(self._leaving.discard)

        return end

    # When the line is down these two do nothing: its return asks for all that is wanted then.

    async def _follow(self, channel: str) -> None:
        if self._pubsub is not None:
            with contextlib.suppress(*_FAULTS):
                await self._pubsub.subscribe(channel)

    async def _unfollow(self, channel: str) -> None:
        if self._pubsub is not None and channel not in self._sinks:
            with contextlib.suppress(*_FAULTS):
                await self._pubsub.unsubscribe(channel)

    async def _send(self) -> None:
        """Empty the outbox into Redis, a pipeline at a time."""
        client = self._client()
        try:
            while True:
                await self._outbox_filled.wait()
                self._outbox_filled.clear()
                try:
                    await self._send_waiting(client)
                    if self._loop is None:
                        return
                except Exception as fault:  # whatever it is, the next events are worth a try
                    log.warning("Redis does not take events: %s", redact(repr(fault)))
                    self._losses = True
                    self._outbox_filled.set()
                    await asyncio.sleep(self._retry_s)
        finally:
            await client.aclose()

    async def _send_waiting(self, client: Redis) -> None:
        while True:
            with self._outbox_lock:
                batch = [self._outbox.popleft() for _ in range(min(len(self._outbox), 500))]
            if not batch and not self._losses:
                return
            async with client.pipeline(transaction=False) as pipeline:
                for channel, text in batch:
                    pipeline.publish(channel, text)
                await pipeline.execute()
            if self._losses:
                await client.publish(LOSSES, "1")
                self._losses = False

    async def _receive(self) -> None:
        """Hand on what arrives; after a break, ask for every channel again and tell the loss."""
        while True:
            client = self._client()
            try:
                async with client.pubsub() as pubsub:
                    wanted = set(self._sinks)
                    await pubsub.subscribe(LOSSES, *wanted)
                    self._pubsub, self._away = pubsub, False
                    if late := set(self._sinks) - wanted:
                        await pubsub.subscribe(*late)
                    while True:
                        await self._hand_on(await pubsub.get_message(timeout=5.0))
            except Exception as fault:
                log.warning("Redis does not bring events: %s", redact(repr(fault)))
            finally:
                self._pubsub, self._away = None, True
                self._missed.update(self._sinks)
                for confirmed in self._confirmed.values():
                    confirmed.clear()
                with contextlib.suppress(*_FAULTS):
                    await client.aclose()
            await asyncio.sleep(self._retry_s)

    async def _hand_on(self, message: dict[str, str] | None) -> None:
        if message is None:
            return
        channel, kind = message["channel"], message["type"]
        if kind == "subscribe":
            confirmed = self._confirmed.get(channel)
            if confirmed is not None:
                confirmed.set()
            if channel in self._missed:
                self._missed.discard(channel)
                self._deliver(channel, None)
        elif kind == "message" and channel == LOSSES:
            for listened in list(self._sinks):
                self._deliver(listened, None)
        elif kind == "message":
            self._deliver(channel, message["data"])

    def _deliver(self, channel: str, text: str | None) -> None:
        for sink in list(self._sinks.get(channel, ())):
            sink(text)

    def _client(self) -> Redis:
        return Redis.from_url(
            self._url,
            decode_responses=True,
            socket_connect_timeout=5.0,
            health_check_interval=10,
        )
