"""Who waits for whom in the database, on SQLite and on Postgres.

The kinds: a read that takes the only write lock (ohdearquant/lionagi#2757), and a transaction that fails at
once because it asks for that lock too late (rogerbinns/apsw#144, desplega-ai/agent-swarm#1228).
"""

import asyncio
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from dataferry.core.db import Database
from dataferry.library.models import Alias

pytestmark = pytest.mark.anyio

#: Far below what SQLite waits for a lock, far above what a statement takes.
SOON_S = 5.0


def keep(session: Session, name: str, ref: str = "builtin:iris") -> None:
    session.merge(Alias(name=name, ref=ref))


def names(session: Session) -> set[str]:
    return set(session.exec(select(Alias.name)))


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


async def test_a_read_waits_for_no_write(database: Database) -> None:
    database.call(keep, "before")
    with database.unit_of_work() as session:
        keep(session, "during")
        session.flush()
        found = await asyncio.wait_for(database.run_read(names), SOON_S)
    assert found == {"before"}
    assert database.read(names) == {"before", "during"}


async def test_a_write_waits_for_no_read_which_sees_one_state(database: Database) -> None:
    database.call(keep, "before")
    with database.snapshot() as session:
        assert names(session) == {"before"}
        await asyncio.wait_for(database.run(keep, "during"), SOON_S)
        assert names(session) == {"before"}
    assert database.read(names) == {"before", "during"}


async def test_writers_in_a_queue_take_no_readers_thread(database: Database) -> None:
    database.call(keep, "before")
    with database.unit_of_work() as session:
        keep(session, "before", "builtin:digits")
        session.flush()
        waiting = [asyncio.create_task(database.run(keep, "before")) for _ in range(40)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(database.run_read(names), SOON_S) == {"before"}
    await asyncio.gather(*waiting)


def test_what_only_reads_cannot_write(database: Database) -> None:
    database.call(keep, "before")
    with pytest.raises(DBAPIError, match=r"read-?only"):
        database.read(lambda session: session.execute(update(Alias).values(ref="builtin:digits")))

    def change(session: Session) -> None:
        session.get_one(Alias, "before").ref = "builtin:digits"

    with pytest.raises(RuntimeError, match="only reads"):
        database.read(change)
    assert database.read(lambda session: session.get_one(Alias, "before").ref) == "builtin:iris"
    database.call(keep, "after")  # the same connection, perhaps
    assert database.read(names) == {"before", "after"}


def test_a_unit_that_reads_first_can_still_write(database: Database) -> None:
    """A deferred transaction fails here with SQLITE_BUSY_SNAPSHOT, whatever its timeout."""
    with database.unit_of_work() as session:
        names(session)
        other = in_thread(lambda: database.call(keep, "other"))
        keep(session, "mine")
    other.join()
    assert database.read(names) == {"mine", "other"}


def test_one_who_writes_batch_after_batch_lets_others_in(database: Database) -> None:
    """A short write goes in between the next two of another's batches."""
    batches = 0
    began, done = threading.Event(), threading.Event()

    def record() -> None:
        nonlocal batches
        while not done.is_set():
            with database.unit_of_work() as session:
                keep(session, f"batch {batches % 3}")
                session.flush()
                batches += 1
                began.set()
                done.wait(0.02)

    recorder = in_thread(record)
    assert began.wait(SOON_S)
    waits = []
    for number in range(5):
        before = batches
        database.call(keep, f"click {number}")
        waits.append(batches - before)
    done.set()
    recorder.join()
    assert max(waits) <= 2
