"""Rows of jobs that have long ended, as a server that is much used has them."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from dataferry.core.db import Database
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


def add_ended_jobs(server: Server, user_id: str, count: int) -> None:
    """``count`` jobs of a person in all final states, an hour apart, the newest an hour ago."""
    database = Database(f"sqlite:///{server.data_dir / 'dataferry.sqlite'}")
    before = datetime.now(UTC)

    def add(session: Session) -> None:
        for n in range(count):
            ended = before - timedelta(hours=n + 1)
            session.add(_row(n, ended))
            session.flush()
            session.add(JobRequester(job_id=f"job_{n:05}", user_id=user_id))
            for seq, state in enumerate(("queued", "running", _STATES[n % 5]), 1):
                event = JobEvent(job_id=f"job_{n:05}", seq=seq, state=state, attempt=1, at=ended)
                session.add(event)

    database.call(add)
    database.close()


def _row(n: int, ended: datetime) -> Job:
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
        created_at=ended - timedelta(minutes=5),
        started_at=ended - timedelta(minutes=4),
        finished_at=ended,
    )
