"""Jobs that rest and go on."""

import threading
import time

import pytest
from sqlmodel import Session

from dataferry.core.errors import Cancelled, Conflict, NetworkFault, NotFound, SourceRateLimited
from dataferry.core.types import Progress
from dataferry.jobs.models import Job
from dataferry.jobs.service import JobRun
from tests.support.job_world import ADA, BOB, EVE, Hold, Reluctant, World
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_a_running_job_rests_within_two_seconds_and_goes_on(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    asked = time.monotonic()
    await world.jobs.pause(ADA, job_id)
    job = await world.until(job_id, "paused")
    assert time.monotonic() - asked < 2
    assert world.runs[0].stop_reason == "pause"
    assert (job.progress.bytes_done, job.progress.rate_bps, job.progress.eta_s) == (10, None, None)
    assert world.closed == []
    hold.let_go.set()
    assert (await world.jobs.resume(ADA, job_id)).state == "queued"
    job = await world.until(job_id, "succeeded")
    assert job.attempt == 1
    assert await world.steps(job_id) == ["queued", "running", "paused", "queued", "running", "succeeded"]


async def test_its_slot_is_free_meanwhile(world: World) -> None:
    world.set(download_slots=1)
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    await world.jobs.pause(ADA, job_id)
    await world.until(await world.submit("done", key="next"), "succeeded")
    assert (await world.jobs.get(ADA, job_id)).state == "paused"


async def test_a_queued_job_rests_at_once(world: World) -> None:
    world.set(download_slots=1)
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        await world.submit("hold", key="before")
        await hold.working()
        job_id = await world.submit("done")
        assert (await world.jobs.pause(ADA, job_id)).state == "paused"
    await world.until(await world.submit("done", key="after"), "succeeded")
    assert await world.steps(job_id) == ["queued", "paused"]
    await world.jobs.resume(ADA, job_id)
    await world.until(job_id, "succeeded")


@pytest.mark.parametrize("retry_after", [3, 30])
async def test_a_waiting_job_rests_past_its_time(world: World, retry_after: int) -> None:
    def limited(_run: JobRun) -> None:
        if len(world.runs) == 1:
            raise SourceRateLimited("The limit is used up.", retry_after=retry_after)

    world.handlers["limited"] = limited
    await world.start()
    job_id = await world.submit("limited")
    await world.until(job_id, "waiting")
    job = await world.jobs.pause(ADA, job_id)
    assert (job.state, job.waiting_until, job.problem) == ("paused", None, None)
    await world.until(await world.submit("done", key="next"), "succeeded")
    await world.jobs.resume(ADA, job_id)
    await world.until(job_id, "succeeded")


async def test_pausing_and_resuming_twice_is_once(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    for _ in range(2):
        await world.jobs.pause(ADA, job_id)
    await world.until(job_id, "paused")
    assert (await world.jobs.pause(ADA, job_id)).state == "paused"
    hold.let_go.set()
    await world.jobs.resume(ADA, job_id)
    await world.jobs.resume(ADA, job_id)
    await world.until(job_id, "succeeded")
    assert len(world.runs) == 2


async def test_resumed_before_it_has_stopped_it_goes_on(world: World) -> None:
    reluctant = world.handlers["reluctant"] = Reluctant()
    await world.start()
    job_id = await world.submit("reluctant")
    await world.until(job_id, "running")
    await world.jobs.pause(ADA, job_id)
    reluctant.stopping.wait(10)
    await world.jobs.resume(ADA, job_id)
    reluctant.may_end.set()
    await world.until(job_id, "succeeded")
    assert await world.steps(job_id) == ["queued", "running", "queued", "running", "succeeded"]


async def test_what_ended_before_it_could_rest_has_ended(world: World) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def deaf(run: JobRun) -> None:
        begun.set()
        may_end.wait(10)

    world.handlers["deaf"] = deaf
    await world.start()
    job_id = await world.submit("deaf")
    begun.wait(10)
    await world.jobs.pause(ADA, job_id)
    may_end.set()
    await world.until(job_id, "succeeded")


async def test_a_fault_at_the_same_moment_does_not_wake_it(world: World) -> None:
    """The wish stands in the row only, as it does for the worker of another process."""

    def failing(run: JobRun) -> None:
        if len(world.runs) == 1:
            world.database.call(_wish_for_a_pause, run.id)
            raise NetworkFault("The connection dropped.")

    world.handlers["failing"] = failing
    await world.start()
    job_id = await world.submit("failing")
    await world.until(job_id, "paused")
    assert await world.steps(job_id) == ["queued", "running", "paused"]


async def test_the_wish_is_read_from_the_row(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    await world.database.run(_wish_for_a_pause, job_id)
    await world.until(job_id, "paused", within_s=2)


async def test_a_restart_leaves_it_at_rest(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    await world.jobs.pause(ADA, job_id)
    await world.until(job_id, "paused")
    hold.let_go.set()
    await world.restart()
    await world.jobs.stop()
    world.lose_queue()
    await world.start()
    await world.until(await world.submit("done", key="next"), "succeeded")
    assert (await world.jobs.get(ADA, job_id)).state == "paused"
    await world.jobs.resume(ADA, job_id)
    await world.until(job_id, "succeeded")


async def test_paused_while_its_worker_died_it_rests(world: World) -> None:
    await world.start(worker=False)
    job_id = await world.submit("done")
    await world.database.run(_as_if_killed, job_id)
    await world.jobs.pause(ADA, job_id)
    await world.restart()
    await world.until(job_id, "paused")
    assert world.runs == []


async def test_rest_does_not_count_as_running_time(world: World) -> None:
    world.set(job_timeout_s=1.5)
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    await world.jobs.pause(ADA, job_id)
    await world.until(job_id, "paused")

    def used(session: Session) -> float:
        return session.get_one(Job, job_id).used_s

    before = await world.database.run(used)
    began = time.monotonic()

    async def longer_than_the_limit() -> bool:
        return time.monotonic() - began > 1.6

    await eventually(longer_than_the_limit, "time passes")
    assert await world.database.run(used) == before
    hold.let_go.set()
    await world.jobs.resume(ADA, job_id)
    await world.until(job_id, "succeeded")


async def test_cancel_ends_a_paused_job(world: World) -> None:
    await world.start()
    hold = world.handlers["hold"] = Hold()
    job_id = await world.submit("hold")
    await hold.working()
    await world.jobs.pause(ADA, job_id)
    await world.until(job_id, "paused")
    await world.jobs.cancel(ADA, job_id)
    assert (await world.steps(job_id))[-1] == "cancelled"
    assert [job.state for job in world.closed] == ["cancelled"]


async def test_asking_for_the_same_again_or_retrying_resumes_it(world: World) -> None:
    world.set(download_slots=1)
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        await world.submit("hold", key="before")
        await hold.working()
        job_id = await world.submit("done")
        await world.jobs.pause(ADA, job_id)
        assert await world.submit("done", who=BOB) == job_id
        assert (await world.jobs.get(BOB, job_id)).state == "queued"
        await world.jobs.pause(BOB, job_id)
        assert (await world.jobs.retry(ADA, job_id)).state == "queued"
    await world.until(job_id, "succeeded")


async def test_who_may_and_when_it_is_too_late(world: World) -> None:
    await world.start()
    job_id = await world.submit("done")
    await world.until(job_id, "succeeded")
    for act in (world.jobs.pause, world.jobs.resume):
        with pytest.raises(NotFound):
            await act(EVE, job_id)
        with pytest.raises(Conflict) as caught:
            await act(ADA, job_id)
        assert caught.value.next_step


async def test_a_removal_is_not_paused(world: World) -> None:
    await world.start()
    async with Hold() as hold:
        world.handlers["hold"] = hold
        job_id = await world.submit("hold", kind="delete")
        await hold.working()
        with pytest.raises(Conflict):
            await world.jobs.pause(ADA, job_id)
    await world.until(job_id, "succeeded")


async def test_progress_after_a_pause_goes_on_from_there(world: World) -> None:
    def work(run: JobRun) -> None:
        if len(world.runs) == 1:
            run.progress(Progress(phase="fetching", bytes_done=50, bytes_total=100, rate_bps=9.0, eta_s=6.0))
            run.cancel.wait(10)
            raise Cancelled

    world.handlers["work"] = work
    await world.start()
    job_id = await world.submit("work")

    async def half() -> bool:
        return (await world.jobs.get(ADA, job_id)).progress.bytes_done == 50

    await eventually(half, "half is there")
    await world.jobs.pause(ADA, job_id)
    job = await world.until(job_id, "paused")
    assert (job.progress.bytes_done, job.progress.rate_bps) == (50, None)


def _wish_for_a_pause(session: Session, job_id: str) -> None:
    job = session.get_one(Job, job_id)
    job.stop = "pause"
    session.add(job)


def _as_if_killed(session: Session, job_id: str) -> None:
    job = session.get_one(Job, job_id)
    job.state, job.owner = "running", "a worker that is gone"
    session.add(job)
