"""Jobs outlive their processes: killed, stopped, frozen, alone and among others."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from dataferry.core.db import Database
from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, Viewer
from dataferry.jobs.service import Jobs
from dataferry.realtime import Realtime
from dataferry.realtime.events import JobEvent
from tests.support.postgres import Postgres
from tests.support.processes import Ticks, Worker
from tests.support.redis import RedisServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

ADA = Viewer("ada")


class Desk:
    """Where jobs are asked for and looked at, without a queue of its own."""

    def __init__(self, folder: Path, database_url: str, redis_url: str | None = None) -> None:
        settings = Settings(
            _env_file=None,
            data_dir=folder,
            database_url=database_url,
            redis_url=redis_url,
            secret_key="k" * 32,
        )
        self.database = Database(settings.sqlalchemy_url)
        SQLModel.metadata.create_all(self.database.engine)
        self.realtime = Realtime(settings)
        self.jobs = Jobs(self.database, settings, self.realtime)

    def submit(self, key: str = "iris", *, who: str = "ada", **params: object) -> str:
        return self.database.call(
            lambda session: self.jobs.submit(
                session,
                kind="download",
                ref=DatasetRef.parse("builtin:iris"),
                title="Iris",
                dataset_id=key,
                params=params,
                requester_id=who,
                single_flight_key=key,
            )
        )[0]

    async def until(self, job_id: str, state: str) -> JobView:
        async def reached() -> JobView | None:
            job = await self.jobs.get(ADA, job_id)
            return job if job.state == state else None

        return await eventually(reached, f"job is {state}", 20)

    async def steps(self, job_id: str) -> list[str]:
        return [step.state for step in await self.jobs.history(ADA, job_id)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Embedded: the workers' own SQLite file."""
    desk = Desk(tmp_path, f"sqlite:///{tmp_path / 'dataferry.sqlite'}")
    yield desk
    desk.database.close()


@pytest.fixture
def shared(tmp_path: Path, postgres: Postgres, redis: RedisServer) -> Iterator[tuple[Desk, dict[str, str]]]:
    """Postgres and Redis, and the settings with which workers share them."""
    with postgres.database() as url:
        desk = Desk(tmp_path, url, redis.url)
        yield desk, {"DATABASE_URL": url, "REDIS_URL": redis.url}
        desk.database.close()


async def test_kill_9_and_the_next_start_goes_on_by_itself(desk: Desk, tmp_path: Path) -> None:
    ticks = Ticks(tmp_path)
    job_id = desk.submit()
    with Worker(tmp_path):
        ticks.wait_for("begin")

        async def saved() -> bool:
            return (await desk.jobs.get(ADA, job_id)).progress.bytes_done > 0

        await eventually(saved, "progress is in the row")
    before = await desk.jobs.get(ADA, job_id)
    assert before.state == "running"
    with Worker(tmp_path):
        ticks.wait_for("begin", 2)
        ticks.finish()
        job = await desk.until(job_id, "succeeded")
    assert job.attempt == 1
    assert job.progress.bytes_done >= before.progress.bytes_done
    assert await desk.steps(job_id) == ["queued", "running", "queued", "running", "succeeded"]


async def test_kill_9_between_two_attempts(desk: Desk, tmp_path: Path) -> None:
    ticks = Ticks(tmp_path)
    job_id = desk.submit(fails=1)
    with Worker(tmp_path, DATAFERRY_RETRY_DELAY_S="1"):
        await desk.until(job_id, "waiting")
    ticks.finish()
    with Worker(tmp_path, DATAFERRY_RETRY_DELAY_S="1"):
        job = await desk.until(job_id, "succeeded")
    assert job.attempt == 2
    assert len(ticks.lines()) == 3


