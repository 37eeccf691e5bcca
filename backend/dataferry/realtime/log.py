"""A topic's log: its last changes, numbered, with gaps where some were lost."""

import secrets
from collections import deque
from collections.abc import Callable
from functools import cached_property

from pydantic import ValidationError

from dataferry.core.job_types import JobView
from dataferry.core.types import View
from dataferry.realtime.events import JobEvent, TopicChanged

#: Events kept for each topic. At four a second it bridges a reconnect of some 15 s.
LOG_SIZE = 64


class Change(View):
    """A job as it stands after a change, and who may see it: what travels on the bus. Without a ``job``: that
    something else has changed, which each follower reads with rights of their own.

    ``version`` counts the changes of the job's row, so that a message which was overtaken on its way
    is recognised; progress between two changes carries the version of the first.
    """

    job: JobView | None = None
    version: int = 0
    audience: tuple[str, ...] = ()


class Entry:
    """One change at its place in a topic, with its wire text made once for all readers."""

    def __init__(self, event: JobEvent | TopicChanged, change: Change) -> None:
        self.event = event
        self.change = change

    @cached_property
    def text(self) -> str:
        return self.event.model_dump_json()


class TopicLog:
    """The last ``size`` changes of one topic, as one process has received them.

    ``epoch`` names this log: a sequence number means something only together with it. Lives on one event
    loop.
    """

    def __init__(self, topic: str, size: int = LOG_SIZE) -> None:
        self.topic = topic
        self.epoch = secrets.token_hex(4)
        self.seq = 0
        self.readers: list[Callable[[], None]] = []
        self._entries: deque[Entry] = deque(maxlen=size)

    def receive(self, text: str | None) -> None:
        """A bus sink: append the change in ``text``, or remember that something was lost."""
        change = None if text is None else _parse_change(text)
        if change is None:
            # A number with no entry: every reader finds a gap behind it and takes a snapshot.
            self._entries.clear()
            self.seq += 1
        else:
            latest = self.latest(change.job.id) if change.job is not None else None
            if latest is not None and latest.version > change.version:
                return
            self.seq += 1
            self._entries.append(Entry(self._event(change.job), change))
        for wake in self.readers:
            wake()

    def after(self, seq: int) -> list[Entry] | None:
        """What came after ``seq``; None where a part of it is no longer held."""
        if seq > self.seq or seq < 0:
            return None
        missing = self.seq - seq
        if missing > len(self._entries):
            return None
        return list(self._entries)[len(self._entries) - missing :]

    def latest(self, job_id: str) -> Change | None:
        """The newest change of a job that is still held."""
        for entry in reversed(self._entries):
            if entry.change.job is not None and entry.change.job.id == job_id:
                return entry.change
        return None

    def _event(self, job: JobView | None) -> JobEvent | TopicChanged:
        if job is None:
            return TopicChanged(topic=self.topic, epoch=self.epoch, seq=self.seq)
        return JobEvent(topic=self.topic, epoch=self.epoch, seq=self.seq, job=job)


def _parse_change(text: str) -> Change | None:
    """The change in ``text``; None where a process of another version wrote what this one cannot read."""
    try:
        return Change.model_validate_json(text)
    except ValidationError:
        return None
