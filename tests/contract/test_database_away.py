"""A database that is locked, full, read-only or gone: told in words within the time, and nothing is stored.

The kinds: radiasoft/sirepo#5390 (locked), jellyfin/jellyfin.org#648 (a full disk that is told of as something
else), langgenius/dify#35438 (no connection free), AnswerDotAI/fastsql#13 (a connection that was cut),
zenml-io/kitaru#927 and dam-agents/dam#3613 (characters that a database does not hold).
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from dataferry.core.db import Database
from dataferry.core.errors import DatabaseAway, DatabaseFull, DatabaseUnusable, InvalidInput
from dataferry.core.settings import Settings
from dataferry.core.start_warnings import warn_of_connections
from dataferry.library.models import Alias
from tests.support.databases import make_tables
from tests.support.postgres import Postgres

pytestmark = pytest.mark.anyio

#: What one who asks waits for others, in these tests.
WAIT_S = 0.2


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url, threads=3, wait_s=WAIT_S)) as database:
        make_tables(database)
        yield database


def file_of(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))


def keep(session: Session, name: str) -> None:
    session.merge(Alias(name=name, ref="builtin:iris"))


def names(session: Session) -> set[str]:
    return set(session.exec(select(Alias.name)))


@contextmanager
def held_by_another(database: Database) -> Iterator[None]:
    """Another program has the table, as a backup would."""
    if database.sqlite:
        with closing(sqlite3.connect(file_of(database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(database.url.replace("+psycopg", "")) as other_server:
            other_server.execute(f"LOCK TABLE {Alias.__tablename__} IN EXCLUSIVE MODE".encode())
            yield
            other_server.rollback()


async def test_all_who_wait_for_a_held_database_are_told(database: Database) -> None:
    """More of them than there are threads, and none waits for the others' time as well."""
    database.call(keep, "before")
    with held_by_another(database):
        asked = [asyncio.create_task(database.run(keep, f"during {number}")) for number in range(12)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert await database.run_read(names) == {"before"}
    assert {type(outcome) for outcome in outcomes} == {DatabaseAway}
    for outcome in outcomes:
        assert isinstance(outcome, DatabaseAway)
        assert (outcome.status, outcome.retry_after) == (503, 5)
        assert "busy" in outcome.detail
    await database.run(keep, "after")
    assert database.read(names) == {"before", "after"}


async def test_a_unit_that_is_cut_off_in_mid_way_leaves_nothing(database: Database) -> None:
    first, second = threading.Event(), threading.Event()

    def slowly(session: Session) -> None:
        keep(session, "half")
        session.flush()
        first.set()
        assert second.wait(30)
        raise DatabaseAway("It went away.")

    slow = asyncio.create_task(database.run(slowly))
    await asyncio.to_thread(first.wait, 30)
    second.set()
    with pytest.raises(DatabaseAway):
        await slow
    assert database.read(names) == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_file(database: Database) -> None:
    database.call(keep, "before")

    def fill(session: Session) -> None:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(2000):
            keep(session, f"{number} {'x' * 200}")
        session.flush()

    with pytest.raises(DatabaseFull, match="disk is full") as full:
        database.call(fill)
    assert full.value.status == 503
    assert database.read(names) == {"before"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_became_read_only(database: Database) -> None:
    database.call(keep, "before")
    address = f"sqlite:///file:{file_of(database)}?mode=ro&uri=true"
    with closing(Database(address, wait_s=WAIT_S)) as other:
        with pytest.raises(DatabaseAway, match="read-only"):
            other.call(keep, "during")
        assert other.read(names) == {"before"}


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'none' / 'file.sqlite'}", wait_s=WAIT_S)) as gone:
        for act in (gone.call, gone.read):
            with pytest.raises(DatabaseAway, match="does not answer"):
                act(names)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("40001", "busy"),
        ("40P01", "busy"),
        ("55P03", "busy"),
        ("57014", "busy"),
        ("25006", "read-only"),
        ("53100", "disk is full"),
        ("53300", "no connection free"),
        ("57P01", "does not answer"),
        ("58030", "does not answer"),
    ],
)
def test_what_postgres_says_when_it_cannot(database: Database, state: str, words: str) -> None:
    def refused(session: Session) -> None:
        keep(session, "half")
        session.flush()
        session.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"))

    with pytest.raises(DatabaseAway, match=words):
        database.call(refused)
    assert database.read(names) == set()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_statement_that_the_server_ends(database: Database) -> None:
    def slowly(session: Session) -> None:
        session.execute(text("SET LOCAL statement_timeout = 20"))
        session.execute(text("SELECT pg_sleep(60)"))

    with pytest.raises(DatabaseAway, match="busy"):
        database.call(slowly)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("how", ["its connections are cut", "it is stopped"])
