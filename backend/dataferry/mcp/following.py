"""Downloads that assistants have started, and how one is followed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from dataferry.core.errors import DataferryError, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.types import DatasetRef, Viewer
from dataferry.jobs.service import Jobs
from dataferry.tools.formatting import format_job_state
from dataferry.tools.outputs import JobsOutput

log = logging.getLogger(__name__)

#: Seconds between two reports of progress.
_REPORT_S = 1.0
#: Seconds between two looks at what is under way.
_LOOK_S = 2.0

#: Takes how far it is, the whole, and words for it.
ReportProgress = Callable[[float, float | None, str | None], Awaitable[None]]


class StartedDownloads:
    """The downloads that assistants have started in this process."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._refs: dict[str, set[str]] = {}
        self._going: dict[str, Viewer] = {}
        self._watch: asyncio.Task[None] | None = None

    @property
    def any_going(self) -> bool:
        """Whether one of them is under way. May be asked by another thread."""
        return bool(self._going)

    def refs(self, viewer: Viewer) -> Collection[str]:
        return self._refs.get(viewer.user_id, ())

    def add(self, viewer: Viewer, ref: str, job_id: str) -> None:
        self._refs.setdefault(viewer.user_id, set()).add(ref)
        self._going[job_id] = viewer
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_on())

    def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    async def _look_on(self) -> None:
        while self._going:
            await asyncio.sleep(_LOOK_S)
            for job_id, viewer in list(self._going.items()):
                try:
                    job = await self._jobs.get(viewer, job_id)
                except NotFound:
                    del self._going[job_id]
                    continue
                except DataferryError:
                    continue  # the database is away: it says so itself
                if not job.active or job.state == "paused":
                    del self._going[job_id]


async def follow(jobs: Jobs, viewer: Viewer, text: str, seconds: float, report: ReportProgress) -> JobsOutput:
    """The newest download of a dataset, once it has ended or after ``seconds``. Errors: ``InvalidInput`` for
    a ref that is none, ``NotFound`` where there is no download of it."""
    ref = str(DatasetRef.parse(text.strip()))
    found = next((job for job in await jobs.list(viewer, limit=200) if job.ref == ref), None)
    if found is None:
        raise NotFound(f"There is no download of {ref}.", next_step="Start one with start_download.")
    end = asyncio.get_running_loop().time() + seconds
    told = -1.0
    while True:
        left = end - asyncio.get_running_loop().time()
        told = await _report(found, told, report)
        if not found.active or left <= 0:
            return JobsOutput(jobs=(found,))
        found = await jobs.wait(viewer, found.id, min(left, _REPORT_S))


async def _report(job: JobView, told: float, report: ReportProgress) -> float:
    """Tell how far it is; each number is above the one before, as the protocol wants it."""
    done = max(float(job.progress.bytes_done), told + 0.001)
    total = job.progress.bytes_total
    await report(done, float(total) if total else None, format_job_state(job))
    return done
