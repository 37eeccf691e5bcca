"""Jobs with handlers made by tests, over a real queue."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbos import DBOS
from sqlalchemy import text

from dataferry.core.db import Database
from dataferry.core.errors import Cancelled
from dataferry.core.job_types import JobKind, JobView
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, Progress, Viewer
from dataferry.jobs.models import Job
from dataferry.jobs.service import JobRun, Jobs
from dataferry.realtime import Feed, Realtime
from dataferry.realtime.events import JobEvent, JobSnapshot
from tests.support.waiting import eventually

ADA, BOB, EVE = Viewer("ada"), Viewer("bob"), Viewer("eve")
Handler = Callable[[JobRun], None]


class World:
    """Jobs over one database, started and stopped as a server would, with handlers made by tests."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.settings = Settings(
            _env_file=None,
            data_dir=folder,
            database_url=database.url,
            secret_key="k" * 32,
            poll_s=0.02,
            reconcile_s=0.2,
            retry_delay_s=0.02,
            drain_s=5,
            download_slots=2,
            progress_hz=20,
        )
        self.handlers: dict[str, Handler] = {}
        self.closed: list[JobView] = []
        self.runs: list[JobRun] = []
        self.jobs = self._wire()

    def set(self, **settings: Any) -> None:
        """Other settings, from the next start on."""
        self.settings = self.settings.model_copy(update=settings)
        self.jobs = self._wire()

    def _wire(self) -> Jobs:
        jobs = Jobs(self.database, self.settings, Realtime())
        jobs.register("download", self._handle)
        jobs.register("delete", self._handle)
        jobs.on_closed(lambda _session, job: self.closed.append(job))
        self.realtime = jobs._realtime
        return jobs

    def _handle(self, run: JobRun) -> None:
        self.runs.append(run)
        self.handlers[run.params["do"]](run)

    async def start(self, *, worker: bool = True) -> None:
        await self.jobs.start(worker=worker)

    async def restart(self) -> None:
        await self.jobs.stop()
        self.jobs = self._wire()
        await self.jobs.start()

    async def submit(
        self,
        do: str,
        *,
        who: Viewer = ADA,
        key: str = "iris",
        kind: JobKind = "download",
        dataset: str | None = None,
        wake: bool = True,
    ) -> str:
        job_id, _created = await self.database.run(
            lambda session: self.jobs.submit(
                session,
                kind=kind,
                ref=DatasetRef.parse("builtin:iris"),
                title="Iris",
                dataset_id=f"dataset_{dataset or key}",
                params={"do": do},
                requester_id=who.user_id,
                single_flight_key=key,
            )
        )
        if wake:
            self.jobs.wake(job_id)
        return job_id

    async def enqueued(self, *job_ids: str) -> None:
        """Until the queue has the present generation of each: it is put there after the row is committed."""

        async def known() -> bool:
            jobs = [
                await self.database.run(lambda session, job_id=job_id: session.get_one(Job, job_id))
                for job_id in job_ids
            ]
            ids = [f"{job.id}:{job.generation}" for job in jobs]
            return len(await DBOS.list_workflows_async(workflow_ids=ids)) == len(ids)

        await eventually(known, "the queue has them")

    def lose_queue(self) -> None:
        """What a restored backup or a deleted file would do."""
        if self.database.sqlite:
            for path in self.settings.data_dir.glob("jobs.sqlite*"):
                path.unlink()
        else:
            self.database.call(lambda session: session.connection().execute(text("DROP SCHEMA dbos CASCADE")))

    async def until(self, job_id: str, *states: str, who: Viewer = ADA, within_s: float = 10) -> JobView:
        async def reached() -> JobView | None:
            job = await self.jobs.get(who, job_id)
            return job if job.state in states else None

        return await eventually(reached, f"job is {' or '.join(states)}", within_s)

    async def steps(self, job_id: str, who: Viewer = ADA) -> list[str]:
        return [step.state for step in await self.jobs.history(who, job_id)]


class Hold:
    """A handler that works until it is let go of or told to stop."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, run: JobRun) -> None:
        run.progress(Progress(phase="fetching", bytes_done=10, bytes_total=100))
        self.begun.set()
        while not self.let_go.is_set():
            if run.cancel.wait(0.005):
                raise Cancelled
        run.progress(Progress(phase="fetching", bytes_done=100, bytes_total=100))

    async def __aenter__(self) -> "Hold":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.let_go.set()

    async def working(self) -> None:
        async def begun() -> bool:
            return self.begun.is_set()

        await eventually(begun, "the handler is at work")


class Reluctant:
    """A handler whose first run, asked to stop, does so only once it may; the next has nothing to do."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.may_end = threading.Event()
        self._runs = 0

    def __call__(self, run: JobRun) -> None:
        self._runs += 1
        if self._runs == 1:
            run.cancel.wait(10)
            self.stopping.set()
            self.may_end.wait(10)
            raise Cancelled


def done(_run: JobRun) -> None:
    """A handler with nothing to do."""


def follow(world: World, viewer: Viewer) -> Feed:
    return world.realtime.feed(viewer, lambda topic: world.jobs.snapshot(viewer, topic))


def jobs_in(messages: list[Any]) -> list[JobView]:
    return [message.job for message in messages if isinstance(message, JobEvent | JobSnapshot)]
