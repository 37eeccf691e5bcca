"""The chat service on a real database, with the planner answering over a library in memory."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dataferry.chat import rows
from dataferry.chat.generation import Timing
from dataferry.chat.models import GENERATING, Message
from dataferry.chat.service import MAX_MESSAGE_CHARACTERS, ChatService
from dataferry.chat.views import ChatView, MessageView
from dataferry.core.db import Database
from dataferry.core.errors import Conflict, InvalidInput, NotFound, SourceTimeout
from dataferry.core.problems import SourceProblem
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer
from tests.support.chat import ANNA, BEN, HOSPITALS, PIMA, QUICK, MemoryLibrary, ask, collected
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def library() -> MemoryLibrary:
    return MemoryLibrary()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path)


@pytest.fixture
async def chats(database: Database, settings: Settings, library: MemoryLibrary) -> AsyncIterator[ChatService]:
    service = ChatService(database, settings, library, library.jobs, timing=QUICK)
    await service.start()
    yield service
    await service.stop()


async def test_a_question_is_answered_with_cards(chats: ChatService) -> None:
    message = await ask(chats, "find diabetes datasets")
    assert message.status == "complete"
    assert message.role == "assistant"
    assert message.model == "planner"
    assert message.downloadable_datasets is not None
    assert [card.ref for card in message.downloadable_datasets] == [PIMA.ref, HOSPITALS.ref]
    assert "1 from Kaggle, 1 from HuggingFace." in message.content
    assert message.notice is not None
    assert message.notice.startswith("No model: keyword search")
    assert message.tool_calls[0].name == "search_datasets"
    assert message.dataset_metadata is not None
    assert message.dataset_metadata["downloadable_datasets"][0]["id"] == PIMA.id


async def test_the_first_message_names_the_chat(chats: ChatService) -> None:
    chat = await chats.create(ANNA)
    await ask(chats, "find  diabetes\ndatasets", chat.id)
    await ask(chats, "show more", chat.id)
    assert [found.title for found in await chats.list(ANNA)] == ["find diabetes datasets"]
    thread = await chats.get(ANNA, chat.id)
    assert [message.role for message in thread.messages] == ["user", "assistant", "user", "assistant"]
    assert thread.generating is None


async def test_a_chat_is_its_owners_alone(chats: ChatService) -> None:
    chat = await chats.create(ANNA)
    message = await ask(chats, "hello", chat.id)
    admin = Viewer("usr_root", admin=True)
    for stranger in (BEN, admin):
        for attempt in (
            chats.get(stranger, chat.id),
            chats.rename(stranger, chat.id, "mine"),
            chats.delete(stranger, chat.id),
            chats.messages(stranger, chat.id),
            chats.message(stranger, chat.id, message.id),
            chats.send(stranger, chat.id, "hello"),
            chats.regenerate(stranger, chat.id, message.id),
            chats.stop_answer(stranger, chat.id),
            chats.resumable_answer(stranger, chat.id, None),
        ):
            with pytest.raises(NotFound):
                await attempt
    assert await chats.list(BEN) == []


async def test_search_rename_delete(chats: ChatService) -> None:
    diabetes = await chats.create(ANNA)
    await ask(chats, "find diabetes datasets", diabetes.id)
    movies = await chats.create(ANNA, "100%_mine")
    assert [chat.id for chat in await chats.list(ANNA)] == [movies.id, diabetes.id]
    assert [chat.id for chat in await chats.list(ANNA, q="1 from KAGGLE")] == [diabetes.id]
    assert [chat.id for chat in await chats.list(ANNA, q="%_")] == [movies.id]
    assert (await chats.rename(ANNA, movies.id, "  Films \n")).title == "Films"
    for title in ("", " ", "x" * 201):
        with pytest.raises(InvalidInput):
            await chats.rename(ANNA, movies.id, title)
    await chats.delete(ANNA, diabetes.id)
    assert [chat.title for chat in await chats.list(ANNA)] == ["Films"]
    with pytest.raises(NotFound):
        await chats.get(ANNA, diabetes.id)


@pytest.mark.parametrize("content", ["", " \n\t", "\0", "x" * (MAX_MESSAGE_CHARACTERS + 1)])
async def test_an_empty_or_too_long_message_is_refused(chats: ChatService, content: str) -> None:
    chat = await chats.create(ANNA)
    with pytest.raises(InvalidInput):
        await chats.send(ANNA, chat.id, content)
    assert (await chats.get(ANNA, chat.id)).messages == ()


async def test_what_a_database_refuses_is_taken_out(chats: ChatService) -> None:
    chat = await chats.create(ANNA, "a\0b \ud800")
    assert chat.title == "ab ?"
    await ask(chats, "hello \ud83d\0", chat.id)
    assert (await chats.get(ANNA, chat.id)).messages[0].content == "hello ?"
    assert await chats.list(ANNA, q="\0\ud800") == [await _only(chats)]


async def _only(chats: ChatService) -> ChatView:
    [chat] = await chats.list(ANNA)
    return chat


async def test_answers_that_are_written_are_found_by_index(database: Database) -> None:
    """At start among a million messages, and at each look at a chat."""
    if database.sqlite:
        query = "EXPLAIN QUERY PLAN SELECT id FROM messages WHERE messages.status = 'generating'"
        with database.engine.connect() as connection:
            plan = str(connection.exec_driver_sql(query).all())
        assert "uq_messages_generating" in plan
    assert str(GENERATING) == "messages.status = 'generating'"


async def test_the_same_message_twice_is_one(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    library.gate.clear()
    first = await chats.send(ANNA, chat.id, "find diabetes", "client-1")
    assert await chats.send(ANNA, chat.id, "find diabetes", "client-1") == first
    library.gate.set()
    await chats.wait_for_answer(chat.id, first)
    assert await chats.send(ANNA, chat.id, "find diabetes", "client-1") == first
    with pytest.raises(Conflict):
        await chats.send(ANNA, chat.id, "something else", "client-1")
    with pytest.raises(InvalidInput):
        await chats.send(ANNA, chat.id, "find diabetes", "no spaces!")
    [_question, answer] = (await chats.get(ANNA, chat.id)).messages
    assert answer.status == "complete"
    assert len(library.searches) == 1
    # Another person's chat may use the same id.
    other = await chats.create(BEN)
    assert await chats.send(BEN, other.id, "hello", "client-1") != first


async def test_one_answer_at_a_time(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    library.gate.clear()
    answer = await chats.send(ANNA, chat.id, "find diabetes")
    with pytest.raises(Conflict, match="still being written"):
        await chats.send(ANNA, chat.id, "find cats")
    with pytest.raises(Conflict):
        await chats.regenerate(ANNA, chat.id, answer)
    assert (await chats.get(ANNA, chat.id)).generating == answer
    library.gate.set()
    await chats.wait_for_answer(chat.id, answer)
    await ask(chats, "find cats", chat.id)


async def test_two_sends_at_once_leave_one_answer(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    library.gate.clear()
    results = await asyncio.gather(
        *(chats.send(ANNA, chat.id, f"find diabetes {n}") for n in range(4)), return_exceptions=True
    )
    assert sum(isinstance(result, str) for result in results) == 1
    assert all(isinstance(result, str | Conflict) for result in results)
    library.gate.set()


async def test_the_answer_goes_on_when_its_readers_leave(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    library.gate.clear()
    answer = await chats.send(ANNA, chat.id, "find diabetes", "client-1")
    reader = chats.follow(chat.id, answer)
    assert (await anext(reader)).type == "start"  # type: ignore[union-attr]
    await reader.aclose()  # type: ignore[attr-defined]

    async def stored() -> MessageView | None:
        message = await chats.message(ANNA, chat.id, answer)
        return message if message.tool_calls else None

    part = await eventually(stored, "the running tool call is stored")
    assert part.status == "generating"
    assert part.tool_calls[0].state == "running"
    # A reload: the stored part shows, and the stream begins at the start of that answer.
    assert await chats.resumable_answer(ANNA, chat.id, "client-1") == answer
    again = asyncio.create_task(collected(chats, chat.id, answer))
    library.gate.set()
    kinds = [chunk.type for chunk in await again]
    assert kinds[0] == "start"
    assert kinds[-1] == "finish"
    assert "tool-output-available" in kinds


async def test_a_finished_answer_is_replayed_for_a_while(
    database: Database, settings: Settings, library: MemoryLibrary
) -> None:
    chats = ChatService(database, settings, library, library.jobs, timing=QUICK)
    chat = await chats.create(ANNA)
    assert await chats.resumable_answer(ANNA, chat.id, None) is None
    answer = await chats.send(ANNA, chat.id, "find diabetes", "client-1")
    live = await collected(chats, chat.id, answer)
    assert await chats.resumable_answer(ANNA, chat.id, "client-1") == answer
    assert await chats.resumable_answer(ANNA, chat.id, None) == answer
    assert await chats.resumable_answer(ANNA, chat.id, "never-sent") is None
    replay = await collected(chats, chat.id, answer)
    # The line above the cards was reserved while they were looked for, and is whole by now.
    assert sorted(chunk.type for chunk in replay if chunk.type != "text-delta") == sorted(
        chunk.type for chunk in live if chunk.type != "text-delta"
    )
    forgetful = ChatService(database, settings, library, library.jobs, timing=Timing(replay_window_s=0))
    assert await forgetful.resumable_answer(ANNA, chat.id, "client-1") is None


async def test_a_reader_hears_of_the_end_at_once(
    database: Database, settings: Settings, library: MemoryLibrary
) -> None:
    """And it is stored by then: the next message is not refused."""
    slow = Timing(write_interval_s=60, heartbeat_interval_s=60, keep_alive_interval_s=60, poll_interval_s=60)
    chats = ChatService(database, settings, library, library.jobs, timing=slow)
    chat = await chats.create(ANNA)
    for _ in range(3):
        answer = await chats.send(ANNA, chat.id, "find diabetes")
        await asyncio.wait_for(collected(chats, chat.id, answer), 10)
        assert (await chats.message(ANNA, chat.id, answer)).status == "complete"


async def test_stop_keeps_what_is_there(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    library.gate.clear()
    answer = await chats.send(ANNA, chat.id, "find diabetes")
    reader = asyncio.create_task(collected(chats, chat.id, answer))

    async def searching() -> bool:
        return bool(library.searches)

    await eventually(searching, "the search began")
    assert await chats.stop_answer(ANNA, chat.id) is True
    assert await chats.stop_answer(ANNA, chat.id) is False
    assert [chunk.type for chunk in await reader][-2:] == ["message-metadata", "abort"]
    message = await chats.message(ANNA, chat.id, answer)
    assert message.status == "stopped"
    assert message.tool_calls[0].error == "Stopped."
    library.gate.set()
    await ask(chats, "find diabetes again", chat.id)


async def test_deleting_a_chat_ends_its_answer(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    library.gate.clear()
    answer = await chats.send(ANNA, chat.id, "find diabetes")
    await chats.delete(ANNA, chat.id)
    with pytest.raises(NotFound):
        await chats.wait_for_answer(chat.id, answer)
    library.gate.set()


async def test_silence_is_kept_alive(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    library.gate.clear()
    answer = await chats.send(ANNA, chat.id, "find diabetes")
    async for chunk in chats.follow(chat.id, answer):
        if chunk is None:
            break
    library.gate.set()


async def test_stored_cards_say_what_is_here_now(chats: ChatService, library: MemoryLibrary) -> None:
    chat = await chats.create(ANNA)
    message = await ask(chats, "find diabetes", chat.id)
    assert message.downloadable_datasets is not None
    assert message.downloadable_datasets[0].local_status == "absent"
    job = library.jobs.add(ANNA, PIMA.ref, PIMA.title, "running")
    for state, local in (("running", "running"), ("succeeded", "downloaded")):
        library.jobs.move(job.id, state)  # type: ignore[arg-type]
        [_, message] = await chats.messages(ANNA, chat.id)
        assert message.downloadable_datasets is not None
        assert message.downloadable_datasets[0].local_status == local
        output = next(part["output"] for part in message.parts if "output" in part)
        assert output["downloadable_datasets"][0]["local_status"] == local
        assert output["downloadable_datasets"][1]["local_status"] == "absent"


async def test_a_card_stored_by_an_older_version_does_not_break_the_thread(
    chats: ChatService, database: Database
) -> None:
    chat = await chats.create(ANNA)
    message = await ask(chats, "find diabetes", chat.id)

    def age(session: Any) -> None:
        row: Message = rows.message(session, chat.id, message.id)
        parts = [dict(part) for part in row.parts]
        for part in parts:
            if "output" in part:
                _first, second = part["output"]["downloadable_datasets"]
                output = {"downloadable_datasets": [{"ref": "old"}, second | {"gone_field": 1}]}
                part["output"] = part["output"] | output
        row.parts = parts
        session.add(row)

    await database.run(age)
    again = await chats.message(ANNA, chat.id, message.id)
    assert again.downloadable_datasets is not None
    assert [card.ref for card in again.downloadable_datasets] == [HOSPITALS.ref]


async def test_a_source_that_fails_is_named_and_the_answer_stands(
    chats: ChatService, library: MemoryLibrary
) -> None:
    library.problems = (
        SourceProblem(
            source="kaggle",
            code="source_timeout",
            detail="Kaggle took too long.",
            next_step="Try again in a minute.",
        ),
    )
    message = await ask(chats, "find diabetes")
    assert message.status == "complete"
    assert message.source_errors == library.problems
    assert message.content.startswith("Not every source answered")
    assert message.tool_calls[0].state == "done"
    library.problems = (
        library.problems[0],
        SourceProblem(
            source="huggingface", code="source_unreachable", detail="HuggingFace cannot be reached."
        ),
    )
    outage = await ask(chats, "find zebras")
    assert outage.content.startswith("No hub could be searched")
    assert outage.source_errors == library.problems
    assert outage.tool_calls[0].state == "failed"
    assert outage.tool_calls[0].error == "Kaggle took too long. HuggingFace cannot be reached."
    library.failure = SourceTimeout("Everything is down.", next_step="Wait.")
    message = await ask(chats, "find diabetes")
    assert message.status == "complete"
    assert message.content == "Nothing could be searched."
    assert message.tool_calls[0].state == "failed"
    assert message.tool_calls[0].error == "Everything is down. Wait."
    assert message.downloadable_datasets is None


async def test_a_long_thread_is_read_in_pages(chats: ChatService) -> None:
    chat = await chats.create(ANNA)
    for number in range(4):
        await ask(chats, f"hello {number}" if number else "hi", chat.id)
    newest = await chats.messages(ANNA, chat.id, limit=3)
    assert [message.role for message in newest] == ["assistant", "user", "assistant"]
    older = await chats.messages(ANNA, chat.id, limit=3, before=newest[0].id)
    assert [message.role for message in older] == ["user", "assistant", "user"]
    assert older[-1].id != newest[0].id


async def test_a_download_by_words(chats: ChatService, library: MemoryLibrary) -> None:
    """The whole way: find, look closer, download, status, cancel."""
    chat = await chats.create(ANNA)
    await ask(chats, "find diabetic or diabetes datasets", chat.id)
    details = await ask(chats, "tell me about the second one", chat.id)
    assert details.downloadable_datasets is not None
    assert details.downloadable_datasets[0].ref == HOSPITALS.ref
    started = await ask(chats, "download it", chat.id)
    assert [str(ref) for _user, ref in library.requested] == [HOSPITALS.ref]
    assert "The download goes on" in started.content
    assert started.downloadable_datasets is not None
    assert started.downloadable_datasets[0].local_status == "queued"
    status = await ask(chats, "how far is it?", chat.id)
    assert status.content == "1 download was under way when you asked."
    cancelled = await ask(chats, "cancel it", chat.id)
    assert "still get it" in cancelled.content
    assert library.jobs.of(ANNA)[0].state == "cancelled"
    big = await ask(chats, "download the third one", chat.id)
    assert big.content == "Press Download on its card to start it."
    assert len(library.requested) == 1
