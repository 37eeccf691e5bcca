"""One answer as a task: how it is stored while it grows, and how it ends."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from dataferry.chat.events import AnswerEvent, StepStarted, TextDelta
from dataferry.chat.generation import Answer, Snapshot, Timing

pytestmark = pytest.mark.anyio

QUICK = Timing(write=0.01, heartbeat=0.02, keep_alive=5)


class Shelf:
    """A store that can be slow, full, or taken away."""

    def __init__(self) -> None:
        self.stored: list[Snapshot] = []
        self.news: asyncio.Queue[Snapshot] = asyncio.Queue()
        self.entered = asyncio.Event()
        #: A call waits for the gate that stood here when it came.
        self.gate = asyncio.Event()
        self.gate.set()
        self.ours = True
        self.faults = 0

    async def __call__(self, snapshot: Snapshot) -> bool:
        gate = self.gate
        self.entered.set()
        await gate.wait()
        if self.faults:
            self.faults -= 1
            raise OSError("disk is full")
        self.stored.append(snapshot)
        self.news.put_nowait(snapshot)
        return self.ours

    def close(self) -> asyncio.Event:
        """Hold the next calls; setting the event lets them go."""
        self.entered.clear()
        self.gate = asyncio.Event()
        return self.gate

    @property
    def statuses(self) -> list[str]:
        return [snapshot.status for snapshot in self.stored]


class Speech:
    """What the agent says, word by word, as the test lets it."""

    def __init__(self) -> None:
        self.words: asyncio.Queue[str | None] = asyncio.Queue()

    async def events(self) -> AsyncGenerator[AnswerEvent]:
        yield StepStarted()
        while (word := await self.words.get()) is not None:
            if word == "bug":
                raise RuntimeError("a bug of ours")
            yield TextDelta(word)

    def say(self, *words: str | None) -> None:
        for word in words:
            self.words.put_nowait(word)


def begin(shelf: Shelf, speech: Speech, timing: Timing = QUICK) -> Answer:
    return Answer("chat_1", "msg_1", speech.events(), shelf, timing)


async def kinds(answer: Answer) -> list[str]:
    return [chunk.type async for chunk in answer.follow() if chunk is not None]


async def test_it_is_stored_as_it_grows_and_once_at_its_end() -> None:
    shelf, speech = Shelf(), Speech()
    answer = begin(shelf, speech)
    speech.say("one ")
    async with asyncio.timeout(5):
        while not (await shelf.news.get()).content:
            pass
    speech.say("two", None)
    await answer.finished()
    assert shelf.stored[-1].content == "one two"
    assert shelf.statuses.count("complete") == 1
    assert shelf.statuses[-1] == "complete"


async def test_a_slow_write_under_way_cannot_follow_the_last_one() -> None:
    shelf, speech = Shelf(), Speech()
    held = shelf.close()
    answer = begin(shelf, speech)
    await shelf.entered.wait()
    # The write that is under way is slow; those that come after it would be quick.
    shelf.gate = asyncio.Event()
    shelf.gate.set()
    speech.say("all of it", None)
    reader = asyncio.create_task(kinds(answer))
    await asyncio.sleep(0.01)
    held.set()
    assert (await reader)[-1] == "finish"
    assert shelf.statuses == ["generating", "complete"]


async def test_a_stop_that_comes_too_late_changes_nothing() -> None:
    shelf, speech = Shelf(), Speech()
    answer = begin(shelf, speech, Timing(write=5, heartbeat=5, keep_alive=5))
    await shelf.news.get()
    held = shelf.close()
    speech.say("the end", None)
    await shelf.entered.wait()
    stops = [asyncio.create_task(answer.stop()) for _ in range(2)]
    await asyncio.sleep(0.01)
    held.set()
    await asyncio.gather(*stops)
    assert answer.status == "complete"
    assert shelf.statuses[-1] == "complete"


async def test_stopped_before_it_began() -> None:
    shelf, speech = Shelf(), Speech()
    answer = begin(shelf, speech)
    await answer.stop()
    assert answer.status == "stopped"
    assert shelf.statuses[-1] == "stopped"


async def test_a_store_that_fails_for_a_while() -> None:
    shelf, speech = Shelf(), Speech()
    shelf.faults = 2
    answer = begin(shelf, speech)
    await shelf.news.get()
    speech.say("words", None)
    await answer.finished()
    assert answer.status == "complete"


async def test_a_store_that_fails_at_the_end_is_no_success() -> None:
    shelf, speech = Shelf(), Speech()
    answer = begin(shelf, speech, Timing(write=5, heartbeat=5, keep_alive=5))
    await shelf.news.get()
    shelf.faults = 1
    speech.say("words", None)
    assert (await kinds(answer))[-1] == "error"
    assert answer.status == "failed"


async def test_a_row_that_was_taken_away_ends_it() -> None:
    shelf, speech = Shelf(), Speech()
    shelf.ours = False
    assert (await kinds(begin(shelf, speech)))[-1] == "abort"


async def test_a_bug_of_ours_is_a_failed_answer() -> None:
    shelf, speech = Shelf(), Speech()
    answer = begin(shelf, speech)
    speech.say("some ", "bug")
    assert (await kinds(answer))[-2:] == ["message-metadata", "error"]
    assert (shelf.statuses[-1], shelf.stored[-1].content) == ("failed", "some")
