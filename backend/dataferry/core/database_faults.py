"""Which errors say that the database takes nothing for a while, and not that something is wrong with us."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dataferry.core.errors import DatabaseAway, DatabaseFull, DatabaseUnusable

#: Primary result codes (https://www.sqlite.org/rescode.html) of a wait that ran out: a backup, a file
#: browser, a virus scanner or another program holds the file.
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
#: SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html) of one that another was
#: given precedence over, or that took longer than the server allows.
_POSTGRES_BUSY = {"40001", "40P01", "55P03", "57014"}
_POSTGRES_CROWDED = {"53300"}
#: The same of a connection that is refused: the driver knows no state of it, only the server's words.
_CROWDED_WORDS = ("too many clients", "too many connections", "connection slots")
#: A standby, or a primary that has become one.
_POSTGRES_READ_ONLY = {"25006"}
_POSTGRES_FULL = {"53100"}
_POSTGRES_UNDEFINED_COLUMN = {"42703"}

_BUSY = "Dataferry's own database is busy: something else has held it for too long."
_CROWDED = "Dataferry's own database has no connection free."
_READ_ONLY = "Dataferry's own database cannot be written: it is read-only now."
_AWAY = "Dataferry's own database does not answer."
_BROKEN = "Dataferry's own database cannot be used: its disk reports an error."
_FULL = "Dataferry's own database cannot be written: its disk is full."


def is_outage(error: BaseException | None) -> bool:
    """The server restarts or cannot be reached, all connections are taken, SQLite is locked or has no room:
    the same statement may succeed later."""
    if isinstance(error, DatabaseAway):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if _sqlite_code(error) == sqlite3.SQLITE_ERROR:
        return False  # the statement itself is wrong, as where a table is missing
    if _sqlstate(error) in _POSTGRES_READ_ONLY:
        return True
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def is_read_only(error: BaseException) -> bool:
    """The database refuses a statement because it writes. In a session that only reads that is our own
    fault."""
    return _sqlite_code(error) == sqlite3.SQLITE_READONLY or _sqlstate(error) in _POSTGRES_READ_ONLY


def is_damaged(error: BaseException) -> bool:
    """SQLite finds something else in the file than a database, or one that is broken."""
    return _sqlite_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def damaged(error: BaseException) -> DatabaseUnusable:
    """What is told of an error that ``is_damaged`` knows."""
    why = str(getattr(error, "orig", None) or error)
    return DatabaseUnusable(f"Dataferry's own database is damaged: {why}.")


def is_another_schema(error: BaseException) -> bool:
    """A column is not there that we know: another version has changed the schema while we ran."""
    return _sqlstate(error) in _POSTGRES_UNDEFINED_COLUMN


def another_schema(error: BaseException) -> DatabaseUnusable:
    """What is told of an error that ``is_another_schema`` knows."""
    why = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return DatabaseUnusable(
        f"Another version of Dataferry has changed the database since this process began: {why}.",
        next_step="Restart this process with the version that the others have.",
    )


def is_disk_full(error: BaseException) -> bool:
    """SQLite says ``database or disk is full``; Postgres ``No space left on device``."""
    if isinstance(error, DatabaseFull) or _sqlstate(error) in _POSTGRES_FULL:
        return True
    text = str(getattr(error, "orig", None) or error).lower()
    return "disk is full" in text or "no space left" in text


def away(error: BaseException) -> DatabaseAway:
    """What is told of an error that ``is_outage`` knows, which is its cause."""
    if isinstance(error, DatabaseAway):
        return error
    told = DatabaseFull(_FULL) if is_disk_full(error) else DatabaseAway(_why(error))
    told.__cause__ = error
    return told


def busy() -> DatabaseAway:
    """The error of one who has waited for others for too long."""
    return DatabaseAway(_BUSY)


def _why(error: BaseException) -> str:
    code, state = _sqlite_code(error), _sqlstate(error)
    if code in _SQLITE_BUSY or state in _POSTGRES_BUSY:
        return _BUSY
    crowded = isinstance(error, PoolTimeout) or state in _POSTGRES_CROWDED
    if crowded or any(words in str(error) for words in _CROWDED_WORDS):
        return _CROWDED
    if is_read_only(error):
        return _READ_ONLY
    return _BROKEN if code == sqlite3.SQLITE_IOERR else _AWAY


def _sqlite_code(error: BaseException | None) -> int | None:
    """The primary one: what distinguishes the kinds of it stands in the higher bits."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _sqlstate(error: BaseException | None) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)
