"""What jobs promise, with the real queue, on SQLite and on Postgres."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session

from dataferry.core.errors import Cancelled, Conflict, GatedDataset, NetworkFault, NotFound, SourceRateLimited
from dataferry.core.types import DatasetRef, JobView, Progress
from dataferry.jobs.models import Job
from dataferry.jobs.service import JobRun
from tests.support.job_world import ADA, BOB, EVE, Hold, Reluctant, World, follow, jobs_in
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

# -- a job's life ----------------------------------------------------------------------------------


async def test_a_job_runs_and_says_all_of_it(world: World) -> None:
    def work(run: JobRun) -> None:
        run.progress(Progress(phase="fetching", bytes_done=40, bytes_total=100))
        run.update(revision="v7", title="Iris flowers", file_path="/store/iris")
        run.progress(Progress(phase="verifying", bytes_done=100, bytes_total=100))

    world.handlers["work"] = work
    await world.start()
    job_id = await world.submit("work")
    job = await world.until(job_id, "succeeded")
    assert (job.revision, job.title, job.file_path) == ("v7", "Iris flowers", "/store/iris")
    assert job.progress.bytes_done == 100
    assert job.attempt == 1
    assert job.problem is None
    assert job.created_at <= (job.started_at or job.created_at) <= (job.finished_at or job.created_at)
    assert await world.steps(job_id) == ["queued", "running", "verifying", "succeeded"]
    assert [closed.state for closed in world.closed] == ["succeeded"]
    later = await world.jobs.history(ADA, job_id, after=2)
    assert [step.seq for step in later] == [3, 4]


async def test_progress_agrees_in_the_job_the_list_and_the_socket(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        job_id = await world.submit("hold")
        await hold.working()
        assert (await world.jobs.get(ADA, job_id)).progress.bytes_done == 10
        assert (await world.jobs.list(ADA))[0].progress.bytes_done == 10
        newest = await world.database.run(world.jobs.latest, ["dataset_iris"], "ada")
        assert newest["dataset_iris"].progress.bytes_done == 10
        feed = follow(world, ADA)
        await feed.subscribe(f"job:{job_id}")
        assert jobs_in(await feed.receive())[0].progress.bytes_done == 10
    seen: list[JobView] = []
    while not seen or seen[-1].active:
        seen += jobs_in(await feed.receive())
    assert seen[-1].state == "succeeded"
    assert seen[-1].progress.bytes_done == 100
    assert await world.jobs.get(ADA, job_id) == seen[-1]


async def test_ten_thousand_reports_are_few_events(world: World) -> None:
    def eager(run: JobRun) -> None:
        for n in range(10_000):
            run.progress(Progress(phase="fetching", bytes_done=n))

    world.handlers["eager"] = eager
    await world.start()
    feed = follow(world, ADA)
    await feed.subscribe("user:ada")
    job_id = await world.submit("eager")
    seen: list[JobView] = []
    while not seen or seen[-1].active:
        seen += jobs_in(await feed.receive())
    assert len(seen) < 200
    assert (await world.jobs.get(ADA, job_id)).progress.bytes_done == 9999


async def test_waiting_for_a_job(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        job_id = await world.submit("hold")
        assert (await world.jobs.wait(ADA, job_id, 0.05)).active
        threading.Timer(0.05, hold.let_go.set).start()
        assert (await world.jobs.wait(ADA, job_id, 10)).state == "succeeded"
    with pytest.raises(NotFound):
        await world.jobs.wait(EVE, job_id, 10)


# -- whose a job is --------------------------------------------------------------------------------


async def test_two_people_share_one_job_and_nobody_else_sees_it(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        first = await world.submit("hold", who=ADA)
        second = await world.submit("hold", who=BOB)
        assert first == second
        await hold.working()
        for viewer in (ADA, BOB):
            assert [job.id for job in await world.jobs.list(viewer)] == [first]
        with pytest.raises(NotFound):
            await world.jobs.get(EVE, first)
        with pytest.raises(NotFound):
            await world.jobs.cancel(EVE, first)
        with pytest.raises(NotFound):
            await world.jobs.history(EVE, first)
        assert await world.jobs.list(EVE) == []
        assert await world.jobs.snapshot(EVE, f"job:{first}") is None
        assert await world.jobs.snapshot(EVE, "user:ada") is None
    await world.until(first, "succeeded")
    assert len(world.runs) == 1


async def test_one_of_two_cancels_and_the_others_download_goes_on(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        job_id = await world.submit("hold", who=ADA)
        await world.submit("hold", who=BOB)
        await hold.working()
        feed = follow(world, ADA)
        await feed.subscribe("user:ada")
        await feed.receive()
        assert (await world.jobs.cancel(ADA, job_id)).state == "cancelled"
        assert [job.state for job in jobs_in(await feed.receive())] == ["cancelled"]
        assert (await world.jobs.get(BOB, job_id)).state == "running"
        assert not world.runs[0].cancel.is_set()
        assert [job.state for job in await world.jobs.list(ADA, states=["cancelled"])] == ["cancelled"]
        assert await world.jobs.list(ADA, states=["running"]) == []
    assert (await world.until(job_id, "succeeded", who=BOB)).state == "succeeded"


async def test_a_hundred_askers_at_once_get_one_job(world: World) -> None:
    def ask(n: int) -> tuple[str, bool]:
        return world.database.call(
            lambda session: world.jobs.submit(
                session,
                kind="download",
                ref=DatasetRef.parse("builtin:iris"),
                title="Iris",
                dataset_id="dataset_iris",
                params={"do": "done"},
                requester_id=f"user_{n % 7}",
                single_flight_key="iris",
            )
        )

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(100)))
    assert len({job_id for job_id, _created in answers}) == 1
    assert sum(created for _job_id, created in answers) == 1


# -- cancel ----------------------------------------------------------------------------------------


async def test_cancel_stops_a_running_job_within_a_second(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    asked = time.monotonic()
    await world.jobs.cancel(ADA, job_id)
    assert (await world.jobs.get(ADA, job_id)).state == "cancelled"
    assert world.runs[0].stop_reason == "user"

    async def ended() -> bool:
        return [job.state for job in world.closed] == ["cancelled"]

    await eventually(ended, "the job is stopped")
    assert time.monotonic() - asked < 1
    job = await world.until(job_id, "cancelled")
    assert job.problem is not None
    assert job.problem.code == "user"

    # Who left sees the end at once; the row says it once the handler has stopped.
    async def written() -> bool:
        return await world.steps(job_id) == ["queued", "running", "cancelled"]

    await eventually(written, "the row says so")


async def test_cancel_of_a_queued_job_never_runs_it(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        blockers = [await world.submit("hold", key=f"blocker {n}") for n in range(2)]
        for blocker in blockers:
            await world.until(blocker, "running")
        job_id = await world.submit("done", key="behind")
        assert (await world.jobs.cancel(ADA, job_id)).state == "cancelled"
        assert await world.steps(job_id) == ["queued", "cancelled"]
        assert [job.id for job in world.closed] == [job_id]
    for blocker in blockers:
        await world.until(blocker, "succeeded")
    assert job_id not in [run.id for run in world.runs]


async def test_cancel_of_a_waiting_job(world: World) -> None:
    def limited(_run: JobRun) -> None:
        raise SourceRateLimited("The limit is used up.", retry_after=3)

    world.handlers["limited"] = limited
    await world.start()
    job_id = await world.submit("limited")
    await world.until(job_id, "waiting")
    await world.jobs.cancel(ADA, job_id)
    assert await world.steps(job_id) == ["queued", "running", "waiting", "cancelled"]


async def test_asking_again_while_it_stops_starts_it_again(world: World) -> None:
    reluctant = world.handlers["reluctant"] = Reluctant()
    await world.start()
    job_id = await world.submit("reluctant")
    await world.until(job_id, "running")
    await world.jobs.cancel(ADA, job_id)
    reluctant.stopping.wait(10)
    assert await world.submit("reluctant") == job_id
    reluctant.may_end.set()
    await world.until(job_id, "succeeded")
    assert await world.steps(job_id) == ["queued", "running", "queued", "running", "succeeded"]
    assert [job.state for job in world.closed] == ["succeeded"]


# -- faults and limits -----------------------------------------------------------------------------


async def test_a_transient_fault_is_tried_again_until_it_works(world: World) -> None:
    def flaky(run: JobRun) -> None:
        if run.job.attempt < 4:
            raise NetworkFault("The line dropped.")

    world.handlers["flaky"] = flaky
    await world.start()
    job_id = await world.submit("flaky")
    job = await world.until(job_id, "succeeded", "failed")
    assert job.state == "succeeded"
    assert job.attempt == 4
    assert job.problem is None
    assert await world.steps(job_id) == ["queued", *["running", "waiting"] * 3, "running", "succeeded"]
    waits = [step for step in await world.jobs.history(ADA, job_id) if step.state == "waiting"]
    assert [step.problem.detail for step in waits if step.problem] == ["The line dropped."] * 3


async def test_five_retries_are_all(world: World) -> None:
    def broken(_run: JobRun) -> None:
        raise NetworkFault("The line is dead.", next_step="Check the cable.")

    world.handlers["broken"] = broken
    await world.start()
    job_id = await world.submit("broken")
    job = await world.until(job_id, "failed")
    assert len(world.runs) == 6
    assert job.attempt == 6
    assert job.problem is not None
    assert (job.problem.code, job.problem.detail, job.problem.status) == ("network", "The line is dead.", 502)
    assert job.problem.next_step == "Check the cable."
    assert world.closed[-1].problem == job.problem


async def test_a_permanent_error_fails_at_once(world: World) -> None:
    def gated(_run: JobRun) -> None:
        raise GatedDataset("The terms are not accepted.", link="https://example.org/terms")

    world.handlers["gated"] = gated
    await world.start()
    job = await world.until(await world.submit("gated"), "failed")
    assert len(world.runs) == 1
    assert job.problem is not None
    assert (job.problem.code, job.problem.status) == ("gated", 403)
    assert job.problem.link == "https://example.org/terms"


async def test_a_bug_ends_as_an_internal_problem_and_its_trace_only_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def buggy(_run: JobRun) -> None:
        raise ZeroDivisionError("password 12345")

    world.handlers["buggy"] = buggy
    await world.start()
    with caplog.at_level(logging.ERROR):
        job = await world.until(await world.submit("buggy"), "failed")
    assert job.problem is not None
    assert job.problem.code == "internal"
    assert "12345" not in job.model_dump_json()
    assert "Traceback" not in job.model_dump_json()
    assert "ZeroDivisionError" in caplog.text


async def test_a_long_wait_gives_its_slot_away_and_can_be_cut_short(world: World) -> None:
    world.set(download_slots=1)

    def limited(run: JobRun) -> None:
        if run.job.attempt == 1 and len(world.runs) == 1:
            raise SourceRateLimited("The limit is used up.", retry_after=87)

    world.handlers["limited"] = limited
    await world.start()
    job_id = await world.submit("limited")
    job = await world.until(job_id, "waiting")
    assert job.problem is not None
    assert job.problem.code == "source_rate_limited"
    assert job.waiting_until is not None
    assert 80 < (job.waiting_until - job.created_at).total_seconds() < 90
    other = await world.submit("done", key="other")
    await world.until(other, "succeeded")
    assert (await world.jobs.get(ADA, job_id)).state == "waiting"
    await world.jobs.retry(ADA, job_id)
    await world.until(job_id, "succeeded")


async def test_the_time_limit_ends_a_job_and_says_so(world: World) -> None:
    world.set(job_timeout_s=0.3)
    hold = world.handlers["hold"] = Hold()
    await world.start()
    job = await world.until(await world.submit("hold"), "failed")
    assert world.runs[0].stop_reason == "timeout"
    assert job.problem is not None
    assert job.problem.code == "timeout"
    assert "limit" in job.problem.detail
    assert hold.begun.is_set()


async def test_the_limit_counts_running_time_over_all_attempts_and_not_the_waits(world: World) -> None:
    world.set(job_timeout_s=0.4, retries=50, retry_delay_s=0.3)

    def slow(run: JobRun) -> None:
        if run.cancel.wait(0.1):
            raise Cancelled
        raise NetworkFault("The line dropped.")

    world.handlers["slow"] = slow
    await world.start()
    job = await world.until(await world.submit("slow"), "failed")
    assert job.problem is not None
    assert job.problem.code == "timeout"
    # Four on a quiet machine; were the waits counted, the second would be the last.
    assert job.attempt >= 3


async def test_a_busy_download_queue_does_not_delay_maintenance(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        for n in range(4):
            await world.submit("hold", key=f"busy {n}")
        await hold.working()
        await world.until(await world.submit("done", key="delete", kind="delete"), "succeeded")


# -- starting again --------------------------------------------------------------------------------


async def test_retry_runs_a_failed_job_again_under_its_id(world: World) -> None:
    def once(_run: JobRun) -> None:
        if len(world.runs) == 1:
            raise GatedDataset("The terms are not accepted.")

    world.handlers["once"] = once
    await world.start()
    job_id = await world.submit("once")
    await world.until(job_id, "failed")
    again = await world.jobs.retry(ADA, job_id)
    assert again.id == job_id
    assert again.problem is None
    job = await world.until(job_id, "succeeded")
    assert job.attempt == 1
    with pytest.raises(Conflict):
        await world.jobs.retry(ADA, job_id)
    with pytest.raises(NotFound):
        await world.jobs.retry(EVE, job_id)


async def test_retry_joins_the_job_that_does_the_work_by_now(world: World) -> None:
    def gated(_run: JobRun) -> None:
        raise GatedDataset("The terms are not accepted.")

    world.handlers["gated"] = gated
    await world.start()
    failed = await world.submit("gated", who=ADA)
    await world.until(failed, "failed")
    async with Hold() as hold:
        world.handlers["hold"] = hold
        running = await world.submit("hold", who=BOB)
        await hold.working()
        assert (await world.jobs.retry(ADA, failed)).id == running
    await world.until(running, "succeeded")


async def test_a_cancelled_job_can_be_started_again(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    await world.jobs.cancel(ADA, job_id)
    await world.jobs.retry(ADA, job_id)
    hold.let_go.set()
    await world.until(job_id, "succeeded")


async def test_three_starts_in_one_process(world: World) -> None:
    for n in range(3):
        await world.restart()
        await world.until(await world.submit("done", key=str(n)), "succeeded")
    assert len(world.runs) == 3


async def test_a_shutdown_stops_a_job_where_it_can_go_on_and_the_next_start_does_so(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    await world.jobs.stop()
    assert world.runs[0].stop_reason == "shutdown"
    job = await world.jobs.get(ADA, job_id)
    assert job.state == "queued"
    assert job.attempt == 1
    assert job.progress.bytes_done == 10
    assert world.closed == []
    hold.let_go.set()
    await world.start()
    await world.until(job_id, "succeeded")
    assert len(world.runs) == 2


async def test_a_shutdown_does_not_wait_for_a_handler_that_does_not_listen(world: World) -> None:
    world.set(drain_s=0.2)
    deaf, heard = threading.Event(), threading.Event()

    def stubborn(run: JobRun) -> None:
        if len(world.runs) == 1:
            deaf.wait(10)
            run.progress(Progress(phase="verifying", bytes_done=666))
            heard.set()

    world.handlers["stubborn"] = stubborn
    await world.start()
    job_id = await world.submit("stubborn")
    await world.until(job_id, "running")
    asked = time.monotonic()
    await world.jobs.stop()
    assert time.monotonic() - asked < 3
    await world.start()
    await world.until(job_id, "succeeded")
    deaf.set()
    heard.wait(10)
    assert (await world.jobs.get(ADA, job_id)).state == "succeeded"
    assert (await world.jobs.get(ADA, job_id)).progress.bytes_done != 666


async def test_a_row_that_never_reached_the_queue_is_found(world: World) -> None:
    await world.start()
    job_id = await world.submit("done", wake=False)
    await world.until(job_id, "succeeded")


async def test_a_row_whose_workflow_is_gone_is_found(world: World) -> None:
    """The queue's own database was lost, or is older than the rows."""
    await world.start()
    await world.until(await world.submit("done", key="first"), "succeeded")
    await world.jobs.stop()
    owed = await world.submit("done", key="second")
    world.lose_queue()
    await world.start()
    await world.until(owed, "succeeded")


