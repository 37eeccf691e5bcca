"""Who writes an answer: a process that ends, and several processes on one database."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dataferry.chat import rows
from dataferry.chat.service import ChatService
from dataferry.core.db import Database, now
from dataferry.core.errors import Conflict
from dataferry.core.settings import Settings
from tests.support.chat import ANNA, QUICK, MemoryLibrary, ask, collected

pytestmark = pytest.mark.anyio


@pytest.fixture
def library() -> MemoryLibrary:
    return MemoryLibrary()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path)


async def test_a_dead_owners_answer_is_interrupted_and_can_be_made_again(
    database: Database, settings: Settings, library: MemoryLibrary
) -> None:
    dead = ChatService(database, settings, library, library.jobs, timing=QUICK)
    chat = await dead.create(ANNA)
    await ask(dead, "hello", chat.id)
    library.gate.clear()
    answer = await dead.send(ANNA, chat.id, "find diabetes", "client-1")
    # What a killed process leaves: a row that says generating, and nobody who writes it.
    await dead.stop()
    await database.run(_revive, chat.id, answer)
    library.gate.set()

    chats = ChatService(database, settings, library, library.jobs, timing=QUICK, single_process=True)
    await chats.start()
    message = await chats.message(ANNA, chat.id, answer)
    assert message.status == "interrupted"
    assert (await chats.get(ANNA, chat.id)).generating is None
    assert [chunk.type for chunk in await collected(chats, chat.id, answer)][-1] == "error"

    again = await chats.regenerate(ANNA, chat.id, answer)
    await chats.wait_for_answer(chat.id, again)
    thread = (await chats.get(ANNA, chat.id)).messages
    assert [message.content for message in thread if message.role == "user"] == ["hello", "find diabetes"]
    assert thread[-1].id == again != answer
    assert thread[-1].status == "complete"


def _revive(session: Any, chat_id: str, answer: str, age_s: float = 0) -> None:
    row = rows.message(session, chat_id, answer)
    row.status = "generating"
    row.owner = "own_dead"
    row.heartbeat_at = now() - timedelta(seconds=age_s)
    session.add(row)


async def test_several_processes_share_one_database(
    database: Database, settings: Settings, library: MemoryLibrary
) -> None:
    """One writes; the other follows, refuses a second answer, and stops it. A silent owner is dead."""
    writer = ChatService(database, settings, library, library.jobs, timing=QUICK, single_process=False)
    other = ChatService(database, settings, library, library.jobs, timing=QUICK, single_process=False)
    chat = await writer.create(ANNA)
    library.gate.clear()
    answer = await writer.send(ANNA, chat.id, "find diabetes")
    await other.start()
    with pytest.raises(Conflict):
        await other.send(ANNA, chat.id, "me too")
    reader = asyncio.create_task(collected(other, chat.id, answer))
    assert await other.stop_answer(ANNA, chat.id) is True
    assert (await reader)[-1].type == "abort"
    await asyncio.wait_for(writer.wait_for_answer(chat.id, answer), 5)
    assert (await writer.message(ANNA, chat.id, answer)).status == "stopped"
    # The writer gave up; it did not write over the stop.
    library.gate.set()
    following = await ask(writer, "find diabetes", chat.id)
    assert following.status == "complete"
    await database.run(_revive, chat.id, following.id, 60)
    assert (await other.message(ANNA, chat.id, following.id)).status == "interrupted"


async def test_shutdown_interrupts_and_stores(
    database: Database, settings: Settings, library: MemoryLibrary
) -> None:
    chats = ChatService(database, settings, library, library.jobs, timing=QUICK)
    chat = await chats.create(ANNA)
    library.gate.clear()
    answer = await chats.send(ANNA, chat.id, "find diabetes")
    await chats.stop()
    assert (await chats.message(ANNA, chat.id, answer)).status == "interrupted"
