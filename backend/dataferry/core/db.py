"""The database: synchronous, off the event loop, committed in one place."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

from sqlalchemy import DateTime, Engine, TypeDecorator, event
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import NullPool
from sqlmodel import Session, create_engine

from dataferry.core.sqlite import check_version

P = ParamSpec("P")
T = TypeVar("T")


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


def now() -> datetime:
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """A random id that says what it is of, e.g. ``job_1f0c…``."""
    return f"{prefix}_{uuid4().hex[:20]}"


class Database:
    """One engine and one pool of threads for it.

    ``unit_of_work`` is the only place that commits. Services write functions that take a session
    first and run them with ``await database.run(function, …)`` from the event loop, or with
    ``database.call(function, …)`` from a thread. A session never stays open over a network call.
    """

    def __init__(self, url: str, *, threads: int = 8) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            check_version()
        self.engine = (
            _sqlite_engine(url)
            if self.sqlite
            else create_engine(url, pool_size=threads, max_overflow=4, pool_pre_ping=True)
        )
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database")

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back if the body raises."""
        with Session(self.engine, expire_on_commit=False) as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def call(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function(session, …)`` in a unit of work, in this thread."""
        with self.unit_of_work() as session:
            return function(session, *args, **kwargs)

    async def run(
        self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``function(session, …)`` in a unit of work, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: self.call(function, *args, **kwargs)
        )

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    # NullPool: SQLite connections are cheap, and none then outlives its thread. IMMEDIATE takes the
    # write lock at the start, so that two writers queue for it and neither fails in mid-way.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
