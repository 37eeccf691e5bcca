"""The generation of one answer: a task of its own, which goes on when its readers leave."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from dataferry.chat.events import AnswerEvent
from dataferry.chat.message_builder import MessageBuilder
from dataferry.chat.stream import Chunk, Cursor, MessageMetadata, Part, Start, final_chunks
from dataferry.chat.views import MessageStatus
from dataferry.core.errors import DatabaseAway

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Intervals and timeouts of the generation of answers."""

    #: Between two writes of an answer that grows.
    write_interval_s: float = 0.5
    #: Between two writes of an answer that does not grow.
    heartbeat_interval_s: float = 5.0
    #: An answer without a heartbeat for so long is abandoned.
    owner_timeout_s: float = 20.0
    #: How long it is tried to store the end of an answer.
    save_patience_s: float = 60.0
    #: How long a finished answer is replayed to a reader who lost it.
    replay_window_s: float = 300.0
    #: Between two comments on a silent stream.
    keep_alive_interval_s: float = 15.0
    #: Between two reads of an answer that another process writes.
    poll_interval_s: float = 0.3
    #: Between two looks for answers whose process has ended.
    sweep_interval_s: float = 2.0


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


#: Stores a snapshot and returns the status that the row has now: another one than the snapshot's where
#: another process has ended it; None where it was deleted.
SaveSnapshot = Callable[[Snapshot], Awaitable[MessageStatus | None]]


class Generation:
    """Runs the agent, stores the answer as it grows, and serves every reader of it.

    It ends ``complete``; ``stopped`` by the person; ``interrupted`` by a shutdown, or by another process
    that took this one for dead; ``failed`` by a fault of ours. Readers get the end after it is stored, and
    as it is stored, so that what they fetch next is true.
    """

    def __init__(
        self,
        chat_id: str,
        message_id: str,
        events: AsyncGenerator[AnswerEvent],
        save: SaveSnapshot,
        timing: Timing,
    ) -> None:
        self.chat_id = chat_id
        self.message_id = message_id
        self.status: MessageStatus = "generating"
        self._events = events
        self._save = save
        self._timing = timing
        self._builder = MessageBuilder()
        #: Set and replaced at each change, for the readers.
        self._changed = asyncio.Event()
        #: There are changes that are not stored yet.
        self._dirty = asyncio.Event()
        #: The last event has come; what is left to do is not cancelled any more.
        self._events_ended = asyncio.Event()
        #: The status to end with, once a stop was asked for.
        self._stop_status: MessageStatus | None = None
        self._task = asyncio.create_task(self._run(), name=f"answer {message_id}")

    # -- for the chat service -----------------------------------------------------------------

    @property
    def done(self) -> bool:
        return self._task.done()

    def add_done_callback(self, callback: Callable[[], None]) -> None:
        self._task.add_done_callback(lambda _task: callback())

    async def wait(self) -> None:
        """Wait for the end. Cancelling the wait does not cancel the generation."""
        await asyncio.wait([self._task])

    async def stop(self, status: MessageStatus = "stopped") -> None:
        """End the answer as it stands, and wait until that is stored."""
        # A task that is cancelled before its first step never runs, and would store no end.
        await asyncio.sleep(0)
        self._cancel(status)
        await self.wait()

    async def follow(self) -> AsyncIterator[Chunk | None]:
        """The stream from the start of the answer; None after ``keep_alive_interval_s`` of silence."""
        cursor = Cursor()
        yield Start(message_id=self.message_id, message_metadata=self._snapshot().metadata)
        while True:
            changed = self._changed
            for chunk in cursor.advance(self._builder.parts):
                yield chunk
            if self.status != "generating":
                break
            if not await _wait_for(changed, self._timing.keep_alive_interval_s):
                yield None
        for chunk in cursor.close():
            yield chunk
        for chunk in final_chunks(self._snapshot().metadata):
            yield chunk

    # -- the task and its writer --------------------------------------------------------------

    async def _run(self) -> None:
        writer = asyncio.create_task(self._save_repeatedly())
        status: MessageStatus = "complete"
        reason = "The answer ended before this did."
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    self._builder.apply(event)
                    self._notify()
        except asyncio.CancelledError:
            status = self._stop_status or "interrupted"
            reason = "Stopped." if status == "stopped" else "Interrupted."
        except Exception:
            log.exception("answer %s of chat %s failed", self.message_id, self.chat_id)
            status = "failed"
        self._events_ended.set()
        self._dirty.set()
        await writer
        self._builder.close(reason)
        try:
            status = await self._save_the_end(self._snapshot(status)) or "stopped"
        except Exception:
            log.exception("answer %s of chat %s could not be stored", self.message_id, self.chat_id)
            status = "failed"
        self.status = status
        self._notify()

    async def _save_the_end(self, snapshot: Snapshot) -> MessageStatus | None:
        """Store the last state, and return the one that is stored; a database that is away undoes no answer,
        if it comes back in time."""
        deadline = time.monotonic() + self._timing.save_patience_s
        while True:
            try:
                return await self._save(snapshot)
            except DatabaseAway:
                if time.monotonic() >= deadline:
                    raise
            await asyncio.sleep(self._timing.write_interval_s)

    async def _save_repeatedly(self) -> None:
        """Store the answer when it has grown, and at every heartbeat."""
        while not self._events_ended.is_set():
            await _wait_for(self._dirty, self._timing.heartbeat_interval_s)
            if self._events_ended.is_set():
                return
            self._dirty.clear()
            try:
                status = await self._save(self._snapshot())
                if status != "generating":  # another process has ended it, or deleted it with its chat
                    self._cancel(status or "stopped")
            except DatabaseAway as error:
                log.warning("answer %s could not be stored for now: %s", self.message_id, error)
            except Exception:
                log.exception("answer %s could not be stored for now", self.message_id)
            await _wait_for(self._events_ended, self._timing.write_interval_s)

    def _cancel(self, status: MessageStatus) -> None:
        if self._stop_status is None and not self._events_ended.is_set():
            self._stop_status = status
            self._task.cancel()

    def _notify(self) -> None:
        """Wake the readers and the writer."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._dirty.set()

    def _snapshot(self, status: MessageStatus | None = None) -> Snapshot:
        return Snapshot(
            self.chat_id,
            self.message_id,
            [dict(part) for part in self._builder.parts],
            self._builder.content,
            status or self.status,
            self._builder.model,
        )


async def _wait_for(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for ``event``, at most ``timeout_s``; whether it is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()
