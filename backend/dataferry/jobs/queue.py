"""DBOS behind five methods: start, stop, enqueue, cancel, recover.

The queue decides when and where a job runs, and nothing else. Its one workflow is given a job's id
and generation; whether there is work to do, the job's row says. docs/adr/0002 has the reasons.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import Connection, Engine, create_engine, event

from dataferry.core.connection_budget import QUEUE_CONNECTIONS
from dataferry.core.db import now
from dataferry.core.job_types import PRIORITY_RANKS, JobPriority
from dataferry.core.private_files import keep_database_private, make_private_folder
from dataferry.core.settings import Settings
from dataferry.core.specs import JOB_KINDS
from dataferry.core.sqlite import define_missing_functions
from dataferry.jobs.models import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """``slots`` are the jobs that one worker runs at a time; ``poll_s`` is how often it looks for new
    ones."""

    slots: Callable[[Settings], int]
    poll_s: Callable[[Settings], float]


#: Every queue. Which one a job is put in is declared with its kind (``core.types.JOB_KINDS``).
QUEUES: dict[str, QueueSpec] = {
    "download": QueueSpec(lambda settings: settings.download_slots, lambda settings: settings.poll_s),
    "maintenance": QueueSpec(
        lambda _settings: 2, lambda settings: max(settings.poll_s, min(1.0, 4 * settings.poll_s))
    ),
}

#: What a start means: the arguments of ``run_job``, and that the row says the rest. DBOS offers a start only
#: to workers of the version that enqueued it (by default a hash of the code), so this changes with the
#: meaning and not with a release; then ``recover`` brings what waits into the new version.
VERSION = "1"

Run = Callable[[str, int], None]
"""Called in a thread with a job's id and generation; returns when the slot is free again."""

