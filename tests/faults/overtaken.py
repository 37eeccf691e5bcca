"""Workers that are silent for a while, and find that their download is another's by then.

``python -m tests.faults.overtaken [--times 10]`` tries each case so often with a server and a worker on one
Postgres, one Redis and one store: the rows, the disk and the bytes must agree. Exit code 1 where they do not.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
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

SIZE = 12 * 2**20
#: What a download asks for first, and all that arrives until the fault is taken back.
ARRIVED = 4 * 2**20
FIRST_BYTES = f"bytes=0-{ARRIVED - 1}"


@dataclass(slots=True)
class World:
    """A server, and workers beside it that stand still and wake."""

    server: Server
    ada: Client
    files: FileServer
    url: str
    store: Path
    postgres: Postgres

    def row(self, statement: str, *values: object) -> tuple[Any, ...]:
        """The first row of an answer of the database."""
        with psycopg.connect(self.url) as connection:
            found = connection.execute(statement.encode(), values).fetchone()
        assert found is not None
        return found

    def stalled(self, path: str) -> str:
        """The job of a download of which only the beginning arrives."""
        self.files.files[path] = random.randbytes(SIZE)
        self.files.fault(path, "stall", after=ARRIVED)
        answer = self.ada.post("/api/datasets/download-dataset", {"dataset_id": self.files.url(path)})
        assert answer.is_success, answer.text
        job_id: str = answer.json()["job_id"]

        def fetching() -> bool:
            (progress,) = self.row("SELECT progress FROM jobs WHERE id = %s", job_id)
            return bool(progress.get("bytes_done", 0) >= ARRIVED // 2)

        until(fetching, "the first bytes have arrived")
        return job_id

    def owner(self, job_id: str) -> str | None:
        worker: str | None = self.row("SELECT owner FROM jobs WHERE id = %s", job_id)[0]
        return worker

    @contextmanager
    def worker(self, path: str, moment: str = "none") -> Iterator[tuple["Halting", str]]:
        """A worker, and the job that it is at: the server's one slot was taken while it began."""
        blocker = self.stalled(f"before-{path}")
        with Halting(moment, self.server.environment, self.store) as worker:
            job_id = self.stalled(path)
            self.files.heal(f"before-{path}")
            assert self.ada.finished(blocker)["state"] == "succeeded"
            yield worker, job_id

    def check(self, job_id: str, path: str) -> None:
        """The dataset is here, once: rows, disk and bytes agree, and nothing else is left."""
        content = self.files.files[path]
        dataset_id = self._ended(job_id)
        downloaded, size, tree, generation = self.row(
            "SELECT downloaded, size, local_path, generation FROM datasets WHERE id = %s", dataset_id
        )
        assert (downloaded, size) == (True, len(content))
        recorded = self.row(
            "SELECT count(*), sum(size) FROM dataset_files WHERE dataset_id = %s AND generation = %s",
            *(dataset_id, generation),
        )
        assert tuple(map(int, recorded)) == (1, len(content))
        found = [file for file in Path(tree).rglob("*") if file.is_file()]
        assert [file.read_bytes() == content for file in found] == [True], found
        asked = [request.headers.get("Range") for request in self.files.requests if request.path == path]
        assert asked.count(FIRST_BYTES) == 1, "what had arrived was fetched again"

    def check_gone(self, job_id: str, tree: Path) -> None:
        """The dataset was deleted: no row says that it is here, and nothing of it is."""
        dataset_id = self._ended(job_id)
        downloaded, local_path = self.row(
            "SELECT downloaded, local_path FROM datasets WHERE id = %s", dataset_id
        )
        assert (downloaded, local_path) == (False, None)
        (rows,) = self.row("SELECT count(*) FROM dataset_files WHERE dataset_id = %s", dataset_id)
        assert rows == 0
        assert not tree.exists()

    def _ended(self, job_id: str) -> str:
        """The dataset of a job that has succeeded, once, at the first attempt."""
        state, attempt, dataset_id = self.row(
            "SELECT state, attempt, dataset_id FROM jobs WHERE id = %s", job_id
        )
        assert (state, attempt) == ("succeeded", 1)
        (events,) = self.row("SELECT array_agg(state) FROM job_events WHERE job_id = %s", job_id)
        assert (events.count("succeeded"), events.count("failed")) == (1, 0), events
        left = self.store / ".incomplete" / dataset_id
        until(lambda: not left.exists(), f"{left} is gone")
        return str(dataset_id)


