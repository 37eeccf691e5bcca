"""Which jobs come first: by priority in the queue, by their end in a list; and what is dismissed."""

import pytest

from dataferry.core.errors import Cancelled, Conflict, NetworkFault, NotFound, SourceProtocolError
from dataferry.core.job_types import JobView
from dataferry.jobs.progress_history import ProgressHistory
from dataferry.jobs.service import JobRun
from tests.support.job_world import ADA, BOB, EVE, Hold, World, follow, jobs_in
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


def fails(_run: JobRun) -> None:
    raise SourceProtocolError("The source's answer cannot be read.")


async def ids(world: World, **filters: object) -> list[str]:
    return [job.id for job in await world.jobs.list(ADA, **filters)]  # type: ignore[arg-type]


async def test_what_ended_last_is_first_however_long_ago_it_was_asked_for(world: World) -> None:
    async with Hold() as hold:
        world.handlers["hold"] = hold
        world.handlers["fails"] = fails
        await world.start()
        long = await world.submit("hold", key="long")
        await hold.working()
        failed = await world.submit("fails", key="failed")
        await world.until(failed, "failed")
        quick = [await world.submit("done", key=f"quick {n}") for n in range(3)]
        for job_id in quick:
            await world.until(job_id, "succeeded")
        assert (await ids(world))[0] == long, "what is to end comes before what has"
        hold.let_go.set()
        await world.until(long, "succeeded")
        assert (await ids(world, limit=2)) == [long, quick[-1]]
        assert (await ids(world, limit=2, offset=2))[0] == quick[1]
        # The same for one that was retried: its row is as old as it was.
        world.handlers["fails"] = lambda _run: None
        await world.jobs.retry(ADA, failed)
        await world.until(failed, "succeeded")
        assert (await ids(world))[0] == failed


async def test_a_dismissed_job_is_off_one_list_and_in_its_history(world: World) -> None:
    world.handlers["fails"] = fails
    await world.start()
    job_id = await world.submit("fails", wake=False)
    await world.submit("fails", who=BOB)
    await world.until(job_id, "failed")
    tab, others = follow(world, ADA), follow(world, BOB)
    for feed, viewer in ((tab, ADA), (others, BOB)):
        await feed.subscribe(f"user:{viewer.user_id}")
    changed = await world.jobs.dismiss(ADA, dismissed=True, job_ids=[job_id, "job_unknown"])
    assert [(job.id, job.dismissed) for job in changed] == [(job_id, True)]

    async def told() -> bool:
        # That the job failed may be told this late too.
        return jobs_in(await tab.receive())[-1].dismissed

    await eventually(told, "another tab is told")
    assert (await ids(world, dismissed=False), await ids(world, dismissed=True)) == ([], [job_id])
    assert not (await world.jobs.get(BOB, job_id)).dismissed, "it is Bob's too"
    assert (await world.steps(job_id))[-1] == "failed"
    # A later change of the row tells each of them what is so for them.
    world.jobs._runner.publish(job_id)
    assert {job.dismissed for job in jobs_in(await tab.receive())} == {True}
    assert {job.dismissed for job in jobs_in(await others.receive())} == {False}
    assert (await world.jobs.dismiss(ADA, dismissed=True)) == []
    assert [job.id for job in await world.jobs.dismiss(ADA, dismissed=False)] == [job_id]
    await world.jobs.dismiss(ADA, dismissed=True, states=["succeeded"])
    assert await ids(world, dismissed=False) == [job_id]
    await world.jobs.dismiss(ADA, dismissed=True, states=["failed"])
    await world.jobs.retry(BOB, job_id)
    await world.until(job_id, "failed")
    assert await ids(world, dismissed=False) == [job_id], "what was started again is news"


async def test_what_goes_on_is_not_dismissed_and_what_was_left_is(world: World) -> None:
    async with Hold() as hold:
        world.handlers["hold"] = hold
        await world.start()
        job_id = await world.submit("hold")
        await world.submit("hold", who=BOB)
        await hold.working()
        assert await world.jobs.dismiss(ADA, dismissed=True) == []
        await world.jobs.cancel(ADA, job_id)
        assert [job.state for job in await world.jobs.dismiss(ADA, dismissed=True)] == ["cancelled"]
        assert await ids(world, dismissed=False) == []
        await world.submit("hold")
        assert await ids(world, dismissed=False) == [job_id]


async def test_the_queue_takes_the_highest_priority_first(world: World) -> None:
    order: list[str] = []
    async with Hold() as hold:
        world.handlers["hold"] = hold
        world.handlers["note"] = lambda run: order.append(run.job.dataset_id)
        world.set(download_slots=1)
        await world.start()
        await world.submit("hold", key="busy")
        await hold.working()
        waiting = {name: await world.submit("note", key=name) for name in ("a", "b", "c", "d")}
        assert (await world.jobs.set_priority(ADA, waiting["d"], "high")).priority == "high"
        await world.jobs.set_priority(ADA, waiting["a"], "low")
        await world.enqueued(*waiting.values())
        hold.let_go.set()
        for job_id in waiting.values():
            await world.until(job_id, "succeeded")
    assert order == ["dataset_d", "dataset_b", "dataset_c", "dataset_a"]


