"""The completion of a job, as it is recorded in its row: with all that follows from it, or not at all."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from sqlmodel import Session

from dataferry.core import database_faults
from dataferry.core.db import now
from dataferry.core.job_types import JobView
from dataferry.core.problems import ProblemView
from dataferry.jobs import requester_rows, rows
from dataferry.jobs.job_run import JobRun
from dataferry.jobs.models import Job
from dataferry.jobs.views import job_view

log = logging.getLogger(__name__)

OnClosed = Callable[[Session, JobView], None]


@dataclass(frozen=True, slots=True)
class Completion:
    """How a job ends. ``metrics`` are the last ones of its run."""

    job_id: str
    generation: int
    state: Literal["succeeded", "cancelled", "failed"]
    problem: ProblemView | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    #: The worker whose run has ended so; None where no run has.
    owner: str | None = None

    @classmethod
    def of(
        cls,
        run: JobRun,
        state: Literal["succeeded", "cancelled", "failed"],
        problem: ProblemView | None = None,
    ) -> Self:
        return cls(run.id, run.generation, state, problem, run.metrics, run.worker_id)


@dataclass(frozen=True, slots=True)
class Recorded:
    """``closed``: the job, where it has been closed; ``start``: the jobs that are to be enqueued now."""

    closed: JobView | None = None
    start: tuple[Job, ...] = ()


def record(session: Session, completion: Completion, hooks: Iterable[OnClosed]) -> Recorded:
    """Write the completion into the row and call ``hooks``. A cancelled job that somebody has asked for
    meanwhile is requeued instead."""
    job = rows.expect(session, completion.job_id, generation=completion.generation, owner=completion.owner)
    if job is None:
        return Recorded()
    if completion.state == "cancelled" and requester_rows.requesters(session, job.id):
        rows.requeue(session, job, stop=None, attempt=1, used_s=0.0, most_bytes=0)
        return Recorded(start=tuple(rows.release_held_back(session, job.dataset_id)))
    rows.change(
        session,
        job,
        completion.state,
        owner=None,
        problem=None if completion.problem is None else completion.problem.model_dump(),
        waiting_until=None,
        finished_at=now(),
        **completion.metrics,
    )
    closed = job_view(job)
    for hook in hooks:
        _call(hook, session, closed)
    return Recorded(closed, tuple(rows.release_held_back(session, job.dataset_id)))


def _call(hook: OnClosed, session: Session, job: JobView) -> None:
    try:
        with session.begin_nested():
            hook(session, job)
    except Exception as error:
        if database_faults.is_outage(error):
            raise
        log.exception("a hook on the completion of a job failed")
