"""Fixtures that every kind of test shares."""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from sqlmodel import SQLModel

import dataferry
from dataferry.core.db import Database
from tests.support import preloaded
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


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, of each kind that the product runs on."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.database() as url:
            yield url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The tables of all parts, on SQLite and on Postgres."""
    for part in Path(dataferry.__file__).parent.glob("*/models.py"):
        import_module(f"dataferry.{part.parent.name}.models")
    database = Database(database_url)
    SQLModel.metadata.create_all(database.engine)
    yield database
    database.close()
