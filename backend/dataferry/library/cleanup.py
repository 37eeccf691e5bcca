"""The automatic clean-up: off by default, and by one process at a time."""

import logging
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from dataferry.core.db import Database, now
from dataferry.core.inserts import insert_missing
from dataferry.core.periodic import Periodic
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import Viewer
from dataferry.core.vocabulary import time_of
from dataferry.jobs.service import Jobs
from dataferry.library import prunable
from dataferry.library.access import Access
from dataferry.library.dedup import used_bytes
from dataferry.library.deletion import CLEANUP, submit_deletion
from dataferry.library.models import CleanupRun, Dataset, DatasetAccess
from dataferry.library.prunable import EVERYBODY, Candidate
from dataferry.library.pruning import Choice, Limits, choose, plan_view
from dataferry.library.pruning_views import CleanupView
from dataferry.library.rows import now_ms

log = logging.getLogger(__name__)

_DAY_S = 86_400.0


class Cleanup:
    """Removes what was not used for ``DATAFERRY_CLEANUP_UNUSED_DAYS``, and what is beyond the quotas: least
    recently used first, what is pinned or in use never. Every ``DATAFERRY_CLEANUP_EVERY_S``."""

    def __init__(self, database: Database, settings: Settings, jobs: Jobs, access: Access) -> None:
        self._database = database
        self._jobs = jobs
        self._access = access
        self._settings = settings
        self._every_s = settings.cleanup_every_s
        # A server that was started for one command ends before the first run.
        self._runs = Periodic("clean-up", self._every_s, self._run)

    @property
    def _on(self) -> bool:
        settings = self._settings
        limits = (settings.cleanup_unused_days, settings.quota_bytes, settings.user_quota_bytes)
        return any(limit is not None for limit in limits)

    async def view(self, viewer: Viewer) -> CleanupView:
        """The settings, and what the next run would remove, as far as the viewer may see it."""
        await self._access.renew(viewer)
        return await self._database.run_read(self._view, viewer)

    def _view(self, session: Session, viewer: Viewer) -> CleanupView:
        run = session.get(CleanupRun, 1)
        return CleanupView(
            unused_days=self._settings.cleanup_unused_days,
            quota_bytes=self._settings.quota_bytes,
            user_quota_bytes=self._settings.user_quota_bytes,
            used_bytes=used_bytes(session, viewer),
            my_used_bytes=prunable.usage(session, viewer.user_id),
            last_run_at=run.ran_at if run else None,
            plan=plan_view(session, self._choice(session), EVERYBODY, viewer),
        )

    # -- what goes -------------------------------------------------------------------------------------

    def _choice(self, session: Session) -> Choice:
        """What a run would remove now."""
        chosen: dict[str, Candidate] = {}
        used, more, enough = used_bytes(session, EVERYBODY), False, True
        for of, limits in (*self._server_limits(), *self._personal_limits(session)):
            choice = choose(session, of, limits)
            chosen |= {one.row.id: one for one in reversed(choice.chosen) if one.row.id not in chosen}
            more, enough = more or choice.more, enough and choice.enough
        ordered = sorted(chosen.values(), key=lambda one: (one.last_use_ms, one.row.id))
        freed = sum(one.freed_bytes for one in ordered)
        return Choice(tuple(ordered), freed, used, more, enough)

    def _server_limits(self) -> list[tuple[Viewer, Limits]]:
        found = []
        if self._settings.cleanup_unused_days is not None:
            found.append((EVERYBODY, Limits(unused_s=_DAY_S * self._settings.cleanup_unused_days)))
        if self._settings.quota_bytes is not None:
            found.append((EVERYBODY, Limits(keep_bytes=self._settings.quota_bytes)))
        return found

    def _personal_limits(self, session: Session) -> list[tuple[Viewer, Limits]]:
        quota = self._settings.user_quota_bytes
        if quota is None:
            return []
        size = func.sum(Dataset.size)  # of each by itself: nobody is below their quota by more than that
        query = (
            select(DatasetAccess.user_id)
            .join(Dataset, col(Dataset.id) == DatasetAccess.dataset_id)
            .where(DatasetAccess.owner, Dataset.downloaded)
            .group_by(DatasetAccess.user_id)
            .having(size > quota)
        )
        return [(Viewer(user_id), Limits(keep_bytes=quota)) for user_id in session.exec(query)]

    # -- runs ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Called once this process runs jobs."""
        if self._on:
            self._runs.start()

    def stop(self) -> None:
        self._runs.stop()

    def _run(self) -> None:
        try:
            self.run_once()
        except Exception:  # the database is away: the next run is soon
            log.warning("the clean-up does not run now", exc_info=True)

    def run_once(self) -> int:
        """Start the deletions of what is to go, unless another process has just done so; how many. Blocks."""
        if not self._database.call(_claim, self._every_s):
            return 0
        choice = self._database.read(self._choice)
        for one in choice.chosen:
            job_id = self._database.call(self._submit, one.row.id)
            if job_id is not None:
                self._jobs.wake(job_id)
                log.info(
                    "the clean-up removes %s (%s), last used %s",
                    one.row.name,
                    readable_bytes(one.freed_bytes),
                    _day(one.last_use_ms),
                )
        return len(choice.chosen)

    def _submit(self, session: Session, dataset_id: str) -> str | None:
        row = session.get(Dataset, dataset_id)
        if row is None or not row.downloaded:
            return None
        return submit_deletion(session, self._jobs, row, CLEANUP, unused_since_ms=now_ms())


def _claim(session: Session, every_s: float) -> bool:
    """Whether this process is the one that runs now. By a clock that was set back the last run was in the
    future: that does not count."""
    at = now()
    due = (col(CleanupRun.ran_at) <= at - timedelta(seconds=0.9 * every_s)) | (col(CleanupRun.ran_at) > at)
    moved = session.execute(update(CleanupRun).where(col(CleanupRun.id) == 1, due).values(ran_at=at))
    if moved.rowcount:  # type: ignore[attr-defined]
        return True
    return insert_missing(session, CleanupRun(id=1, ran_at=at))


def _day(ms: int) -> str:
    return f"{time_of(ms):%Y-%m-%d}" if ms else "never"
