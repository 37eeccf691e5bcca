"""Fixtures that every kind of test shares."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core.db import Database
from tests.support import preloaded
from tests.support.databases import PreparedDatabases, make_tables
from tests.support.postgres import Postgres, postgres_server
from tests.support.queues import PreparedQueues
from tests.support.redis import RedisServer, redis_server

preloaded.FORKING = True

#: Folders whose tests take long come first, so that no process is left with them at the end.
_FIRST = ("e2e", "faults", "contract", "api", "versioning", "unit")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests wait a good part of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_make_parametrize_id(val: object) -> str | None:
    """No bytes in a test's name: packed ones begin with the time, and all processes must find one name."""
    return f"{len(val)}-bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    items.sort(key=lambda item: _FIRST.index(item.path.relative_to(folder).parts[0]))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real Postgres server, started by the first test that asks for it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A real Redis server. A test that stops it starts it again."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def prepared_queues(tmp_path_factory: pytest.TempPathFactory) -> PreparedQueues:
    """For tests that start jobs."""
    return PreparedQueues(tmp_path_factory.mktemp("queue"))


@pytest.fixture(scope="session")
def prepared_databases(tmp_path_factory: pytest.TempPathFactory) -> PreparedDatabases:
    """For tests that want tables."""
    return PreparedDatabases(tmp_path_factory.mktemp("tables"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, prepared_databases: PreparedDatabases
) -> Iterator[str]:
    """A database of each kind that the product runs on: with its tables where ``database`` is asked for
    too, else empty."""
    prepared = "database" in request.fixturenames
    if request.param == "sqlite":
        if prepared:
            prepared_databases.copy_to(tmp_path / "test.sqlite")
        yield f"sqlite:///{tmp_path / 'test.sqlite'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.database(prepared_databases.template(server) if prepared else "template1") as url:
            yield url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The tables of all parts, on SQLite and on Postgres."""
    database = Database(database_url)
    make_tables(database)
    yield database
    database.close()
