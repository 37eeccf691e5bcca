"""Rows of jobs that have long ended, as a server that is much used has them."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.jobs import requester_rows
from dataferry.jobs.models import Job, JobEvent, JobRequester
from tests.support.server import Server

NAMES = (
    "Iris",
    "Household electric power consumption, minute by minute, of one house in Sceaux, France (2006 to 2010)",
    "صور الأشعة السينية للصدر",
    "🫀 Heart failure clinical records 🩺",
    "a" * 200,
)
_STATES = ("succeeded", "succeeded", "succeeded", "failed", "cancelled")
_PROBLEM = {
    "code": "network",
    "detail": "The connection to the hub broke off before the file was whole.",
    "next_step": "Try again; what has arrived whole is kept.",
    "status": 502,
}


def add_ended_jobs(
    server: Server, user_id: str, count: int, *, apart: timedelta = timedelta(hours=1)
) -> None:
    """``count`` jobs of a person in all final states, which ended one after another up to now."""
    database = Database(f"sqlite:///{server.data_dir / 'dataferry.sqlite'}")
    before = datetime.now(UTC)
    jobs = [_row(n, before - apart * (n + 1), apart) for n in range(count)]

    def add(session: Session) -> None:
        session.add_all(jobs)
        session.flush()
        session.add_all(JobRequester(job_id=job.id, user_id=user_id) for job in jobs)
        for job in jobs:
            requester_rows.place(session, job)
            states = ("queued", job.created_at), ("running", job.created_at), (job.state, job.finished_at)
            session.add_all(
                JobEvent(job_id=job.id, seq=seq, state=state, attempt=1, at=at)
                for seq, (state, at) in enumerate(states, 1)
            )

    database.call(add)
    database.close()


def _row(n: int, ended: datetime, apart: timedelta) -> Job:
    state, size = _STATES[n % 5], 1_000 * (n + 1) ** 2
    done = size if state == "succeeded" else size // 3
    progress = {
        "phase": "fetching",
        "bytes_done": done,
        "bytes_total": size,
        "files_done": 1,
        "files_total": 1,
    }
    return Job(
        id=f"job_{n:05}",
        kind="download",
        dataset_id=f"ds_{n}",
        ref=f"kaggle:someone/dataset-{n}",
        source="kaggle",
        title=f"{NAMES[n % len(NAMES)]} {n}",
        single_flight_key=f"key {n}",
        state=state,
        problem=_PROBLEM if state == "failed" else None,
        progress=progress,
        created_at=ended - apart / 10,
        started_at=ended - apart / 12,
        finished_at=ended,
    )
