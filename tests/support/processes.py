"""Workers in processes of their own, which can be stopped, frozen and killed.

Their one handler, ``tick``, works until the file ``finish`` (or the one that its job names) appears in its
folder and leaves a line in ``ticks`` for each beginning and end. ``python -m tests.support.processes`` is
the worker's side.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlmodel import SQLModel

from dataferry.core.db import Database
from dataferry.core.errors import Cancelled, NetworkFault
from dataferry.core.settings import Settings
from dataferry.core.types import Progress
from dataferry.jobs import queue
from dataferry.jobs.service import JobRun, Jobs
from dataferry.realtime import Realtime
from tests.support.server import until


class Worker:
    """``with Worker(folder, DATABASE_URL=…):`` a process that runs jobs."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "DATAFERRY_DATA_DIR": str(folder),
            "DATAFERRY_POLL_S": "0.02",
            "DATAFERRY_RECONCILE_S": "2",
            "DATAFERRY_RETRY_DELAY_S": "0.2",
            "SECRET_KEY": "k" * 32,
            **settings,
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.processes", str(self._folder)],
            env=self._environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    @property
    def process(self) -> "subprocess.Popen[str]":
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(20)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Ticks:
    """What the workers' handlers have left in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lines(self) -> list[dict[str, Any]]:
        path = self._folder / "ticks"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait_for(self, event: str, count: int = 1, pid: int | None = None) -> dict[str, Any]:
        """The last of ``count`` events of that name (of one process)."""

        def happened() -> dict[str, Any] | None:
            found = [tick for tick in self.lines() if tick["event"] == event and pid in (None, tick["pid"])]
            return found[count - 1] if len(found) >= count else None

        return until(happened, f"{count} times {event}: {self.lines()}")

    def finish(self, file: str = "finish") -> None:
        (self._folder / file).touch()


def _tick(folder: Path, run: JobRun) -> None:
    def note(event: str) -> None:
        line = {"event": event, "pid": os.getpid(), "job": run.id, "attempt": run.job.attempt}
        with (folder / "ticks").open("a") as file:
            file.write(json.dumps(line | {"reason": run.stop_reason}) + "\n")

    note("begin")
    if run.params.get("fails", 0) >= run.job.attempt:
        raise NetworkFault("The connection dropped.")
    done = run.job.progress.bytes_done
    while not (folder / run.params.get("file", "finish")).exists():
        done += 1
        run.progress(Progress(phase="fetching", bytes_done=done))
        if run.cancel.wait(0.01):
            note("stopped")
            raise Cancelled
    note("finished")


async def _work(folder: Path) -> None:
    queue.VERSION = os.environ.get("QUEUE_VERSION", queue.VERSION)
    settings = Settings(_env_file=None)
    database = Database(settings.sqlalchemy_url)
    SQLModel.metadata.create_all(database.engine)
    jobs = Jobs(database, settings, Realtime(settings))
    jobs.register("download", lambda run: _tick(folder, run))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await jobs.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    await jobs.stop()
    database.close()


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1])))
