"""How a job comes to its end: what is said beforehand, and what is written down."""

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
class End:
    """How a job ends. ``measured`` are the last figures of its run."""

    job_id: str
    generation: int
    state: Literal["succeeded", "cancelled", "failed"]
    problem: ProblemView | None = None
    measured: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        run: JobRun,
        state: Literal["succeeded", "cancelled", "failed"],
        problem: ProblemView | None = None,
    ) -> Self:
        return cls(run.id, run.generation, state, problem, run.measured)


def _ending(session: Session, end: End) -> tuple[Job | None, bool]:
    """The locked row that is to end, and whether it should start again instead."""
    job = rows.expect(session, end.job_id, generation=end.generation)
    again = job is not None and end.state == "cancelled" and bool(rows.requesters(session, job.id))
    return job, again


def foresee(session: Session, end: End) -> JobView | None:
    """The job as it will be, for the hooks; None where it will not end."""
    job, again = _ending(session, end)
    if job is None or again:
        return None
    ended = {"state": end.state, "problem": end.problem, "waiting_until": None, "finished_at": now()}
    return job_view(job).model_copy(update=ended)


def write_down(session: Session, end: End) -> Job | None:
    """Write the end down; the row where it starts again instead."""
    job, again = _ending(session, end)
    if job is None:
        return None
    if again:
        return rows.requeue(session, job, stop=None, attempt=1, used_s=0.0)
    problem = None if end.problem is None else end.problem.model_dump()
    rows.change(
        session,
        job,
        end.state,
        owner=None,
        problem=problem,
        waiting_until=None,
        finished_at=now(),
        **end.measured,
    )
    return None
