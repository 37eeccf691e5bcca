"""Runs jobs: takes one from its row, watches its handler, and writes down how it ended."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from sqlmodel import Session

from dataferry.core.db import Database, now
from dataferry.core.errors import DataferryError
from dataferry.core.settings import Settings
from dataferry.core.telemetry import log_context
from dataferry.core.types import JobKind, JobView, ProblemView
from dataferry.jobs import problems, rows
from dataferry.jobs.completion import End, foresee, write_down
from dataferry.jobs.job_run import Handler, JobRun, Standing, StopReason
from dataferry.jobs.models import Job
from dataferry.jobs.queue import Queue, QueueEntry
from dataferry.jobs.views import CANCELLED, job_view
from dataferry.realtime import Realtime

log = logging.getLogger(__name__)

#: A longer wait gives its slot back and comes as a new start.
SLOT_WAIT_S = 5.0
#: How often a run saves its progress and looks whether it is still wanted.
WATCH_S = 0.5


@dataclass
class Registry:
    """The handler of each kind of job that this process can run, and who is told of an end."""

    handlers: dict[JobKind, Handler] = field(default_factory=dict)
    on_closed: list[Callable[[JobView], None]] = field(default_factory=list)


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
        self._pauses: dict[str, threading.Event] = {}
        self._draining = threading.Event()
        self._abandoned = threading.Event()
        self._idle = threading.Condition(self._lock)
        self._held: Counter[str] = Counter()
        self.worker_id = ""
        self.queue = Queue(settings, self.run)

    # -- from the service --------------------------------------------------------------------------

    def open(self, worker_id: str) -> None:
        self.worker_id = worker_id
        self._draining.clear()
        self._abandoned.clear()

    def drain(self) -> None:
        """Stop every run at a point from which it can go on, within ``drain_s``; then let go of them."""
        self._draining.set()
        with self._lock:
            runs, pauses = list(self._runs.values()), list(self._pauses.values())
        for run in runs:
            run.stop("shutdown")
        for pause in pauses:
            pause.set()
        with self._idle:
            self._idle.wait_for(lambda: not self._held, self._settings.drain_s)
        self._abandoned.set()
        with self._idle:
            self._idle.wait_for(lambda: not self._held, 2.0)

    def stop(self, job_id: str, reason: StopReason) -> None:
        """Stop the job's run, if it is here. Elsewhere its worker reads the wish from the row."""
        with self._lock:
            run = self._runs.get(job_id)
        if run is not None:
            run.stop(reason)

    def void(self, job: Job) -> None:
        """A job has been moved on: give up the start before this one, in the queue or in a slot."""
        self.queue.cancel(job.id, job.generation - 1)
        with self._lock:
            pause = self._pauses.get(job.id)
        if pause is not None:
            pause.set()

    def live(self, view: JobView) -> JobView:
        """``view`` with the newest progress, where the job runs in this process."""
        with self._lock:
            run = self._runs.get(view.id)
        if run is None or view.state not in rows.RUNNING:
            return view
        return view.model_copy(update={"progress": run.latest})

    def holds(self, job_id: str) -> bool:
        """Whether a slot of this process is at the job, running or about to."""
        with self._lock:
            return self._held[job_id] > 0

    def announce(self, job_id: str, left: tuple[str, ...] = ()) -> None:
        """Tell the job's followers how its row stands now. ``left`` are those who have just left it."""
        standing = self._database.call(_standing, job_id)
        if standing is None:
            return
        with self._lock:
            run = self._runs.get(job_id)
        if run is not None:
            run.stand(standing)
        self._publish(Standing(self.live(standing.view), standing.version, standing.audience), left)

    def close(self, end: End) -> None:
        """Bring a job to its end. The hooks run before the row says so, so that whoever sees the end
        sees what belongs to it. A cancelled job that somebody has asked for meanwhile starts again.
        """
        foreseen = self._database.call(foresee, end)
        if foreseen is not None:
            for hook in self._registry.on_closed:
                try:
                    hook(foreseen)
                except Exception:
                    log.exception("what follows the end of a job failed")
        again = self._database.call(write_down, end)
        self.announce(end.job_id)
        if again is not None:
            self.queue.enqueue(QueueEntry.of(again))

    # -- one run -----------------------------------------------------------------------------------

    def run(self, job_id: str, generation: int) -> None:
        """Run the job for as long as it holds its slot."""
        with self._lock:
            self._held[job_id] += 1
        try:
            with log_context(job=job_id):
                while self._run_once(job_id, generation):
                    pass
        finally:
            with self._idle:
                self._held[job_id] -= 1
                self._held += Counter()  # drops what has come down to zero
                self._idle.notify_all()

    def _run_once(self, job_id: str, generation: int) -> bool:
        """One attempt; true when the next one follows in the same slot."""
        if self._draining.is_set():
            return False
        run = self._claim(job_id, generation)
        if run is None:
            return False
        try:
            self._watch(run)
            wait_s = self._conclude(run)
        finally:
            with self._lock:
                if self._runs.get(job_id) is run:
                    del self._runs[job_id]
        return wait_s is not None and self._pause(job_id, wait_s)

    def _claim(self, job_id: str, generation: int) -> JobRun | None:
        """Take the job from its row; None where it is not to be run."""

        def claim(session: Session) -> tuple[Job | None, Standing | None]:
            job = rows.expect(session, job_id, generation=generation, states=rows.AWAITED)
            if job is None:
                return None, None
            audience = rows.requesters(session, job_id)
            if not audience:
                return job, None
            attempt = job.attempt + (job.state == "waiting")
            started_at = job.started_at or now()
            rows.change(
                session,
                job,
                "running",
                owner=self.worker_id,
                attempt=attempt,
                stop=None,
                problem=None,
                waiting_until=None,
                started_at=started_at,
            )
            return job, Standing(job_view(job), job.version, audience)

        job, standing = self._database.call(claim)
        if job is None:
            return None
        if standing is None:
            self.close(End(job_id, generation, "cancelled", CANCELLED))
            return None
        run = JobRun(
            standing,
            dict(job.params),
            generation=generation,
            used_s=job.used_s,
            progress_hz=self._settings.progress_hz,
            publish=self._publish,
            change=self._change,
        )
        with self._lock:
            self._runs[job_id] = run
        self._publish(standing)
        return run

    def _watch(self, run: JobRun) -> None:
        """Start the handler and wait for its end, the limit, a stop from elsewhere, or the shutdown."""
        limit_s = self._settings.job_timeout_s
        if self._draining.is_set():
            return
        run.start(self._registry.handlers[run.job.kind])
        while not run.ended.wait(max(0.01, min(WATCH_S, limit_s - run.used_s))):
            if run.used_s >= limit_s:
                run.stop("timeout")
                limit_s = float("inf")
            if self._abandoned.is_set():
                return
            try:
                self._look(run)
            except Exception:  # the database is away: the run goes on and looks again
                log.warning("the progress of the job cannot be saved now", exc_info=True)

    def _look(self, run: JobRun) -> None:
        """Save the progress, and see what others have done to the row."""

        def look(session: Session) -> tuple[Standing, str | None] | None:
            job = rows.expect(session, run.id, generation=run.generation, states=rows.RUNNING)
            if job is None:
                return None
            rows.save(session, job, **run.measured)
            return Standing(job_view(job), job.version, rows.requesters(session, run.id)), job.stop

        seen = self._database.call(look)
        if seen is None:
            run.lose()
            return
        standing, stop = seen
        run.stand(standing)
        if stop is not None:
            run.stop(cast(StopReason, stop))

    def _conclude(self, run: JobRun) -> float | None:
        """Write down how the run ended; the seconds to the next attempt where that keeps the slot."""
        error, reason = run.error, run.stop_reason
        if run.lost:
            return None
        if not run.ended.is_set():  # never started, or let go of
            self._release(run)
            run.lose()
        elif error is None:
            self.close(End.of(run, "succeeded"))
        elif reason == "user":
            self.close(End.of(run, "cancelled", CANCELLED))
        elif reason == "timeout":
            self.close(End.of(run, "failed", problems.out_of_time(self._settings.job_timeout_s)))
        elif reason in ("pause", "shutdown"):
            self._release(run)
        elif not isinstance(error, DataferryError):
            log.error("the job ended with an unforeseen error", exc_info=error)
            self.close(End.of(run, "failed", problems.internal(run.id)))
        elif error.transient and run.job.attempt <= self._settings.retries:
            delay_s = self._settings.retry_delay_s if error.retry_after is None else error.retry_after
            return self._wait(run, problems.of(error), delay_s)
        else:
            self.close(End.of(run, "failed", problems.of(error)))
        return None

    def _release(self, run: JobRun) -> None:
        """Give the job back: at rest, where that is wanted; else another worker, or this one after its
        next start, goes on with it."""

        def release(session: Session) -> Job | None:
            job = rows.expect(session, run.id, generation=run.generation, states=rows.RUNNING)
            if job is None or not rows.requesters(session, run.id):
                return None
            return rows.give_back(session, job, **run.measured)

        job = self._database.call(release)
        if job is None:  # nobody wants it any more
            self.close(End.of(run, "cancelled", CANCELLED))
            return
        self.announce(run.id)
        if job.state == "queued" and not self._draining.is_set():  # it was resumed before it had stopped
            self.queue.enqueue(QueueEntry.of(job))

    def _wait(self, run: JobRun, problem: ProblemView, delay_s: float) -> float | None:
        in_slot = delay_s <= SLOT_WAIT_S

        def wait(session: Session) -> Job | None:
            job = rows.expect(session, run.id, generation=run.generation, states=rows.RUNNING)
            if job is None or not rows.requesters(session, run.id):
                return None
            if job.stop == "pause":
                return rows.pause(session, job, **run.measured)
            return rows.change(
                session,
                job,
                "waiting",
                owner=None,
                problem=problem.model_dump(),
                waiting_until=now() + timedelta(seconds=delay_s),
                generation=job.generation + (not in_slot),
                **run.measured,
            )

        job = self._database.call(wait)
        if job is None:  # nobody wants it any more
            self.close(End.of(run, "cancelled", CANCELLED))
            return None
        self.announce(run.id)
        if job.state == "paused":
            return None
        if in_slot:
            return delay_s
        self.queue.enqueue(QueueEntry.of(job, delay_s))
        return None

    def _pause(self, job_id: str, seconds: float) -> bool:
        """Wait in the slot, unless the job is stopped or retried meanwhile."""
        pause = threading.Event()
        with self._lock:
            self._pauses[job_id] = pause
        if not self._draining.is_set():
            pause.wait(seconds)
        with self._lock:
            self._pauses.pop(job_id, None)
        return not self._draining.is_set()

    # -- telling -----------------------------------------------------------------------------------

    def _change(self, run: JobRun, values: dict[str, Any]) -> None:
        """Called by a handler through its run: write ``values`` in the row."""

        def write(session: Session) -> Standing | None:
            job = rows.expect(session, run.id, generation=run.generation, states=rows.RUNNING)
            if job is None:
                return None
            state = values.pop("state", job.state)
            rows.change(session, job, state, **run.measured, **values)
            return Standing(job_view(job), job.version, rows.requesters(session, run.id))

        standing = self._database.call(write)
        if standing is None:
            run.lose()
            return
        run.stand(standing)
        self._publish(run.standing)

    def _publish(self, standing: Standing, left: tuple[str, ...] = ()) -> None:
        self._realtime.publish_job(standing.view, standing.audience, version=standing.version, left=left)


def _standing(session: Session, job_id: str) -> Standing | None:
    job = session.get(Job, job_id)
    if job is None:
        return None
    return Standing(job_view(job), job.version, rows.audience(session, job))
