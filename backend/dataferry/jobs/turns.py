"""Whose turn a free slot is, over all workers: who has the fewest jobs at work comes first, then whose last
one ended the longest ago. So nobody waits for all that another person has asked for; within their own jobs a
person's priorities count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from dataferry.core.db import Database
from dataferry.core.job_types import ACTIVE_STATES, PRIORITY_RANKS
from dataferry.core.specs import JOB_KINDS
from dataferry.jobs import requester_rows, rows
from dataferry.jobs.models import Job, JobRequester

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_GOING_FIRST = tuple(kind.name for kind in JOB_KINDS.values() if kind.goes_first)


@dataclass(frozen=True, slots=True)
class Turn:
    """The queue offered a slot to one job, and another takes it."""

    offered: Job
    taken: Job


def settle(database: Database, offered_id: str, generation: int, kinds: Collection[str]) -> Turn | None:
    """Put the offered job back into the queue as its next generation where another's turn is before; None
    where it is its own. ``kinds`` are those that the worker runs: of these, those of the same queue
    compete."""
    if database.read(_before, offered_id, kinds) is None:  # as a rule, without a lock
        return None
    return database.call(_give_way, offered_id, generation, kinds)


def _before(session: Session, offered_id: str, kinds: Collection[str]) -> Job | None:
    """The job that comes before the one that the queue offers a slot to."""
    offered = session.get(Job, offered_id)
    if offered is None:
        return None
    kinds = tuple(kind for kind in kinds if JOB_KINDS[kind].queue == JOB_KINDS[offered.kind].queue)
    theirs = set(requester_rows.requesters(session, offered_id))
    others = _waiting(session, kinds) - theirs
    if not others or not theirs:
        return None
    first = _first(session, others | theirs, kinds)
    return None if first in theirs else _best_of(session, first, kinds)


def _give_way(session: Session, offered_id: str, generation: int, kinds: Collection[str]) -> Turn | None:
    offered = rows.expect(session, offered_id, generation=generation, states=rows.ENQUEUED)
    taken = None if offered is None else _before(session, offered_id, kinds)
    if offered is None or taken is None:
        return None
    if offered.state == "queued":
        rows.save(session, offered, generation=offered.generation + 1)
    else:  # what it waited for is over: now it waits for a slot
        rows.requeue(session, offered)
    return Turn(offered, taken)


def _waiting(session: Session, kinds: Collection[str]) -> set[str]:
    """Those who have a job in the queue."""
    query = (
        select(JobRequester.user_id)
        .join(Job, col(Job.id) == col(JobRequester.job_id))
        .where(Job.state == "queued", col(Job.kind).in_(kinds), col(JobRequester.left_at).is_(None))
    )
    return set(session.exec(query.distinct()))


def _first(session: Session, users: set[str], kinds: Collection[str]) -> str:
    """Whose turn it is among several."""
    at_work = (
        select(JobRequester.user_id, func.count())
        .join(Job, col(Job.id) == col(JobRequester.job_id))
        .where(col(Job.state).in_(rows.RUNNING), col(Job.kind).in_(kinds))
        .where(col(JobRequester.user_id).in_(users), col(JobRequester.left_at).is_(None))
        .group_by(col(JobRequester.user_id))
    )
    count = dict.fromkeys(users, 0) | dict(session.exec(at_work).all())
    fewest = min(count.values())
    equal = sorted(user for user in users if count[user] == fewest)
    if len(equal) == 1:
        return equal[0]
    ended = (
        select(JobRequester.user_id, func.max(JobRequester.listed_at))
        .where(col(JobRequester.user_id).in_(equal), col(JobRequester.active).is_(False))
        .group_by(col(JobRequester.user_id))
    )
    last = dict(session.exec(ended).all())
    return min(equal, key=lambda user: last.get(user, _LONG_AGO))


def _best_of(session: Session, user_id: str, kinds: Collection[str]) -> Job | None:
    """The first of a person's queued jobs that no other job of its dataset holds back."""
    other = aliased(Job)
    held_back = (
        select(other.id)
        .where(other.dataset_id == Job.dataset_id, other.id != Job.id)
        .where(
            col(other.state).in_(rows.RUNNING)
            | (col(other.state).in_(ACTIVE_STATES) & col(other.kind).in_(_GOING_FIRST))
        )
    )
    rank = case(PRIORITY_RANKS, value=col(Job.priority))
    query = (
        select(Job)
        .join(JobRequester, col(JobRequester.job_id) == col(Job.id))
        .where(JobRequester.user_id == user_id, col(JobRequester.active).is_(True))
        .where(Job.state == "queued", col(Job.kind).in_(kinds), ~held_back.exists())
        .order_by(rank, col(Job.created_at), col(Job.id))
    )
    return session.exec(query.limit(1)).first()