def test_a_server_that_went_away(database: Database, postgres: Postgres, how: str) -> None:
    database.call(keep, "before")
    away = postgres.unreachable(database.url.replace("+psycopg", "")) if "cut" in how else postgres.stopped()
    with away:
        for act in (database.call, database.read):
            with pytest.raises(DatabaseAway, match="does not answer"):
                act(names)
    assert database.read(names) == {"before"}


def test_what_is_wrong_with_us_is_no_outage(database: Database) -> None:
    """A missing table, and a write of one who said to only read, would be no better in a moment."""
    for statement in ("SELECT * FROM none_such", "SELEKT 1"):
        with pytest.raises(DBAPIError):
            database.call(lambda session, statement=statement: session.execute(text(statement)))
    with pytest.raises(DBAPIError, match=r"read-?only"):
        database.read(lambda session: session.execute(text(f"DELETE FROM {Alias.__tablename__}")))


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b"])
def test_characters_that_cannot_be_stored(database: Database, name: str) -> None:
    """Postgres holds no NUL, and nothing holds half a character: neither is a fault of ours."""
    if database.sqlite and "\x00" in name:
        database.call(keep, name)
        assert database.read(names) == {name}
        return
    with pytest.raises(InvalidInput, match="cannot be stored"):
        database.call(keep, name)
    with pytest.raises(InvalidInput):
        database.read(lambda session: session.get(Alias, name))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_statement_that_takes_too_long_is_told_and_a_migration_takes_as_long_as_it_does(
    database: Database,
) -> None:
    def slowly(session: Session) -> None:
        session.connection().exec_driver_sql("SELECT pg_sleep(10)")

    for act in (database.call, database.read):
        with pytest.raises(DatabaseAway, match="busy"):
            act(slowly)
    with database.unlimited() as connection:
        connection.exec_driver_sql(f"SELECT pg_sleep({2 * WAIT_S})")
    with pytest.raises(DatabaseAway, match="busy"):
        database.read(slowly)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_table_that_another_has_for_itself_keeps_nobody_who_reads(database: Database) -> None:
    with psycopg.connect(database.url.replace("+psycopg", "")) as other:
        other.execute(f"LOCK TABLE {Alias.__tablename__} IN ACCESS EXCLUSIVE MODE".encode())
        with pytest.raises(DatabaseAway, match="busy"):
            database.read(names)
        other.rollback()
    assert database.read(names) == set()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_one_who_stands_still_in_a_transaction_is_put_out_of_it(database: Database) -> None:
    def limit(session: Session) -> str:
        return str(session.connection().exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar())

    assert database.call(limit) == "10s"


def test_a_schema_that_a_later_version_has_changed_is_told(postgres: Postgres) -> None:
    """A process of the version before, which nobody has restarted."""
    with postgres.database() as url, closing(Database(url)) as database:
        make_tables(database)
        change = text(f"ALTER TABLE {Alias.__tablename__} RENAME COLUMN ref TO later")
        database.call(lambda session: session.connection().execute(change))
        with pytest.raises(DatabaseUnusable) as told:
            database.call(keep, "a")
    assert "Another version of Dataferry" in told.value.detail
    assert "Restart this process" in told.value.next_step


def test_a_server_that_takes_no_more_connections_is_told_as_that(postgres: Postgres) -> None:
    """brianc/node-postgres#557: it is taken for a lasting error. Administrators are let in all the same."""
    with postgres.database() as url:
        name = urlsplit(url).path.lstrip("/")
        role = f"plain_{name}"
        postgres.execute(f"CREATE ROLE {role} LOGIN")
        try:
            postgres.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 1")
            plain = url.replace("postgres:@", f"{role}:@", 1).replace("postgresql:", "postgresql+psycopg:", 1)
            with (
                closing(Database(plain, threads=1, wait_s=WAIT_S)) as database,
                closing(Database(plain, threads=1, wait_s=WAIT_S)) as other,
                database.snapshot() as session,
            ):
                session.connection()
                with pytest.raises(DatabaseAway, match="no connection free") as told:
                    other.check()
        finally:
            postgres.execute(f"DROP ROLE {role}")
    assert (told.value.status, told.value.retry_after) == (503, 5)


def test_more_processes_than_the_server_takes_connections_of_are_told(
    postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        postgres.database() as url,
        closing(Database(url.replace("postgresql:", "postgresql+psycopg:", 1))) as database,
    ):
        for connections, told in ((10, False), (500, True)):
            settings = Settings(
                _env_file=None,
                data_dir=tmp_path,
                DATABASE_URL=url,
                secret_key="k" * 32,
                database_connections=connections,
            )
            caplog.clear()
            warn_of_connections(database, settings)
            assert ("may run out of connections" in caplog.text) is told
