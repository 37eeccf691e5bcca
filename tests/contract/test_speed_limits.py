"""Speed limits that people set count for what is under way, in every process on the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dataferry.core.db import Database
from dataferry.core.errors import Forbidden, NotFound
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library.speed_limits import SpeedLimits
from dataferry.realtime import Realtime
from dataferry.transfer import Member
from tests.support.server import until

pytestmark = pytest.mark.anyio

ADMIN, BOB, EVE = Viewer("ada", admin=True), Viewer("bob"), Viewer("eve")
#: Bytes a second: so little that a wait for it differs clearly from none.
CRAWL = 1


class Waits(Exception):
    """A member is kept waiting."""


class World:
    """The speed limits of one process on a database, and a job of Bob's."""

    def __init__(self, database: Database, folder: Path, **settings: object) -> None:
        self.database = database
        self.settings = Settings(
            _env_file=None,
            data_dir=folder,
            database_url=database.url,
            secret_key="k" * 32,
            reconcile_s=0.05,
            **settings,  # type: ignore[arg-type]
        )
        self.jobs = Jobs(database, self.settings, Realtime())
        self.speed_limits = SpeedLimits(database, self.settings, self.jobs)

    def job(self) -> str:
        return self.database.call(
            lambda session: self.jobs.submit(
                session,
                kind="download",
                ref=DatasetRef.parse("builtin:iris"),
                title="Iris",
                dataset_id="ds_1",
                params={},
                requester_id=BOB.user_id,
                single_flight_key="one",
            )
        )[0]


@contextmanager
def working(limits: SpeedLimits) -> Iterator[None]:
    limits.start()
    try:
        yield
    finally:
        limits.stop()


def slowed(member: Member) -> bool:
    """Whether a thousand bytes more have to wait."""

    def proceed() -> None:
        raise Waits

    try:
        member.throttle(1000, proceed)
    except Waits:
        return True
    return False


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


async def test_a_limit_of_all_counts_at_once_and_outlasts_the_process(world: World, tmp_path: Path) -> None:
    with working(world.speed_limits), world.speed_limits.join("job_1", "bob") as member:
        assert not slowed(member)
        await world.speed_limits.set_limits(ADMIN, bytes_per_s=CRAWL, night=None, night_bytes_per_s=None)
        assert slowed(member)
        again = World(world.database, tmp_path).speed_limits
        with working(again), again.join("job_2", "eve") as other:
            assert slowed(other)
        await world.speed_limits.reset_limits(ADMIN)
        assert not slowed(member)


async def test_the_hours_of_the_night_have_their_own_speed(world: World) -> None:
    now = datetime.now()
    night_now, later = (
        f"{now + timedelta(hours=begin):%H:%M}-{now + timedelta(hours=end):%H:%M}"
        for begin, end in ((-2, 2), (4, 8))
    )
    with world.speed_limits.join("job_1", "bob") as member:
        await world.speed_limits.set_limits(ADMIN, bytes_per_s=None, night=night_now, night_bytes_per_s=CRAWL)
        assert slowed(member)
        await world.speed_limits.set_limits(ADMIN, bytes_per_s=CRAWL, night=night_now, night_bytes_per_s=None)
        assert not slowed(member)
        await world.speed_limits.set_limits(ADMIN, bytes_per_s=None, night=later, night_bytes_per_s=CRAWL)
        assert not slowed(member)


async def test_a_limit_of_a_job_is_its_own_and_its_requesters_to_set(world: World) -> None:
    job_id = world.job()
    with world.speed_limits.join(job_id, "bob") as member, world.speed_limits.join("job_2", "bob") as other:
        for stranger in (EVE, ADMIN):
            with pytest.raises(NotFound):
                await world.speed_limits.limit_job(stranger, job_id, CRAWL)
        assert not slowed(member)
        await world.speed_limits.limit_job(BOB, job_id, CRAWL)
        assert slowed(member)
        assert not slowed(other)
        await world.speed_limits.limit_job(BOB, job_id, None)
        assert not slowed(member)


async def test_a_limit_set_before_the_job_runs_counts_from_its_first_byte(world: World) -> None:
    job_id = world.job()
    await world.speed_limits.limit_job(BOB, job_id, CRAWL)
    await world.speed_limits.limit_job(BOB, job_id, CRAWL + 1)
    with world.speed_limits.join(job_id, "bob") as member:
        assert slowed(member)


async def test_only_admins_set_the_limit_of_all(world: World) -> None:
    with pytest.raises(Forbidden):
        await world.speed_limits.set_limits(BOB, bytes_per_s=CRAWL, night=None, night_bytes_per_s=None)
    with pytest.raises(Forbidden):
        await world.speed_limits.reset_limits(BOB)
    assert (await world.speed_limits.limits()).bytes_per_s is None


async def test_the_settings_count_where_nothing_is_set(database: Database, tmp_path: Path) -> None:
    world = World(database, tmp_path, bandwidth_bytes_per_s=CRAWL)
    with world.speed_limits.join("job_1", "bob") as member:
        assert slowed(member)
        await world.speed_limits.set_limits(ADMIN, bytes_per_s=None, night=None, night_bytes_per_s=None)
        assert not slowed(member)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_another_process_takes_up_what_was_set(world: World, tmp_path: Path) -> None:
    other = World(world.database, tmp_path).speed_limits
    job_id = world.job()
    with working(world.speed_limits), working(other), other.join(job_id, "bob") as member:
        await world.speed_limits.limit_job(BOB, job_id, CRAWL)
        until(lambda: slowed(member), "the job is slowed down")
        await world.speed_limits.limit_job(BOB, job_id, None)
        until(lambda: not slowed(member), "the job is let go")
        await world.speed_limits.set_limits(ADMIN, bytes_per_s=CRAWL, night=None, night_bytes_per_s=None)
        until(lambda: slowed(member), "all are slowed down")