async def test_a_job_that_kills_its_workers_is_given_up(world: World) -> None:
    job_id = await world.submit("done")
    world.database.call(_as_if_killed, job_id, 20)
    await world.start()
    job = await world.until(job_id, "failed")
    assert job.problem is not None
    assert "died 20 times" in job.problem.detail
    await world.jobs.retry(ADA, job_id)
    await world.until(job_id, "succeeded")


async def test_the_queue_itself_says_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """DBOS reports each cancel and each end of its own as an error, which is none to a user."""
    await world.start()
    hold = world.handlers["hold"] = Hold()
    running = await world.submit("hold")
    await hold.working()
    await world.jobs.cancel(ADA, running)
    await world.submit("hold", key="another")
    await world.jobs.stop()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_process_without_worker_leaves_jobs_to_others(world: World) -> None:
    await world.start(worker=False)
    job_id = await world.submit("done")
    await world.jobs.wait(ADA, job_id, 0.3)
    assert (await world.jobs.get(ADA, job_id)).state == "queued"
    await world.restart()
    await world.until(job_id, "succeeded")


def _as_if_killed(session: Session, job_id: str, times: int) -> None:
    job = session.get_one(Job, job_id)
    job.state, job.owner, job.crashes = "running", "a worker that is gone", times
    session.add(job)
