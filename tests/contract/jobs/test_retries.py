"""Attempts, limits, restarts and recovery of jobs, with the real queue, on SQLite and on Postgres."""

import logging
import threading
import time

import pytest
from sqlmodel import Session

from dataferry.core.errors import Cancelled, Conflict, GatedDataset, NetworkFault, NotFound, SourceRateLimited
from dataferry.core.types import Progress
from dataferry.jobs.models import Job
from dataferry.jobs.service import JobRun
from tests.support.job_world import ADA, BOB, EVE, Hold, World

pytestmark = pytest.mark.anyio


# -- faults and limits -----------------------------------------------------------------------------


async def test_a_transient_fault_is_tried_again_until_it_works(world: World) -> None:
    def flaky(run: JobRun) -> None:
        if run.job.attempt < 4:
            raise NetworkFault("The connection dropped.")

    world.handlers["flaky"] = flaky
    await world.start()
    job_id = await world.submit("flaky")
    job = await world.until(job_id, "succeeded", "failed")
    assert job.state == "succeeded"
    assert job.attempt == 4
    assert job.problem is None
    assert await world.steps(job_id) == ["queued", *["running", "waiting"] * 3, "running", "succeeded"]
    waits = [step for step in await world.jobs.history(ADA, job_id) if step.state == "waiting"]
    assert [step.problem.detail for step in waits if step.problem] == ["The connection dropped."] * 3


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


@pytest.mark.alone
async def test_the_limit_counts_running_time_over_all_attempts_and_not_the_waits(world: World) -> None:
    world.set(job_timeout_s=0.4, retries=50, retry_delay_s=0.3)

    def slow(run: JobRun) -> None:
        if run.cancel.wait(0.1):
            raise Cancelled
        raise NetworkFault("The connection dropped.")

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
