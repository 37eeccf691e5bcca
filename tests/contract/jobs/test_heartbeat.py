"""Who may take another worker for dead."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from dataferry.core.db import Database
from dataferry.jobs import worker_rows
from dataferry.jobs.heartbeat import Heartbeat
from dataferry.jobs.models import JobWorker
from tests.support.server import until

TIMEOUT_S = 0.5


@contextmanager
def beating(database: Database, worker_id: str) -> Iterator[Heartbeat]:
    heartbeat = Heartbeat(database.url, worker_id, TIMEOUT_S)
    heartbeat.start()
    try:
        yield heartbeat
    finally:
        heartbeat.stop()


def alive(database: Database) -> set[str]:
    return database.read(worker_rows.live_workers, TIMEOUT_S)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_after_an_outage_nobody_is_judged_before_they_could_be_heard(database: Database) -> None:
    """apache/airflow#13747: tasks counted as zombies while they ran, for a database that had been away."""
    with beating(database, "one") as one, beating(database, "two") as two:
        assert not one.may_judge  # the other one could not be heard yet
        until(lambda: one.may_judge and two.may_judge, "they have been heard for long enough")
        with psycopg.connect(database.url.replace("+psycopg", "")) as other:
            other.execute(f"LOCK TABLE {JobWorker.__tablename__} IN EXCLUSIVE MODE".encode())
            until(lambda: not alive(database), "both are silent")
            assert not one.may_judge
            assert not two.may_judge
            other.rollback()
        until(lambda: one.may_judge, "it may again")
        assert alive(database) == {"one", "two"}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_crowd_at_the_pool_makes_no_worker_look_dead(database: Database) -> None:
    """mozilla-services/antenna#180: heartbeats took their connection from the pool that was used up."""
    with beating(database, "one") as one:
        crowd = [database.engine.connect() for _ in range(database.engine.pool.size() * 2)]  # type: ignore[attr-defined]
        try:
            until(lambda: one.may_judge, "it is heard all the while")
        finally:
            for connection in crowd:
                connection.close()
