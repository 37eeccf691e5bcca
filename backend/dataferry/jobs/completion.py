"""The completion of a job: previewed for the hooks, then recorded in its row."""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

from sqlmodel import Session

from dataferry.core.db import now
from dataferry.core.types import JobView, ProblemView
from dataferry.jobs import rows
from dataferry.jobs.job_run import JobRun
from dataferry.jobs.models import Job
from dataferry.jobs.views import job_view


@dataclass(frozen=True, slots=True)
class Completion:
    """How a job ends. ``metrics`` are the last ones of its run."""

    job_id: str
    generation: int
    state: Literal["succeeded", "cancelled", "failed"]
    problem: ProblemView | None = None
    metrics: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        run: JobRun,
        state: Literal["succeeded", "cancelled", "failed"],
        problem: ProblemView | None = None,
    ) -> Self:
        return cls(run.id, run.generation, state, problem, run.metrics)


def _lock_row(session: Session, completion: Completion) -> tuple[Job | None, bool]:
    """The locked row that is to be completed, and whether it must be requeued instead: a cancelled job
    that somebody has asked for meanwhile."""
    job = rows.expect(session, completion.job_id, generation=completion.generation)
    requeue = job is not None and completion.state == "cancelled" and bool(rows.requesters(session, job.id))
    return job, requeue


def preview(session: Session, completion: Completion) -> JobView | None:
    """The job as it will be once completed; None where it will not be completed."""
    job, requeue = _lock_row(session, completion)
    if job is None or requeue:
        return None
    ended = {
        "state": completion.state,
        "problem": completion.problem,
        "waiting_until": None,
        "finished_at": now(),
    }
    return job_view(job).model_copy(update=ended)


def record(session: Session, completion: Completion) -> Job | None:
    """Write the completion into the row; returns the row where it was requeued instead."""
    job, requeue = _lock_row(session, completion)
    if job is None:
        return None
    if requeue:
        return rows.requeue(session, job, stop=None, attempt=1, used_s=0.0)
    problem = None if completion.problem is None else completion.problem.model_dump()
    rows.change(
        session,
        job,
        completion.state,
        owner=None,
        problem=problem,
        waiting_until=None,
        finished_at=now(),
        **completion.metrics,
    )
    return None