async def test_kill_9_at_any_moment_loses_no_job(desk: Desk, tmp_path: Path) -> None:
    """While jobs are being taken up, run and closed."""
    Ticks(tmp_path).finish()
    jobs = [desk.submit(f"dataset {n}") for n in range(12)]
    for moment_s in (0.0, 0.02, 0.05, 0.1):
        with Worker(tmp_path, DATAFERRY_DOWNLOAD_SLOTS="2"):
            await asyncio.sleep(moment_s)
    with Worker(tmp_path):
        for job_id in jobs:
            await desk.until(job_id, "succeeded")


async def test_sigterm_stops_jobs_where_they_can_go_on(desk: Desk, tmp_path: Path) -> None:
    ticks = Ticks(tmp_path)
    job_id = desk.submit()
    with Worker(tmp_path) as worker:
        ticks.wait_for("begin")
        assert worker.terminate() == 0
    assert ticks.wait_for("stopped")["reason"] == "shutdown"
    assert (await desk.jobs.get(ADA, job_id)).state == "queued"
    ticks.finish()
    with Worker(tmp_path):
        await desk.until(job_id, "succeeded")


async def test_a_dead_workers_job_is_taken_over(shared: tuple[Desk, dict[str, str]], tmp_path: Path) -> None:
    desk, settings = shared
    ticks = Ticks(tmp_path)
    job_id = desk.submit()
    with Worker(tmp_path, **settings) as first:
        ticks.wait_for("begin", pid=first.process.pid)
        with Worker(tmp_path, **settings) as second:
            first.kill()
            killed = time.monotonic()
            ticks.wait_for("begin", pid=second.process.pid)
            assert time.monotonic() - killed < 8
            ticks.finish()
            await desk.until(job_id, "succeeded")
    assert len(ticks.lines()) == 3


async def test_a_worker_that_comes_back_from_the_dead_has_lost_its_job(
    shared: tuple[Desk, dict[str, str]], tmp_path: Path
) -> None:
    desk, settings = shared
    ticks = Ticks(tmp_path)
    job_id = desk.submit()
    with Worker(tmp_path, **settings) as zombie:
        ticks.wait_for("begin", pid=zombie.process.pid)
        zombie.freeze()
        with Worker(tmp_path, **settings) as heir:
            ticks.wait_for("begin", pid=heir.process.pid)
            zombie.thaw()
            ticks.wait_for("stopped", pid=zombie.process.pid)
            assert (await desk.jobs.get(ADA, job_id)).state == "running"
            ticks.finish()
            ticks.wait_for("finished", pid=heir.process.pid)
            await desk.until(job_id, "succeeded")
    assert await desk.steps(job_id) == ["queued", "running", "queued", "running", "succeeded"]


async def test_cancel_reaches_the_worker_of_another_process(
    shared: tuple[Desk, dict[str, str]], tmp_path: Path
) -> None:
    desk, settings = shared
    ticks = Ticks(tmp_path)
    job_id = desk.submit()
    with Worker(tmp_path, **settings):
        ticks.wait_for("begin")
        asked = time.monotonic()
        await desk.jobs.cancel(ADA, job_id)
        assert ticks.wait_for("stopped")["reason"] == "user"
        assert time.monotonic() - asked < 1.5

        async def recorded() -> bool:
            return (await desk.steps(job_id))[-1] == "cancelled"

        await eventually(recorded, "the row says so")


async def test_a_page_follows_a_job_that_another_process_runs(
    shared: tuple[Desk, dict[str, str]], tmp_path: Path
) -> None:
    desk, settings = shared
    job_id = desk.submit()
    await desk.realtime.start()
    with Worker(tmp_path, **settings):
        feed = desk.realtime.feed(ADA, lambda topic: desk.jobs.snapshot(ADA, topic))
        await feed.subscribe(f"job:{job_id}")
        events: list[JobEvent] = []
        while not events or events[-1].job.active:
            events += [message for message in await feed.receive() if isinstance(message, JobEvent)]
            if len(events) > 3:
                Ticks(tmp_path).finish()
    figures = [event.job.progress.bytes_done for event in events]
    assert figures == sorted(figures)
    assert events[-1].job.state == "succeeded"
    await desk.realtime.close()


