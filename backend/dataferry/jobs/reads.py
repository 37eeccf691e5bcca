"""Jobs as those see them who asked for them."""

import asyncio
import builtins
import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import NotFound
from dataferry.core.job_types import FINAL_STATES, JobKind, JobPriority, JobState, JobView
from dataferry.core.paging import Position
from dataferry.core.types import SourceName, Viewer
from dataferry.jobs import listing, requester_rows, rows
from dataferry.jobs.listing import JobQuery
from dataferry.jobs.models import Job, JobRequester
from dataferry.jobs.rates import measured_rate
from dataferry.jobs.runner import Runner
from dataferry.jobs.views import JobTransition, RateSample, job_view, transition, view_for
from dataferry.realtime import Change, Lagged, Realtime

#: How many of a person's jobs a snapshot of their topic holds: those to end, and those that ended last.
SNAPSHOT_JOBS = 100
#: ``wait`` reads the row this often in case no event comes.
WAIT_POLL_S = 1.0


class JobReads:
    """The reading half of ``Jobs``."""

    _database: Database
    _realtime: Realtime
    _runner: Runner

    async def get(self, viewer: Viewer, job_id: str) -> JobView:
        """Errors: ``NotFound``, also for what others asked for."""
        found = await self._database.run_read(rows.requested, viewer.user_id, job_ids=[job_id])
        if not found:
            raise unknown(job_id)
        return self._view(*found[0])

    async def list(
        self,
        viewer: Viewer,
        *,
        states: Sequence[JobState] | None = None,
        dismissed: bool | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> list[JobView]:
        """What the viewer asked for: what is to end, newest first, then what ended last."""
        state = None if states is None else builtins.list(states)
        wanted = JobQuery(state=state, dismissed=dismissed, limit=limit, offset=offset)
        return (await self.page(viewer, wanted))[0]

    async def page(
        self, viewer: Viewer, wanted: JobQuery, position: Position | None = None
    ) -> tuple[builtins.list[JobView], Position | None]:
        """A page of what the viewer asked for, and where the next one begins; None at the end."""
        found, last = await self._database.run_read(listing.page, viewer.user_id, wanted, position)
        return [self._view(*each) for each in found], last

    async def rates(self, viewer: Viewer, job_id: str) -> builtins.list[RateSample]:
        """How fast one job was of late. Errors: ``NotFound``."""
        return self._runner.rates((await self.get(viewer, job_id)).id)

    async def history(
        self, viewer: Viewer, job_id: str, after: int = 0, limit: int = 1000
    ) -> builtins.list[JobTransition]:
        """The job's changes of state after position ``after``. Errors: ``NotFound``."""

        def read(session: Session) -> builtins.list[JobTransition]:
            found = rows.requested(session, viewer.user_id, job_ids=[job_id])
            if not found:
                raise unknown(job_id)
            job = self._view(*found[0])
            return [transition(event, job) for event in rows.events(session, job_id, after, limit)]

        return await self._database.run_read(read)

    async def wait(self, viewer: Viewer, job_id: str, timeout: float) -> JobView:  # noqa: ASYNC109
        """The job once it is in a final state, or as it stands after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        async with self._realtime.bus.subscribe(f"job:{job_id}", size=1, keep="latest") as texts:
            while True:
                job = await self.get(viewer, job_id)
                remaining = deadline - time.monotonic()
                if not job.active or remaining <= 0:
                    return job
                try:
                    async with asyncio.timeout(min(remaining, WAIT_POLL_S)):
                        async for text in texts:
                            told = Change.model_validate_json(text).job
                            if told is not None and told.state in FINAL_STATES:
                                break
                except (TimeoutError, Lagged):
                    pass

    async def snapshot(self, viewer: Viewer, topic: str) -> builtins.list[Change] | None:
        """A realtime topic as it stands; None for topics that are not the viewer's."""
        kind, _, key = topic.partition(":")
        if kind == "user" and key == viewer.user_id:
            found = await self._database.run_read(
                rows.requested, viewer.user_id, by_end=True, limit=SNAPSHOT_JOBS
            )
        elif kind == "job":
            found = await self._database.run_read(rows.requested, viewer.user_id, job_ids=[key])
            if not found:
                return None
        else:
            return None
        return [Change(job=self._view(job, mine), version=job.version) for job, mine in reversed(found)]

    def latest(self, session: Session, dataset_ids: Iterable[str], user_id: str) -> dict[str, JobView]:
        """The newest job on the files of each dataset that the user asked for."""
        newest: dict[str, JobView] = {}
        of = list(dataset_ids)
        for job, mine in rows.requested(session, user_id, dataset_ids=of, kinds=rows.CHANGING):
            if job.dataset_id not in newest:
                newest[job.dataset_id] = self._view(job, mine)
        return newest

    def params(self, session: Session, job_id: str | None) -> dict[str, Any]:
        """What a job was asked to do; nothing for one that is not known."""
        job = session.get(Job, job_id) if job_id else None
        return dict(job.params) if job is not None else {}

    def active(self, session: Session, dataset_id: str) -> JobView | None:
        """The job that is at work on a dataset, whoever asked for it."""
        job = rows.active_of_dataset(session, dataset_id)
        return None if job is None else self._runner.live(job_view(job))

    def active_kinds(self, session: Session, dataset_id: str) -> set[JobKind]:
        """What is under way or to come on a dataset, whoever asked for it."""
        return rows.active_kinds(session, dataset_id)

    def newest(self, session: Session, dataset_id: str, *, kind: JobKind | None = None) -> JobView | None:
        """The job that is at work on a dataset's files, else the last that was; whoever asked for it.
        ``kind``: of that kind only."""
        job = rows.newest_of_dataset(session, dataset_id, rows.CHANGING if kind is None else (kind,))
        return None if job is None else self._runner.live(job_view(job))

    def requesters(self, session: Session, job_id: str) -> tuple[str, ...]:
        """Those who still want the job."""
        return requester_rows.requesters(session, job_id)

    def measured_rate(self, session: Session, source: SourceName) -> float | None:
        """See ``rates.measured_rate``."""
        return measured_rate(session, source)

    def _view(self, job: Job, requester: JobRequester) -> JobView:
        return view_for(self._runner.live(job_view(job)), requester)

    def priorities(self, session: Session, job_ids: Iterable[str]) -> dict[str, JobPriority]:
        """The priority of each of these jobs, whoever asked for it."""
        return rows.priorities(session, list(job_ids))


def unknown(job_id: str) -> NotFound:
    return NotFound(f"There is no job {job_id[:40]!r} of yours.", next_step="The Downloads page lists yours.")
