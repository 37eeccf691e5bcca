"""Claiming a job for a run. One job of a dataset runs at a time, so that rows and disk agree."""

from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from dataferry.core.db import now
from dataferry.jobs import requester_rows, rows
from dataferry.jobs.job_run import JobRun, RowState
from dataferry.jobs.models import Job
from dataferry.jobs.views import job_view, waits_for


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of it: ``claimed`` by this worker, ``held_back`` behind another job of the dataset (news or
    not), or ``unwanted`` since all who asked for it have left."""

    outcome: Literal["claimed", "held_back", "unwanted"]
    job: Job
    row_state: RowState | None = None


def own_row(session: Session, run: JobRun) -> Job | None:
    """The locked row of a run; None where the job is another run's by now."""
    return rows.expect(session, run.id, generation=run.generation, owner=run.worker_id, states=rows.RUNNING)


def claim(session: Session, job_id: str, generation: int, worker_id: str) -> Claim | None:
    """Claim the job in its row; None where it is not to be run by this start."""
    job = rows.expect(session, job_id, generation=generation, states=rows.ENQUEUED)
    if job is None:
        return None
    audience = requester_rows.requesters(session, job_id)
    if not audience:
        return Claim("unwanted", job)
    holder = rows.holder(session, job)
    if holder is not None:
        news = rows.hold_back(session, job, waits_for(holder))
        return Claim("held_back", job, RowState(job_view(job), job.version, audience) if news else None)
    rows.change(
        session,
        job,
        "running",
        owner=worker_id,
        stop=None,
        problem=None,
        waiting_until=None,
        started_at=job.started_at or now(),
        progress={**job.progress, "note": None},
    )
    return Claim("claimed", job, RowState(job_view(job), job.version, audience))


def row_state(session: Session, job_id: str) -> tuple[RowState, tuple[str, ...]] | None:
    """The row as it is, and those who have dismissed it."""
    job = session.get(Job, job_id)
    if job is None:
        return None
    state = RowState(job_view(job), job.version, requester_rows.audience(session, job))
    return state, requester_rows.dismissers(session, job)
