"""One socket's view of the topics it follows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dataferry.core.types import Viewer
from dataferry.realtime.events import JobSnapshot, ServerMessage, SocketError, Subscribed, TopicChanged
from dataferry.realtime.log import Change, Entry, TopicLog

Snapshot = Callable[[str], Awaitable[Sequence[Change] | None]]
"""A topic's jobs as they are stored now, or a ``Change`` without one where it is of something else; None
where the viewer may not see the topic."""

#: Batches of answers that may wait for a socket. A client that asks on without reading is not read.
MAX_UNSENT_BATCHES = 8


class FeedClosed(Exception):
    """The server stops; the client should connect again."""


class Logs(Protocol):
    """Where a feed finds the logs of its topics."""

    async def attach(self, topic: str, wake: Callable[[], None]) -> TopicLog: ...
    def detach(self, log: TopicLog, wake: Callable[[], None], *, linger: bool = True) -> None: ...


@dataclass(eq=False)
class _Cursor:
    """How far a feed has read a topic. It holds no events, so a slow reader costs no memory."""

    log: TopicLog
    seq: int = 0
    #: The version of each job in the last snapshot: older events are not sent after it.
    snapshot_versions: dict[str, int] = field(default_factory=dict)
    #: Jobs whose changes are for others: this person has left them.
    left: set[str] = field(default_factory=set)
    gap: bool = False


class Feed:
    """Snapshots, then events in order, for each topic that was subscribed to.

    A reader that has fallen behind what the log holds gets a snapshot in place of what it missed, so that
    nothing queues up for it. ``receive`` and the other methods may run in two tasks of one event loop.
    """

    def __init__(self, logs: Logs, viewer: Viewer, snapshot: Snapshot, max_topics: int) -> None:
        self._logs = logs
        self._viewer = viewer
        self._snapshot = snapshot
        self._max_topics = max_topics
        self._cursors: dict[str, _Cursor] = {}
        self._answers: asyncio.Queue[list[ServerMessage]] = asyncio.Queue(MAX_UNSENT_BATCHES)
        self._woken = asyncio.Event()
        self._closed = False

    async def subscribe(self, topic: str, after: int | None = None, epoch: str | None = None) -> None:
        """Follow ``topic``: what came after ``after`` in ``epoch`` where it is held, else a snapshot.

        The answer comes through ``receive``: the past, then ``subscribed``; or ``error``.
        """
        await self.unsubscribe(topic)
        if len(self._cursors) >= self._max_topics:
            detail = f"One socket follows {self._max_topics} topics at most."
            await self.answer(SocketError(topic=topic, code="too_many_topics", detail=detail))
            return
        # The log is attached before the snapshot is read: what changes in between is in the log.
        log = await self._logs.attach(topic, self._wake)
        try:
            changes = await self._snapshot(topic)
            if changes is None:
                self._logs.detach(log, self._wake, linger=False)
                await self.answer(_not_found(topic))
                return
            cursor = _Cursor(log)
            messages = self._catch_up(cursor, changes, after if epoch == log.epoch else None)
            # The answer is queued before the cursor moves, so that no event overtakes it.
            await self.answer(*messages, Subscribed(topic=topic, epoch=log.epoch, seq=cursor.seq))
        except BaseException:
            self._logs.detach(log, self._wake)
            raise
        self._cursors[topic] = cursor
        self._woken.set()

    async def unsubscribe(self, topic: str) -> None:
        cursor = self._cursors.pop(topic, None)
        if cursor is not None:
            self._logs.detach(cursor.log, self._wake)

    async def answer(self, *messages: ServerMessage) -> None:
        """Queue messages for the socket; waits while the reader is behind with earlier ones."""
        await self._answers.put(list(messages))
        self._woken.set()

    async def receive(self) -> list[ServerMessage]:
        """The next messages; waits for the first. Errors: ``FeedClosed``."""
        return [out.event if isinstance(out, Entry) else out for out in await self._collect()]

    async def receive_texts(self) -> list[str]:
        """As ``receive``, in wire form."""
        return [
            out.text if isinstance(out, Entry) else out.model_dump_json() for out in await self._collect()
        ]

    def close(self) -> None:
        """Forget every topic and end ``receive``. Idempotent."""
        self._closed = True
        for cursor in self._cursors.values():
            self._logs.detach(cursor.log, self._wake)
        self._cursors.clear()
        self._woken.set()

    def _wake(self) -> None:
        self._woken.set()

    async def _collect(self) -> list[ServerMessage | Entry]:
        while not self._closed:
            self._woken.clear()
            batch: list[ServerMessage | Entry] = []
            while not self._answers.empty():
                batch += self._answers.get_nowait()
            for topic in list(self._cursors):
                batch += await self._advance(topic)
            if batch:
                return batch
            await self._woken.wait()
        raise FeedClosed

    async def _advance(self, topic: str) -> list[ServerMessage | Entry]:
        """What is new in one topic for this viewer."""
        cursor = self._cursors.get(topic)
        if cursor is None:
            return []
        entries = cursor.log.after(cursor.seq)
        fresh: list[ServerMessage | Entry] = []
        if entries is None:
            cursor.gap = True
        else:
            cursor.seq = cursor.log.seq
            fresh += [entry for entry in entries if self._is_new(cursor, entry.change)]
        if not cursor.gap:
            return fresh
        changes = await self._snapshot(topic)
        if self._cursors.get(topic) is not cursor:
            return fresh
        cursor.gap = False
        if changes is None:
            await self.unsubscribe(topic)
            return [*fresh, _not_found(topic)]
        return [*fresh, *self._snapshots(cursor, changes)]

    def _is_new(self, cursor: _Cursor, change: Change) -> bool:
        if change.job is None:
            # It is told once it is clear that this person may still follow it.
            cursor.gap = True
            return False
        job_id = change.job.id
        if not self._is_addressed(change):
            # Its first change for others only: how it looks to this person now, a snapshot tells.
            if job_id not in cursor.left:
                cursor.left.add(job_id)
                cursor.gap = True
            return False
        cursor.left.discard(job_id)
        return change.version >= cursor.snapshot_versions.get(job_id, 0)

    def _is_addressed(self, change: Change) -> bool:
        return self._viewer.user_id in change.audience

    def _catch_up(self, cursor: _Cursor, changes: Sequence[Change], after: int | None) -> list[ServerMessage]:
        """What a new follower has missed since ``after``, or everything."""
        missed = None if after is None else cursor.log.after(after)
        if missed is None or not all(self._is_addressed(entry.change) for entry in missed):
            return self._snapshots(cursor, changes)
        cursor.seq = cursor.log.seq
        return [entry.event for entry in missed]

    def _snapshots(self, cursor: _Cursor, changes: Sequence[Change]) -> list[ServerMessage]:
        """Snapshots of ``changes``, or of newer events that have come meanwhile, at the log's end."""
        log = cursor.log
        cursor.seq = log.seq
        messages: list[ServerMessage] = []
        for change in changes:
            if change.job is None:
                messages.append(TopicChanged(topic=log.topic, epoch=log.epoch, seq=log.seq))
                continue
            latest = log.latest(change.job.id)
            if latest is not None and self._is_addressed(latest) and latest.version >= change.version:
                change = latest
            if change.job is not None:
                cursor.snapshot_versions[change.job.id] = change.version
                messages.append(JobSnapshot(topic=log.topic, epoch=log.epoch, seq=log.seq, job=change.job))
        return messages


def _not_found(topic: str) -> SocketError:
    return SocketError(topic=topic, code="not_found", detail="There is no such topic.")
