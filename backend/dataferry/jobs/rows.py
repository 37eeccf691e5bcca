"""Every statement on the jobs' tables. Each function takes the session first and commits nothing.

A row is changed by compare-and-set: it is locked, and changed only if it still is what the caller
takes it for. SQLite has no row locks and needs none, since its writers queue for the whole database.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import case, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from dataferry.core.db import now
from dataferry.core.job_types import ACTIVE_STATES, JobPriority, JobState
from dataferry.core.specs import JOB_KINDS
from dataferry.jobs import requester_rows
from dataferry.jobs.models import Job, JobEvent, JobRequester

#: States in which a workflow of the row's generation is expected in the queue.
ENQUEUED: frozenset[JobState] = frozenset({"queued", "waiting"})
#: Kinds that bring a dataset's files, and those that bring or remove them.
BRINGING = tuple(kind.name for kind in JOB_KINDS.values() if kind.brings)
CHANGING = tuple(kind.name for kind in JOB_KINDS.values() if kind.effect != "none")
#: States in which a worker runs it.
RUNNING: frozenset[JobState] = frozenset({"running", "verifying"})


# -- asking for work -------------------------------------------------------------------------------


def submit(session: Session, job: Job, requester_id: str) -> tuple[str, bool]:
    """Insert ``job``, or join the active one with its key. Returns the id and whether it is new."""
    while True:
        active = _active_with_key(session, job.single_flight_key)
        if active is not None:
            join(session, active, requester_id)
            resume(session, active)
            return active.id, False
        try:
            with session.begin_nested():
                session.add(job)
        except IntegrityError:
            # Somebody else was quicker: that row is there now, or has ended already.
            continue
        _record(session, job)
        session.add(JobRequester(job_id=job.id, user_id=requester_id))
        requester_rows.place(session, job)
        return job.id, True


def restart(session: Session, job: Job, requester_id: str) -> Job:
    """Bring a locked row from a final state back into the queue, or join the active one with its key.

    Returns the job that does the work now.
    """
    while True:
        active = _active_with_key(session, job.single_flight_key)
        if active is not None:
            join(session, active, requester_id)
            resume(session, active)
            return active
        # What a cancelled job had fetched was dropped: it begins at nothing, and says so.
        kept = {} if job.state == "cancelled" else job.progress
        try:
            with session.begin_nested():
                anew = {"stop": None, "attempt": 1, "used_s": 0.0, "most_bytes": 0, "crashes": 0}
                requeue(session, job, progress=kept, **anew)
        except IntegrityError:
            session.refresh(job)
            continue
        session.exec(update(JobRequester).where(col(JobRequester.job_id) == job.id).values(dismissed_at=None))
        join(session, job, requester_id)
        return job


def _active_with_key(session: Session, key: str) -> Job | None:
    query = select(Job).where(Job.single_flight_key == key, col(Job.state).in_(ACTIVE_STATES))
    return session.exec(query.with_for_update().execution_options(populate_existing=True)).first()


def join(session: Session, job: Job, user_id: str) -> None:
    """Make ``user_id`` a requester of a locked job, again where they had left it."""
    requester = session.get(JobRequester, (job.id, user_id))
    if requester is None:
        session.add(JobRequester(job_id=job.id, user_id=user_id))
    elif requester.left_at is not None:
        requester.left_at = requester.dismissed_at = None
        session.add(requester)
    else:
        return
    job.stop = None
    job.version += 1
    session.add(job)
    requester_rows.place(session, job)


def leave(session: Session, job: Job, requester: JobRequester) -> None:
    """Take a requester off a locked job, and mark the job to be stopped if it was the last. What they had
    set for it ends with them: it goes on for those who still want it, as these have set it."""
    has_set_priority = requester.priority is not None
    requester_rows.leave(session, requester)
    requester_rows.place(session, job)
    job.version += 1
    session.add(job)
    if not requester_rows.requesters(session, job.id):
        job.stop = "user"
        return
    if has_set_priority:
        prioritize(session, job, requester_rows.newest_priority(session, job.id))
    if not requester_rows.is_to_rest(session, job.id):
        resume(session, job)


def dismiss(
    session: Session,
    user_id: str,
    *,
    dismissed: bool,
    job_ids: Sequence[str] | None = None,
    states: Sequence[JobState] | None = None,
) -> list[tuple[Job, JobRequester]]:
    """Take ended jobs off a person's list, or put them back; those whose place that changed."""
    found = requested(session, user_id, job_ids=job_ids, states=states, dismissed=not dismissed)
    changed = [
        (job, requester)
        for job, requester in found
        if job.state not in ACTIVE_STATES or requester.left_at is not None
    ]
    for job, requester in changed:
        requester.dismissed_at = now() if dismissed else None
        session.add(requester)
        save(session, job, version=job.version + 1)
    return changed


