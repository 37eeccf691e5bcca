"""The bus: short texts from any thread of any process to whoever listens to a topic.

What it carries may be lost, and every loss is reported: a sink gets ``None`` and a ``Subscription`` raises
``Lagged``, and the reader then takes the truth from where it is stored.
"""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

Sink = Callable[[str | None], None]
"""Called on the listener's event loop with each text in order; with None when texts were lost."""

#: Texts that may wait for an event loop, or for Redis, before they are dropped and the loss is reported.
MAX_BACKLOG = 10_000


class Lagged(Exception):
    """Texts of this topic were lost on the way; what comes next is newer than the loss."""


class Bus(ABC):
    """One protocol for one process (``LocalBus``) and for several (``RedisBus``)."""

    @abstractmethod
    async def start(self) -> None:
        """Make the bus usable on the running event loop."""

    @abstractmethod
    async def close(self) -> None:
        """End every connection. Publishing afterwards does nothing."""

    @abstractmethod
    def publish(self, topic: str, text: str) -> None:
        """Send ``text`` to everyone who listens to ``topic``. Any thread; never blocks, never raises."""

    @abstractmethod
    async def listen(self, topic: str, sink: Sink) -> Callable[[], None]:
        """Call ``sink`` for each text from now on; returns the function that ends it.

        Whatever is published after this has returned arrives, or its loss is reported.
        """

    def subscribe(
        self, topic: str, *, size: int = 256, keep: Literal["all", "latest"] = "all"
    ) -> "Subscription":
        """``async with bus.subscribe(topic) as texts: async for text in texts: …``"""
        return Subscription(self, topic, size, keep)


class Subscription:
    """An async iterator over a topic's texts, holding at most ``size`` unread ones.

    A reader that falls further behind loses the oldest texts with ``keep="latest"``, which suits texts
    that each tell the whole state. With ``keep="all"`` the iterator raises ``Lagged`` once instead, drops
    what was buffered, and can be read on: so a reader of parts (an answer's chunks) never takes a text
    with a hole for a whole one.
    """

    def __init__(self, bus: Bus, topic: str, size: int, keep: Literal["all", "latest"]) -> None:
        self._bus = bus
        self._topic = topic
        self._size = size
        self._keep = keep
        self._texts: deque[str] = deque()
        self._lagged = False
        self._wake = asyncio.Event()
        self._end: Callable[[], None] | None = None

    async def __aenter__(self) -> Self:
        self._end = await self._bus.listen(self._topic, self._receive)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._end is not None:
            self._end()
            self._end = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """The next text. Errors: ``Lagged``."""
        while not self._texts and not self._lagged:
            self._wake.clear()
            await self._wake.wait()
        if self._lagged:
            self._lagged = False
            raise Lagged(self._topic)
        return self._texts.popleft()

    def _receive(self, text: str | None) -> None:
        if text is not None and len(self._texts) < self._size:
            self._texts.append(text)
        elif text is not None and self._keep == "latest":
            self._texts.popleft()
            self._texts.append(text)
        else:
            self._texts.clear()
            self._lagged = True
        self._wake.set()


class LocalBus(Bus):
    """Threads and event loops of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mailboxes: dict[asyncio.AbstractEventLoop, _Mailbox] = {}

    async def start(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        with self._lock:
            self._mailboxes.clear()

    def publish(self, topic: str, text: str) -> None:
        with self._lock:
            mailboxes = [box for box in self._mailboxes.values() if topic in box.sinks]
        for mailbox in mailboxes:
            mailbox.post(topic, text)

    async def listen(self, topic: str, sink: Sink) -> Callable[[], None]:
        loop = asyncio.get_running_loop()
        with self._lock:
            mailbox = self._mailboxes.setdefault(loop, _Mailbox(loop))
            mailbox.sinks.setdefault(topic, []).append(sink)

        def end() -> None:
            with self._lock:
                sinks = mailbox.sinks.get(topic, [])
                if sink in sinks:
                    sinks.remove(sink)
                if not sinks:
                    mailbox.sinks.pop(topic, None)

        return end


class _Mailbox:
    """What waits for one event loop, woken once however many texts have come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.sinks: dict[str, list[Sink]] = {}
        self._loop = loop
        self._lock = threading.Lock()
        self._posts: deque[tuple[str, str]] = deque()
        self._overflowed = False
        self._woken = False

    def post(self, topic: str, text: str) -> None:
        with self._lock:
            if len(self._posts) >= MAX_BACKLOG:
                self._posts.clear()
                self._overflowed = True
            self._posts.append((topic, text))
            if self._woken:
                return
            self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:  # the loop has been closed: nobody is left to tell
            self.sinks = {}

    def _deliver(self) -> None:
        with self._lock:
            posts, self._posts = self._posts, deque()
            overflowed, self._overflowed = self._overflowed, False
            self._woken = False
        if overflowed:
            for sinks in list(self.sinks.values()):
                for sink in list(sinks):
                    sink(None)
        for topic, text in posts:
            for sink in list(self.sinks.get(topic, ())):
                sink(text)