#: Ended workflows are deleted after this time: the rows are the history.
_RETENTION_S = 86_400.0
_CLEANUP_INTERVAL_S = 3600.0
_CLEANUP_BATCH = 500
_STATUS_BATCH = 200
_NOT_STARTED = ["ENQUEUED", "DELAYED"]
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One start of a job, ``delay_s`` from now at the earliest. Of those that are due, the lowest ``rank``
    is offered a slot first."""

    job_id: str
    generation: int
    queue: str
    delay_s: float = 0.0
    rank: int = 2 * PRIORITY_RANKS["normal"]

    @classmethod
    def of(cls, job: Job, delay_s: float | None = None, *, gave_way: bool = False) -> Self:
        """The start of the job's present generation, in the queue of its kind; by default as soon as what it
        waits for is over. One that ``gave_way`` comes before those of its priority."""
        if delay_s is None:
            waits_s = (job.waiting_until - now()).total_seconds() if job.waiting_until is not None else 0.0
            delay_s = max(0.0, waits_s)
        rank = 2 * PRIORITY_RANKS[cast(JobPriority, job.priority)] - gave_way
        return cls(job.id, job.generation, JOB_KINDS[job.kind].queue, delay_s, rank)

    @property
    def workflow_id(self) -> str:
        return _workflow_id(self.job_id, self.generation)


def _is_newest_version() -> bool:
    """Whether the last worker that started has this version."""
    return DBOS.get_latest_application_version()["version_name"] == VERSION


def _workflow_id(job_id: str, generation: int) -> str:
    return f"{job_id}:{generation}"


class Queue:
    """The queue of this process. DBOS is one for each process, so only one may be started at a time."""

    def __init__(self, settings: Settings, run: Run) -> None:
        self._settings = settings
        self._run = run
        self._engine: Engine | None = None
        self._cleaned_up_at = 0.0

    def start(self, worker_id: str, *, worker: bool) -> None:
        """Begin to take jobs in and, as a worker, to run them. Blocks; not on an event loop's thread,
        which DBOS would take for its own.
        """
        global _started
        if _started is not None:
            raise RuntimeError("a queue is started in this process already")
        _started = self
        try:
            self._launch(worker_id, worker=worker)
            if self._register_queues() and worker:
                # DBOS looks for new queues once a second, but finds known ones at once.
                DBOS.destroy()
                self._launch(worker_id, worker=worker)
            if worker and not _is_newest_version():
                DBOS.set_latest_application_version(VERSION)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End DBOS in this process. Runs should have returned by now."""
        global _started
        if _started is not self:
            return
        with _silenced_dbos():
            self._wait_for_outcomes()
            DBOS.destroy(workflow_completion_timeout_sec=0)
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        _started = None

    def enqueue(self, entry: QueueEntry) -> None:
        """Idempotent: the same job and generation is run once, however often it is enqueued.

        Before ``start`` this does nothing: the recovery then enqueues what is missing.
        """
        if _started is not self:
            return
        options: dict[str, Any] = {"priority": entry.rank}
        if entry.delay_s > 0:
            options["delay_seconds"] = entry.delay_s
        with SetWorkflowID(entry.workflow_id), SetEnqueueOptions(**options):
            DBOS.enqueue_workflow(entry.queue, run_job, entry.job_id, entry.generation)

    def cancel(self, job_id: str, generation: int) -> None:
        """Take a start that has not begun out of the queue."""
        if _started is not self:
            return
        workflow_id = _workflow_id(job_id, generation)
        known = DBOS.list_workflows(
            workflow_ids=[workflow_id], status=_NOT_STARTED, load_input=False, load_output=False
        )
        if known:
            DBOS.cancel_workflow(workflow_id)

    def recover(self, expected: Sequence[QueueEntry], live_workers: Collection[str]) -> list[QueueEntry]:
        """Enqueue those of the ``expected`` entries that the queue does not know.

        Returns those that it knows as ended, as begun by a worker that is not among the live ones, or as
        enqueued under another version: they need a new generation, since DBOS runs a workflow's id once.
        """
        lost: list[QueueEntry] = []
        # One version alone takes over, or two would take from each other for ever.
        takes_over = _is_newest_version()
        for first in range(0, len(expected), _STATUS_BATCH):
            batch = expected[first : first + _STATUS_BATCH]
            ids = [entry.workflow_id for entry in batch]
            found = DBOS.list_workflows(workflow_ids=ids, load_input=False, load_output=False)
            known = {workflow.workflow_id: workflow for workflow in found}
            for entry in batch:
                workflow = known.get(entry.workflow_id)
                if workflow is None:
                    self.enqueue(entry)
                elif workflow.status in _ENDED or (
                    workflow.status == "PENDING" and workflow.executor_id not in live_workers
                ):
                    lost.append(entry)
                elif takes_over and workflow.status in _NOT_STARTED and workflow.app_version != VERSION:
                    DBOS.cancel_workflow(entry.workflow_id)
                    lost.append(entry)
        self._cancel_dead_workflows(live_workers)
        self._delete_old_workflows()
        return lost

    def forget(self, job_ids: Collection[str]) -> None:
        """Delete every workflow of jobs that are gone, which DBOS keeps with what went in and came out."""
        if _started is not self:
            return
        for job_id in job_ids:
            found = DBOS.list_workflows(workflow_id_prefix=f"{job_id}:", load_input=False, load_output=False)
            if found:
                DBOS.delete_workflows([workflow.workflow_id for workflow in found])

    def rewrite(self) -> None:
        """Write the queue's own file anew, without what was deleted from it; nothing on Postgres. Blocks."""
        if self._engine is not None:
            with self._engine.connect() as connection:
                _raw(connection).execute("VACUUM")

    def empty_log(self) -> bool:
        """Cut the log of that file to nothing; False where others read it just now. Blocks."""
        if self._engine is None:
            return True
        with self._engine.connect() as connection:
            busy, *_counts = _raw(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def _launch(self, worker_id: str, *, worker: bool) -> None:
        DBOS(config=self._config(worker_id))
        if not worker:
            DBOS.listen_queues([])
        DBOS.launch()

    def _register_queues(self) -> bool:
        """Write the queues down as the settings want them; true when one of them is new."""
        new = any(DBOS.retrieve_queue(name) is None for name in QUEUES)
        for name, spec in QUEUES.items():
            DBOS.register_queue(
                name,
                worker_concurrency=spec.slots(self._settings),
                polling_interval_sec=spec.poll_s(self._settings),
                on_conflict="always_update",
            )
        return new

    def _config(self, worker_id: str) -> DBOSConfig:
        settings = self._settings
        config = DBOSConfig(
            name="dataferry",
            executor_id=worker_id,
            application_version=VERSION,
            enable_otlp=False,
            log_level="WARNING",
            # Nothing here waits for DBOS's own messages. Without LISTEN/NOTIFY it keeps no connection
            # for them and wakes no thread 100 times a second; this bounds how long stop() takes.
            use_listen_notify=False,
            notification_listener_polling_interval_sec=settings.poll_s,
            sys_db_pool_size=QUEUE_CONNECTIONS,
        )
        if settings.embedded:
            make_private_folder(settings.data_dir)
            url = f"sqlite:///{settings.data_dir / 'jobs.sqlite'}"
            self._engine = self._engine or _sqlite_engine(url)
            config["system_database_url"] = url
            config["system_database_engine"] = self._engine
        else:
            config["system_database_url"] = settings.sqlalchemy_url
        return config

    def _wait_for_outcomes(self, within_s: float = 1.0) -> None:
        """A run returns a moment before DBOS has noted that it did."""
        deadline = time.monotonic() + within_s
        with contextlib.suppress(Exception):
            while time.monotonic() < deadline and DBOS.list_workflows(
                status="PENDING", executor_id=DBOS.executor_id, load_input=False, load_output=False
            ):
                time.sleep(0.02)

    def _cancel_dead_workflows(self, live_workers: Collection[str]) -> None:
        """Cancel the workflows of dead workers, whose jobs go on as other generations."""
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        dead = [workflow.workflow_id for workflow in pending if workflow.executor_id not in live_workers]
        if dead:
            DBOS.cancel_workflows(dead)

    def _delete_old_workflows(self) -> None:
        """Delete workflows that ended ``_RETENTION_S`` ago; DBOS keeps them for ever."""
        if self._cleaned_up_at and time.monotonic() - self._cleaned_up_at < _CLEANUP_INTERVAL_S:
            return
        self._cleaned_up_at = time.monotonic()
        before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - _RETENTION_S))
        while True:
            old = DBOS.list_workflows(
                status=_ENDED,
                completed_before=before,
                limit=_CLEANUP_BATCH,
                load_input=False,
                load_output=False,
            )
            if old:
                DBOS.delete_workflows([workflow.workflow_id for workflow in old])
            if len(old) < _CLEANUP_BATCH:
                return


_started: Queue | None = None


@DBOS.workflow(name="run_job")
def run_job(job_id: str, generation: int) -> None:
    queue = _started
    if queue is not None:
        queue._run(job_id, generation)


def _raw(connection: Connection) -> Any:
    raw = connection.connection.driver_connection
    assert raw is not None
    return raw


def _sqlite_engine(url: str) -> Engine:
    """As DBOS makes it, with a write-ahead log: 405 instead of 66 writes a second from 50 jobs."""
    engine = create_engine(url)

    @event.listens_for(engine, "do_connect")
    def before_connect(*_arguments: Any) -> None:
        keep_database_private(engine.url.database)

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        define_missing_functions(connection)
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


# DBOS adds a handler of its own to a logger that has none, and then no longer passes records on.
_dbos_log = logging.getLogger("dbos")
_dbos_log.addHandler(logging.NullHandler())


@contextlib.contextmanager
def _silenced_dbos() -> Iterator[None]:
    """Drop DBOS's log records: while it stops, each of its threads reports that the database is gone."""

    def nothing(_record: logging.LogRecord) -> bool:
        return False

    _dbos_log.addFilter(nothing)
    try:
        yield
    finally:
        _dbos_log.removeFilter(nothing)
