"""Jobs on SQLite and on Postgres."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dataferry.core.db import Database
from tests.support.databases import PreparedDatabases
from tests.support.job_world import World, done
from tests.support.postgres import Postgres
from tests.support.queues import PreparedQueues


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    prepared_databases: PreparedDatabases,
    prepared_queues: PreparedQueues,
) -> Iterator[str]:
    """With all tables in place, the queue's too."""
    if request.param == "sqlite":
        prepared_queues.copy_into(tmp_path)
        prepared_databases.copy_to(tmp_path / "test.sqlite")
        yield f"sqlite:///{tmp_path / 'test.sqlite'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        template = prepared_databases.template(server, prepared_queues.template(server))
        with server.database(template) as url:
            yield url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    world = World(database, tmp_path)
    world.handlers["done"] = done
    yield world
    await world.jobs.stop()
