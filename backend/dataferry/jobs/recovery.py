"""The reconciler: compares rows and queue at start and from time to time, and requeues the jobs of
workers that have died."""

import logging
import threading

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.settings import Settings
from dataferry.jobs import problems, rows, worker_rows
from dataferry.jobs.completion import Completion
from dataferry.jobs.heartbeat import BEATS_PER_TIMEOUT, Heartbeat
from dataferry.jobs.models import Job
from dataferry.jobs.queue import QueueEntry
from dataferry.jobs.runner import Registry, Runner

log = logging.getLogger(__name__)

#: A job whose worker died this often while it ran is taken to be the reason.
MAX_CRASHES = 20


class Recovery:
    """One thread in each worker. Several may work at once: every step is a compare-and-set.

    A worker that shares its database counts as dead after ``reconcile_s`` without a heartbeat. Who has not
    been heard for as long itself takes nobody for dead.
    """

    def __init__(self, database: Database, settings: Settings, runner: Runner, registry: Registry) -> None:
        self._database = database
        self._settings = settings
        self._runner = runner
        self._registry = registry
        self._stop_requested = threading.Event()
        self._thread: threading.Thread | None = None
        #: None where no other worker shares the database.
        self._heartbeat: Heartbeat | None = None
        #: The workers that were alive at the last comparison.
        self._last_live: set[str] = set()

    def start(self) -> None:
        """Recover what the last process left, then go on in a thread."""
        self._stop_requested.clear()
        if not self._settings.embedded:
            self._heartbeat = Heartbeat(
                self._database.url, self._runner.worker_id, self._settings.reconcile_s
            )
            self._heartbeat.start()
        self.reconcile()
        self._thread = threading.Thread(target=self._loop, name="jobs-recovery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No comparison follows. The heartbeat goes on: runs may still be about to stop."""
        self._stop_requested.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def deregister(self) -> None:
        """Take this worker off the list, so that nobody waits for its heartbeat to expire."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None
            self._database.call(worker_rows.deregister_worker, self._runner.worker_id)

    def reconcile(self) -> None:
        """Make rows and queue agree once."""
        self._last_live = live_workers = self._live_workers()
        for job in self._database.read(rows.in_states, rows.RUNNING):
            orphaned = job.owner == self._runner.worker_id and not self._runner.has_slot_for(job.id)
            if job.kind in self._registry.handlers and (job.owner not in live_workers or orphaned):
                self._requeue_orphan(job)
        expected = [
            QueueEntry.of(job)
            for job in self._database.read(rows.in_states, rows.ENQUEUED)
            if job.kind in self._registry.handlers
        ]
        for entry in self._runner.queue.recover(expected, live_workers):
            self._start_next_generation(entry)

    def _loop(self) -> None:
        embedded = self._settings.embedded
        interval_s = self._settings.reconcile_s / (1 if embedded else BEATS_PER_TIMEOUT)
        looks = 0
        while not self._stop_requested.wait(interval_s):
            looks += 1
            try:
                worker_died = not self._last_live <= self._live_workers()
                if embedded or worker_died or looks % BEATS_PER_TIMEOUT == 0:
                    self.reconcile()
            except Exception:  # a database that is away must not end the recovery
                log.warning("jobs cannot be compared with the queue now", exc_info=True)

    def _live_workers(self) -> set[str]:
        """Embedded, this process is the only one: it holds the data folder."""
        me = {self._runner.worker_id}
        if self._heartbeat is None:
            return me
        silent_s = self._settings.reconcile_s if self._heartbeat.may_judge else worker_rows.EXPIRY_S
        return me | self._database.read(worker_rows.live_workers, silent_s)

    def _requeue_orphan(self, seen: Job) -> None:
        """Requeue a job whose worker is gone; one whose workers died too often fails."""
        if seen.crashes >= MAX_CRASHES:
            self._runner.complete(
                Completion(seen.id, seen.generation, "failed", problems.worker_crashed(seen.crashes))
            )
            return

        def requeue(session: Session) -> Job | None:
            job = rows.expect(session, seen.id, generation=seen.generation, states=rows.RUNNING)
            return job and rows.requeue_or_pause(session, job, crashes=job.crashes + 1)

        job = self._database.call(requeue)
        if job is not None:
            if job.state == "queued":
                log.info("job %s is requeued", job.id)
                self._runner.queue.enqueue(QueueEntry.of(job))
            self._runner.publish(job.id)

    def _start_next_generation(self, entry: QueueEntry) -> None:
        """Enqueue a job whose workflow has ended without running it as its next generation."""

        def advance(session: Session) -> Job | None:
            job = rows.expect(session, entry.job_id, generation=entry.generation, states=rows.ENQUEUED)
            if job is not None:
                rows.save(session, job, generation=job.generation + 1)
            return job

        job = self._database.call(advance)
        if job is not None:
            self._runner.queue.enqueue(QueueEntry.of(job))
