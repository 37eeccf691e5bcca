"""``python -m benchmarks.lists``: what a page of a long list costs beside a page of a short one.

Of two servers one has 100 rows of each kind and the other 100,000. The same pages of datasets, jobs and
chats are asked of both over HTTP in turn, and the ratio of their medians is printed. The goal is 3 at most.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert
from sqlmodel import Session, SQLModel

from dataferry.chat.models import Chat
from dataferry.core.db import now
from dataferry.jobs.models import Job, JobRequester
from dataferry.library.models import Dataset, DatasetAccess
from tests.support.server import Client, Server

GOAL = 3.0
SHORT, LONG = 100, 100_000
ROUNDS = 15
BATCH = 5000

PAGES = {
    "datasets": "/api/datasets",
    "datasets by size": "/api/datasets?sort=-size_bytes",
    "datasets by name": "/api/datasets?sort=title",
    "datasets of one source": "/api/datasets?source=kaggle",
    "datasets with a word": "/api/datasets?q=set%2077",
    "jobs": "/api/jobs?limit=50",
    "jobs by title": "/api/jobs?limit=50&sort=title",
    "jobs that failed": "/api/jobs?limit=50&state=failed",
    "chats": "/api/chats",
}


@dataclass
class Row:
    """The medians of one page, in ms."""

    page: str
    short_ms: float
    long_ms: float

    @property
    def ratio(self) -> float:
        return self.long_ms / self.short_ms


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists", description=__doc__)
    parser.add_argument("--rows", type=int, default=LONG)
    options = parser.parse_args()
    with ExitStack() as stack:
        clients = [_filled(stack, count) for count in (SHORT, options.rows)]
        rows = [_measure(page, path, clients) for page, path in PAGES.items()]
    return 0 if all(row.ratio <= GOAL for row in rows) else 1


def _measure(page: str, path: str, clients: list[Client]) -> Row:
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS + 1):
        for client, taken in zip(clients, times, strict=True):
            began = time.perf_counter()
            client.get(path).raise_for_status()
            taken.append(1000 * (time.perf_counter() - began))
    short, long = (statistics.median(taken[1:]) for taken in times)
    row = Row(page, short, long)
    print(f"{page:26} {short:7.1f} ms {long:8.1f} ms  {row.ratio:5.1f} ×", flush=True)
    return row


def _filled(stack: ExitStack, count: int) -> Client:
    """A client of a server whose lists have ``count`` rows each, all of them its person's."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    server = stack.enter_context(Server(folder))
    server.client()  # the first one is the admin, who sees all without a question
    client = server.client("grace@example.org")
    user_id = client.get("/api/auth/me").raise_for_status().json()["id"]
    began = now()
    engine = create_engine(f"sqlite:///{folder / 'dataferry.sqlite'}")
    with Session(engine) as session:
        for start in range(0, count, BATCH):
            made: dict[type[SQLModel], list[SQLModel]] = {}
            for number in range(start, min(start + BATCH, count)):
                at = began - timedelta(seconds=number)
                for row in _rows(number, at, user_id):
                    made.setdefault(type(row), []).append(row)
            for model, rows in made.items():
                session.execute(insert(model), [_columns(row) for row in rows])
            session.commit()
    engine.dispose()
    return client


def _rows(number: int, at: datetime, user_id: str) -> list[SQLModel]:
    """A chat, a dataset and the job that brought it: one in fifty failed, one in fifty is for a few only."""
    dataset_id, job_id = f"ds_{number}", f"job_{number}"
    failed = number % 50 == 7
    ref = f"owner{number % 997}/set-{number}"
    dataset = Dataset(
        id=dataset_id,
        source=("kaggle", "huggingface")[number % 2],
        source_id=ref,
        revision="1",
        visibility="restricted" if number % 50 == 3 else "public",
        title=f"Set {number * 7919 % 100_003}",
        name=f"set-{number}",
        size=number * 7919 % 1_000_003,
        file_count=3,
        updated_at_ms=int(at.timestamp() * 1000),
        downloaded_at_ms=None if failed else int(at.timestamp() * 1000),
        status="failed" if failed else "downloaded",
        downloaded=not failed,
    )
    job = Job(
        id=job_id,
        kind="download",
        dataset_id=dataset_id,
        ref=f"{dataset.source}:{ref}",
        source=dataset.source,
        title=dataset.title,
        single_flight_key=dataset_id,
        state="failed" if failed else "succeeded",
        created_at=at,
        started_at=at,
        finished_at=at,
    )
    access = DatasetAccess(dataset_id=dataset_id, user_id=user_id, owner=True)
    requester = JobRequester(job_id=job_id, user_id=user_id, active=False, listed_at=at)
    chat = Chat(id=f"chat_{number}", user_id=user_id, title=dataset.title, created_at=at, updated_at=at)
    return [dataset, job, access, requester, chat]


def _columns(row: SQLModel) -> dict[str, Any]:
    columns = [column.name for column in row.__table__.columns]  # type: ignore[attr-defined]
    return {name: getattr(row, name) for name in columns if name != "search_text"}  # made as it is inserted


if __name__ == "__main__":
    sys.exit(main())
