"""How fast this server may download: all of it together, and each job."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from typing import TYPE_CHECKING

from sqlmodel import Session, SQLModel, col, delete, select

from dataferry.core.db import Database, now
from dataferry.core.errors import Conflict, Forbidden, InvalidInput
from dataferry.core.inserts import insert_or_replace
from dataferry.core.job_types import PRIORITY_SHARES, JobPriority, JobView
from dataferry.core.periodic import Periodic
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.core.time_window import format_time_window, is_within, parse_time_window
from dataferry.core.types import Viewer
from dataferry.jobs.service import Jobs
from dataferry.library.models import JobSpeedLimit, ServerSpeedLimits
from dataferry.library.storage_views import JobSpeedLimitView, SpeedLimitsView
from dataferry.transfer import Governor, Member, Shares
from dataferry.transfer.limits.shared import Divided

if TYPE_CHECKING:
    from dataferry.library.redis_limits import RedisLimits

log = logging.getLogger(__name__)

#: Where processes share a database, each reads this often what others have set.
POLL_INTERVAL_S = 5.0


class SpeedLimits:
    """The speed limits of a process, applied through its one governor.

    What people have set is in the database, comes before the settings, and counts at once, for what is
    under way too; within ``POLL_INTERVAL_S`` in other processes. Where several share the database, the limits
    are those of all of them together.
    """

    def __init__(self, database: Database, settings: Settings, jobs: Jobs) -> None:
        self._database = database
        self._settings = settings
        self._jobs = jobs
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}
        self._limits = _from_settings(settings)
        self._shared = _shared_limits(settings)
        self._governor = Governor(self._shares(), shared=self._shared)
        pause_s = min(POLL_INTERVAL_S, settings.reconcile_s)
        self._polls = Periodic("speed-limits", pause_s, self._poll)
        jobs.on_closed(self._job_closed)
        jobs.on_left(_forget_wish)
        jobs.after_left(self.refresh)

    # -- for the application: start and stop -------------------------------------------------------

    def start(self) -> None:
        """Where other processes share the database, begin to poll what they have set, and to agree with them
        on what each may have."""
        if self._shared is None:
            return
        self._poll()
        self._polls.start()
        if not isinstance(self._shared, Divided):
            self._shared.start(self._governor.slots)

    def stop(self) -> None:
        self._polls.stop()
        if self._shared is not None and not isinstance(self._shared, Divided):
            self._shared.stop()

    def _poll(self) -> None:
        try:
            self.refresh()
        except Exception:  # the database is unreachable: the last known limits still count
            log.warning("the speed limits cannot be read now", exc_info=True)

    def refresh(self) -> None:
        """Apply what the database says now."""
        if self._shared is not None:
            self._shared.processes = self._jobs.count_workers()
        # Who changes a row refreshes after that, so the last refresh sees the newest.
        with self._lock:
            job_ids = list(self._members)
            limits, by_job = self._database.read(self._read, job_ids)
            priorities = self._database.read(self._jobs.priorities, job_ids)
            if limits != self._limits:
                self._limits = limits
                self._governor.set_shares(self._shares())
            for job_id, member in self._members.items():
                member.limit(by_job.get(job_id))
                member.set_share(PRIORITY_SHARES[priorities.get(job_id, "normal")])

    # -- for download handlers: join the governor --------------------------------------------------

    @contextmanager
    def join(self, job_id: str, user_id: str) -> Iterator[Member]:
        """A job's membership in the governor, while the block lasts. ``user_id``: whose share it uses."""
        with self._governor.join(user_id) as member:
            with self._lock:
                self._members[job_id] = member
            try:
                self.refresh()
                yield member
            finally:
                with self._lock:
                    # An abandoned run may end after the next one has begun.
                    if self._members.get(job_id) is member:
                        del self._members[job_id]

    def is_night(self, at: time) -> bool:
        """Whether that is in the hours with a speed of their own; true where there are none."""
        night = self._limits.night
        return night is None or is_within(at, parse_time_window(night))

    # -- for the API: read and set limits ----------------------------------------------------------

    async def limits(self) -> SpeedLimitsView:
        """The limits of all downloads together."""
        return (await self._database.run_read(self._read, []))[0]

    async def set_limits(
        self, viewer: Viewer, *, bytes_per_s: int | None, night: str | None, night_bytes_per_s: int | None
    ) -> SpeedLimitsView:
        """Set all three; None = no limit, and no hours with a speed of their own. They outlast a restart.

        Errors: ``Forbidden`` for non-admins; ``InvalidInput`` for a malformed ``night``.
        """
        _check_admin(viewer)
        night = _normalized_night(night, night_bytes_per_s)
        row = ServerSpeedLimits(
            id=1, bytes_per_s=bytes_per_s, night=night, night_bytes_per_s=night_bytes_per_s
        )
        await self._database.run(insert_or_replace, row)
        await in_thread("short", self.refresh)
        return await self.limits()

    async def reset_limits(self, viewer: Viewer) -> SpeedLimitsView:
        """Back to the settings. Errors: ``Forbidden`` for non-admins."""
        _check_admin(viewer)
        await self._database.run(_delete, ServerSpeedLimits, 1)
        await in_thread("short", self.refresh)
        return await self.limits()

    async def job_limit(self, viewer: Viewer, job_id: str) -> JobSpeedLimitView:
        """One job's own limit. Errors: ``NotFound``, also for others' jobs."""
        job = await self._jobs.get(viewer, job_id)
        limits = await self._database.run_read(_job_limits, [job.id])
        return JobSpeedLimitView(job_id=job.id, bytes_per_s=limits.get(job.id))

    async def set_priority(self, viewer: Viewer, job_id: str, priority: JobPriority) -> JobView:
        """As ``Jobs.set_priority``; one that runs has its new share at once."""
        job = await self._jobs.set_priority(viewer, job_id, priority)
        await in_thread("short", self.refresh)
        return job

    async def limit_job(self, viewer: Viewer, job_id: str, bytes_per_s: int | None) -> JobSpeedLimitView:
        """Set one job's own limit, for all who asked for it, until it ends or the viewer leaves it; None
        removes it.

        Errors: ``NotFound``, also for others' jobs; ``Conflict`` for a job that has ended.
        """
        job = await self._jobs.get(viewer, job_id)
        if not job.active:
            raise Conflict("The job has ended.", next_step="Limit the next one while it runs.")
        row = JobSpeedLimit(job_id=job.id, user_id=viewer.user_id, bytes_per_s=bytes_per_s, set_at=now())
        await self._database.run(insert_or_replace, row)
        await in_thread("short", self.refresh)
        return JobSpeedLimitView(job_id=job.id, bytes_per_s=bytes_per_s)

    # -- internal ----------------------------------------------------------------------------------

    @staticmethod
    def _job_closed(session: Session, job: JobView) -> None:
        """Called when a job reaches a final state. A failed one keeps its limit, for a retry."""
        if job.state != "failed":
            session.exec(delete(JobSpeedLimit).where(col(JobSpeedLimit.job_id) == job.id))

    def _read(self, session: Session, job_ids: list[str]) -> tuple[SpeedLimitsView, dict[str, int]]:
        """The limits of all downloads together, and those of these jobs in bytes a second."""
        row = session.get(ServerSpeedLimits, 1)
        limits = _from_settings(self._settings) if row is None else _view(row)
        return limits, _job_limits(session, job_ids)

    def _shares(self) -> Shares:
        limits = self._limits
        return Shares(
            connections=self._settings.all_connections,
            connections_per_host=self._settings.host_connections,
            bytes_per_s=limits.bytes_per_s,
            night_bytes_per_s=limits.night_bytes_per_s,
            night=None if limits.night is None else parse_time_window(limits.night),
        )


