"""Runs jobs: claims one from its row, supervises its handler, and records the outcome."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from sqlmodel import Session

from dataferry.core import database_faults
from dataferry.core.db import Database, now
from dataferry.core.errors import Cancelled, DataferryError
from dataferry.core.job_types import JobKind, JobView
from dataferry.core.settings import Settings
from dataferry.core.telemetry import log_context
from dataferry.jobs import claims, problems, requester_rows, rows, turns
from dataferry.jobs.completion import Completion, OnClosed, record
from dataferry.jobs.job_run import Handler, JobRun, RowState, StopReason
from dataferry.jobs.models import Job
from dataferry.jobs.queue import Queue, QueueEntry
from dataferry.jobs.retries import NextTry, Standing, is_transient, next_try, record_wait
from dataferry.jobs.views import CANCELLED, RateSample, job_view
from dataferry.realtime import Realtime

log = logging.getLogger(__name__)

#: A longer wait for the next attempt gives the slot back, and the attempt is enqueued.
MAX_WAIT_IN_SLOT_S = 5.0
#: How often a run saves its progress and reads whether it is to stop.
POLL_INTERVAL_S = 0.5
#: What runs that did not stop within ``drain_s`` are given to return once they are abandoned.
ABANDON_TIMEOUT_S = 2.0
#: How often it is tried to record how a run has ended, while the database is away.
OUTAGE_POLL_S = 0.5

T = TypeVar("T")


@dataclass
class Registry:
    """The handler of each kind of job that this process can run, and the hooks on completion."""

    handlers: dict[JobKind, Handler] = field(default_factory=dict)
    on_start: list[Callable[[], None]] = field(default_factory=list)
    on_closed: list[OnClosed] = field(default_factory=list)
    after_closed: list[Callable[[JobView], None]] = field(default_factory=list)
    on_left: list[Callable[[Session, JobView, str], None]] = field(default_factory=list)
    after_left: list[Callable[[], None]] = field(default_factory=list)


class Runner:
    """The runs of this process. ``run`` is called by the queue, in a thread for each slot."""

    def __init__(
        self, database: Database, settings: Settings, realtime: Realtime, registry: Registry
    ) -> None:
        self._database = database
        self._settings = settings
        self._realtime = realtime
        self._registry = registry
        self._lock = threading.Lock()
        self._runs: dict[str, JobRun] = {}
        self._retry_waits: dict[str, threading.Event] = {}
        self._draining = threading.Event()
        self._abandoned = threading.Event()
        self._idle = threading.Condition(self._lock)
        self._slots_in_use: Counter[str] = Counter()
        self.worker_id = ""
        self.queue = Queue(settings, self.run)

    # -- from the service --------------------------------------------------------------------------

    def start(self, worker_id: str) -> None:
        """Take runs from now on, as ``worker_id``."""
        self.worker_id = worker_id
        self._draining.clear()
        self._abandoned.clear()

    def drain(self) -> None:
        """Stop every run where it can be resumed, within ``drain_s``; then abandon those that go on."""
        self._draining.set()
        with self._lock:
            runs, waits = list(self._runs.values()), list(self._retry_waits.values())
        for run in runs:
            run.stop("shutdown")
        for wait in waits:
            wait.set()
        with self._idle:
            self._idle.wait_for(lambda: not self._slots_in_use, self._settings.drain_s)
        self._abandoned.set()
        with self._idle:
            self._idle.wait_for(lambda: not self._slots_in_use, ABANDON_TIMEOUT_S)

    def stop(self, job_id: str, reason: StopReason) -> None:
        """Stop the job's run, if it is here. Elsewhere its worker reads the wish from the row."""
        with self._lock:
            run = self._runs.get(job_id)
        if run is not None:
            run.stop(reason)

    def cancel_previous_start(self, job: Job) -> None:
        """Called when ``job`` has got a new generation: cancel the start of the one before, in the queue
        or while it waits in a slot."""
        with self._lock:
            wait = self._retry_waits.get(job.id)
        if wait is not None:
            wait.set()
        self.queue.cancel(job.id, job.generation - 1)

    def live(self, view: JobView) -> JobView:
        """``view`` with the newest progress, where the job runs in this process."""
        with self._lock:
            run = self._runs.get(view.id)
        if run is None or view.state not in rows.RUNNING:
            return view
        return view.model_copy(update={"progress": run.latest_progress})

    def rates(self, job_id: str) -> list[RateSample]:
        """How the job's run came along of late; nothing where it does not run in this process."""
        with self._lock:
            run = self._runs.get(job_id)
        return [] if run is None else run.recent_rates()

    def start_anew(self, job: Job) -> None:
        """Called when ``job``, which is in the queue, has got a new generation: enqueue that in place of the
        one before."""
        self.cancel_previous_start(job)
        self._enqueue(job)

    def has_slot_for(self, job_id: str) -> bool:
        """Whether a slot of this process runs the job, or is about to."""
        with self._lock:
            return self._slots_in_use[job_id] > 0

    def publish(self, job_id: str, left: tuple[str, ...] = ()) -> None:
        """Publish the job's row as it is now. ``left`` are the requesters who have just left it."""
        read = self._database.read(claims.row_state, job_id)
        if read is None:
            return
        row_state, dismissers = read
        with self._lock:
            run = self._runs.get(job_id)
        if run is not None:
            run.apply(row_state)
        view, version = self.live(row_state.view), row_state.version
        others = tuple(user_id for user_id in row_state.audience if user_id not in dismissers)
        self._publish(RowState(view, version, others), left)
        if dismissers:
            self._publish(RowState(view.model_copy(update={"dismissed": True}), version, dismissers))

    def complete(self, completion: Completion) -> None:
        """Complete a job, with what follows from it, and start what was held back by it."""
        recorded = self._database.call(record, completion, self._registry.on_closed)
        self.publish(completion.job_id)
        self._enqueue(*recorded.start)
        if recorded.closed is not None:
            for hook in self._registry.after_closed:
                try:
                    hook(recorded.closed)
                except Exception:
                    log.exception("a hook after the completion of a job failed")

    def _enqueue(self, *jobs: Job, delay_s: float | None = None, gave_way: bool = False) -> None:
        """Their rows are committed: what cannot be enqueued now, the reconciliation enqueues."""
        for job in jobs:
            try:
                self.queue.enqueue(QueueEntry.of(job, delay_s, gave_way=gave_way))
            except Exception:
                log.warning("job %s will be queued later", job.id, exc_info=True)

    # -- one run -----------------------------------------------------------------------------------

    def run(self, job_id: str, generation: int) -> None:
        """Run the job, or one whose turn it is before, for as long as it holds its slot."""
        if not self._draining.is_set():
            job_id, generation = self._whose_turn(job_id, generation)
        with self._lock:
            self._slots_in_use[job_id] += 1
        try:
            with log_context(job=job_id):
                while self._run_once(job_id, generation):
                    pass
        finally:
            with self._idle:
                self._slots_in_use[job_id] -= 1
                self._slots_in_use += Counter()  # drops what has come down to zero
                self._idle.notify_all()

    def _whose_turn(self, job_id: str, generation: int) -> tuple[str, int]:
        """The start that a free slot is for, where the queue offers this one."""
        turn = turns.settle(self._database, job_id, generation, self._registry.handlers)
        if turn is None:
            return job_id, generation
        self.publish(job_id)
        self._enqueue(turn.offered, gave_way=True)
        return turn.taken.id, turn.taken.generation

    def _run_once(self, job_id: str, generation: int) -> bool:
        """Run one attempt; true when the next one follows in the same slot."""
        if self._draining.is_set():
            return False
        run = self._claim(job_id, generation)
        if run is None:
            return False
        try:
            with log_context(**run.log_fields):
                self._supervise(run)
                wait_s = self._record_in_the_end(run)
        finally:
            with self._lock:
                if self._runs.get(job_id) is run:
                    del self._runs[job_id]
        return wait_s is not None and self._wait_in_slot(job_id, wait_s)

    def _claim(self, job_id: str, generation: int) -> JobRun | None:
        """Claim the job in its row; None where it is not to be run, or not yet."""
        claimed = self._database.call(claims.claim, job_id, generation, self.worker_id)
        if claimed is None:
            return None
        job, row_state = claimed.job, claimed.row_state
        if claimed.outcome == "unwanted":
            self.complete(Completion(job_id, generation, "cancelled", CANCELLED))
        if row_state is None or claimed.outcome != "claimed":
            if row_state is not None:
                self._publish(row_state)
            return None
        run = JobRun(
            row_state,
            dict(job.params),
            generation=generation,
            worker_id=self.worker_id,
            used_s=job.used_s,
            progress_hz=self._settings.progress_hz,
            publish=self._publish,
            transact=self._transact,
        )
        with self._lock:
            self._runs[job_id] = run
        self._publish(row_state)
        return run

    def _supervise(self, run: JobRun) -> None:
        """Start the handler and wait for its end, the time limit, a stop from elsewhere, or the shutdown."""
        limit_s = self._settings.job_timeout_s
        if self._draining.is_set():
            return
        run.start(self._registry.handlers[run.job.kind])
        while not run.ended.wait(max(0.01, min(POLL_INTERVAL_S, limit_s - run.used_s))):
            if run.used_s >= limit_s:
                run.stop("timeout")
                limit_s = float("inf")
            if self._abandoned.is_set():
                return
            try:
                self._sync_with_row(run)
            except Exception:  # the database is away: the run goes on and looks again
                log.warning("the progress of the job cannot be saved now", exc_info=True)

    def _sync_with_row(self, run: JobRun) -> None:
        """Save the progress, and read what others have changed in the row."""

        def sync(session: Session) -> tuple[RowState, str | None] | None:
            job = claims.own_row(session, run)
            if job is None:
                return None
            rows.save(session, job, **run.metrics)
            return RowState(job_view(job), job.version, requester_rows.requesters(session, run.id)), job.stop

        seen = self._database.call(sync)
        if seen is None:
            run.revoke()
            return
        row_state, stop = seen
        run.apply(row_state)
        if stop is not None:
            run.stop(cast(StopReason, stop))

    def _record_in_the_end(self, run: JobRun) -> float | None:
        """Record how the run ended, once the database can take it: an outage undoes no work."""
        while True:
            try:
                return self._record_outcome(run)
            except Exception as error:
                if not database_faults.is_outage(error):
                    raise
                log.warning("the end of the run cannot be recorded now", exc_info=True)
                run.tell(problems.database_away(error).detail)
                if self._abandoned.wait(OUTAGE_POLL_S):
                    return None

    def _record_outcome(self, run: JobRun) -> float | None:
        """Record how the run ended; returns the seconds to the next attempt where that keeps the slot."""
        error, reason = run.error, run.stop_reason
        if run.ownership_lost:
            return None
        if not run.ended.is_set():  # never started, or abandoned
            self._release(run)
            run.revoke()
        elif error is None:
            self.complete(Completion.of(run, "succeeded"))
        elif reason == "user":
            self.complete(Completion.of(run, "cancelled", CANCELLED))
        elif reason == "timeout":
            self.complete(Completion.of(run, "failed", problems.timed_out(self._settings.job_timeout_s)))
        elif reason in ("pause", "shutdown"):
            self._release(run)
        elif is_transient(error):
            return self._schedule_next_try(run, error)
        elif not isinstance(error, DataferryError):
            log.error("the job ended with an unforeseen error", exc_info=error)
            self.complete(Completion.of(run, "failed", problems.internal_error(run.id)))
        else:
            self.complete(Completion.of(run, "failed", problems.problem_view(error)))
        return None

    def _release(self, run: JobRun) -> None:
        """Pause the job where that is asked for; else requeue it, for another worker or for this one
        after its next start."""

        def release(session: Session) -> tuple[Job, list[Job]] | None:
            job = claims.own_row(session, run)
            if job is None or not requester_rows.requesters(session, run.id):
                return None
            rows.requeue_or_pause(session, job, **run.metrics)
            return job, rows.release_held_back(session, job.dataset_id)

        released = self._database.call(release)
        if released is None:  # nobody wants it any more
            self.complete(Completion.of(run, "cancelled", CANCELLED))
            return
        self.publish(run.id)
        if not self._draining.is_set():  # it was resumed before it had stopped, or it held others back
            self._enqueue(*released[1])

    def _schedule_next_try(self, run: JobRun, error: BaseException) -> float | None:
        def schedule(session: Session) -> tuple[Job, NextTry | None, list[Job]] | None:
            job = claims.own_row(session, run)
            if job is None or not requester_rows.requesters(session, run.id):
                return None
            if job.stop == "pause":
                rows.pause(session, job, **run.metrics)
                return job, None, rows.release_held_back(session, job.dataset_id)
            planned = next_try(self._settings, error, Standing.of(job, run.latest_progress), now())
            if planned is not None:
                in_slot = planned.delay_s <= MAX_WAIT_IN_SLOT_S
                record_wait(session, job, planned, in_slot=in_slot, metrics=run.metrics)
            return job, planned, rows.release_held_back(session, job.dataset_id)

        scheduled = self._database.call(schedule)
        if scheduled is None:  # nobody wants it any more
            self.complete(Completion.of(run, "cancelled", CANCELLED))
            return None
        job, planned, start = scheduled
        if planned is None and job.state != "paused":
            self.complete(Completion.of(run, "failed", problems.of_transient(error)))
            return None
        self.publish(run.id)
        self._enqueue(*start)
        if planned is None:
            return None
        if planned.delay_s <= MAX_WAIT_IN_SLOT_S:
            return planned.delay_s
        self._enqueue(job, delay_s=planned.delay_s)
        return None

    def _wait_in_slot(self, job_id: str, seconds: float) -> bool:
        """Wait for the next attempt, or until the job is stopped or retried; false when draining."""
        interrupted = threading.Event()
        with self._lock:
            self._retry_waits[job_id] = interrupted
        if not self._draining.is_set():
            interrupted.wait(seconds)
        with self._lock:
            self._retry_waits.pop(job_id, None)
        return not self._draining.is_set()

    # -- publishing -----------------------------------------------------------------------------------

    def _transact(self, run: JobRun, function: Callable[[Session, Job], T]) -> T:
        """Called by a handler through its run: see ``Transact``."""

        def transact(session: Session) -> tuple[T, RowState] | None:
            job = claims.own_row(session, run)
            if job is None:
                return None
            result = function(session, job)
            return result, RowState(job_view(job), job.version, requester_rows.requesters(session, run.id))

        done = self._database.call(transact)
        if done is None:
            run.revoke()
            raise Cancelled
        result, row_state = done
        run.apply(row_state)
        return result

    def _publish(self, row_state: RowState, left: tuple[str, ...] = ()) -> None:
        self._realtime.publish_job(row_state.view, row_state.audience, version=row_state.version, left=left)
