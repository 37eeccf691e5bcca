"""Jobs that are started by looking at what they make: by the first look, and by no other."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from sqlmodel import Session

from dataferry.core.job_types import JobKind, JobView
from dataferry.core.types import Viewer
from dataferry.jobs.service import Jobs

log = logging.getLogger(__name__)

#: Seconds that a look waits for its job to be written down.
_START_S = 1.0


class JobsByLooking:
    """What a look does with the job of what it looks at. Use it from one event loop."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._starting: set[asyncio.Future[JobView]] = set()

    def known(self, session: Session, viewer: Viewer, dataset_id: str, kind: JobKind) -> JobView | None:
        """The newest job, where a look starts none: the viewer's own that is at work, or rests as they have
        said; and one that was cancelled or failed. None where a look is to start one, or to join that of
        others."""
        job = self._jobs.newest(session, dataset_id, kind=kind)
        if job is None:
            return None
        if job.active:
            wanted_by = self._jobs.requesters(session, job.id)
            if viewer.user_id in wanted_by:
                return job
            if wanted_by:
                return None
            job = job.model_copy(update={"state": "cancelled"})  # it is about to stop
        return job if job.state in ("cancelled", "failed") else None

    async def started_soon(self, submitted: Coroutine[Any, Any, JobView]) -> JobView | None:
        """The job, unless the database takes longer to write it down than whoever only looks waits: it is
        started all the same."""
        starting = asyncio.ensure_future(submitted)
        self._starting.add(starting)
        starting.add_done_callback(self._note_started)
        await asyncio.wait({starting}, timeout=_START_S)
        return starting.result() if starting.done() and starting.exception() is None else None

    def _note_started(self, starting: "asyncio.Future[JobView]") -> None:
        self._starting.discard(starting)
        if not starting.cancelled() and (error := starting.exception()) is not None:
            log.warning("a job is started with the next look: %s", error)
