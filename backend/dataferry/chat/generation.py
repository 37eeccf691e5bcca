"""An answer that is being written: a task of its own, which goes on when its readers leave."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from dataferry.chat.events import AnswerEvent
from dataferry.chat.message_builder import Draft
from dataferry.chat.stream import Chunk, Cursor, MessageMetadata, Part, Start, ending
from dataferry.chat.views import MessageStatus

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations in seconds."""

    #: Between two writes of an answer that grows.
    write: float = 0.5
    #: The longest silence of an owner that is alive.
    heartbeat: float = 5.0
    #: After this silence an answer's owner counts as dead.
    dead: float = 20.0
    #: How long a finished answer is replayed to a reader who lost it.
    replay: float = 300.0
    #: Between two comments on a silent stream.
    keep_alive: float = 15.0
    #: Between two looks at an answer that another process writes.
    poll: float = 0.3


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An answer at one moment, safe to read in another thread."""

    chat_id: str
    message_id: str
    parts: list[Part]
    content: str
    status: MessageStatus
    model: str | None

    @property
    def metadata(self) -> MessageMetadata:
        return MessageMetadata(chat_id=self.chat_id, status=self.status, model=self.model)


#: Stores a snapshot; false when the row is no longer ours to write.
Store = Callable[[Snapshot], Awaitable[bool]]


class Answer:
    """Runs the agent, stores what it says as it grows, and tells every reader.

    It ends ``complete``; ``stopped`` by the person; ``interrupted`` by a shutdown; ``failed`` by a
    fault of ours. Readers hear of the end after it is stored, so that what they fetch next is true.
    """

    def __init__(
        self, chat_id: str, message_id: str, events: AsyncGenerator[AnswerEvent], store: Store, timing: Timing
    ) -> None:
        self.chat_id = chat_id
        self.message_id = message_id
        self.status: MessageStatus = "generating"
        self._events = events
        self._store = store
        self._timing = timing
        self._draft = Draft()
        self._changed = asyncio.Event()
        self._dirty = asyncio.Event()
        #: Its last event has come; what follows is stored and told, and can no longer be stopped.
        self._ended = asyncio.Event()
        #: What it ends as when it is stopped.
        self._stopped_as: MessageStatus | None = None
        self._task = asyncio.create_task(self._run(), name=f"answer {message_id}")

    @property
    def done(self) -> bool:
        return self._task.done()

    def on_done(self, hook: Callable[[], None]) -> None:
        self._task.add_done_callback(lambda _task: hook())

    async def finished(self) -> None:
        """Wait for the end. Cancelling the wait does not cancel the answer."""
        await asyncio.wait([self._task])

    async def stop(self, status: MessageStatus = "stopped") -> None:
        """End it with what is there, and wait until that is stored."""
        # A task that is cancelled before its first step never runs, and would store no end.
        await asyncio.sleep(0)
        self._stop(status)
        await self.finished()

    def _stop(self, status: MessageStatus) -> None:
        if self._stopped_as is None and not self._ended.is_set():
            self._stopped_as = status
            self._task.cancel()

    async def follow(self) -> AsyncIterator[Chunk | None]:
        """The stream from the start of the answer; None after ``keep_alive`` seconds of silence."""
        cursor = Cursor()
        yield Start(message_id=self.message_id, message_metadata=self._snapshot().metadata)
        while True:
            changed = self._changed
            for chunk in cursor.advance(self._draft.parts):
                yield chunk
            if self.status != "generating":
                break
            if not await _set_within(changed, self._timing.keep_alive):
                yield None
        for chunk in cursor.close():
            yield chunk
        for chunk in ending(self._snapshot().metadata):
            yield chunk

    def _snapshot(self, status: MessageStatus | None = None) -> Snapshot:
        return Snapshot(
            self.chat_id,
            self.message_id,
            [dict(part) for part in self._draft.parts],
            self._draft.content,
            status or self.status,
            self._draft.model,
        )

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._dirty.set()

    async def _run(self) -> None:
        writer = asyncio.create_task(self._write())
        status: MessageStatus = "complete"
        reason = "The answer ended before this did."
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    self._draft.apply(event)
                    self._tell()
        except asyncio.CancelledError:
            status = self._stopped_as or "interrupted"
            reason = "Stopped." if status == "stopped" else "Interrupted."
        except Exception:
            log.exception("answer %s of chat %s failed", self.message_id, self.chat_id)
            status = "failed"
        self._ended.set()
        self._dirty.set()
        await writer
        self._draft.close(reason)
        try:
            await self._store(self._snapshot(status))
        except Exception:
            log.exception("answer %s of chat %s could not be stored", self.message_id, self.chat_id)
            status = "failed"
        self.status = status
        self._tell()

    async def _write(self) -> None:
        """Store what is there whenever it has grown, and the heartbeat at least."""
        while not self._ended.is_set():
            await _set_within(self._dirty, self._timing.heartbeat)
            if self._ended.is_set():
                return
            self._dirty.clear()
            try:
                if not await self._store(self._snapshot()):
                    # Stopped in another process, or deleted with its chat.
                    self._stop("stopped")
            except Exception:
                log.exception("answer %s could not be stored for now", self.message_id)
            await _set_within(self._ended, self._timing.write)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for ``event``, at most ``seconds``; whether it is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
