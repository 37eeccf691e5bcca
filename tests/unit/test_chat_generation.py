"""The generation of an answer: how it is stored while it grows, and how it ends."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from dataferry.chat.events import AnswerEvent, StepStarted, TextDelta
from dataferry.chat.generation import Generation, Snapshot, Timing
from dataferry.chat.views import MessageStatus
from dataferry.core.errors import DatabaseAway

pytestmark = pytest.mark.anyio

QUICK = Timing(write_interval_s=0.01, heartbeat_interval_s=0.02, keep_alive_interval_s=5)
SLOW = Timing(write_interval_s=5, heartbeat_interval_s=5, keep_alive_interval_s=5)


class FakeStore:
    """Where snapshots are saved: it can be slow, full, or owned by another."""

    def __init__(self) -> None:
        self.stored: list[Snapshot] = []
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
        self.entered = asyncio.Event()
        #: A call waits for the gate that stood here when it came.
        self.gate = asyncio.Event()
        self.gate.set()
        #: The status that the row has where another process has ended it.
        self.ended_as: MessageStatus | None = None
        self.faults = 0
        self.fault: Exception = OSError("a fault of ours")

    async def __call__(self, snapshot: Snapshot) -> MessageStatus | None:
        gate = self.gate
        self.entered.set()
        await gate.wait()
        if self.faults:
            self.faults -= 1
            raise self.fault
        self.stored.append(snapshot)
        self.snapshots.put_nowait(snapshot)
        return self.ended_as or snapshot.status

    def close(self) -> asyncio.Event:
        """Hold the next calls; setting the event lets them go."""
        self.entered.clear()
        self.gate = asyncio.Event()
        return self.gate

    @property
    def statuses(self) -> list[str]:
        return [snapshot.status for snapshot in self.stored]


class ScriptedEvents:
    """The agent's events, word by word, as the test lets them come."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()
        #: Set when the last event has come.
        self.ended = asyncio.Event()

    async def events(self) -> AsyncGenerator[AnswerEvent]:
        yield StepStarted()
        while (word := await self.queue.get()) is not None:
            if word == "bug":
                raise RuntimeError("a bug of ours")
            yield TextDelta(word)
        self.ended.set()

    def say(self, *words: str | None) -> None:
        for word in words:
            self.queue.put_nowait(word)


def begin(store: FakeStore, script: ScriptedEvents, timing: Timing = QUICK) -> Generation:
    return Generation("chat_1", "msg_1", script.events(), store, timing)


class WatchedGeneration(Generation):
    """Counts those who wait for the end; ``stop`` does so once it has asked for it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.waited_for = asyncio.Semaphore(0)

    async def wait(self) -> None:
        self.waited_for.release()
        await super().wait()


async def kinds(generation: Generation) -> list[str]:
    return [chunk.type async for chunk in generation.follow() if chunk is not None]


async def test_it_is_stored_as_it_grows_and_once_at_its_end() -> None:
    store, script = FakeStore(), ScriptedEvents()
    generation = begin(store, script)
    script.say("one ")
    async with asyncio.timeout(5):
        while not (await store.snapshots.get()).content:
            pass
    script.say("two", None)
    await generation.wait()
    assert store.stored[-1].content == "one two"
    assert store.statuses.count("complete") == 1
    assert store.statuses[-1] == "complete"


async def test_a_slow_write_under_way_cannot_follow_the_last_one() -> None:
    store, script = FakeStore(), ScriptedEvents()
    held = store.close()
    generation = begin(store, script)
    await store.entered.wait()
    # The write that is under way is slow; those that come after it would be quick.
    store.gate = asyncio.Event()
    store.gate.set()
    script.say("all of it", None)
    reader = asyncio.create_task(kinds(generation))
    # The last write would follow the last event at once, if it did not wait for the one under way.
    await script.ended.wait()
    held.set()
    assert (await reader)[-1] == "finish"
    assert store.statuses == ["generating", "complete"]


async def test_a_stop_that_comes_too_late_changes_nothing() -> None:
    store, script = FakeStore(), ScriptedEvents()
    generation = WatchedGeneration("chat_1", "msg_1", script.events(), store, SLOW)
    await store.snapshots.get()
    held = store.close()
    script.say("the end", None)
    await store.entered.wait()
    stops = [asyncio.create_task(generation.stop()) for _ in range(2)]
    # Both have asked for the stop, and wait for the end, while the last write is under way.
    await asyncio.wait_for(generation.waited_for.acquire(), 5)
    await asyncio.wait_for(generation.waited_for.acquire(), 5)
    held.set()
    await asyncio.gather(*stops)
    assert generation.status == "complete"
    assert store.statuses[-1] == "complete"


async def test_stopped_before_it_began() -> None:
    store, script = FakeStore(), ScriptedEvents()
    generation = begin(store, script)
    await generation.stop()
    assert generation.status == "stopped"
    assert store.statuses[-1] == "stopped"


async def test_a_store_that_fails_for_a_while() -> None:
    store, script = FakeStore(), ScriptedEvents()
    store.faults = 2
    generation = begin(store, script)
    await store.snapshots.get()
    script.say("words", None)
    await generation.wait()
    assert generation.status == "complete"


async def test_a_store_that_fails_at_the_end_is_no_success() -> None:
    store, script = FakeStore(), ScriptedEvents()
    generation = begin(store, script, SLOW)
    await store.snapshots.get()
    store.faults = 1
    script.say("words", None)
    assert (await kinds(generation))[-1] == "error"
    assert generation.status == "failed"


@pytest.mark.parametrize(("patience_s", "ends"), [(60.0, "complete"), (0.0, "failed")])
async def test_a_database_that_is_away_at_the_end_is_waited_for(patience_s: float, ends: str) -> None:
    store, script = FakeStore(), ScriptedEvents()
    store.fault = DatabaseAway("It is locked.")
    generation = begin(store, script, replace(QUICK, save_patience_s=patience_s, heartbeat_interval_s=5))
    await store.snapshots.get()
    store.faults = 4
    script.say("words", None)
    assert (await kinds(generation))[-1] == ("finish" if ends == "complete" else "error")
    assert generation.status == ends
    assert (store.statuses[-1] == "complete") is (ends == "complete")


@pytest.mark.parametrize(("ended_as", "last"), [("stopped", "abort"), ("interrupted", "error")])
async def test_an_answer_that_another_process_has_ended_says_so(ended_as: MessageStatus, last: str) -> None:
    store, script = FakeStore(), ScriptedEvents()
    store.ended_as = ended_as
    generation = begin(store, script)
    assert (await kinds(generation))[-1] == last
    assert generation.status == ended_as


async def test_an_end_that_came_too_late_is_not_told() -> None:
    store, script = FakeStore(), ScriptedEvents()
    generation = begin(store, script, SLOW)
    await store.snapshots.get()
    store.ended_as = "interrupted"
    script.say("whole", None)
    await generation.wait()
    assert generation.status == "interrupted"


async def test_a_bug_of_ours_is_a_failed_answer() -> None:
    store, script = FakeStore(), ScriptedEvents()
    generation = begin(store, script)
    script.say("some ", "bug")
    assert (await kinds(generation))[-2:] == ["message-metadata", "error"]
    assert (store.statuses[-1], store.stored[-1].content) == ("failed", "some")
