"""The SQLite that this Python was built with: too old to use, or lacking what is defined here for it.

A Python brings no SQLite of its own: it uses the system's, 3.40 on Debian 12 and 3.37 on Ubuntu 22.04,
however new the Python is.
"""

import sqlite3
import time

from dataferry.core.errors import ConfigError
from dataferry.interpreter import OLDEST_SQLITE, dotted

#: ``unixepoch('subsec')`` came with it, in May 2023; older ones answer NULL.
_SUBSEC_SINCE = (3, 42, 0)


def check_version(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Errors: ``ConfigError`` for an SQLite that lacks what the database needs."""
    if version < OLDEST_SQLITE:
        raise ConfigError(
            f"Dataferry needs SQLite {dotted(OLDEST_SQLITE)} or newer, and this Python was built with "
            f"{dotted(version)}.",
            next_step="Use another Python, or set DATABASE_URL to Postgres.",
        )


def define_missing_functions(connection: sqlite3.Connection) -> None:
    """Give a connection ``unixepoch('subsec')`` where its SQLite has none.

    DBOS 3.4 takes it for granted on Python ≥ 3.12, in the defaults of its columns and in statements. It
    is defined on older Pythons too, since a newer one may have made the data folder.
    """
    if sqlite3.sqlite_version_info >= _SUBSEC_SINCE:
        return
    # Builds with SQLITE_TRUSTED_SCHEMA=0 would refuse a function of ours in a column's default.
    connection.execute("PRAGMA trusted_schema=ON")
    connection.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(modifier: str) -> float:
    """Seconds since the epoch, to the millisecond."""
    if modifier not in ("subsec", "subsecond"):
        raise ValueError(f"unixepoch({modifier!r}) is not defined here")
    return round(time.time(), 3)
