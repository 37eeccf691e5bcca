"""``python -m benchmarks.registry``: what a dataset of half a million files costs the library's database.

For each piece of work it prints its seconds, the peak of this process's memory over that before, the CPU time
of its longest write transaction, which a busy machine does not change, and how long others waited at most
meanwhile: a read and a write of one row in this process, and a write of another process. ``--files`` takes
another number, ``--database-url`` a Postgres database that may be filled.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlmodel import SQLModel, select

import dataferry.app  # noqa: F401 - brings every model in
from dataferry.core.db import Database
from dataferry.core.types import Checksum
from dataferry.library.dedup import DedupCandidates, freed_bytes, used_bytes
from dataferry.library.file_rows import page, pages
from dataferry.library.models import Alias, Dataset
from dataferry.library.receipts import receipt, receipt_json
from dataferry.library.recording import record_deletion, record_download
from dataferry.library.views import DatasetFileView
from dataferry.transfer import FetchedFile

FILES = 500_000
PROBE_INTERVAL_S = 0.01
GOAL_WAIT_MS, GOAL_MEMORY_MB = 200, 200


def files(count: int) -> Iterator[FetchedFile]:
    """Made as they are asked for, so that their list does not count as the registry's memory."""
    for number in range(count):
        digest = sha256(str(number).encode()).hexdigest()
        yield FetchedFile(f"images/train/{number % 1000:03}/{number:08}.jpg", 20_000, digest, "publisher")


class Probe:
    """Reads or writes one row again and again in a thread; ``longest_ms`` is the longest that it took."""

    def __init__(self, once: Callable[[], object]) -> None:
        self._once = once
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.longest_ms = 0.0
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(PROBE_INTERVAL_S):
            began = time.perf_counter()
            self._once()
            self.longest_ms = max(self.longest_ms, 1000 * (time.perf_counter() - began))

    def stop(self) -> float:
        self._stopping.set()
        self._thread.join()
        return self.longest_ms


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    memory_mb: float
    transaction_ms: float
    read_ms: float
    write_ms: float
    other_write_ms: float


def measured(database: Database, work: Callable[[], object]) -> Cost:
    before = reset_peak_memory()
    with longest_transaction(database) as longest_ms, other_process(database.url) as other:
        read = Probe(lambda: database.read(lambda session: session.exec(select(Alias.ref).limit(1)).first()))
        write = Probe(lambda: touch(database, "probe"))
        began = time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        waits_ms = read.stop(), write.stop(), other()
    return Cost(seconds, peak_memory() - before, longest_ms[0], *waits_ms)


@contextlib.contextmanager
def longest_transaction(database: Database) -> Iterator[list[float]]:
    """The CPU time of the longest transaction in the block that may write, in ms: one number."""
    longest_ms = [0.0]

    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().keys() & {"dataferry_reads", "postgresql_readonly"}:
            connection.info["began"] = time.thread_time()

    def end(_connection: Any, record: Any) -> None:
        began = record.info.pop("began", None)
        if began is not None:
            longest_ms[0] = max(longest_ms[0], 1000 * (time.thread_time() - began))

    event.listen(database.engine, "begin", begin)
    event.listen(database.engine, "checkin", end)
    try:
        yield longest_ms
    finally:
        event.remove(database.engine, "begin", begin)
        event.remove(database.engine, "checkin", end)


def touch(database: Database, name: str) -> None:
    with database.unit_of_work() as session:
        session.merge(Alias(name=name, ref=f"builtin:{time.perf_counter_ns()}"))


@contextlib.contextmanager
def other_process(url: str) -> Iterator[Callable[[], float]]:
    """A process that writes meanwhile; called, it ends and says how long it waited at most, in ms."""
    command = [sys.executable, "-m", "benchmarks.registry", "--probe", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield lambda: float(process.communicate("\n")[0])
        process.kill()


def probe(url: str) -> None:
    database = Database(url)
    touch(database, "other")
    print("ready", flush=True)
    writes = Probe(lambda: touch(database, "other"))
    sys.stdin.readline()
    print(writes.stop())
    database.close()


def reset_peak_memory() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def peak_memory() -> float:
    """The most resident memory since the reset, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def works(database: Database, count: int) -> dict[str, Callable[[], object]]:
    def dataset(name: str = "ds_1") -> Dataset:
        return database.read(lambda session: session.get_one(Dataset, name))

    def record(name: str) -> None:
        record_download(database, name, files(count), "/store", "job_1", {})

    async def send_receipt() -> None:
        async def in_pages() -> AsyncIterator[Sequence[DatasetFileView]]:
            after = None
            while found := await database.run_read(page, "ds_1", after=after, limit=1000):
                yield found
                after = found[-1].path

        async for _piece in receipt_json(receipt(dataset(), ()), in_pages()):
            pass

    def look_up() -> None:
        promised = (Checksum("sha256", file.sha256, "publisher") for file in files(count))
        candidates = DedupCandidates(database, dataset("ds_2"), promised)
        for file in files(count):
            candidates(Checksum("sha256", file.sha256, "publisher"), file.size)

    return {
        "nothing, for comparison": lambda: time.sleep(5),
        "record": lambda: record("ds_1"),
        "record again, in place of the first": lambda: record("ds_1"),
        "record another with the same files": lambda: record("ds_2"),
        "send the receipt": lambda: asyncio.run(send_receipt()),
        "go through all files": lambda: sum(len(found) for found in pages(database, "ds_1")),
        "look for equal files": look_up,
        "bytes used, bytes that a deletion frees": lambda: (
            database.read(used_bytes),
            database.read(freed_bytes, "ds_1"),
        ),
        "delete": lambda: record_deletion(database, "ds_1"),
    }


def run(url: str, count: int) -> None:
    database = Database(url)
    SQLModel.metadata.create_all(database.engine)
    with database.unit_of_work() as session:
        for name in ("ds_1", "ds_2"):
            row = Dataset(id=name, source="kaggle", source_id="acme/one", name="", updated_at_ms=0)
            row.revision = name
            session.add(row)
    touch(database, "probe")
    costs = {}
    print(f"{count:,} files, load {os.getloadavg()[0]:.1f}")
    print("| work | s | memory MB | transaction, CPU ms | read waits ms | write waits ms | another's ms |")
    print("|---|---|---|---|---|---|---|")
    for name, work in works(database, count).items():
        cost = costs[name] = measured(database, work)
        print(
            f"| {name} | {cost.seconds:.1f} | {cost.memory_mb:.0f} | {cost.transaction_ms:.0f}"
            f" | {cost.read_ms:.0f} | {cost.write_ms:.0f} | {cost.other_write_ms:.0f} |",
            flush=True,
        )
    database.close()
    waits = max(max(cost.read_ms, cost.write_ms, cost.other_write_ms) for cost in costs.values())
    memory = max(cost.memory_mb for cost in costs.values())
    print(f"longest wait {waits:.0f} ms    goal ≤ {GOAL_WAIT_MS}")
    print(f"memory {memory:.0f} MB    goal ≤ {GOAL_MEMORY_MB}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--database-url")
    parser.add_argument("--probe", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.probe:
        probe(given.probe)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(given.database_url or f"sqlite:///{folder}/library.sqlite", given.files)


if __name__ == "__main__":
    main()
