"""The rows of jobs whose requester is erased. Functions take the session first."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, func, select

from dataferry.core.job_types import ACTIVE_STATES
from dataferry.jobs.models import Job, JobEvent, JobRequester


def wanted_by(session: Session, user_id: str) -> list[str]:
    """The jobs that go on and that they still want."""
    query = (
        select(Job.id)
        .join(JobRequester, col(JobRequester.job_id) == col(Job.id))
        .where(
            JobRequester.user_id == user_id,
            col(JobRequester.left_at).is_(None),
            col(Job.state).in_(ACTIVE_STATES),
        )
    )
    return list(session.exec(query))


def still_ending(session: Session, user_id: str) -> list[str]:
    """The jobs that go on though nobody wants them any more, of those that they had asked for."""
    wanting = aliased(JobRequester)
    wanted = select(wanting.job_id).where(wanting.job_id == Job.id, col(wanting.left_at).is_(None))
    query = (
        select(Job.id)
        .join(JobRequester, col(JobRequester.job_id) == col(Job.id))
        .where(JobRequester.user_id == user_id, col(Job.state).in_(ACTIVE_STATES), ~wanted.exists())
    )
    return list(session.exec(query))


def page(session: Session, user_id: str, limit: int, offset: int) -> Sequence[tuple[Job, JobRequester]]:
    """Every job that they asked for, oldest first."""
    query = (
        select(Job, JobRequester)
        .join(JobRequester, col(JobRequester.job_id) == col(Job.id))
        .where(JobRequester.user_id == user_id)
        .order_by(col(Job.created_at), col(Job.id))
    )
    return session.exec(query.limit(limit).offset(offset)).all()


def events(session: Session, job_id: str) -> list[Mapping[str, Any]]:
    query = select(JobEvent).where(JobEvent.job_id == job_id).order_by(col(JobEvent.seq))
    return [event.model_dump(mode="json", exclude={"job_id"}) for event in session.exec(query)]


def count(session: Session, user_id: str) -> int:
    return session.exec(select(func.count()).where(JobRequester.user_id == user_id)).one()


def forget(session: Session, user_id: str, limit: int, keep: Collection[str]) -> tuple[list[str], int]:
    """Take a person off ``limit`` of their jobs; those that nobody else asked for go, but for those to
    ``keep``. Returns the ids of those that went, and of how many jobs they were taken off."""
    mine = select(JobRequester.job_id).where(JobRequester.user_id == user_id).limit(limit)
    ids = list(session.exec(mine))
    session.exec(
        delete(JobRequester).where(col(JobRequester.user_id) == user_id, col(JobRequester.job_id).in_(ids))
    )
    shared = set(session.exec(select(JobRequester.job_id).where(col(JobRequester.job_id).in_(ids))))
    gone = [job_id for job_id in ids if job_id not in shared and job_id not in keep]
    session.exec(delete(JobEvent).where(col(JobEvent.job_id).in_(gone)))
    session.exec(delete(Job).where(col(Job.id).in_(gone)))
    return gone, len(ids)