# -- changing --------------------------------------------------------------------------------------


def lock(session: Session, job_id: str) -> Job | None:
    """The row, held until the transaction ends."""
    query = select(Job).where(Job.id == job_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def expect(
    session: Session,
    job_id: str,
    *,
    generation: int,
    owner: str | None = None,
    states: Collection[JobState] = ACTIVE_STATES,
) -> Job | None:
    """The locked row if it still is at that generation, in one of ``states`` and, if given, its ``owner``'s.
    Whoever takes a job from another counts the generation up, so that the other finds it here."""
    job = lock(session, job_id)
    if job is None or job.generation != generation or job.state not in states:
        return None
    return job if owner is None or job.owner == owner else None


def change(session: Session, job: Job, state: JobState, **values: Any) -> Job:
    """Bring a locked row into ``state`` and record the step."""
    step, end = job.state != state, _end(job)
    job.state = state
    for name, value in values.items():
        setattr(job, name, value)
    job.version += 1
    session.add(job)
    if step:
        _record(session, job)
    if _end(job) != end:
        requester_rows.place(session, job)
    return job


def _end(job: Job) -> tuple[bool, datetime | None]:
    return job.state in ACTIVE_STATES, job.finished_at


def requeue(session: Session, job: Job, **values: Any) -> Job:
    """Give a locked row back to the queue as the next generation."""
    progress = {**values.pop("progress", job.progress), "note": None}
    return change(
        session,
        job,
        "queued",
        owner=None,
        problem=None,
        waiting_until=None,
        stalled_since=None,
        finished_at=None,
        generation=job.generation + 1,
        progress=progress,
        **values,
    )


def pause(session: Session, job: Job, **values: Any) -> Job:
    """Pause a locked row that has no run: no worker takes it until ``resume``."""
    progress = {**values.pop("progress", job.progress), "rate_bps": None, "eta_s": None, "note": None}
    return change(
        session,
        job,
        "paused",
        owner=None,
        stop=None,
        problem=None,
        waiting_until=None,
        stalled_since=None,
        generation=job.generation + 1,
        progress=progress,
        **values,
    )


def resume(session: Session, job: Job) -> bool:
    """Requeue a locked row that is paused, or withdraw a request to pause it; whether it was either."""
    requester_rows.end_pauses(session, job.id)
    if job.state == "paused":
        requeue(session, job)
        return True
    if job.stop != "pause":
        return False
    job.stop = None
    job.version += 1
    session.add(job)
    return True


def requeue_or_pause(session: Session, job: Job, **values: Any) -> Job:
    """Requeue a locked row whose run has ended before the work did, or pause it where that is asked for."""
    return (pause if job.stop == "pause" else requeue)(session, job, **values)


def holder(session: Session, job: Job) -> Job | None:
    """The job of the same dataset for which a locked one has to wait: one that runs, or a removal that was
    asked for earlier. While the transaction lasts no other job of the dataset is claimed."""
    if session.get_bind().dialect.name == "postgresql":
        # Both would lock their own rows only, and read that the other does not run yet.
        key = func.hashtextextended(job.dataset_id, 0)
        session.exec(select(func.pg_advisory_xact_lock(key))).one()
    query = select(Job).where(
        Job.dataset_id == job.dataset_id, Job.id != job.id, col(Job.state).in_(ACTIVE_STATES)
    )
    for other in session.exec(query.execution_options(populate_existing=True)):
        earlier = (other.created_at, other.id) < (job.created_at, job.id)
        if other.state in RUNNING or (earlier and JOB_KINDS[other.kind].goes_first):
            return other
    return None


def prioritize(session: Session, job: Job, priority: JobPriority) -> bool:
    """Give a locked row another priority; whether it is one. What is in the queue gets a new generation, to
    be enqueued at its new place."""
    if job.priority == priority:
        return False
    generation = job.generation + (job.state in ENQUEUED)
    change(session, job, cast(JobState, job.state), priority=priority, generation=generation)
    return True


def hold_back(session: Session, job: Job, note: str) -> bool:
    """Leave a locked row in the queue although its turn has come, and say why; whether that is news.

    ``release_held_back`` starts it again."""
    if job.state == "queued" and job.progress.get("note") == note:
        return False
    progress = {**job.progress, "note": note}
    change(session, job, "queued", problem=None, waiting_until=None, progress=progress)
    return True


def release_held_back(session: Session, dataset_id: str) -> list[Job]:
    """The jobs of a dataset that are in the queue, each with a new generation to be enqueued: to be called
    when one of the dataset's jobs no longer runs."""
    query = select(Job).where(Job.dataset_id == dataset_id, Job.state == "queued")
    found = session.exec(
        query.order_by(col(Job.id)).with_for_update().execution_options(populate_existing=True)
    ).all()
    for job in found:
        save(session, job, generation=job.generation + 1)
    return list(found)


def save(session: Session, job: Job, **values: Any) -> None:
    """Store what is no change for others, such as how far a run is."""
    for name, value in values.items():
        setattr(job, name, value)
    session.add(job)


def _record(session: Session, job: Job) -> None:
    last = session.exec(select(func.max(JobEvent.seq)).where(JobEvent.job_id == job.id)).one()
    session.add(
        JobEvent(
            job_id=job.id,
            seq=(last or 0) + 1,
            state=job.state,
            attempt=job.attempt,
            problem=job.problem,
        )
    )


# -- reading ---------------------------------------------------------------------------------------


def requested(
    session: Session,
    user_id: str,
    *,
    job_ids: Sequence[str] | None = None,
    dataset_ids: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    states: Sequence[JobState] | None = None,
    dismissed: bool | None = None,
    by_end: bool = False,
    limit: int | None = None,
) -> list[tuple[Job, JobRequester]]:
    """What a person asked for, newest first; ``by_end``: what is to end, then what ended last."""
    query = requests(user_id, states=states, dismissed=dismissed)
    if by_end:
        place = (col(JobRequester.active), col(JobRequester.listed_at), col(JobRequester.job_id))
        query = query.order_by(*(column.desc() for column in place))
    else:
        query = query.order_by(col(Job.created_at).desc(), col(Job.id).desc())
    if job_ids is not None:
        query = query.where(col(Job.id).in_(job_ids))
    if dataset_ids is not None:
        # By their ids: else SQLite looks at all that the person ever asked for.
        theirs = select(Job.id).where(col(Job.dataset_id).in_(dataset_ids))
        query = query.where(col(JobRequester.job_id).in_(theirs))
    if kinds is not None:
        query = query.where(col(Job.kind).in_(kinds))
    if limit is not None:
        query = query.limit(limit)
    return list(session.exec(query))


def requests(user_id: str, *, states: Sequence[JobState] | None = None, dismissed: bool | None = None) -> Any:
    """The query of what a person asked for, in no order."""
    query: Any = (
        select(Job, JobRequester)
        .join(JobRequester, col(JobRequester.job_id) == col(Job.id))
        .where(JobRequester.user_id == user_id)
    )
    if states is not None:
        left = col(JobRequester.left_at).is_not(None) & col(Job.state).in_(ACTIVE_STATES)
        query = query.where(case((left, "cancelled"), else_=col(Job.state)).in_(states))
    if dismissed is not None:
        # One that goes on again, for others too, is on the list whatever was dismissed before.
        gone = col(JobRequester.active).is_(False) & col(JobRequester.dismissed_at).is_not(None)
        query = query.where(gone if dismissed else ~gone)
    return query


def events(session: Session, job_id: str, after: int, limit: int) -> list[JobEvent]:
    query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.seq > after)
    return list(session.exec(query.order_by(col(JobEvent.seq)).limit(limit)))


