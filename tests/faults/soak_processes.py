"""Four processes, their database and their bus, under one fault after another: real downloads from fake hubs.

``python -m tests.faults.soak_processes [--minutes 30] [--jobs 60] [--every 60] [--seed N]``: two servers and
two workers on one Postgres and one Redis. Every ``--every`` seconds one of: a process is killed, one is
frozen, Postgres is restarted, Redis is away, the line between a worker and Postgres is cut. In the end no
tree may be wrong, and no job may be lost or failed, since the hubs fail none. Prints a table; exit code 1
where that is not so."""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from dataferry.core.job_types import FINAL_STATES
from tests.fakes.catalogue import ada
from tests.fakes.content import Blob, generated
from tests.fakes.dataset import Catalogue, FakeDataset
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.support.database_line import DatabaseLine, Namespace, namespace
from tests.support.postgres import Postgres, postgres_server
from tests.support.redis import RedisServer, redis_server
from tests.support.server import Client, Server, until
from tests.support.trees import expected, same

#: A process is frozen, the line cut or Redis away for so long.
SILENCE_S = 15.0
#: After the last fault so long until all jobs have ended.
END_S = 600.0
#: A file's size, and the pace of each of its connections: a download takes longer than most faults.
_FILE_BYTES, _BYTES_PER_S = 4_000_000, 45_000
PERSONS = ("ada@example.org", "bob@example.org")


def datasets(count: int) -> list[FakeDataset]:
    """By turns at HuggingFace, whose files come one by one, and at Kaggle, whose come in a zip."""
    return [_dataset(number) for number in range(count)]


def _dataset(number: int) -> FakeDataset:
    def make() -> dict[str, Blob]:
        large = {f"{n}.bin": generated(_FILE_BYTES, 100 * number + n) for n in range(2)}
        return large | {f"small/{n}.bin": generated(3_000 + n, 10_000 * number + n) for n in range(20)}

    return FakeDataset(
        "kaggle" if number % 2 else "huggingface",
        f"soak/set-{number:03}",
        title=f"Soak {number}",
        description="Bytes by chance",
        license="CC0: Public Domain" if number % 2 else "cc0-1.0",
        make=make,
        bytes_per_s=_BYTES_PER_S,
    )


class WorkerProcess:
    """``dataferry worker``, in a network namespace where there is one."""

    def __init__(self, name: str, folder: Path, settings: dict[str, str], place: Namespace | None) -> None:
        self.name = name
        self._command = [*(place.command if place else ()), sys.executable, "-m", "dataferry", "worker"]
        self._environment = settings | {"DATAFERRY_DATA_DIR": str(folder / name)}
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=self._log.parent, stdout=log, stderr=log
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


def start(process: Server | WorkerProcess) -> None:
    """On a busy machine a start may take longer than a server's test waits for it."""
    for _ in range(5):
        with contextlib.suppress(AssertionError):
            process.start()
            return
    raise AssertionError("a process does not start")


@dataclass
class Cluster:
    """What is under test, and what can be done to it."""

    servers: dict[str, Server]
    workers: dict[str, WorkerProcess]
    postgres: Postgres
    redis: RedisServer
    line: DatabaseLine
    url: str
    chance: random.Random
    tokens: list[str] = field(default_factory=list)
    most_connections: int = 0

    def processes(self) -> dict[str, Server | WorkerProcess]:
        return {**self.servers, **self.workers}

    # -- faults ------------------------------------------------------------------------------------

    def kill(self) -> str:
        name, process = self.chance.choice(list(self.processes().items()))
        process.kill()
        time.sleep(2)
        start(process)
        return name

    def freeze(self) -> str:
        name, process = self.chance.choice(list(self.processes().items()))
        os.kill(process.pid, signal.SIGSTOP)
        try:
            time.sleep(SILENCE_S)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        return name

    def restart_postgres(self) -> str:
        with self.postgres.stopped():
            time.sleep(3)
        return "postgres"

    def take_redis_away(self) -> str:
        self.redis.stop()
        try:
            time.sleep(SILENCE_S)
        finally:
            self.redis.start()
        return "redis"

    def cut(self) -> str:
        with self.line.cut():
            time.sleep(SILENCE_S)
        return "worker-2"

    @property
    def faults(self) -> list[Callable[[], str]]:
        return [self.kill, self.freeze, self.restart_postgres, self.take_redis_away, self.cut]

    # -- jobs --------------------------------------------------------------------------------------

    def request(self, dataset: FakeDataset, number: int) -> str:
        """The id of the job; asked at any server, again and again while they are away."""

        def asked() -> str | None:
            server = self.chance.choice(list(self.servers.values()))
            with contextlib.suppress(httpx.HTTPError):
                answer = httpx.post(
                    f"{server.address}/api/datasets/download/{dataset.hub}",
                    json={"dataset_id": dataset.id},
                    headers={"Authorization": f"Bearer {self.tokens[number % len(self.tokens)]}"},
                    timeout=10,
                )
                if answer.is_success:
                    return str(answer.json()["job_id"])
                print(
                    f"         {server.address} answers {answer.status_code} {answer.text[:200]}", flush=True
                )
            time.sleep(1)
            return None

        return until(asked, f"{dataset.id} is taken in", 120)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]

    def count_connections(self) -> None:
        with contextlib.suppress(psycopg.Error):
            ((count,),) = self.rows(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            )
            self.most_connections = max(self.most_connections, count)


