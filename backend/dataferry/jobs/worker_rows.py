"""The statements on the table of workers. Each function takes the session first and commits nothing."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from dataferry.jobs.models import JobWorker

#: A worker that has been silent for so long is forgotten.
EXPIRY_S = 86_400.0


def heartbeat(session: Session, worker_id: str) -> None:
    """Record that a worker is alive, by the database's clock: those of the machines need not agree."""
    worker = session.get(JobWorker, worker_id)
    time = session.exec(select(func.now())).one()
    if worker is None:
        session.add(JobWorker(id=worker_id, seen_at=time))
    else:
        worker.seen_at = time
        session.add(worker)


def live_workers(session: Session, within_s: float) -> set[str]:
    """The workers that were seen in the last ``within_s`` seconds."""
    since: datetime = session.exec(select(func.now())).one() - timedelta(seconds=within_s)
    return set(session.exec(select(JobWorker.id).where(JobWorker.seen_at >= since)))


def deregister_worker(session: Session, worker_id: str, *, expiry_s: float = EXPIRY_S) -> None:
    """Delete a worker's heartbeat, and those of workers that were last seen ``expiry_s`` ago."""
    since: datetime = session.exec(select(func.now())).one() - timedelta(seconds=expiry_s)
    session.exec(delete(JobWorker).where((col(JobWorker.id) == worker_id) | (col(JobWorker.seen_at) < since)))
