"""Room on the disk is reserved for what is under way, in every process: on SQLite and on Postgres."""

import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from dataferry.jobs.job_run import JobRun
from dataferry.library.disk_room import DiskRoom, datasets_under_way, release
from dataferry.library.models import DiskReservation
from dataferry.library.paths import Store
from tests.support.job_world import ADA, Hold, World

pytestmark = pytest.mark.anyio


class Downloads:
    """Downloads that only reserve their room. ``take(name, share)``: of the disk that was free at first."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._store = Store(folder / "store")
        self._store.prepare()
        self._free = shutil.disk_usage(self._store.root).free
        world.jobs.on_closed(lambda session, job: release(session, job.id))

    def take(self, name: str, share: float) -> Hold:
        """The download ``name``, which then works until it is let go of."""
        hold, needed = Hold(), int(self._free * share)
        room = DiskRoom(self._world.database, self._store, min_free_bytes=0)

        def download(run: JobRun) -> None:
            room.reserve(run, needed)
            hold(run)

        self._world.handlers[name] = download
        return hold


@pytest.fixture
def downloads(world: World, tmp_path: Path) -> Downloads:
    return Downloads(world, tmp_path)


async def test_the_second_of_two_that_fit_alone_waits_and_goes_on(world: World, downloads: Downloads) -> None:
    """Cyberdrop-DL/cyberdrop-dl#602: each looked at what was free when it began."""
    await world.start()
    async with downloads.take("first", 0.6) as first, downloads.take("second", 0.6) as second:
        await world.submit("first", key="one")
        await first.working()
        waiting = await world.submit("second", key="two")
        job = await world.until(waiting, "waiting")
        assert job.problem is not None
        assert (job.problem.code, "another download" in job.problem.detail) == ("room_reserved", True)
        assert not second.begun.is_set()
        first.let_go.set()
        await second.working()
        second.let_go.set()
        await world.until(waiting, "succeeded")
    assert world.database.read(datasets_under_way) == []
    assert world.database.read(lambda session: list(session.exec(select(DiskReservation)))) == []


async def test_what_never_fits_is_refused_and_reserves_nothing(world: World, downloads: Downloads) -> None:
    await world.start()
    async with downloads.take("first", 0.3) as first, downloads.take("huge", 3) as huge:
        await world.submit("first", key="one")
        await first.working()
        job = await world.until(await world.submit("huge", key="two"), "failed")
        assert (job.problem and job.problem.code, huge.begun.is_set()) == ("disk_full", False)
        assert world.database.read(datasets_under_way) == ["dataset_one"]


async def test_a_reservation_outlives_its_process_and_is_measured_anew(
    world: World, downloads: Downloads
) -> None:
    async with downloads.take("first", 0.6) as first:
        await world.start()
        job_id = await world.submit("first", key="one")
        await first.working()
        first.begun.clear()
        await world.jobs.stop()
        assert world.database.read(datasets_under_way) == ["dataset_one"]
        await world.restart()
        await first.working()
        first.let_go.set()
        await world.until(job_id, "succeeded")
    assert world.database.read(datasets_under_way) == []  # whether or not anybody has cleaned up


async def test_a_paused_download_keeps_no_room_from_others(world: World, downloads: Downloads) -> None:
    await world.start()
    async with downloads.take("first", 0.6) as first, downloads.take("second", 0.6) as second:
        paused = await world.submit("first", key="one")
        await first.working()
        await world.jobs.pause(ADA, paused)
        await world.until(paused, "paused")
        await world.submit("second", key="two")
        await second.working()
        await world.jobs.resume(ADA, paused)
        await world.until(paused, "waiting")
        second.let_go.set()
        first.let_go.set()
        await world.until(paused, "succeeded")


async def test_of_many_at_once_no_more_begin_than_fit(world: World, downloads: Downloads) -> None:
    world.set(download_slots=6)
    await world.start()
    holds = [downloads.take(f"d{n}", 0.3) for n in range(6)]
    jobs = [await world.submit(f"d{n}", key=f"d{n}") for n in range(6)]
    for job in jobs:
        await world.until(job, "running", "waiting")
    await world.until(jobs[-1], "waiting")
    assert len(world.database.read(datasets_under_way)) <= 3
    for hold in holds:
        hold.let_go.set()
    for job in jobs:
        await world.until(job, "succeeded", within_s=30)
