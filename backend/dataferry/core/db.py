"""The database: synchronous, off the event loop, committed in one place."""

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, DateTime, Engine, TypeDecorator, event, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DataError, DisconnectionError
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, create_engine

from dataferry.core import database_faults
from dataferry.core.clock import clock, now
from dataferry.core.connection_budget import process_name
from dataferry.core.errors import InvalidInput
from dataferry.core.private_files import keep_database_private
from dataferry.core.sqlite import check_version

__all__ = ["WAIT_S", "Database", "Reads", "Utc", "new_id", "now", "told_errors"]

P = ParamSpec("P")
T = TypeVar("T")

#: How long one who asks waits for others, by default.
WAIT_S = 30.0
#: How long a Postgres may take to answer the phone, and to acknowledge what was sent to it.
_CONNECT_TIMEOUT_S = 10
_SILENCE_TIMEOUT_S = 30
#: How long a statement waits for a lock on Postgres, and a transaction may do nothing: a process that stands
#: still in the middle of one must not hold the others up.
_LOCK_WAIT_S = 10.0
_IDLE_TIMEOUT_S = 10.0
_POSTGRES_LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
#: The option of a connection that only reads.
_READS = "dataferry_reads"
#: The option of a connection that may write: seconds that it may still wait for the lock.
_WAIT = "dataferry_wait_s"
#: Which file a connection has open, in the pool's record of it.
_FILE = "dataferry_file"


class Utc(TypeDecorator[datetime]):
    """A UTC time that comes back aware, on SQLite too (which stores no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value  # type: ignore[no-any-return]
        return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]


def new_id(prefix: str) -> str:
    """A random id that says what it is of, e.g. ``job_1f0c…``."""
    return f"{prefix}_{uuid4().hex[:20]}"


class Reads(Protocol):
    """A database for one who only reads. What jobs write they write through their run, which is the owner of
    the job while it does."""

    def read(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function(session, …)``, which only reads, in this thread."""