def _shared_limits(settings: Settings) -> "Divided | RedisLimits | None":
    """How the processes that share the database keep to its limits together; None where this one is alone."""
    if settings.embedded:
        return None
    if settings.redis_url is None:
        return Divided()
    from dataferry.accounts.redis_state import connect  # not imported by a process that is alone
    from dataferry.library.redis_limits import RedisLimits

    return RedisLimits(connect(settings.redis_url), connections_per_host=settings.host_connections)


def _job_limits(session: Session, job_ids: list[str]) -> dict[str, int]:
    """The limit that was set last for each of these jobs, where that is one."""
    if not job_ids:
        return {}
    query = select(JobSpeedLimit).where(col(JobSpeedLimit.job_id).in_(job_ids))
    newest = {row.job_id: row.bytes_per_s for row in session.exec(query.order_by(col(JobSpeedLimit.set_at)))}
    return {job_id: limit for job_id, limit in newest.items() if limit is not None}


def _forget_wish(session: Session, job: JobView, user_id: str) -> None:
    """Called when somebody leaves a job."""
    _delete(session, JobSpeedLimit, (job.id, user_id))


def _from_settings(settings: Settings) -> SpeedLimitsView:
    return SpeedLimitsView(
        bytes_per_s=settings.bandwidth_bytes_per_s,
        night=settings.night,
        night_bytes_per_s=settings.night_bytes_per_s,
        set_by="settings",
    )


def _view(row: ServerSpeedLimits) -> SpeedLimitsView:
    return SpeedLimitsView(
        bytes_per_s=row.bytes_per_s,
        night=row.night,
        night_bytes_per_s=row.night_bytes_per_s,
        set_by="admin",
    )


def _check_admin(viewer: Viewer) -> None:
    if not viewer.admin:
        raise Forbidden("Only admins may change the speed limits of this server.")


def _normalized_night(night: str | None, night_bytes_per_s: int | None) -> str | None:
    if night is None and night_bytes_per_s is not None:
        raise InvalidInput("A speed at night needs its hours.", next_step="Give them as 22:00-06:00.")
    try:
        return None if night is None else format_time_window(parse_time_window(night))
    except ValueError as error:
        raise InvalidInput(f"The night {error}.") from error


def _delete(session: Session, table: type[SQLModel], key: object) -> None:
    row = session.get(table, key)
    if row is not None:
        session.delete(row)
