"""A worker's heartbeat, by which the others that share its database see that it is alive."""

import logging
import threading
import time

from dataferry.core.db import Database
from dataferry.jobs import worker_rows

log = logging.getLogger(__name__)

#: Heartbeats within the timeout after which a silent worker counts as dead.
BEATS_PER_TIMEOUT = 5


class Heartbeat:
    """A thread with a connection to the database of its own, so that neither a slow query nor a crowd at the
    pool makes a worker look dead. ``timeout_s`` is the silence after which others take it for dead."""

    def __init__(self, database_url: str, worker_id: str, timeout_s: float) -> None:
        self._worker_id = worker_id
        self._timeout_s = timeout_s
        self._database = Database(database_url, threads=1, wait_s=timeout_s)
        self._stop_requested = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat_at = self._steady_since = -float("inf")

    def start(self) -> None:
        """Errors: ``DatabaseAway``."""
        self._beat()
        self._thread = threading.Thread(target=self._loop, name="jobs-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No beat follows. The last one stays, until ``deregister`` or its expiry."""
        self._stop_requested.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._database.close()

    @property
    def may_judge(self) -> bool:
        """Whether others that are silent are so of themselves: this worker has been heard for a timeout.

        After an outage of the database, and after a time in which this process stood still, all heartbeats
        are old, and those who are alive need a moment to renew theirs.
        """
        at = time.monotonic()
        return at - self._steady_since >= self._timeout_s and not self._is_gap(at)

    def _is_gap(self, at: float) -> bool:
        return at - self._beat_at > self._timeout_s / 2

    def _loop(self) -> None:
        while not self._stop_requested.wait(self._timeout_s / BEATS_PER_TIMEOUT):
            try:
                self._beat()
            except Exception:  # a database that is away must not end it
                log.warning("the other workers cannot be told now that this one is alive", exc_info=True)

    def _beat(self) -> None:
        self._database.call(worker_rows.heartbeat, self._worker_id)
        at = time.monotonic()
        if self._is_gap(at):
            self._steady_since = at
        self._beat_at = at