def in_states(session: Session, states: Iterable[JobState]) -> list[Job]:
    return list(session.exec(select(Job).where(col(Job.state).in_(states)).order_by(col(Job.created_at))))


def priorities(session: Session, job_ids: Sequence[str]) -> dict[str, JobPriority]:
    found = session.exec(select(Job.id, Job.priority).where(col(Job.id).in_(job_ids)))
    return {job_id: cast(JobPriority, priority) for job_id, priority in found}


def active_of_dataset(session: Session, dataset_id: str) -> Job | None:
    query = select(Job).where(Job.dataset_id == dataset_id, col(Job.state).in_(ACTIVE_STATES))
    return session.exec(query.order_by(col(Job.created_at).desc())).first()


def touch_arrived(session: Session, dataset_id: str) -> list[str]:
    """Count the last jobs that brought a dataset as changed, since what they brought is gone; their ids."""
    query = select(Job).where(
        Job.dataset_id == dataset_id, Job.state == "succeeded", col(Job.kind).in_(BRINGING)
    )
    arrived = session.exec(query.order_by(col(Job.created_at).desc()).limit(50)).all()
    for job in arrived:
        save(session, job, version=job.version + 1)
    return [job.id for job in arrived]


def active_kinds(session: Session, dataset_id: str) -> set[str]:
    query = select(Job.kind).where(Job.dataset_id == dataset_id, col(Job.state).in_(ACTIVE_STATES))
    return set(session.exec(query))


def newest_of_dataset(session: Session, dataset_id: str, kinds: Collection[str] = CHANGING) -> Job | None:
    """The active job of these kinds on a dataset where there is one, else the last that was asked for; by
    default of those that change its files."""
    query = select(Job).where(Job.dataset_id == dataset_id, col(Job.kind).in_(kinds))
    active = case((col(Job.state).in_(ACTIVE_STATES), 0), else_=1)
    return session.exec(query.order_by(active, col(Job.created_at).desc())).first()