@contextmanager
def cluster(made: list[FakeDataset], folder: Path, chance: random.Random) -> Iterator[Cluster]:
    with ExitStack() as stack:
        place = stack.enter_context(namespace())
        host = place.others if place else "127.0.0.1"
        catalogue = Catalogue(made, [ada()])
        hub = stack.enter_context(HubFake(catalogue, host=host))
        kaggle = stack.enter_context(KaggleFake(catalogue, host=host))
        postgres = stack.enter_context(postgres_server())
        redis = stack.enter_context(redis_server())
        url = stack.enter_context(postgres.database())
        line = stack.enter_context(DatabaseLine(url, place))
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            "SECRET_KEY": "0123456789abcdef" * 4,
            "DOWNLOAD_PATH": str(folder / "store"),
            "HF_ENDPOINT": hub.url,
            "DATAFERRY_KAGGLE_ENDPOINT": kaggle.url,
            "KAGGLE_USERNAME": "ada",
            "KAGGLE_KEY": ada().kaggle_key,
            "DATAFERRY_RECONCILE_S": "10",
        }
        servers = {f"server-{n}": Server(folder / f"server-{n}", **settings) for n in (1, 2)}
        for server in servers.values():
            start(server)
            stack.callback(server.kill)
        common = next(iter(servers.values())).environment
        workers = {
            "worker-1": WorkerProcess("worker-1", folder, common, None),
            "worker-2": WorkerProcess("worker-2", folder, common | {"DATABASE_URL": line.url}, place),
        }
        for worker in workers.values():
            worker.start()
            stack.callback(worker.kill)
        address = next(iter(servers.values())).address
        print(f"the line is cut by {'an interface' if place else 'a proxy of our own'}; logs in {folder}")
        clients = [Client(address, email) for email in PERSONS]
        tokens = [client.http.headers["Authorization"].removeprefix("Bearer ") for client in clients]
        for client in clients:
            client.http.close()
        try:
            yield Cluster(servers, workers, postgres, redis, line, url, chance, tokens)
        finally:
            for name, server in servers.items():
                (folder / f"{name}.log").write_text(server.log)


def soak(world: Cluster, made: list[FakeDataset], seconds: float, every_s: float) -> dict[str, FakeDataset]:
    """Asks for all datasets, evenly over the time, while one fault follows another; the jobs by their ids."""
    jobs: dict[str, FakeDataset] = {}
    ended = threading.Event()

    def ask() -> None:
        for number, dataset in enumerate(made):
            jobs[world.request(dataset, number)] = dataset
            world.count_connections()
            if ended.wait(0.9 * seconds / len(made)):
                return

    asking = threading.Thread(target=ask, name="asking")
    began = time.monotonic()
    asking.start()
    faults: list[Callable[[], str]] = []
    while time.monotonic() - began < seconds:
        faults = faults or world.chance.sample(world.faults, len(world.faults))
        next_at = time.monotonic() + every_s
        time.sleep(world.chance.uniform(0, max(0.0, every_s - SILENCE_S - 5)))
        fault = faults.pop()
        at = time.monotonic() - began
        print(f"{at:7.1f}  {fault.__name__:17} {fault()}", flush=True)
        time.sleep(max(0.0, next_at - time.monotonic()))
    asking.join()
    return jobs


def verdict(world: Cluster, jobs: dict[str, FakeDataset]) -> list[str]:
    """What is wrong, once every job has ended or had the time to."""
    states: dict[str, tuple[Any, ...]] = {}

    def all_ended() -> bool:
        rows = world.rows("SELECT id, state, file_path, problem, crashes, generation, attempt FROM jobs")
        states.update({row[0]: row[1:] for row in rows})
        time.sleep(1)
        return all(states.get(job_id, ("",))[0] in FINAL_STATES for job_id in jobs)

    complaints = []
    try:
        until(all_ended, "every job has ended", END_S)
    except AssertionError as error:
        complaints.append(str(error))
    for job_id, dataset in jobs.items():
        state, path, problem, *_ = states.get(job_id, ("lost", None, None))
        if state != "succeeded":
            complaints.append(f"{dataset.hub} {dataset.id} ({job_id}) is {state}: {problem}")
            continue
        try:
            same(Path(path), expected(dataset))
        except AssertionError as error:
            complaints.append(f"{dataset.hub} {dataset.id} ({job_id}) is wrong: {error}")
    print_table(world, jobs, states)
    return complaints


def print_table(world: Cluster, jobs: dict[str, FakeDataset], states: dict[str, tuple[Any, ...]]) -> None:
    found = [states[job_id] for job_id in jobs if job_id in states]
    print(f"{len(jobs):6} jobs, {len(states)} rows")
    for state, count in Counter(row[0] for row in found).most_common():
        print(f"{count:6} {state}")
    print(f"{sum(row[3] for row in found):6} taken over from a process that was dead or silent")
    print(f"{sum(row[4] > 1 for row in found):6} started more than once")
    print(f"{sum(row[5] > 1 for row in found):6} tried more than once")
    print(f"{world.most_connections:6} connections to Postgres at most")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--every", type=float, default=60, help="seconds from fault to fault")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    made = datasets(arguments.jobs)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    with cluster(made, folder, random.Random(arguments.seed)) as world:
        jobs = soak(world, made, 60 * arguments.minutes, arguments.every)
        complaints = verdict(world, jobs)
    if len(jobs) < len(made):
        complaints.append(f"{len(made) - len(jobs)} downloads were never taken in")
    for complaint in complaints:
        print(complaint)
    if not complaints:
        shutil.rmtree(folder)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
