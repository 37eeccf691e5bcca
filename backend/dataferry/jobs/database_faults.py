"""Which errors say that the database was away for a while, and not that something is wrong."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


def is_outage(error: BaseException | None) -> bool:
    """The server restarts or cannot be reached, all connections are taken, SQLite is locked or has no room:
    the same statement may succeed later."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False  # the statement itself is wrong, as where a table is missing
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def is_disk_full(error: BaseException) -> bool:
    """SQLite says ``database or disk is full``; Postgres ``No space left on device``."""
    text = str(getattr(error, "orig", None) or error).lower()
    return "disk is full" in text or "no space left" in text
