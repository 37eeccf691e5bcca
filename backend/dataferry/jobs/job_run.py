"""One run of a job: what its handler is given, and the thread that the handler has to itself."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from dataferry.core.telemetry import log_context
from dataferry.core.types import JobView, Progress

StopReason = Literal["user", "pause", "timeout", "shutdown"]

_VERIFYING = ("verifying", "unpacking", "finishing")


@dataclass(frozen=True, slots=True)
class Standing:
    """What of the row a run needs to tell others how far it is."""

    view: JobView
    version: int
    audience: tuple[str, ...]


class JobRun:
    """What a handler gets, in a worker thread.

    ``cancel`` is set when the run should end at the next point from which it can be resumed;
    ``stop_reason``, set before it, says why.
    """

    def __init__(
        self,
        standing: Standing,
        params: dict[str, Any],
        *,
        generation: int,
        used_s: float,
        progress_hz: float,
        publish: Callable[[Standing], None],
        change: "Callable[[JobRun, dict[str, Any]], None]",
    ) -> None:
        self.params = params
        self.requesters = standing.audience
        self.cancel = threading.Event()
        self.stop_reason: StopReason | None = None
        self.id = standing.view.id
        self.generation = generation
        self.error: BaseException | None = None
        self.ended = threading.Event()
        #: The job belongs to another worker now; nothing of this run may be written down.
        self.lost = False
        self._standing = standing
        self._progress = standing.view.progress
        self._interval_s = 1.0 / progress_hz
        self._told_at = 0.0
        self._used_before_s = used_s
        self._started_at = time.monotonic()
        self._publish = publish
        self._change = change
        self._lock = threading.Lock()

    # -- for handlers ------------------------------------------------------------------------------

    @property
    def job(self) -> JobView:
        """The job as it stands now."""
        return self._standing.view.model_copy(update={"progress": self._progress})

    def progress(self, progress: Progress) -> None:
        """Tell how far the work is, as often as you like: it is passed on a few times a second.

        The phases verifying, unpacking and finishing bring the job into the state ``verifying``.
        """
        if self.lost:
            return
        with self._lock:
            # A bar that moves for the first time is what a person waits for.
            notable = progress.phase != self._progress.phase or (
                progress.bytes_done > 0 and self._progress.bytes_done == 0
            )
            self._progress = progress
            due = time.monotonic() - self._told_at >= self._interval_s
            if due or notable:
                self._told_at = time.monotonic()
        state = "verifying" if progress.phase in _VERIFYING else "running"
        if state != self._standing.view.state:
            self._change(self, {"state": state})
        elif due or notable:
            self._publish(self.standing)

    def update(
        self,
        *,
        dataset_id: str | None = None,
        revision: str | None = None,
        title: str | None = None,
        file_path: str | None = None,
    ) -> None:
        """Write down what the work has found out about the job."""
        found = {"dataset_id": dataset_id, "revision": revision, "title": title, "file_path": file_path}
        self._change(self, {name: value for name, value in found.items() if value is not None})

    # -- for the runner ----------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        standing = self._standing
        return Standing(self.job, standing.version, standing.audience)

    @property
    def latest(self) -> Progress:
        return self._progress

    @property
    def used_s(self) -> float:
        """Running time of the job so far, with that of earlier runs."""
        return self._used_before_s + time.monotonic() - self._started_at

    @property
    def measured(self) -> dict[str, Any]:
        """What the row keeps of the run."""
        return {"progress": self._progress.model_dump(mode="json"), "used_s": self.used_s}

    def stand(self, standing: Standing) -> None:
        """The row has changed: go on from there."""
        if standing.version >= self._standing.version:
            self._standing = standing

    def stop(self, reason: StopReason) -> None:
        """Ask the handler to stop. The first reason counts."""
        with self._lock:
            if self.stop_reason is None:
                self.stop_reason = reason
        self.cancel.set()

    def lose(self) -> None:
        """Another worker has the job."""
        self.lost = True
        self.stop("shutdown")

    def start(self, handler: "Handler") -> None:
        """Run ``handler`` in a thread of its own, which does not keep the process from ending."""
        threading.Thread(target=self._perform, args=(handler,), name=self.id, daemon=True).start()

    def _perform(self, handler: "Handler") -> None:
        try:
            with log_context(job=self.id, attempt=str(self.job.attempt)):
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
