"""``dataset.sqlite``: a table for each class, a row for each item, a column for each field.

It is made from the lock's columns, and never read by us.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import repeat
from pathlib import Path

from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, Value, read_column
from dataferry.versioning.model.lock_file import Lock, LockedDataset, LockedField, RowGroup
from dataferry.versioning.tree.layout import DATABASE, file_name

#: As pandas and DuckDB read them.
_TYPES = {"int": "INTEGER", "float": "REAL", "bool": "BOOLEAN", "date": "DATE"}


def write_database(lock: Lock, cache: Cache, path: Path) -> None:
    """Write a new database. Errors: ``OSError``, also where the disk is full, and ``FileNotFoundError`` for a
    column that is not in the cache."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            # Nobody reads it before it is whole, and a half one is made anew.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.execute("BEGIN")
            for dataset in lock.datasets:
                _write_table(database, dataset, cache)
            database.execute("COMMIT")
    except sqlite3.Error as error:
        code = errno.ENOSPC if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL else errno.EIO
        raise OSError(code, f"{DATABASE} cannot be written: {error}") from error


def _write_table(database: sqlite3.Connection, dataset: LockedDataset, cache: Cache) -> None:
    table = _quoted(dataset.name)
    columns = ["id INTEGER PRIMARY KEY", *map(_column, dataset.fields)]
    database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    places = ", ".join("?" * len(columns))
    first = 0
    for group in dataset.groups:
        values = [_values(group, locked, cache, first) for locked in dataset.fields]
        rows = zip(range(first, first + group.rows), *values, strict=True)
        database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - quoted
        first += group.rows


def _column(locked: LockedField) -> str:
    return f"{_quoted(locked.field.name)} {_TYPES.get(locked.field.kind, 'TEXT')}"


def _values(group: RowGroup, locked: LockedField, cache: Cache, first: int) -> Iterator[Value]:
    """Of one field, for the rows of a group; no values where it has not been computed yet."""
    name, kind = locked.field.name, locked.field.kind
    column = group.columns.get(name)
    if column is None:
        return repeat(None, group.rows)
    values = read_column(cache, column.sha256, kind)
    if kind != "file":
        return values
    return (_path(name, number, value) for number, value in enumerate(values, first))


def _path(folder: str, number: int, value: Value) -> str | None:
    return f"{folder}/{file_name(number, value)}" if isinstance(value, StoredFile) else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
