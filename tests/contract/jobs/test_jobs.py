"""What jobs promise, with the real queue, on SQLite and on Postgres."""

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dataferry.core.errors import NetworkFault, NotFound, SourceRateLimited
from dataferry.core.job_types import JobView
from dataferry.core.telemetry import configure_logging
from dataferry.core.types import DatasetRef, Progress
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


async def test_every_line_of_a_job_names_it_its_dataset_and_its_attempt(
    world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(run: JobRun) -> None:
        logging.getLogger("dataferry.test").warning("at work")
        if run.job.attempt == 1:
            raise NetworkFault("a dropped line")
        raise ValueError("unforeseen")

    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    configure_logging("INFO", as_json=True)
    world.handlers["work"] = work
    await world.start()
    job_id = await world.submit("work")
    await world.until(job_id, "failed")
    await world.jobs.stop()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    told = [line for line in lines if "at work" in line["message"] or "unforeseen error" in line["message"]]
    assert [line["attempt"] for line in told] == ["1", "2", "2"]
    assert {(line["job"], line["dataset"]) for line in told} == {(job_id, "builtin:iris")}


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
