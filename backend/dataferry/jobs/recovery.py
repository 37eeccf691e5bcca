"""What brings jobs back: rows and queue are compared at start and from time to time, and the jobs of
workers that are gone are given to those that live."""

import logging
import threading

from sqlmodel import Session

from dataferry.core.db import Database, now
from dataferry.core.settings import Settings
from dataferry.jobs import problems, rows
from dataferry.jobs.completion import End
from dataferry.jobs.models import Job
from dataferry.jobs.queue import QueueEntry
from dataferry.jobs.runner import Registry, Runner

log = logging.getLogger(__name__)

#: A job whose worker died this often while it ran is taken to be the reason.
MAX_CRASHES = 20
#: Heartbeats in the time after which a silent worker counts as dead.
BEATS = 5


class Recovery:
    """One thread in each worker. Several may work at once: every step is a compare-and-set.

    A worker that shares its database says every ``reconcile_s / 5`` that it lives, and counts as dead
    after ``reconcile_s`` of silence.
    """

    def __init__(self, database: Database, settings: Settings, runner: Runner, registry: Registry) -> None:
        self._database = database
        self._settings = settings
        self._runner = runner
        self._registry = registry
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        #: The workers that lived at the last comparison.
        self._seen: set[str] = set()

    def start(self) -> None:
        """Recover what the last process left, then go on in a thread."""
        self._end.clear()
        self._beat()
        self.reconcile()
        self._thread = threading.Thread(target=self._keep, name="jobs-recovery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def retire(self) -> None:
        """Say farewell, so that nobody waits for this worker."""
        if not self._settings.embedded:
            self._database.call(rows.retire, self._runner.worker_id)

    def reconcile(self) -> None:
        """Make rows and queue agree once."""
        self._seen = alive = self._alive()
        for job in self._database.call(rows.in_states, rows.RUNNING):
            orphaned = job.owner == self._runner.worker_id and not self._runner.holds(job.id)
            if job.kind in self._registry.handlers and (job.owner not in alive or orphaned):
                self._revive(job)
        owed = [
            QueueEntry.of(job, _delay_s(job))
            for job in self._database.call(rows.in_states, rows.AWAITED)
            if job.kind in self._registry.handlers
        ]
        for entry in self._runner.queue.recover(owed, alive):
            self._renew(entry)

    def _keep(self) -> None:
        embedded = self._settings.embedded
        pause_s = self._settings.reconcile_s / (1 if embedded else BEATS)
        beats = 0
        while not self._end.wait(pause_s):
            beats += 1
            try:
                self._beat()
                somebody_went = not self._seen <= self._alive()
                if embedded or somebody_went or beats % BEATS == 0:
                    self.reconcile()
            except Exception:  # a database that is away must not end the recovery
                log.warning("jobs cannot be compared with the queue now", exc_info=True)

    def _beat(self) -> None:
        if not self._settings.embedded:
            self._database.call(rows.beat, self._runner.worker_id)

    def _alive(self) -> set[str]:
        """Embedded, this process is the only one: it holds the data folder."""
        me = {self._runner.worker_id}
        return (
            me
            if self._settings.embedded
            else me | self._database.call(rows.alive, self._settings.reconcile_s)
        )

    def _revive(self, seen: Job) -> None:
        """A job that nobody runs any more goes back to the queue."""
        if seen.crashes >= MAX_CRASHES:
            self._runner.close(End(seen.id, seen.generation, "failed", problems.deadly(seen.crashes)))
            return

        def revive(session: Session) -> Job | None:
            job = rows.expect(session, seen.id, generation=seen.generation, states=rows.RUNNING)
            return job and rows.give_back(session, job, crashes=job.crashes + 1)

        job = self._database.call(revive)
        if job is not None:
            if job.state == "queued":
                log.info("job %s is taken up again", job.id)
                self._runner.queue.enqueue(QueueEntry.of(job))
            self._runner.announce(job.id)

    def _renew(self, entry: QueueEntry) -> None:
        """The workflow of this start has ended without it: the next generation brings a new one."""

        def renew(session: Session) -> Job | None:
            job = rows.expect(session, entry.job_id, generation=entry.generation, states=rows.AWAITED)
            if job is not None:
                rows.save(session, job, generation=job.generation + 1)
            return job

        job = self._database.call(renew)
        if job is not None:
            self._runner.queue.enqueue(QueueEntry.of(job, _delay_s(job)))


def _delay_s(job: Job) -> float:
    return 0.0 if job.waiting_until is None else max(0.0, (job.waiting_until - now()).total_seconds())
