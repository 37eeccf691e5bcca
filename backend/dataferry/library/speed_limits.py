"""How fast this server may download: all of it together, and each job."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from dataferry.core.db import Database
from dataferry.core.errors import Conflict, Forbidden, InvalidInput
from dataferry.core.settings import Settings
from dataferry.core.time_window import format_time_window, parse_time_window
from dataferry.core.types import JobView, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library.models import JobSpeed, SpeedLimits
from dataferry.library.views import JobLimitView, SpeedLimitsView
from dataferry.transfer import Governor, Member, Shares

log = logging.getLogger(__name__)

#: Where processes share a database, each looks so often what others have set.
LOOK_S = 5.0


class Speeds:
    """The process's one governor. What people have set stands in the database, comes before the
    settings, and counts at once, for what is under way too; within ``LOOK_S`` in other processes."""

    def __init__(self, database: Database, settings: Settings, jobs: Jobs) -> None:
        self._database = database
        self._settings = settings
        self._jobs = jobs
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}
        self._limits = _configured(settings)
        self._governor = Governor(self._shares())
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        jobs.on_closed(self._closed)

    # -- wiring ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Where others share the database, look from time to time what they have set."""
        if not self._settings.embedded:
            self._end.clear()
            self._thread = threading.Thread(target=self._keep, name="speeds", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _keep(self) -> None:
        while not self._end.wait(min(LOOK_S, self._settings.reconcile_s)):
            try:
                self.look()
            except Exception:  # the database is away: what was set last still counts
                log.warning("the speed limits cannot be read now", exc_info=True)

    def look(self) -> None:
        """Go by what the database says now."""
        # Whoever changed a row looks after that, so the last who looks sees the newest.
        with self._lock:
            limits, speeds = self._database.call(self._read, list(self._members))
            if limits != self._limits:
                self._limits = limits
                self._governor.set_shares(self._shares())
            for job_id, member in self._members.items():
                member.limit(speeds.get(job_id))

    # -- for downloads -----------------------------------------------------------------------------

    @contextmanager
    def joined(self, job_id: str, user_id: str) -> Iterator[Member]:
        """A job's share, for as long as the block lasts. ``user_id``: out of whose part it comes."""
        with self._governor.join(job_id, user_id) as member:
            with self._lock:
                self._members[job_id] = member
            try:
                self.look()
                yield member
            finally:
                with self._lock:
                    # A run that was let go of may end after the next one has begun.
                    if self._members.get(job_id) is member:
                        del self._members[job_id]

    # -- for people --------------------------------------------------------------------------------

    async def limits(self) -> SpeedLimitsView:
        """The limits of all downloads together."""
        return (await self._database.run(self._read, []))[0]

    async def set_limits(
        self, viewer: Viewer, *, bytes_per_s: int | None, night: str | None, night_bytes_per_s: int | None
    ) -> SpeedLimitsView:
        """Set all three; None = no limit, and no hours with a speed of their own. They outlast a restart.

        Errors: ``Forbidden`` for who is no admin; ``InvalidInput`` for hours that are none.
        """
        _check_admin(viewer)
        night = _hours(night, night_bytes_per_s)
        row = SpeedLimits(id=1, bytes_per_s=bytes_per_s, night=night, night_bytes_per_s=night_bytes_per_s)
        await self._database.run(_put, row)
        await asyncio.to_thread(self.look)
        return await self.limits()

    async def reset_limits(self, viewer: Viewer) -> SpeedLimitsView:
        """Back to the settings. Errors: ``Forbidden`` for who is no admin."""
        _check_admin(viewer)
        await self._database.run(_drop, SpeedLimits, 1)
        await asyncio.to_thread(self.look)
        return await self.limits()

    async def job_limit(self, viewer: Viewer, job_id: str) -> JobLimitView:
        """Errors: ``NotFound``, also for what others asked for."""
        job = await self._jobs.get(viewer, job_id)
        row = await self._database.run(lambda session: session.get(JobSpeed, job.id))
        return JobLimitView(job_id=job.id, bytes_per_s=None if row is None else row.bytes_per_s)

    async def limit_job(self, viewer: Viewer, job_id: str, bytes_per_s: int | None) -> JobLimitView:
        """Another limit for one job, until it ends; None = none of its own.

        Errors: ``NotFound``, also for what others asked for; ``Conflict`` for a job that has ended.
        """
        job = await self._jobs.get(viewer, job_id)
        if not job.active:
            raise Conflict("The job has ended.", next_step="Limit the next one while it runs.")
        if bytes_per_s is None:
            await self._database.run(_drop, JobSpeed, job.id)
        else:
            await self._database.run(_put, JobSpeed(job_id=job.id, bytes_per_s=bytes_per_s))
        await asyncio.to_thread(self.look)
        return JobLimitView(job_id=job.id, bytes_per_s=bytes_per_s)

    # -- within ------------------------------------------------------------------------------------

    def _closed(self, job: JobView) -> None:
        """A failed job keeps its limit, for when it is tried again."""
        if job.state != "failed":
            self._database.call(_drop, JobSpeed, job.id)

    def _read(self, session: Session, job_ids: list[str]) -> tuple[SpeedLimitsView, dict[str, int]]:
        row = session.get(SpeedLimits, 1)
        limits = _configured(self._settings) if row is None else _view(row)
        speeds = session.exec(select(JobSpeed).where(col(JobSpeed.job_id).in_(job_ids))) if job_ids else ()
        return limits, {speed.job_id: speed.bytes_per_s for speed in speeds}

    def _shares(self) -> Shares:
        limits = self._limits
        return Shares(
            connections=self._settings.all_connections,
            connections_per_host=self._settings.host_connections,
            bytes_per_s=limits.bytes_per_s,
            night_bytes_per_s=limits.night_bytes_per_s,
            night=None if limits.night is None else parse_time_window(limits.night),
        )


def _configured(settings: Settings) -> SpeedLimitsView:
    return SpeedLimitsView(
        bytes_per_s=settings.bandwidth_bytes_per_s,
        night=settings.night,
        night_bytes_per_s=settings.night_bytes_per_s,
        set_by="settings",
    )


def _view(row: SpeedLimits) -> SpeedLimitsView:
    return SpeedLimitsView(
        bytes_per_s=row.bytes_per_s,
        night=row.night,
        night_bytes_per_s=row.night_bytes_per_s,
        set_by="admin",
    )


def _check_admin(viewer: Viewer) -> None:
    if not viewer.admin:
        raise Forbidden("Only admins may change the speed limits of this server.")


def _hours(night: str | None, night_bytes_per_s: int | None) -> str | None:
    if night is None and night_bytes_per_s is not None:
        raise InvalidInput("A speed at night needs its hours.", next_step="Give them as 22:00-06:00.")
    try:
        return None if night is None else format_time_window(parse_time_window(night))
    except ValueError as error:
        raise InvalidInput(f"The night {error}.") from error


def _put(session: Session, row: SQLModel) -> None:
    try:
        with session.begin_nested():
            session.merge(row)
    except IntegrityError:  # somebody else was quicker: theirs is there now
        session.merge(row)


def _drop(session: Session, table: type[SQLModel], key: object) -> None:
    row = session.get(table, key)
    if row is not None:
        session.delete(row)
