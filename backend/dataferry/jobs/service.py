"""Jobs: durable work that outlives the request, the tab and the process."""

import asyncio
import builtins
import logging
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from sqlmodel import Session

from dataferry.core.db import Database, new_id, now
from dataferry.core.errors import Conflict
from dataferry.core.job_types import FINAL_STATES, JobKind, JobPriority, JobState, JobView
from dataferry.core.settings import Settings
from dataferry.core.specs import JOB_KINDS
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, Viewer
from dataferry.jobs import requester_rows, rows, worker_rows
from dataferry.jobs.completion import Completion
from dataferry.jobs.job_run import Handler, JobRun
from dataferry.jobs.models import Job, JobRequester
from dataferry.jobs.queue import QueueEntry
from dataferry.jobs.reads import JobReads, unknown
from dataferry.jobs.recovery import Recovery
from dataferry.jobs.runner import Registry, Runner
from dataferry.jobs.views import (
    CANCELLED,
    JobTransition,
    RateSample,
    job_view,
)
from dataferry.realtime import Realtime

__all__ = ["Handler", "JobRun", "JobTransition", "Jobs", "RateSample"]

log = logging.getLogger(__name__)

T = TypeVar("T")


class Jobs(JobReads):
    """Takes work in, runs it, and tells those who asked for it how it goes.

    Everyone who asked for a job sees it and nobody else does; when two ask for the same work, they share
    one job. ``start`` also starts ``realtime``, and ``stop`` closes it.
    """

    def __init__(self, database: Database, settings: Settings, realtime: Realtime) -> None:
        self._database = database
        self._settings = settings
        self._realtime = realtime
        self._registry = Registry()
        self._runner = Runner(database, settings, realtime, self._registry)
        self._recovery: Recovery | None = None
        self._wake_executor: ThreadPoolExecutor | None = None

    # -- wiring ------------------------------------------------------------------------------------

    def register(self, kind: JobKind, handler: Handler) -> None:
        """Say what runs jobs of a kind. Before ``start``."""
        self._registry.handlers[kind] = handler

    def on_start(self, hook: Callable[[], None]) -> None:
        """Call ``hook`` in a thread when this process begins to run jobs, before the first."""
        self._registry.on_start.append(hook)

    def on_closed(self, hook: Callable[[Session, JobView], None]) -> None:
        """Call ``hook(session, job)`` in the transaction that brings a job into a final state: what it does
        there is seen together with that state, or not at all."""
        self._registry.on_closed.append(hook)

    def after_closed(self, hook: Callable[[JobView], None]) -> None:
        """Call ``hook(job)`` in a thread once a job is in a final state. A process that is killed in between
        does not come to it, and somebody may have asked for the same again meanwhile."""
        self._registry.after_closed.append(hook)

    def on_left(self, hook: Callable[[Session, JobView, str], None]) -> None:
        """Call ``hook(session, job, user_id)`` in the transaction in which somebody leaves a job."""
        self._registry.on_left.append(hook)

    def after_left(self, hook: Callable[[], None]) -> None:
        """Call ``hook`` in a thread once somebody has left a job."""
        self._registry.after_left.append(hook)

    async def start(self, *, worker: bool = True) -> None:
        """Take jobs in and, as a worker, run them; what an earlier process left is taken up again."""
        await self._realtime.start()
        await asyncio.to_thread(self._start, worker)

    def _start(self, worker: bool) -> None:
        self._runner.start(new_id(socket.gethostname()))
        self._runner.queue.start(self._runner.worker_id, worker=worker)
        self._wake_executor = ThreadPoolExecutor(1, thread_name_prefix="jobs-wake")
        if worker:
            for hook in self._registry.on_start:
                hook()
            self._recovery = Recovery(self._database, self._settings, self._runner, self._registry)
            self._recovery.start()

    async def stop(self) -> None:
        """Stop running jobs where they can go on later, within ``drain_s``, and end the queue."""
        await asyncio.to_thread(self._stop)
        await self._realtime.close()

    def _stop(self) -> None:
        if self._wake_executor is None:
            return
        self._wake_executor.shutdown(wait=True)
        self._wake_executor = None
        if self._recovery is not None:
            self._recovery.stop()
        self._runner.drain()
        self._runner.queue.stop()
        if self._recovery is not None:
            self._recovery.deregister()
            self._recovery = None

    def count_workers(self) -> int:
        """How many processes run jobs of this database, this one included. Blocks."""
        if self._settings.embedded:
            return 1
        live = self._database.read(worker_rows.live_workers, self._settings.reconcile_s)
        return len(live | {self._runner.worker_id})

    def publish_gone(self, dataset_id: str) -> None:
        """Publish the jobs that brought a dataset once more, for those who asked for them: what they brought
        was deleted, perhaps by somebody else. Blocks."""
        for job_id in self._database.call(rows.touch_arrived, dataset_id):
            self._runner.publish(job_id)

    # -- asking for work ---------------------------------------------------------------------------

    def submit(
        self,
        session: Session,
        *,
        kind: JobKind,
        ref: DatasetRef,
        title: str,
        dataset_id: str,
        params: dict[str, Any],
        requester_id: str,
        single_flight_key: str,
        revision: str | None = None,
        file_path: str | None = None,
    ) -> tuple[str, bool]:
        """Ask for a job, inside the caller's transaction; ``wake`` it after the commit.

        Returns its id and whether it is a new one: an active job with the same key is joined instead.
        """
        job = Job(
            kind=kind,
            dataset_id=dataset_id,
            ref=str(ref),
            source=ref.source,
            title=title,
            revision=revision,
            file_path=file_path,
            params=params,
            single_flight_key=single_flight_key,
        )
        return rows.submit(session, job, requester_id)

    def wake(self, job_id: str) -> None:
        """Enqueue a job and publish it to its requesters. Idempotent, any thread, returns at once.

        Where it fails, or the process ends before it, the reconciliation does it.
        """
        self._later(self._wake, job_id)

    def _wake(self, job_id: str) -> None:
        job = self._database.read(lambda session: session.get(Job, job_id))
        if job is not None and job.state == "queued":
            self._runner.queue.enqueue(QueueEntry.of(job))
        self._runner.publish(job_id)

    def _later(self, act: Callable[[T], None], what: T) -> None:
        """Let the queue follow a row that is committed, in the order of the calls; no click waits for that,
        since DBOS tries again for ever while its database is away."""

        def acted() -> None:
            try:
                act(what)
            except Exception:
                log.warning("the queue will follow the jobs later", exc_info=True)

        if self._wake_executor is not None:
            self._wake_executor.submit(acted)

    # -- stopping and starting again ---------------------------------------------------------------

    async def cancel(self, viewer: Viewer, job_id: str) -> JobView:
        """Take the viewer off a job. When nobody else wants it, it stops; else it goes on, without what the
        viewer had set for it. Errors: ``NotFound``."""
        left = await self._database.run(self._leave, viewer.user_id, job_id)
        if left is not None:
            await in_thread("short", self._after_left, left, viewer.user_id)
        return await self.get(viewer, job_id)

    def leave(self, user_id: str, job_id: str) -> None:
        """``cancel`` for a thread. Blocks. Errors: ``NotFound``."""
        left = self._database.call(self._leave, user_id, job_id)
        if left is not None:
            self._after_left(left, user_id)

    def forget(self, job_ids: Sequence[str]) -> None:
        """Delete what the queue still knows of jobs whose rows are gone. Blocks."""
        self._runner.queue.forget(job_ids)

    def rewrite_queue(self) -> None:
        """Write the queue's own file anew, without what was deleted from it. Blocks."""
        self._runner.queue.rewrite()

    def empty_queue_log(self) -> bool:
        """Cut the log of the queue's file to nothing; False where others read it just now. Blocks."""
        return self._runner.queue.empty_log()

    def _leave(self, session: Session, user_id: str, job_id: str) -> "_Left | None":
        """What the user's leaving has changed."""
        job, requester = self._lock(session, user_id, job_id)
        if job.state in FINAL_STATES or requester.left_at is not None:
            return None
        generation = job.generation
        rows.leave(session, job, requester)
        if job.stop == "user" and job.state not in rows.RUNNING:
            # The queue's entry is for the generation before, so that no worker can claim the job.
            job.generation += 1
        for hook in self._registry.on_left:
            hook(session, job_view(job), user_id)
        return _Left(job, anew=job.stop != "user" and job.generation != generation)

    def _after_left(self, left: "_Left", user_id: str) -> None:
        """Stop a job whose last requester has left, wherever it is; where others want it, let it go on as
        they have set it."""
        job = left.job
        if job.stop == "user" and job.state not in rows.RUNNING:
            self._runner.complete(Completion(job.id, job.generation, "cancelled", CANCELLED))
            self._later(self._runner.cancel_previous_start, job)
        elif job.stop == "user":
            self._runner.stop(job.id, "user")
        elif left.anew:
            self._later(self._runner.start_anew, job)
        self._runner.publish(job.id, (user_id,))
        for hook in self._registry.after_left:
            hook()

    async def pause(self, viewer: Viewer, job_id: str) -> JobView:
        """Pause a job for all who asked for it, until one of them resumes it; what has arrived is kept.
        Errors: ``NotFound``, ``Conflict`` for a job that has ended or removes something.
        """
        job = await self._database.run(self._pause, viewer.user_id, job_id)
        if job.state == "paused":
            self._later(self._runner.cancel_previous_start, job)
        elif job.stop == "pause":
            self._runner.stop(job.id, "pause")
        await in_thread("short", self._runner.publish, job.id)
        return await self.get(viewer, job.id)

    def _pause(self, session: Session, user_id: str, job_id: str) -> Job:
        job, requester = self._lock_wanted(session, user_id, job_id, "paused")
        not_paused = JOB_KINDS[job.kind].not_paused
        if not_paused is not None:
            raise Conflict(not_paused, next_step="Wait for it: it takes a moment.")
        requester_rows.set_wish(session, requester, paused_at=now())
        if job.state in rows.RUNNING and job.stop is None:
            rows.change(session, job, job.state, stop="pause")
        elif job.state in rows.ENQUEUED:
            rows.pause(session, job)
        return job

    async def resume(self, viewer: Viewer, job_id: str) -> JobView:
        """Resume a paused job; others are left as they are. Errors: ``NotFound``, ``Conflict`` for a
        job that has ended."""

        def resume(session: Session) -> bool:
            job, _requester = self._lock_wanted(session, viewer.user_id, job_id, "resumed")
            return rows.resume(session, job)

        if await self._database.run(resume):
            self.wake(job_id)
        return await self.get(viewer, job_id)

    async def set_priority(self, viewer: Viewer, job_id: str, priority: JobPriority) -> JobView:
        """Say which of those that wait a job is, and how large its share; for all who asked for it. Errors:
        ``NotFound``, ``Conflict`` for a job that has ended."""

        def change(session: Session) -> Job | None:
            job, requester = self._lock_wanted(session, viewer.user_id, job_id, "moved in the queue")
            requester_rows.set_wish(session, requester, priority=priority, prioritized_at=now())
            return job if rows.prioritize(session, job, priority) else None

        job = await self._database.run(change)
        if job is not None:
            if job.state in rows.ENQUEUED:
                self._later(self._runner.start_anew, job)
            await in_thread("short", self._runner.publish, job.id)
        return await self.get(viewer, job_id)

    async def dismiss(
        self,
        viewer: Viewer,
        *,
        dismissed: bool,
        job_ids: Sequence[str] | None = None,
        states: Sequence[JobState] | None = None,
    ) -> builtins.list[JobView]:
        """Take the viewer's ended jobs off their list, or put them back; their history stays. Ids that are
        not theirs, or not of ended jobs, are left alone. Returns what changed."""

        def change(session: Session) -> builtins.list[tuple[Job, JobRequester]]:
            return rows.dismiss(session, viewer.user_id, dismissed=dismissed, job_ids=job_ids, states=states)

        changed = await self._database.run(change)
        views = [self._view(*each) for each in changed]

        def publish() -> None:
            for (job, _), view in zip(changed, views, strict=True):
                self._realtime.publish_job(view, (viewer.user_id,), version=job.version)

        await in_thread("short", publish)
        return views

    def _lock_wanted(
        self, session: Session, user_id: str, job_id: str, done: str
    ) -> tuple[Job, JobRequester]:
        """The locked row of a job that goes on, for one who wants it."""
        job, requester = self._lock(session, user_id, job_id)
        if job.state in FINAL_STATES or requester.left_at is not None:
            raise Conflict(f"The job has ended, and cannot be {done}.", next_step="Start it again instead.")
        return job, requester

    async def retry(self, viewer: Viewer, job_id: str) -> JobView:
        """Start a failed or cancelled job again, or a waiting one at once.

        Joins the job that does the same work where there is one by now. Errors: ``NotFound``,
        ``Conflict`` for a job that succeeded.
        """
        job = await self._database.run(self._restart, viewer.user_id, job_id)
        self._later(self._runner.cancel_previous_start, job)
        self.wake(job.id)
        return await self.get(viewer, job.id)

    def _restart(self, session: Session, user_id: str, job_id: str) -> Job:
        """The row that does the work now."""
        job, _requester = self._lock(session, user_id, job_id)
        if job.state == "succeeded":
            raise Conflict("The job is done already.", next_step="Ask for the dataset again to update it.")
        if job.state in FINAL_STATES:
            return rows.restart(session, job, user_id)
        if job.state == "waiting":
            rows.requeue(session, job)
        rows.resume(session, job)
        rows.join(session, job, user_id)
        return job

    def _lock(self, session: Session, user_id: str, job_id: str) -> tuple[Job, JobRequester]:
        job = rows.lock(session, job_id)
        requester = session.get(JobRequester, (job_id, user_id))
        if job is None or requester is None:
            raise unknown(job_id)
        return job, requester


class _Left(NamedTuple):
    """The row of a job that somebody has left. ``anew``: it is in the queue with a new generation."""

    job: Job
    anew: bool
