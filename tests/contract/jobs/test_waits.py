"""Waits that cost no attempt: a source's limit, a held folder, the database. On SQLite and on Postgres."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dataferry.core.database_faults import is_outage
from dataferry.core.errors import DataferryError, FolderBusy, NetworkFault, SourceRateLimited
from dataferry.core.settings import Settings
from dataferry.core.types import Progress
from dataferry.jobs import problems
from dataferry.jobs.job_run import JobRun
from dataferry.jobs.models import Job
from dataferry.jobs.retries import Standing, next_try
from tests.support.job_world import ADA, Hold, World
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


async def test_a_limit_that_lets_something_through_each_time_never_ends_the_job(world: World) -> None:
    """huggingface/huggingface_hub#3342, #3553: 5,000 files in a window of five minutes, of 40,000."""

    def windows(run: JobRun) -> None:
        count = len(world.runs)
        run.progress(Progress(phase="fetching", bytes_done=10 * count, bytes_total=80, files_done=count))
        if count < 8:
            raise SourceRateLimited("The limit is used up.", retry_after=0.01)

    world.handlers["windows"] = windows
    await world.start()
    job_id = await world.submit("windows")
    job = await world.until(job_id, "succeeded", "failed")
    assert (job.state, job.attempt, len(world.runs)) == ("succeeded", 1, 8)


async def test_a_retry_after_that_is_too_short_does_not_end_the_job(world: World) -> None:
    """Kaggle/kaggle-cli#938, #931 (facts/wire.md 2.3): waiting what it names is not enough, or it names
    nothing; it is asked again ever later, says so, and can be cancelled meanwhile."""

    def limited(_run: JobRun) -> None:
        if len(world.runs) < 8:
            raise SourceRateLimited("Too many requests.", retry_after=0.01 if len(world.runs) % 2 else None)

    world.set(limit_delay_s=0.4)
    world.handlers["limited"] = limited
    await world.start()
    job_id = await world.submit("limited")
    job = await world.until(job_id, "succeeded", "failed")
    assert (job.state, job.attempt) == ("succeeded", 1)
    waits = [step.at for step in await world.jobs.history(ADA, job_id) if step.state == "waiting"]
    assert waits[-1] - waits[-2] > waits[1] - waits[0]


async def test_a_wait_for_a_limit_says_so_and_can_be_left_at_once(world: World) -> None:
    def limited(run: JobRun) -> None:
        run.progress(Progress(phase="fetching", bytes_done=7, bytes_total=9))
        raise SourceRateLimited("The limit is used up.", retry_after=40)

    world.handlers["limited"] = limited
    await world.start()
    job_id = await world.submit("limited")
    job = await world.until(job_id, "waiting")
    assert job.problem is not None
    assert job.problem.code == "source_rate_limited"
    assert (job.progress.bytes_done, "by itself" in (job.progress.note or "")) == (7, True)
    assert (await world.jobs.pause(ADA, job_id)).state == "paused"
    await world.jobs.resume(ADA, job_id)
    await world.until(job_id, "waiting")
    assert (await world.jobs.cancel(ADA, job_id)).state == "cancelled"


async def test_a_limit_that_lets_nothing_through_ends_the_job_in_the_end(world: World) -> None:
    world.set(patience_s=0.3)

    def limited(_run: JobRun) -> None:
        raise SourceRateLimited("The limit is used up.", retry_after=0.02)

    world.handlers["limited"] = limited
    await world.start()
    job = await world.until(await world.submit("limited"), "failed")
    assert job.problem is not None
    assert job.problem.code == "source_rate_limited"
    assert job.finished_at is not None
    assert (job.finished_at - job.created_at).total_seconds() >= 0.3


async def test_faults_count_only_while_nothing_comes(world: World) -> None:
    """caiopizzol/cnpj-data-pipeline#101: a server that stalls every few dozen MB, each time further on."""

    def stalling(run: JobRun) -> None:
        run.progress(Progress(phase="fetching", bytes_done=10 * len(world.runs), bytes_total=90))
        if len(world.runs) < 9:
            raise NetworkFault("The line stalled.")

    world.handlers["stalling"] = stalling
    await world.start()
    job = await world.until(await world.submit("stalling"), "succeeded", "failed")
    assert (job.state, len(world.runs)) == ("succeeded", 9)


