"""Workers that are silent for a while, and find that their download is another's by then.

``python -m tests.faults.overtaken [--times 10]`` tries each case so often with two servers on one Postgres,
one Redis and one store: the rows, the disk and the bytes must agree. Exit code 1 where they do not.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.fakes.files import FileServer
from tests.support.postgres import Postgres, postgres_server
from tests.support.redis import RedisServer, redis_server
from tests.support.server import Client, Server, until

SIZE = 6 * 2**20
#: Of each file so much arrives, until the fault is taken back.
ARRIVED = 2 * 2**20


@dataclass(slots=True)
class Pair:
    """Two servers that run jobs on one database and one store; ``servers`` by the names of their workers."""

    servers: dict[str, Server]
    clients: dict[str, Client]
    files: FileServer
    url: str
    store: Path
    postgres: Postgres

    def row(self, statement: str, *values: object) -> tuple[Any, ...]:
        """The first row of an answer of the database."""
        with psycopg.connect(self.url) as connection:
            found = connection.execute(statement, values).fetchone()
        assert found is not None
        return found

    def add(self, path: str) -> bytes:
        """Serve a new file of random bytes."""
        self.files.files[path] = content = random.randbytes(SIZE)
        return content

    def request(self, path: str) -> str:
        """The id of the job that downloads it."""
        ada = next(iter(self.clients.values()))
        answer = ada.post("/api/datasets/download-dataset", {"dataset_id": self.files.url(path)})
        job_id: str = answer.json()["job_id"]
        return job_id

    def owner(self, job_id: str) -> str | None:
        worker: str | None = self.row("SELECT owner FROM jobs WHERE id = %s", job_id)[0]
        return worker

    def began(self, job_id: str) -> str:
        """The worker that has the first bytes of a download, of which the rest does not come."""

        def fetching() -> str | None:
            owner, progress = self.row("SELECT owner, progress FROM jobs WHERE id = %s", job_id)
            return owner if progress.get("bytes_done", 0) >= ARRIVED // 2 else None

        return until(fetching, "the first bytes have arrived")

    def other(self, worker: str) -> Client:
        return next(client for name, client in self.clients.items() if name != worker)

    @contextmanager
    def frozen(self, worker: str) -> Iterator[None]:
        """The process does nothing inside the block, and everything that it has stays its own."""
        os.kill(self.servers[worker].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.servers[worker].pid, signal.SIGCONT)

    def check(self, job_id: str, path: str) -> None:
        """The dataset is here, once: rows, disk and bytes agree, and nothing else is left."""
        content = self.files.files[path]
        state, attempt, dataset_id = self.row(
            "SELECT state, attempt, dataset_id FROM jobs WHERE id = %s", job_id
        )
        assert (state, attempt) == ("succeeded", 1)
        events = self.row("SELECT array_agg(state ORDER BY seq) FROM job_events WHERE job_id = %s", job_id)[0]
        assert events.count("succeeded") == 1, events
        assert "failed" not in events, events
        downloaded, size, tree, generation = self.row(
            "SELECT downloaded, size, local_path, generation FROM datasets WHERE id = %s", dataset_id
        )
        assert (downloaded, size) == (True, len(content))
        rows = self.row(
            "SELECT count(*), sum(size) FROM dataset_files WHERE dataset_id = %s AND generation = %s",
            *(dataset_id, generation),
        )
        assert tuple(map(int, rows)) == (1, len(content))
        found = [file for file in Path(tree).rglob("*") if file.is_file()]
        assert [file.read_bytes() == content for file in found] == [True], found
        until(lambda: not self.leftovers(dataset_id), "its working folder is gone")

    def leftovers(self, dataset_id: str) -> list[Path]:
        return list((self.store / ".incomplete").glob(f"{dataset_id}*"))


@contextmanager
def pair(folder: Path, postgres: Postgres, redis: RedisServer) -> Iterator[Pair]:
    """Two servers; a worker that is silent for a second counts as dead."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database())
        files = stack.enter_context(FileServer())
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            "SECRET_KEY": "k" * 32,
            "DOWNLOAD_PATH": str(folder / "store"),
            "DATAFERRY_RECONCILE_S": "1",
            "DATAFERRY_POLL_S": "0.05",
        }
        made = Pair({}, {}, files, url, folder / "store", postgres)
        for name in ("one", "two"):
            server = stack.enter_context(Server(folder / name, **settings))
            with psycopg.connect(url) as connection:
                workers = {row[0] for row in connection.execute("SELECT id FROM job_workers")}
            (worker,) = workers - made.servers.keys()
            made.servers[worker] = server
            made.clients[worker] = server.client()
        yield made


def frozen(pair: Pair, path: str) -> None:
    """A worker is silent in the middle of a download, and wakes before it has ended."""
    pair.add(path)
    pair.files.fault(path, "stall", after=ARRIVED)
    job_id = pair.request(path)
    worker = pair.began(job_id)
    with pair.frozen(worker):
        until(lambda: pair.owner(job_id) != worker, "the other one has taken it over")
        until(lambda: pair.other(worker).job(job_id)["state"] == "waiting", "it waits for the folder")
    pair.files.heal(path)
    job = pair.other(worker).finished(job_id)
    assert job["state"] == "succeeded", job
    pair.check(job_id, path)


CASES: dict[str, Callable[[Pair, str], None]] = {"frozen": frozen}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--case", choices=[*CASES], action="append")
    options = parser.parse_args()
    wrong: Counter[str] = Counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres, redis = stack.enter_context(postgres_server()), stack.enter_context(redis_server())
        made = stack.enter_context(pair(folder, postgres, redis))
        for name in options.case or CASES:
            for n in range(options.times):
                try:
                    CASES[name](made, f"{name}-{n}.bin")
                except AssertionError as error:
                    wrong[name] += 1
                    sys.stderr.write(f"{name} {n}: {error}\n")
            sys.stdout.write(f"{name}: {options.times - wrong[name]} of {options.times} right\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
