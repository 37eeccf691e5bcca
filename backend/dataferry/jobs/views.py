"""What the jobs service returns, made from rows."""

from datetime import datetime
from typing import cast

from dataferry.core.job_types import JobKind, JobPriority, JobState, JobView
from dataferry.core.problems import ProblemView
from dataferry.core.types import (
    DatasetRef,
    Progress,
    SourceName,
    View,
)
from dataferry.core.vocabulary import AboutDataset
from dataferry.jobs.models import Job, JobEvent, JobRequester

#: What a job says that was stopped by those who had asked for it.
CANCELLED = ProblemView(code="user", detail="It was cancelled.", status=409)


class JobTransition(AboutDataset):
    """A change of a job's state. ``seq`` counts from 1 within the job. What is told of its dataset is as the
    job has it now."""

    seq: int
    at: datetime
    state: JobState
    attempt: int
    problem: ProblemView | None = None
    job_id: str
    kind: JobKind
    source: SourceName
    dataset_id: str
    library_id: str
    path: str | None = None
    size_bytes: int | None = None


class RateSample(View):
    """How fast a job was at a time, in bytes a second."""

    at: datetime
    bytes_per_s: float


def job_view(job: Job) -> JobView:
    """The job as its row tells it."""
    return JobView(
        id=job.id,
        kind=job.kind,
        state=cast(JobState, job.state),
        ref=job.ref,
        key=DatasetRef.parse(job.ref).key,
        source=job.source,
        title=job.title,
        dataset_id=job.dataset_id,
        revision=job.revision,
        attempt=job.attempt,
        priority=cast(JobPriority, job.priority),
        progress=Progress.model_validate(job.progress),
        problem=None if job.problem is None else ProblemView.model_validate(job.problem),
        waiting_until=job.waiting_until,
        file_path=job.file_path,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def view_for(view: JobView, requester: JobRequester) -> JobView:
    """The job as one requester sees it: to somebody who left it, an active job is a cancelled one."""
    dismissed = requester.dismissed_at is not None
    if requester.left_at is None or not view.active:
        return view.model_copy(update={"dismissed": dismissed and not view.active})
    return view.model_copy(
        update={
            "dismissed": dismissed,
            "state": "cancelled",
            "problem": CANCELLED,
            "waiting_until": None,
            "finished_at": requester.left_at,
        }
    )


def transition(event: JobEvent, job: JobView) -> JobTransition:
    """A change of the state of ``job``."""
    return JobTransition(
        ref=job.ref,
        key=job.key,
        seq=event.seq,
        at=event.at,
        state=cast(JobState, event.state),
        attempt=event.attempt,
        problem=None if event.problem is None else ProblemView.model_validate(event.problem),
        job_id=job.id,
        kind=job.kind,
        source=job.source,
        dataset_id=job.dataset_id,
        library_id=job.dataset_id,
        path=job.path,
        size_bytes=job.size_bytes,
    )


def waits_for(holder: Job) -> str:
    """What a job says that has to wait for another one of its dataset."""
    what = "deletion" if holder.kind == "delete" else holder.kind
    return f"It starts once the {what} of this dataset that is before it is done."
