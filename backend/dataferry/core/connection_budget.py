"""How many connections to Postgres each process may have, and whether the server takes so many.

A process has at most ``DATAFERRY_DATABASE_CONNECTIONS``: those of the queue, two that stand alone, and for
the rest the pool. docs/operating.md has the formula.
"""

import os
import socket
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from dataferry.core.settings import Settings

#: Of the job queue's own pool.
QUEUE_CONNECTIONS = 4
#: A worker's heartbeat, and the lock by which others see that a server is there.
_LONE_CONNECTIONS = 2
#: Where one process has its SQLite to itself.
_SQLITE_THREADS = 8

_PREFIX = "dataferry "
_COUNTS = text("""
    SELECT current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true)::int, 0),
           count(DISTINCT application_name) FILTER (
               WHERE starts_with(application_name, :prefix) AND application_name <> :own),
           count(*) FILTER (WHERE datname <> current_database())
    FROM pg_stat_activity
""")


def pool_threads(settings: Settings) -> int:
    """Threads that read, and as many that write, each with a connection of the pool while it works."""
    if settings.embedded:
        return _SQLITE_THREADS
    return (settings.database_connections - QUEUE_CONNECTIONS - _LONE_CONNECTIONS) // 2


def process_name() -> str:
    """How this process's connections are called in ``pg_stat_activity``."""
    return f"{_PREFIX}{socket.gethostname()[:40]}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Demand:
    """What may be wanted of a server at one time: by ``processes`` of Dataferry, ``per_process`` each, and by
    ``others`` that are connected to other databases of it."""

    limit: int
    processes: int
    per_process: int
    others: int

    @property
    def total(self) -> int:
        return self.processes * self.per_process + self.others

    def __str__(self) -> str:
        words = f"{self.processes} of Dataferry's processes may want {self.per_process} connections each"
        beside = f", {self.others} are other databases'" if self.others else ""
        return f"{words}{beside}; the server takes {self.limit}"


def demand(session: Session, settings: Settings, *, starting: bool = False) -> Demand:
    """Of the server now; ``starting``: with this process, which goes on to be one."""
    own = {"prefix": _PREFIX, "own": process_name()}
    limit, processes, others = session.connection().execute(_COUNTS, own).one()
    return Demand(limit, processes + starting, settings.database_connections, others)