class Halting:
    """``with Halting(moment, …) as worker:`` a worker that stands still then, or when it is told to."""

    def __init__(self, moment: str, environment: dict[str, str], store: Path) -> None:
        self._log = store.parent / f"worker-{moment}.log"
        # Not a pipe, which would be full before long: an outage is much to tell.
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.halting", moment, "worker"],
                env=environment | {"DATAFERRY_DATA_DIR": str(store.parent / "worker")},
                cwd=Path(__file__).parents[2],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(self._ready, "the worker is ready", 60)

    def _ready(self) -> bool:
        log = self._log.read_text()
        assert self._process.poll() is None, log
        return "ready" in log

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)
        self.stands_still()

    def stands_still(self) -> None:
        """Until it does."""

        def stopped() -> bool:
            found = os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOHANG)
            return found is not None

        until(stopped, "the worker stands still")

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """SIGTERM: it ends in good order, with nothing left to wait for."""
        self._process.terminate()
        assert self._process.wait(30) == 0

    def __enter__(self) -> "Halting":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@contextmanager
def world(folder: Path, postgres: Postgres, redis: RedisServer) -> Iterator[World]:
    """A worker that is silent for a second counts as dead."""
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
            "DATAFERRY_DOWNLOAD_SLOTS": "1",
            "DATAFERRY_TRANSFER_CONNECTIONS": "1",
            "DATAFERRY_STALL_TIMEOUT_S": "600",
        }
        server = stack.enter_context(Server(folder / "server", **settings))
        yield World(server, server.client(), files, url, folder / "store", postgres)


def frozen(world: World, path: str) -> None:
    """A worker stands still in mid-download: another one goes on with its bytes, and nothing is lost when it
    wakes."""
    with world.worker(path) as (worker, job_id):
        owner = world.owner(job_id)
        worker.freeze()
        until(lambda: world.owner(job_id) not in (owner, None), "the server has taken it over")
        world.files.heal(path)
        assert world.ada.finished(job_id)["state"] == "succeeded"
        worker.thaw()
        worker.end()
    world.check(job_id, path)


def overtaken(world: World, path: str, moment: str = "placed") -> None:
    """A worker stands still when it has all the bytes; before it wakes its job is done by another one, and
    the dataset deleted by a person."""
    with world.worker(path, moment) as (worker, job_id):
        world.files.heal(path)
        worker.stands_still()
        job = world.ada.finished(job_id)
        assert job["state"] == "succeeded", job
        (tree,) = world.row("SELECT local_path FROM datasets WHERE id = %s", job["dataset_id"])
        named = {"datasets": [{"key": job["key"]}]}
        answer = world.ada.post("/api/datasets/delete-multiple", named)
        assert answer.is_success, answer.text
        until(lambda: not Path(tree).exists(), "the dataset is deleted")
        worker.thaw()
        worker.end()
    world.check_gone(job_id, Path(tree))


def placing(world: World, path: str) -> None:
    """The same, between its last look at the row and the rename."""
    overtaken(world, path, "placing")


def locked(world: World, path: str) -> None:
    """Nobody can be heard for a while, since another has the table of workers: nothing is taken over."""
    with world.worker(path) as (worker, job_id):
        owner = world.owner(job_id)
        with psycopg.connect(world.url) as other:
            other.execute("LOCK TABLE job_workers IN ACCESS EXCLUSIVE MODE")
            time.sleep(2.5)
            other.rollback()
        world.files.heal(path)
        assert world.ada.finished(job_id)["state"] == "succeeded"
        generation = world.row("SELECT generation FROM jobs WHERE id = %s", job_id)[0]
        assert (generation, owner) == (1, owner)
        worker.end()
    world.check(job_id, path)


def away(world: World, path: str) -> None:
    """The database is away for longer than the silence after which a worker counts as dead."""
    with world.worker(path) as (worker, job_id):
        with world.postgres.unreachable(world.url):
            time.sleep(2.5)
        world.files.heal(path)
        assert world.ada.finished(job_id)["state"] == "succeeded"
        worker.end()
    world.check(job_id, path)


CASES: dict[str, Callable[[World, str], None]] = {
    case.__name__: case for case in (frozen, overtaken, placing, locked, away)
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--case", choices=[*CASES], action="append")
    options = parser.parse_args()
    wrong = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres, redis = stack.enter_context(postgres_server()), stack.enter_context(redis_server())
        made = stack.enter_context(world(folder, postgres, redis))
        for name in options.case or CASES:
            failures = []
            for n in range(options.times):
                try:
                    CASES[name](made, f"{name}-{n}.bin")
                except AssertionError as error:
                    failures.append(f"{name} {n}: {error}\n")
            sys.stdout.write(f"{name}: {options.times - len(failures)} of {options.times} right\n")
            sys.stderr.writelines(failures)
            sys.stdout.flush()
            wrong += len(failures)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