async def test_a_priority_outlasts_the_process(world: World) -> None:
    async with Hold() as hold:
        world.handlers["hold"] = hold
        world.set(download_slots=1)
        await world.start()
        await world.submit("hold", key="busy")
        await hold.working()
        waiting = await world.submit("hold", key="a")
        await world.jobs.set_priority(ADA, waiting, "high")
        await world.restart()
        hold.let_go.set()
        assert (await world.until(waiting, "succeeded")).priority == "high"


async def test_a_priority_is_for_those_who_asked_and_for_what_goes_on(world: World) -> None:
    async with Hold() as hold:
        world.handlers["hold"] = hold
        await world.start()
        job_id = await world.submit("hold")
        await hold.working()
        with pytest.raises(NotFound):
            await world.jobs.set_priority(EVE, job_id, "high")
        feed = follow(world, ADA)
        await feed.subscribe("user:ada")
        await feed.receive()
        await world.jobs.set_priority(ADA, job_id, "low")
        assert {job.priority for job in jobs_in(await feed.receive())} == {"low"}
        await world.jobs.pause(ADA, job_id)
        await world.until(job_id, "paused")
        assert (await world.jobs.set_priority(ADA, job_id, "high")).state == "paused"
        hold.let_go.set()
        await world.jobs.resume(ADA, job_id)
        job = await world.until(job_id, "succeeded")
        assert job.priority == "high"
        with pytest.raises(Conflict):
            await world.jobs.set_priority(ADA, job_id, "low")


async def test_a_wait_is_not_cut_short_by_a_priority(world: World) -> None:
    async with Hold() as hold:
        world.handlers["fails"] = transient
        world.handlers["hold"] = hold
        world.set(retry_delay_s=30.0)
        await world.start()
        job_id = await world.submit("fails")
        before = await world.until(job_id, "waiting")
        after = await world.jobs.set_priority(ADA, job_id, "high")
        assert (after.state, after.waiting_until) == ("waiting", before.waiting_until)
        world.handlers["fails"] = lambda _run: None
        await world.jobs.retry(ADA, job_id)
        await world.until(job_id, "succeeded")


def transient(_run: JobRun) -> None:
    raise NetworkFault("The connection failed.")


async def test_bytes_that_are_fetched_again_are_told(world: World) -> None:
    def halves(run: JobRun) -> None:
        had = run.job.progress.bytes_done
        report = run.job.progress.model_copy(update={"phase": "fetching", "bytes_total": 100_000_000})
        run.progress(report.model_copy(update={"bytes_done": 60_000_000 if had else 80_000_000}))
        if not had:
            run.cancel.wait(10)
            raise Cancelled

    world.handlers["halves"] = halves
    await world.start()
    job_id = await world.submit("halves")

    async def eighty() -> JobView | None:
        job = await world.jobs.get(ADA, job_id)
        return job if job.progress.bytes_done else None

    await eventually(eighty, "bytes have come")
    await world.jobs.pause(ADA, job_id)
    await world.until(job_id, "paused")
    await world.jobs.resume(ADA, job_id)
    job = await world.until(job_id, "succeeded")
    assert job.progress.note == "20 MB are fetched again: they had not been kept."


async def test_a_cancelled_download_begins_at_nothing_when_it_is_started_again(world: World) -> None:
    async with Hold() as hold:
        world.handlers["hold"] = hold
        await world.start()
        job_id = await world.submit("hold")
        await hold.working()
        await world.jobs.cancel(ADA, job_id)
        await world.until(job_id, "cancelled")
        job = await world.jobs.retry(ADA, job_id)
        assert job.attempt == 1
        hold.let_go.set()
        job = await world.until(job_id, "succeeded")
        assert job.progress.note is None


def test_the_bar_waits_where_a_few_bytes_come_again() -> None:
    report = JobView.model_fields["progress"].default.model_copy(
        update={"phase": "fetching", "bytes_done": 1_000_000, "bytes_total": 4_000_000}
    )
    history = ProgressHistory(report)
    again = history.without_steps_back(report.model_copy(update={"bytes_done": 990_000}))
    assert (again.bytes_done, again.note) == (1_000_000, None)
    less = history.without_steps_back(report.model_copy(update={"bytes_done": 300_000}))
    assert (less.bytes_done, less.note) == (300_000, "700 kB are fetched again: they had not been kept.")


async def test_the_rates_of_a_run_are_those_who_may_see_it(world: World) -> None:
    async with Hold() as hold:
        world.handlers["hold"] = hold
        await world.start()
        job_id = await world.submit("hold")
        await hold.working()
        assert await world.jobs.rates(ADA, job_id) == []
        with pytest.raises(NotFound):
            await world.jobs.rates(EVE, job_id)
        now = [0.0]
        run = world.runs[0]
        run._history._clock = lambda: now[0]
        run._history._last = None
        for done in (0, 5_000, 10_000):
            run.progress(run.job.progress.model_copy(update={"phase": "fetching", "bytes_done": done}))
            now[0] += 1.0
        assert [sample.bytes_per_s for sample in await world.jobs.rates(ADA, job_id)] == [5_000, 5_000]