async def test_the_same_bytes_again_are_no_progress(world: World) -> None:
    """A server without ranges that cuts a file at one place, or now here and now there."""

    def cutting(run: JobRun) -> None:
        run.progress(Progress(phase="resolving"))
        run.progress(Progress(phase="fetching", bytes_done=(50, 30, 50, 40)[len(world.runs) % 4]))
        raise NetworkFault("The connection dropped.")

    world.handlers["cutting"] = cutting
    await world.start()
    await world.until(await world.submit("cutting"), "failed")
    assert len(world.runs) <= 1 + 1 + 5 + 1


async def test_a_held_folder_is_waited_for(world: World) -> None:
    """Homebrew/brew#23343: another process's download is waited for, with a word, instead of failing."""

    def held(_run: JobRun) -> None:
        if len(world.runs) < 8:
            raise FolderBusy("Another download is at work in /store.", retry_after=0.01)

    world.handlers["held"] = held
    world.set(retries=0)
    await world.start()
    job_id = await world.submit("held")
    job = await world.until(job_id, "succeeded", "failed")
    assert (job.state, job.attempt) == ("succeeded", 1)
    waits = [step for step in await world.jobs.history(ADA, job_id) if step.state == "waiting"]
    assert {step.problem.detail for step in waits if step.problem} == {
        "Another download is at work in /store."
    }


# -- the database ----------------------------------------------------------------------------------


async def test_a_handler_that_meets_a_locked_database_is_run_again(world: World) -> None:
    """David-Crty/databasement#230: ``database is locked`` turned a backup into a failed one."""

    def writing(_run: JobRun) -> None:
        if len(world.runs) == 1:
            world.database.call(_outage)

    world.handlers["writing"] = writing
    world.set(retries=0)
    await world.start()
    job_id = await world.submit("writing")
    job = await world.until(job_id, "succeeded", "failed")
    assert (job.state, job.attempt) == ("succeeded", 1)
    [wait] = [step for step in await world.jobs.history(ADA, job_id) if step.state == "waiting"]
    assert wait.problem is not None
    assert "by itself" in (wait.problem.next_step or "")


def _outage(session: Session) -> None:
    """What a locked SQLite, or a Postgres that shuts down, says itself."""
    session.connection()  # from now on it holds the lock
    engine = session.get_bind().engine
    if engine.dialect.name == "postgresql":
        session.connection().exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return
    with closing(sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None)) as late:
        try:
            late.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:  # as the driver says it
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error


# -- one job of a dataset --------------------------------------------------------------------------


async def test_what_is_asked_for_during_a_deletion_comes_after_it(world: World) -> None:
    """rogerfar/rdt-client#961, Striveworks/valor#99: a deletion and a new request for the same at once."""
    order: list[str] = []
    hold = world.handlers["hold"] = Hold()
    world.handlers["after"] = lambda run: order.append(f"{run.job.kind}")
    await world.start()
    deletion = await world.submit("hold", kind="delete", key="delete", dataset="one")
    await hold.working()
    job_id = await world.submit("after", key="download", dataset="one")
    other = await world.submit("done", key="other", dataset="two")
    await world.until(other, "succeeded")

    async def said() -> bool:
        return "deletion" in ((await world.jobs.get(ADA, job_id)).progress.note or "")

    await eventually(said, "it says what it waits for")
    assert (await world.jobs.get(ADA, job_id)).state == "queued"
    assert order == []
    hold.let_go.set()
    await world.until(deletion, "succeeded")
    job = await world.until(job_id, "succeeded")
    assert (order, job.progress.note) == (["download"], None)


async def test_it_waits_for_a_deletion_that_is_still_in_the_queue(world: World) -> None:
    await world.start(worker=False)
    deletion = await world.submit("done", kind="delete", key="delete", dataset="one")
    download = await world.submit("done", key="download", dataset="one")
    await world.restart()
    await world.until(download, "succeeded")
    assert [run.id for run in world.runs] == [deletion, download]


