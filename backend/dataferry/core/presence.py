"""Whether a process that shares the database is still there.

Each such process holds an advisory lock of Postgres on a connection of its own. The lock ends with the
connection, and the connection with the process: a process that was killed is known as gone at once, and one
that is only slow or frozen is not. docs/adr/0074 has the reasons.
"""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, func, select
from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.telemetry import redact

log = logging.getLogger(__name__)

#: Between two looks at the own connection.
_CHECK_S = 1.0
#: Between two tries to get the lock (back).
_RETRY_S = 0.5
#: How long a statement may take.
_WAIT_S = 5.0


class Presence:
    """Holds the lock of one process, ``process_id``, and judges others by theirs. Any thread.

    A restart of the database ends the locks of all. So nobody is judged before this process has held its own
    for ``settled_s`` without a break: by then the others have theirs back.
    """

    def __init__(
        self,
        database_url: str,
        process_id: str,
        *,
        settled_s: float = 3.0,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.process_id = process_id
        self._database = Database(database_url, threads=1, wait_s=_WAIT_S)
        self._settled_s = settled_s
        self._steady = steady
        self._held_since: float | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._keep, name="presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the lock go: this process is gone for the others."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._database.close()

    @property
    def held(self) -> bool:
        """Whether others can see that this process is there."""
        return self._held_since is not None

    def is_gone(self, session: Session, process_id: str) -> bool:
        """Whether a process that has held its lock holds it no longer. False where that cannot be told just
        now."""
        since = self._held_since
        if process_id == self.process_id or since is None or self._steady() - since < self._settled_s:
            return False
        # Shared: those who look at one time do not take each other for the holder.
        free = func.pg_try_advisory_xact_lock_shared(_key(process_id))
        return bool(session.execute(select(free)).scalar_one())

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.engine.connect() as connection:
                    self._hold(connection.execution_options(isolation_level="AUTOCOMMIT"))
            except Exception as error:
                if self.held:
                    log.warning(
                        "The database is away; others cannot see this process: %s", redact(str(error))
                    )
            self._held_since = None
            self._stopping.wait(_RETRY_S)

    def _hold(self, connection: Connection) -> None:
        """Get the lock and keep it until the connection ends, or this does. One who looks at it just now, or
        this process's own connection before, may have it for a moment."""
        lock = select(func.pg_try_advisory_lock(_key(self.process_id)))
        while not connection.execute(lock).scalar_one():
            if self._stopping.wait(_RETRY_S):
                return
        self._held_since = self._steady()
        while not self._stopping.wait(_CHECK_S):
            connection.execute(select(1))


def _key(process_id: str) -> ColumnElement[int]:
    return func.hashtextextended(f"dataferry process {process_id}", 0)
