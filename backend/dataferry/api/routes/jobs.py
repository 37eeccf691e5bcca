"""Jobs: what runs, what ran, and how to stop it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, status
from pydantic import Field

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.pager import Cursor, Paged
from dataferry.core.job_types import DatasetJobKind, JobPriority, JobState, JobView
from dataferry.core.types import LARGEST_COUNT, DatasetRef
from dataferry.jobs.listing import JobQuery
from dataferry.jobs.service import JobTransition, RateSample
from dataferry.library.selection import Selection

router = APIRouter(prefix="/api", tags=["jobs"], route_class=TokenFirst)


class DatasetJobParams(RequestBody):
    """What a job on a dataset takes."""

    revision: str | None = Field(None, max_length=200, description="By default the newest")
    files: list[str] | None = Field(None, max_length=10_000, description="Paths or patterns; all by default")
    include: list[str] | None = Field(None, max_length=100, description="Of these, what one matches")
    exclude: list[str] | None = Field(None, max_length=100, description="Of these, what none matches")
    config: str | None = Field(None, max_length=200, description="In place of files, where known")
    split: str | None = Field(None, max_length=200, description="Of the config")
    keep_archives: bool = Field(False, description="Leave an archive beside what was in it")
    download_path: str | None = Field(None, max_length=1024, description="A folder inside the store")
    force_download: bool = Field(False, description="Fetch afresh over an existing copy")


class JobRequest(RequestBody):
    """A job on a dataset."""

    kind: DatasetJobKind = "download"
    #: ``source:id``, e.g. ``huggingface:stanfordnlp/imdb``.
    ref: str = Field(max_length=4200)
    params: DatasetJobParams = DatasetJobParams()


class DismissRequest(RequestBody):
    """Which ended jobs leave the list, or come back."""

    job_ids: list[str] | None = Field(None, max_length=500, description="By default all that have ended")
    states: list[JobState] | None = Field(None, description="Of these only those in these states")
    dismissed: bool = Field(True, description="False puts them back")


class PriorityRequest(RequestBody):
    """How soon a job starts."""

    priority: JobPriority


@router.get("/jobs")
async def list_jobs(
    viewer: Current, wired: Wired, pager: Paged, wanted: Annotated[JobQuery, Query()]
) -> list[JobView]:
    """Your jobs: those to end, newest first, then those that ended last. `Link` leads to the next page."""
    position = pager.position(wanted.cursor, other_place=bool(wanted.offset))
    jobs, last = await wired.jobs.page(viewer, wanted, position)
    pager.next(last)
    return jobs


@router.post("/jobs", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def create_job(body: JobRequest, viewer: Current, wired: Wired) -> JobView:
    """Start a job of any kind on a dataset."""
    ref = DatasetRef.parse(body.ref)
    if body.kind == "delete":
        job_id = (await wired.shelf.delete(viewer, ref.key, body.params.revision)).job_id
    elif body.kind == "verify":
        return await wired.checks.verify(viewer, ref.key, body.params.revision)
    elif body.kind == "update":
        job_id = (await wired.downloads.update(viewer, ref.key)).job_id
    else:
        ticket = await wired.downloads.request(
            viewer,
            ref,
            revision=body.params.revision,
            selection=Selection.from_params(body.params.model_dump()),
            download_path=body.params.download_path,
            force=body.params.force_download,
        )
        job_id = ticket.job_id
    return await wired.jobs.get(viewer, job_id)


@router.post("/jobs/dismiss")
async def dismiss_jobs(body: DismissRequest, viewer: Current, wired: Wired) -> list[JobView]:
    """Take ended jobs off your list, or put them back. Nothing of them is deleted."""
    return await wired.jobs.dismiss(
        viewer, dismissed=body.dismissed, job_ids=body.job_ids, states=body.states
    )


@router.get("/jobs/{job_id}")
async def get_job(job_id: str, viewer: Current, wired: Wired) -> JobView:
    """One job, with its progress."""
    return await wired.jobs.get(viewer, job_id)


@router.post("/jobs/{job_id}/cancel")
async def cancel_job(job_id: str, viewer: Current, wired: Wired) -> JobView:
    """Leave a job. It stops when nobody else asked for it, and else goes on without what you had set."""
    return await wired.jobs.cancel(viewer, job_id)


@router.post("/jobs/{job_id}/pause")
async def pause_job(job_id: str, viewer: Current, wired: Wired) -> JobView:
    """Let a job rest for all who asked for it, until one resumes it or you leave it; what arrived is kept."""
    return await wired.jobs.pause(viewer, job_id)


@router.post("/jobs/{job_id}/resume")
async def resume_job(job_id: str, viewer: Current, wired: Wired) -> JobView:
    """Go on with a paused job from where it was."""
    return await wired.jobs.resume(viewer, job_id)


@router.post("/jobs/{job_id}/retry")
async def retry_job(job_id: str, viewer: Current, wired: Wired) -> JobView:
    """Run a failed or cancelled job again; what arrived already is kept."""
    return await wired.jobs.retry(viewer, job_id)


@router.post("/jobs/{job_id}/priority")
async def prioritize_job(job_id: str, body: PriorityRequest, viewer: Current, wired: Wired) -> JobView:
    """Say how soon a job starts, and its share of the line beside your others."""
    return await wired.speed_limits.set_priority(viewer, job_id, body.priority)


@router.get("/jobs/{job_id}/rates")
async def list_job_rates(job_id: str, viewer: Current, wired: Wired) -> list[RateSample]:
    """How fast a running job was in the last minutes, about once a second."""
    return await wired.jobs.rates(viewer, job_id)


@router.get("/jobs/{job_id}/events")
async def list_job_events(
    job_id: str,
    viewer: Current,
    wired: Wired,
    pager: Paged,
    after: Annotated[int, Query(ge=0, le=LARGEST_COUNT)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    cursor: Cursor = None,
) -> list[JobTransition]:
    """A job's state changes, those after position `after` at first. `Link` leads to the next page."""
    position = pager.position(cursor, other_place=bool(after))
    begin = position[0] if position else after
    events = await wired.jobs.history(viewer, job_id, begin, limit + 1)
    pager.next((events[limit - 1].seq,) if len(events) > limit else None)
    return events[:limit]


@router.get("/job_params/dataset")
async def get_job_params(_viewer: Current) -> dict[str, Any]:
    """The JSON schema of a dataset job's parameters."""
    return DatasetJobParams.model_json_schema()