async def test_a_cancelled_deletion_lets_the_next_begin(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        blockers = [await world.submit("hold", kind="delete", key=f"b{n}", dataset=f"b{n}") for n in (1, 2)]
        for blocker in blockers:
            await world.until(blocker, "running")
        deletion = await world.submit("done", kind="delete", key="delete", dataset="one")
        download = await world.submit("done", key="download", dataset="one")
        await world.jobs.cancel(ADA, deletion)
        await world.until(download, "succeeded")
    assert deletion not in [run.id for run in world.runs]


async def test_two_jobs_never_run_on_one_dataset_whatever_their_keys(world: World) -> None:
    """Of two revisions that prove to be one, of people who ask in different words."""
    running, most, guard = [0], [0], threading.Lock()

    def work(run: JobRun) -> None:
        with guard:
            running[0] += 1
            most[0] = max(most[0], running[0])
        run.cancel.wait(0.03)
        with guard:
            running[0] -= 1

    world.handlers["work"] = work
    world.set(download_slots=4)
    await world.start()
    jobs = [await world.submit("work", key=f"key {n}", dataset="one") for n in range(3)]
    jobs.append(await world.submit("work", kind="delete", key="delete", dataset="one"))
    for job_id in jobs:
        await world.until(job_id, "succeeded")
    assert most == [1]


async def test_what_follows_an_end_is_done_with_it_or_after_it(world: World) -> None:
    """A folder was removed while its job could still be asked for again."""
    seen: list[tuple[str, str]] = []

    def state(job_id: str) -> str:
        return world.database.call(lambda session: session.get_one(Job, job_id).state)

    world.jobs.on_closed(lambda session, job: seen.append(("with", session.get_one(Job, job.id).state)))
    world.jobs.after_closed(lambda job: seen.append(("after", state(job.id))))
    await world.start(worker=False)
    job_id = await world.submit("done")
    await world.jobs.cancel(ADA, job_id)
    assert seen == [("with", "cancelled"), ("after", "cancelled")]


# -- the rule, without waiting ---------------------------------------------------------------------


def planned(
    error: DataferryError, *, stalled_s: float | None, got_on: bool = False, attempt: int = 1
) -> float:
    """The delay of the next try in seconds; -1 where the job is given up."""
    since = None if stalled_s is None else NOW - timedelta(seconds=stalled_s)
    standing = Standing("Kaggle", attempt, since, got_on)
    found = next_try(Settings(_env_file=None), error, standing, NOW)
    return -1 if found is None else found.delay_s


def test_the_pause_grows_to_an_hour_and_never_falls_below_what_was_asked_for() -> None:
    def limit(retry_after: float | None = None) -> SourceRateLimited:
        return SourceRateLimited("Too many requests.", retry_after=retry_after)

    assert planned(limit(12), stalled_s=None) == 12
    assert planned(limit(), stalled_s=None) == 30
    assert planned(limit(12), stalled_s=600, got_on=True) == 12
    assert 240 <= planned(limit(12), stalled_s=300) <= 300
    assert 2880 <= planned(limit(), stalled_s=20_000) <= 3600
    assert planned(limit(7200), stalled_s=20_000) == 7200
    assert planned(limit(10**9), stalled_s=None) == 86_400
    assert planned(limit(12), stalled_s=86_400) == -1
    assert len({planned(limit(), stalled_s=9000) for _ in range(9)}) > 1


def test_a_short_wait_grows_to_the_pause_between_attempts() -> None:
    assert planned(FolderBusy("Busy."), stalled_s=None) == 1
    assert 8 <= planned(FolderBusy("Busy."), stalled_s=10) <= 10
    assert planned(FolderBusy("Busy."), stalled_s=7200) <= 30
    assert planned(FolderBusy("Busy."), stalled_s=90_000) == -1


def test_a_fault_waits_what_the_host_asks_for() -> None:
    assert planned(NetworkFault("Dropped."), stalled_s=None) == 30
    assert planned(NetworkFault("Dropped.", retry_after=90), stalled_s=None) == 90
    assert planned(NetworkFault("Dropped."), stalled_s=9, attempt=6) == -1
    assert planned(NetworkFault("Dropped."), stalled_s=9, attempt=6, got_on=True) == 30


def test_a_full_disk_under_the_database_is_told_from_a_wrong_statement(tmp_path: Path) -> None:
    """Joulenap/joulenap#41: a full disk under SQLite made runs vanish without a word."""
    engine = create_engine(f"sqlite:///{tmp_path / 'small.sqlite'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=3")
        connection.exec_driver_sql("CREATE TABLE t (x)")
        with pytest.raises(OperationalError) as full:
            connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")
        with pytest.raises(OperationalError) as wrong:
            connection.exec_driver_sql("SELECT * FROM none_such")
    engine.dispose()
    assert is_outage(full.value)
    assert not is_outage(wrong.value)
    problem = problems.database_away(full.value)
    assert (problem.code, problem.status) == ("disk_full", 507)
    assert problem.next_step is not None