class Database:
    """One engine, and threads for what reads and what writes.

    Services write functions that take a session first. Those that may write are run with
    ``await database.run(function, …)`` from the event loop or ``database.call(function, …)`` from a thread:
    ``unit_of_work`` is the only place that commits. Those that only read are run with ``run_read`` and
    ``read``: they see one state of the database, wait for nobody who writes, and nobody waits for them. A
    session never stays open over a network call.

    All raise ``DatabaseAway`` where the database cannot be used for now, ``wait_s`` seconds after they
    were called at the latest where that is because others hold it. Nothing of the unit is stored then.
    """

    def __init__(self, url: str, *, threads: int = 8, wait_s: float = WAIT_S) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self._wait_s = wait_s
        if self.sqlite:
            check_version()
        self.engine = (
            _sqlite_engine(url, threads, wait_s) if self.sqlite else _postgres_engine(url, threads, wait_s)
        )
        self._read_engine = self.engine.execution_options(
            **(
                {_READS: True}
                if self.sqlite
                else {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
            )
        )
        # Whoever waits to write must not keep readers from their threads.
        self._writers = ThreadPoolExecutor(threads, thread_name_prefix="database-write")
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="database-read")
        self._turns = _Turns() if self.sqlite else None

    @contextmanager
    def unit_of_work(self, *, deadline: float | None = None) -> Iterator[Session]:
        """A session that may write. It commits at the end, or rolls back if the body raises.

        On SQLite it holds the write lock from the start, so that it never fails in mid-way for what another
        has written meanwhile; units of one process take turns in the order they came. ``deadline`` is the
        ``time.monotonic()`` by which it must have begun.
        """
        deadline = self._deadline() if deadline is None else deadline
        with (
            told_errors(),
            self._turns.next(deadline) if self._turns else nullcontext(),
            Session(self.engine, expire_on_commit=False) as session,
        ):
            if self.sqlite:
                session.connection(execution_options={_WAIT: deadline - time.monotonic()})
            try:
                self._compare_clocks(session)
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session that only reads, without a lock that a writer needs. Errors: what the driver raises for
        a statement that writes; ``RuntimeError`` for rows that were changed and would be lost."""
        with told_errors(reads=True), Session(self._read_engine, expire_on_commit=False) as session:
            self._compare_clocks(session)
            yield session
            if session.new or session.dirty or session.deleted:
                raise RuntimeError("rows were changed in a session that only reads")

    def call(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function(session, …)`` in a unit of work, in this thread."""
        with self.unit_of_work() as session:
            return function(session, *args, **kwargs)

    def read(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function(session, …)``, which only reads, in this thread."""
        with self.snapshot() as session:
            return function(session, *args, **kwargs)

    @contextmanager
    def unlimited(self) -> Iterator[Connection]:
        """A connection for work on the whole database, such as a migration: its statements may take and wait
        for as long as they do."""
        with told_errors(), self.engine.connect() as connection:
            if not self.sqlite:
                connection.detach()  # its limits are not to be those of whoever has it next
                for name in _POSTGRES_LIMITS:
                    connection.exec_driver_sql(f"SET {name} = 0")
                connection.commit()
            yield connection

    def empty_log(self) -> bool:
        """Write SQLite's log into the database and cut it to nothing, so that it holds no text that has been
        deleted; False where others read it just now. Blocks."""
        if not self.sqlite:
            return True
        with told_errors(), self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            busy, *_counts = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def rewrite(self) -> None:
        """Write the file anew without what its free places still hold: ``secure_delete`` leaves copies of
        rows that were moved from page to page. On Postgres the rows that are dead are given back; what its
        own files and logs hold of them is its operator's. Blocks; on SQLite others wait to write meanwhile.
        Errors: ``DatabaseAway``, also for a disk without room for a second copy."""
        if not self.sqlite:
            with told_errors(), self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as held:
                held.exec_driver_sql("SET statement_timeout = 0")
                held.exec_driver_sql("VACUUM")
                held.invalidate()  # with that setting nobody else is to have it
            return
        deadline = self._deadline()
        assert self._turns is not None
        with told_errors(), self._turns.next(deadline), self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA query_only=OFF")
            raw.execute("VACUUM")

    def check(self) -> None:
        """Whether it can be written now. Blocks. Errors: ``DatabaseAway``."""
        with self.unit_of_work() as session:
            session.connection()

    async def run(
        self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``function(session, …)`` in a unit of work, off the event loop."""
        deadline = self._deadline()

        def write() -> T:
            with self.unit_of_work(deadline=deadline) as session:
                return function(session, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._writers, write)

    async def run_read(
        self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``function(session, …)``, which only reads, off the event loop."""
        deadline = self._deadline()

        def read() -> T:
            if time.monotonic() > deadline:  # all threads wait for a database that does not answer
                raise database_faults.busy()
            return self.read(function, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    def _compare_clocks(self, session: Session) -> None:
        if not self.sqlite and clock.needs_comparison():
            # The clock itself: ``now()`` is the time at which the transaction began.
            clock.compare(lambda: session.execute(select(func.clock_timestamp())).scalar_one())

    def _deadline(self) -> float:
        return time.monotonic() + self._wait_s

    def close(self) -> None:
        self._readers.shutdown(wait=True)
        self._writers.shutdown(wait=True)
        self.engine.dispose()


@contextmanager
def told_errors(*, reads: bool = False) -> Iterator[None]:
    """Raises ``DatabaseAway`` in place of what the driver says when the database cannot be used for now,
    ``DatabaseUnusable`` when it is damaged or has another schema, and ``InvalidInput`` for what it cannot
    hold: NUL in Postgres, half a character in either."""
    try:
        yield
    except (DataError, UnicodeEncodeError) as error:
        raise InvalidInput("The text holds a character that cannot be stored.") from error
    except Exception as error:
        if database_faults.is_damaged(error):
            raise database_faults.damaged(error) from error
        if database_faults.is_another_schema(error):
            raise database_faults.another_schema(error) from error
        if not database_faults.is_outage(error) or (reads and database_faults.is_read_only(error)):
            raise
        raise database_faults.away(error) from error


class _Turns:
    """Lets the writers of a process take turns. SQLite's own wait for the lock is a poll: it would let one
    who writes batch after batch pass by those who have waited for longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()

    @contextmanager
    def next(self, deadline: float) -> Iterator[None]:
        """The body runs when those before have ended. Errors: ``DatabaseAway`` at the ``deadline``."""
        mine = threading.Event()
        with self._lock:
            self._queue.append(mine)
            self._queue[0].set()
        try:
            if not mine.wait(max(0.0, deadline - time.monotonic())):
                raise database_faults.busy()
            yield
        finally:
            with self._lock:
                self._queue.remove(mine)
                if self._queue:
                    self._queue[0].set()


def _postgres_engine(url: str, connections: int, wait_s: float) -> Engine:
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=connections,
        pool_pre_ping=True,
        pool_timeout=wait_s,
        # A server whose machine or network is gone says nothing at all; the kernel would wait for minutes.
        connect_args={
            "application_name": process_name(),
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "tcp_user_timeout": _SILENCE_TIMEOUT_S * 1000,
            "keepalives_idle": _SILENCE_TIMEOUT_S,
        },
    )

    @event.listens_for(engine, "connect")
    def limits(connection: Any, _record: Any) -> None:
        # By statements: poolers between refuse them among the options of a connection.
        limits_s = (min(wait_s, _LOCK_WAIT_S), wait_s, _IDLE_TIMEOUT_S)
        for name, seconds in zip(_POSTGRES_LIMITS, limits_s, strict=True):
            connection.execute(f"SET {name} = {max(1, round(seconds * 1000))}")
        connection.commit()

    return engine


def _sqlite_engine(url: str, connections: int, wait_s: float) -> Engine:
    # Kept connections: one that is opened for each transaction takes 1.5 ms, and the last one to close
    # copies the whole log, which takes 10 ms and holds everybody up. As many more as are wanted at a time are
    # opened, and closed after use.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=-1,
        connect_args={"timeout": wait_s, "check_same_thread": False},
    )

    @event.listens_for(engine, "do_connect")
    def before_connect(*_arguments: Any) -> None:
        keep_database_private(engine.url.database)

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, record: Any) -> None:
        record.info[_FILE] = _file_id(engine.url.database)
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "checkout")
    def check_file(_connection: Any, record: Any, _proxy: Any) -> None:
        # A kept connection would go on writing to a file that was moved away or replaced.
        if record.info[_FILE] != _file_id(engine.url.database):
            raise DisconnectionError("the database's file is another one")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A deferred transaction that reads first and writes then fails at once where another has written
        # between (SQLITE_BUSY_SNAPSHOT): who may write says so and takes the lock at the start, and who
        # has not said so may not write at all.
        options = connection.get_execution_options()
        reads = options.get(_READS, False)
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
        wait_ms = max(0, round(options.get(_WAIT, wait_s) * 1000))
        connection.exec_driver_sql(f"PRAGMA busy_timeout={wait_ms}")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _file_id(path: str | None) -> tuple[int, int] | None:
    """Device and inode; None where there is no file."""
    try:
        status = os.stat(path or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino
