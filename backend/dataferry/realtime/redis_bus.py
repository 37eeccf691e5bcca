"""The bus between processes: Redis publish and subscribe, which keeps nothing.

Every loss is reported. After a connection was down each of its listeners gets ``None``; a process that
could not send publishes to a channel for losses as soon as it can, and everybody takes a snapshot.
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
from dataferry.realtime.bus import MAX_BACKLOG, Bus, Sink

log = logging.getLogger(__name__)

PREFIX = "dataferry:"
#: A process that could not send publishes here: its listeners cannot notice the loss otherwise.
LOSS_CHANNEL = f"{PREFIX}!losses"

_CONNECTION_ERRORS = (RedisError, OSError)


class RedisBus(Bus):
    """``start`` binds it to the running event loop; ``publish`` may be called from any thread.

    While Redis cannot be reached ``publish`` keeps the newest texts for a while and ``listen`` succeeds: the
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
        #: Channels that were listened to while the connection was down.
        self._unconfirmed: set[str] = set()
        self._unsubscribe_tasks: set[asyncio.Task[None]] = set()
        self._pubsub: PubSub | None = None
        self._disconnected = False
        self._outbox: deque[tuple[str, str]] = deque()
        self._outbox_lock = threading.Lock()
        self._outbox_filled = asyncio.Event()
        self._has_losses = False
        #: What Redis does not do at present, as it was last told: once for an outage, not at each try.
        self._told: set[str] = set()

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
            if len(self._outbox) >= MAX_BACKLOG:
                self._outbox.popleft()
                self._has_losses = True
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
            await self._subscribe_channel(channel)
        try:
            # Without a connection nobody waits for the confirmation.
            await asyncio.wait_for(confirmed.wait(), 0 if self._disconnected else self._confirm_s)
        except TimeoutError:
            self._unconfirmed.add(channel)

        def end() -> None:
            sinks = self._sinks.get(channel, [])
            if sink in sinks:
                sinks.remove(sink)
            if not sinks and self._sinks.pop(channel, None) is not None:
                self._confirmed.pop(channel, None)
                self._unconfirmed.discard(channel)
                if self._loop is not None:
                    task = self._loop.create_task(self._unsubscribe_channel(channel))
                    self._unsubscribe_tasks.add(task)
                    task.add_done_callback(self._unsubscribe_tasks.discard)

        return end

    # Without a connection these two do nothing: the next one subscribes to every channel again.

    async def _subscribe_channel(self, channel: str) -> None:
        if self._pubsub is not None:
            with contextlib.suppress(*_CONNECTION_ERRORS):
                await self._pubsub.subscribe(channel)

    async def _unsubscribe_channel(self, channel: str) -> None:
        if self._pubsub is not None and channel not in self._sinks:
            with contextlib.suppress(*_CONNECTION_ERRORS):
                await self._pubsub.unsubscribe(channel)

    async def _send(self) -> None:
        """Empty the outbox into Redis, a pipeline at a time."""
        client = self._client()
        try:
            while True:
                await self._outbox_filled.wait()
                self._outbox_filled.clear()
                try:
                    await self._send_outbox(client)
                    if self._loop is None:
                        return
                except Exception as fault:  # whatever it is, the next events are worth a try
                    self._tell("take", fault)
                    self._has_losses = True
                    self._outbox_filled.set()
                    await asyncio.sleep(self._retry_s)
        finally:
            await client.aclose()

    async def _send_outbox(self, client: Redis) -> None:
        while True:
            with self._outbox_lock:
                batch = [self._outbox.popleft() for _ in range(min(len(self._outbox), 500))]
                # Taken back before anything is awaited: a loss that is flagged meanwhile is another one.
                losses, self._has_losses = self._has_losses, False
            if not batch and not losses:
                return
            async with client.pipeline(transaction=False) as pipeline:
                for channel, text in batch:
                    pipeline.publish(channel, text)
                if losses:
                    pipeline.publish(LOSS_CHANNEL, "1")
                await pipeline.execute()
            self._told.discard("take")

    async def _receive(self) -> None:
        """Deliver what arrives; after a break, subscribe to every channel again and report the loss."""
        while True:
            client = self._client()
            try:
                async with client.pubsub() as pubsub:
                    wanted = set(self._sinks)
                    await pubsub.subscribe(LOSS_CHANNEL, *wanted)
                    self._pubsub, self._disconnected = pubsub, False
                    self._told.discard("bring")
                    if late := set(self._sinks) - wanted:
                        await pubsub.subscribe(*late)
                    while True:
                        await self._handle_message(await pubsub.get_message(timeout=5.0))
            except Exception as fault:
                self._tell("bring", fault)
            finally:
                self._pubsub, self._disconnected = None, True
                self._unconfirmed.update(self._sinks)
                for confirmed in self._confirmed.values():
                    confirmed.clear()
                with contextlib.suppress(*_CONNECTION_ERRORS):
                    await client.aclose()
            await asyncio.sleep(self._retry_s)

    def _tell(self, verb: str, fault: Exception) -> None:
        level = logging.DEBUG if verb in self._told else logging.WARNING
        self._told.add(verb)
        log.log(level, "Redis does not %s events; it is tried again: %s", verb, redact(repr(fault)))

    async def _handle_message(self, message: dict[str, str] | None) -> None:
        if message is None:
            return
        channel, kind = message["channel"], message["type"]
        if kind == "subscribe":
            confirmed = self._confirmed.get(channel)
            if confirmed is not None:
                confirmed.set()
            if channel in self._unconfirmed:
                self._unconfirmed.discard(channel)
                self._deliver(channel, None)
        elif kind == "message" and channel == LOSS_CHANNEL:
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
