"""Files and folders that nobody else on this machine may read."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: What SQLite keeps beside a database; it makes them with the database's own mode.
_SQLITE_SUFFIXES = ("-wal", "-shm", "-journal")


def make_private_folder(folder: Path) -> None:
    """Make a folder that its owner alone may enter. One that is there stays as it is: it may be a mount that
    is not ours, or hold downloads that others are meant to read. Errors: ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def keep_database_private(path: str | None) -> None:
    """Make the file of an SQLite database, or close one that is there to all but its owner. None, and what is
    no file's path, stands for a database in memory.

    A database is never opened here: closing it again would end the locks that SQLite holds on it in this
    process (sqlite.org/howtocorrupt.html, 2.2).
    """
    if not path or path == ":memory:" or path.startswith("file:"):
        return
    with suppress(OSError):  # SQLite says better what is wrong with a path
        if not os.path.exists(path):
            empty = f"{path}.{secrets.token_hex(4)}"
            os.close(os.open(empty, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                os.link(empty, path)
            finally:
                os.unlink(empty)
    for suffix in ("", *_SQLITE_SUFFIXES):
        with suppress(OSError):  # it is not there, or another user's
            if os.stat(path + suffix).st_mode & _OTHERS:
                os.chmod(path + suffix, 0o600)


def mode_open_to_others(folder: Path) -> str | None:
    """The mode of a folder that others may enter, as ``chmod`` writes it; else None."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    return f"{mode:o}" if mode & _OTHERS else None