async def test_a_restart_of_the_database_ends_no_running_job(
    shared: tuple[Desk, dict[str, str]], tmp_path: Path, postgres: Postgres
) -> None:
    """calgo-lab/green-db#146, RealOrangeOne/django-tasks-db#49: the workers' jobs failed with it."""
    desk, settings = shared
    ticks = Ticks(tmp_path)
    jobs = [desk.submit("going on"), desk.submit("ending", file="ended")]
    with Worker(tmp_path, **settings):
        ticks.wait_for("begin", 2)
        with postgres.unreachable(settings["DATABASE_URL"]):
            desk.database.engine.dispose()
            ticks.finish("ended")
            ticks.wait_for("finished")
            # It lasts for longer than a run takes to save its progress, and to try to record its end.
            await asyncio.sleep(1.0)
        ended = await desk.until(jobs[1], "succeeded")
        assert (await desk.jobs.get(ADA, jobs[0])).state == "running"
        ticks.finish()
        job = await desk.until(jobs[0], "succeeded")
    assert [each.attempt for each in (job, ended)] == [1, 1]
    for job_id in jobs:
        assert await desk.steps(job_id) == ["queued", "running", "succeeded"]


def change_schema(session: Session, statement: str) -> None:
    session.connection().execute(text(statement))


async def test_a_worker_of_another_version_takes_over_what_runs_and_what_waits(
    shared: tuple[Desk, dict[str, str]], tmp_path: Path
) -> None:
    """decocms/studio#4143, czpython/druks#619: jobs of the version before stayed queued for ever."""
    desk, settings = shared
    ticks = Ticks(tmp_path)
    jobs = [desk.submit(f"dataset {n}") for n in range(3)]
    with Worker(tmp_path, QUEUE_VERSION="before", DATAFERRY_DOWNLOAD_SLOTS="1", **settings) as before:
        ticks.wait_for("begin")
        # What a migration of the later version may do: docs/operating.md.
        desk.database.call(change_schema, "ALTER TABLE jobs ADD COLUMN later INTEGER DEFAULT 0 NOT NULL")
        with Worker(tmp_path, QUEUE_VERSION="after", DATAFERRY_DOWNLOAD_SLOTS="1", **settings):
            assert before.terminate() == 0
            ticks.finish()
            for job_id in jobs:
                assert (await desk.until(job_id, "succeeded")).attempt == 1
    finished = [tick["job"] for tick in ticks.lines() if tick["event"] == "finished"]
    assert sorted(finished) == sorted(jobs)


async def test_nobody_waits_for_all_that_another_person_has_asked_for(
    shared: tuple[Desk, dict[str, str]], tmp_path: Path
) -> None:
    """wavelens/gradient#111, huridocs/uwazi#8062: who comes second waited for all of the first's."""
    desk, settings = shared
    ticks = Ticks(tmp_path)
    going_on = [desk.submit(f"going on {n}", file=f"end {n}") for n in range(2)]
    with (
        Worker(tmp_path, DATAFERRY_DOWNLOAD_SLOTS="1", **settings),
        Worker(tmp_path, DATAFERRY_DOWNLOAD_SLOTS="1", **settings),
    ):
        ticks.wait_for("begin", 2)
        assert {tick["job"] for tick in ticks.lines()} == set(going_on)
        for n in range(40):
            desk.submit(f"dataset {n}")
        bobs = [desk.submit(f"bob's {n}", who="bob") for n in range(2)]
        ticks.finish("end 0")
        assert ticks.wait_for("begin", 3)["job"] == bobs[0]
        ticks.finish("end 1")
        # Ada has none at work now, and bob has one.
        assert ticks.wait_for("begin", 4)["job"] not in bobs
        ticks.finish()
