"""One run of a job: what its handler is given, and the thread that the handler has to itself."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, cast

from sqlmodel import Session

from dataferry.core.errors import Cancelled, DatabaseAway, FolderBusy
from dataferry.core.job_types import JobState, JobView
from dataferry.core.telemetry import log_context
from dataferry.core.types import DatasetRef, Progress
from dataferry.jobs import rows
from dataferry.jobs.models import Job
from dataferry.jobs.progress_history import ProgressHistory
from dataferry.jobs.views import RateSample, waits_for

log = logging.getLogger(__name__)

T = TypeVar("T")

StopReason = Literal["user", "pause", "timeout", "shutdown"]

_VERIFYING = ("verifying", "unpacking", "finishing")


@dataclass(frozen=True, slots=True)
class RowState:
    """What a run knows of its job's row: the view, the row's version, and who receives its changes."""

    view: JobView
    version: int
    audience: tuple[str, ...]


class Transact(Protocol):
    """Runs a function in one transaction with the row of a run, which is locked and the run's own. Errors:
    ``Cancelled`` where it is another run's by now."""

    def __call__(self, run: "JobRun", function: Callable[[Session, Job], T], /) -> T: ...


class JobRun:
    """What a handler gets, in a worker thread.

    ``cancel`` is set when the run should end at the next point from which it can be resumed;
    ``stop_reason``, set before it, says why.
    """

    def __init__(
        self,
        row_state: RowState,
        params: dict[str, Any],
        *,
        generation: int,
        worker_id: str,
        used_s: float,
        progress_hz: float,
        publish: Callable[[RowState], None],
        transact: Transact,
    ) -> None:
        self.params = params
        self.requesters = row_state.audience
        self.cancel = threading.Event()
        self.stop_reason: StopReason | None = None
        self.id = row_state.view.id
        self.generation = generation
        self.worker_id = worker_id
        self.error: BaseException | None = None
        self.ended = threading.Event()
        #: The job belongs to another worker now; nothing of this run may be written into its row.
        self.ownership_lost = False
        self._row_state = row_state
        self._progress = row_state.view.progress
        self._history = ProgressHistory(self._progress)
        self._interval_s = 1.0 / progress_hz
        self._published_at = 0.0
        self._used_before_s = used_s
        self._started_at = time.monotonic()
        self._publish = publish
        self._transact = transact
        self._lock = threading.Lock()

    # -- for handlers ------------------------------------------------------------------------------

    @property
    def job(self) -> JobView:
        """The job as it stands now."""
        return self._row_state.view.model_copy(update={"progress": self._progress})

    def progress(self, progress: Progress) -> None:
        """Report progress, as often as you like: it is published ``progress_hz`` times a second.

        The phases verifying, unpacking and finishing bring the job into the state ``verifying``.
        """
        if self.ownership_lost:
            return
        with self._lock:
            progress = self._history.without_steps_back(progress)
            # A bar that moves for the first time is what a person waits for.
            notable = progress.phase != self._progress.phase or (
                progress.bytes_done > 0 and self._progress.bytes_done == 0
            )
            self._progress = progress
            due = time.monotonic() - self._published_at >= self._interval_s
            if due or notable:
                self._published_at = time.monotonic()
        state: JobState = "verifying" if progress.phase in _VERIFYING else "running"
        if state != self._row_state.view.state:
            self._enter(state)
        elif due or notable:
            self._publish(self.row_state)

    def update(
        self,
        *,
        revision: str | None = None,
        title: str | None = None,
        file_path: str | None = None,
        ref: DatasetRef | None = None,
    ) -> None:
        """Write into the row what the handler has found out about the job; ``ref``: what it is at now."""
        found: dict[str, Any] = {"revision": revision, "title": title, "file_path": file_path}
        if ref is not None:
            found |= {"ref": str(ref), "source": ref.source}
        values = {name: value for name, value in found.items() if value is not None}
        self._change(values)

    @property
    def name(self) -> str:
        """This run's alone, of all runs of all jobs."""
        return f"{self.id}.{self.generation}"

    def write(self, function: Callable[[Session], T]) -> T:
        """Run ``function(session)`` in one transaction that is made only while the job is this run's. It is
        the only way for handlers to write: their database is one of ``Reads``.

        Errors: ``Cancelled`` where another worker has taken the job over, as after a long freeze.
        """
        return self._transact(self, lambda session, _job: function(session))

    def confirm(self) -> None:
        """Called before what cannot be in one transaction with the row, such as a rename. Errors:
        ``Cancelled`` where another worker has taken the job over."""
        self.write(lambda _session: None)

    def is_overtaken(self, name: str) -> bool:
        """Whether the run of that name has lost its job, or ended. Errors: ``Cancelled`` as ``confirm``."""
        job_id, _, generation = name.rpartition(".")

        def read(session: Session) -> bool:
            job = session.get(Job, job_id)
            return job is None or str(job.generation) != generation

        return self.write(read)

    def settle_dataset(self, find: Callable[[Session], str]) -> None:
        """Let ``find(session)`` say which dataset the job is about from now on, in one transaction with its
        row. Errors: ``FolderBusy`` while another job is at work on that dataset; ``Cancelled``."""

        def settle(session: Session, job: Job) -> Job | None:
            dataset_id = find(session)
            if dataset_id == job.dataset_id:
                return None
            rows.change(session, job, cast(JobState, job.state), dataset_id=dataset_id, **self.metrics)
            session.flush()
            return rows.holder(session, job)

        holder = self._transact(self, settle)
        if holder is not None:
            raise FolderBusy(waits_for(holder))

    def _enter(self, state: JobState) -> None:
        """Write the state into the row; where the database is away, the next report does it."""
        try:
            self._change({}, state)
        except Cancelled:
            log.info("the job is another worker's by now")
        except DatabaseAway:
            log.warning("the state of the job cannot be saved now", exc_info=True)
            self._publish(self.row_state)

    def _change(self, values: Mapping[str, Any], state: JobState | None = None) -> None:
        """Write into the row, with the newest progress, and publish it."""

        def change(session: Session, job: Job) -> None:
            rows.change(session, job, state or cast(JobState, job.state), **self.metrics, **values)

        self._transact(self, change)
        self._publish(self.row_state)

    # -- for the runner ----------------------------------------------------------------------------

    @property
    def row_state(self) -> RowState:
        """The row's state with the newest progress."""
        return RowState(self.job, self._row_state.version, self._row_state.audience)

    @property
    def log_fields(self) -> dict[str, str]:
        """What stands on every line that is logged about the run."""
        return {"job": self.id, "dataset": self.job.ref, "attempt": str(self.job.attempt)}

    @property
    def latest_progress(self) -> Progress:
        return self._progress

    def recent_rates(self) -> list[RateSample]:
        """About one a second, of the last minutes."""
        with self._lock:
            return self._history.rates()

    @property
    def used_s(self) -> float:
        """Running time of the job so far, with that of earlier runs."""
        return self._used_before_s + time.monotonic() - self._started_at

    @property
    def metrics(self) -> dict[str, Any]:
        """Progress and running time, as columns of the row."""
        return {"progress": self._progress.model_dump(mode="json"), "used_s": self.used_s}

    def tell(self, note: str) -> None:
        """Publish what the job waits for while its row cannot be written."""
        progress = self._progress.model_copy(update={"note": note, "rate_bps": None, "eta_s": None})
        view = self._row_state.view.model_copy(update={"progress": progress})
        self._publish(RowState(view, self._row_state.version, self._row_state.audience))

    def apply(self, row_state: RowState) -> None:
        """Take over a newer state of the row."""
        if row_state.version >= self._row_state.version:
            self._row_state = row_state

    def stop(self, reason: StopReason) -> None:
        """Ask the handler to stop. The first reason counts."""
        with self._lock:
            if self.stop_reason is None:
                self.stop_reason = reason
        self.cancel.set()

    def revoke(self) -> None:
        """Called when another worker has taken the job over."""
        self.ownership_lost = True
        self.stop("shutdown")

    def start(self, handler: "Handler") -> None:
        """Run ``handler`` in a thread of its own, which does not keep the process from ending."""
        threading.Thread(target=self._run_handler, args=(handler,), name=self.id, daemon=True).start()

    def _run_handler(self, handler: "Handler") -> None:
        try:
            with log_context(**self.log_fields):
                handler(self)
        except BaseException as error:  # even SystemExit is only the end of this run
            self.error = error
        finally:
            self.ended.set()


Handler = Callable[[JobRun], None]
"""The code of a job kind; blocks. It may be killed at any line and is then started again.

Returning means success. A ``DataferryError`` that is transient leads to another attempt, any other
error to a failed job; ``Cancelled`` says that it stopped because it was asked to.
"""
