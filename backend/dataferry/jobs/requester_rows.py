"""The rows of those who asked for a job, and what they have set for it. Each function takes the session first
and commits nothing."""

from typing import Any, cast

from sqlalchemy import false, literal
from sqlmodel import Session, col, func, select, update

from dataferry.core.db import Utc, now
from dataferry.core.job_types import ACTIVE_STATES, JobPriority
from dataferry.jobs.models import Job, JobRequester


def requesters(session: Session, job_id: str) -> tuple[str, ...]:
    """Those who still want the job."""
    query = select(JobRequester.user_id).where(
        JobRequester.job_id == job_id, col(JobRequester.left_at).is_(None)
    )
    return tuple(sorted(session.exec(query)))


def audience(session: Session, job: Job) -> tuple[str, ...]:
    """Who receives a job's changes: its present requesters, and at its end all that it ever had."""
    if job.state in ACTIVE_STATES:
        return requesters(session, job.id)
    return tuple(sorted(session.exec(select(JobRequester.user_id).where(JobRequester.job_id == job.id))))


def dismissers(session: Session, job: Job) -> tuple[str, ...]:
    """Those of an ended job's audience who have taken it off their list."""
    query = select(JobRequester.user_id).where(
        JobRequester.job_id == job.id, col(JobRequester.dismissed_at).is_not(None)
    )
    return () if job.state in ACTIVE_STATES else tuple(session.exec(query))


def set_wish(session: Session, requester: JobRequester, **values: Any) -> None:
    """Store what one of a locked job's requesters sets for it."""
    for name, value in values.items():
        setattr(requester, name, value)
    session.add(requester)
    session.flush()


def leave(session: Session, requester: JobRequester) -> None:
    """They do not want the job any more, and what they had set for it does not count."""
    wishes = dict.fromkeys(("paused_at", "priority", "prioritized_at"))
    set_wish(session, requester, left_at=now(), **wishes)


def place(session: Session, job: Job) -> None:
    """Note where a locked job stands on the lists of its requesters: to be called when one of them, its end
    or the time of that has changed. A long download that has just ended is news, however long ago it was
    asked for."""
    session.flush()
    left_at = col(JobRequester.left_at)
    active = left_at.is_(None) if job.state in ACTIVE_STATES else false()
    listed_at = literal(job.finished_at, Utc) if job.finished_at else func.coalesce(left_at, job.created_at)
    placed = update(JobRequester).where(col(JobRequester.job_id) == job.id)
    session.exec(
        placed.values(active=active, listed_at=listed_at), execution_options={"synchronize_session": False}
    )


def is_to_rest(session: Session, job_id: str) -> bool:
    """Whether one of them has paused the job."""
    return bool(_pausers(session, job_id))


def end_pauses(session: Session, job_id: str) -> None:
    for requester in _pausers(session, job_id):
        set_wish(session, requester, paused_at=None)


def _pausers(session: Session, job_id: str) -> list[JobRequester]:
    query = select(JobRequester).where(
        JobRequester.job_id == job_id, col(JobRequester.paused_at).is_not(None)
    )
    return list(session.exec(query))


def newest_priority(session: Session, job_id: str) -> JobPriority:
    """The priority that one of them has set last."""
    query = select(JobRequester.priority).where(
        JobRequester.job_id == job_id, col(JobRequester.priority).is_not(None)
    )
    newest = session.exec(query.order_by(col(JobRequester.prioritized_at).desc())).first()
    return cast(JobPriority, newest or "normal")
