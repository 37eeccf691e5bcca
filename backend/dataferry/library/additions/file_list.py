"""The files of one addition: what was announced, what of it has arrived, and where it lies.

It is an SQLite file in the addition's own folder: a million rows that go with it, and of which the library's
database knows nothing.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dataferry.core.errors import NotFound
from dataferry.library.additions.views import AnnouncedFile, ArrivedFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, stamp TEXT, sha256 TEXT,
    round INTEGER NOT NULL, kept INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
"""
_UPSERT = """
INSERT INTO files (path, size, stamp, sha256, round) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET size = excluded.size, stamp = excluded.stamp,
    sha256 = excluded.sha256, round = excluded.round, kept = 0
"""
#: Another request may be writing.
_WAIT_S = 30.0
_EMPTY = sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class ListedFile:
    """``sha256``: once it has arrived. ``kept``: it is in the library already."""

    path: str
    size: int
    sha256: str | None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """Of what was announced, and of the whole files among it that are here."""

    files: int
    size: int
    files_here: int
    bytes_here: int


class FileList:
    """The files of the addition in ``folder``. It may be used by several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = folder / "files.sqlite"

    def create(self) -> None:
        """Errors: ``OSError``."""
        self.folder.mkdir(mode=0o700, parents=True)
        with self._opened(new=True) as connection:
            connection.execute(_SCHEMA)

    def part(self, path: str) -> Path:
        """Where the bytes of a file are."""
        name = sha256(path.encode()).hexdigest()[:32]
        return self.folder / "parts" / name[:2] / name

    @contextmanager
    def _opened(self, *, new: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection, with one transaction. Errors: ``NotFound`` where the addition was removed."""
        if not new:
            self._check_there()
        with closing(sqlite3.connect(self._database, timeout=_WAIT_S)) as connection, connection:
            yield connection

    def _check_there(self) -> None:
        if not self._database.exists():
            raise NotFound(
                "What has arrived was removed meanwhile.", next_step="Add the folder again from the start."
            )

    # -- announcing ---------------------------------------------------------------------------------

    def announce(self, files: Sequence[AnnouncedFile], *, first: bool) -> list[ArrivedFile]:
        """Take down files that are to come; what of them is here. With the ``first`` page a new list begins:
        what it does not name again is not wanted any more. Errors: ``OSError``."""
        with self._opened() as connection:
            number = self._round(connection)
            if first:
                number += 1
                connection.execute(f"PRAGMA user_version = {number:d}")
            arrived = []
            for file in files:
                known = connection.execute(
                    "SELECT size, stamp, sha256 FROM files WHERE path = ?", (file.path,)
                ).fetchone()
                digest = self._settle(file, known)
                connection.execute(_UPSERT, (file.path, file.size, file.stamp, digest, number))
                offset = file.size if digest else self.size_of_part(file.path)
                if offset or digest:
                    arrived.append(ArrivedFile(path=file.path, offset=offset, complete=digest is not None))
        return arrived

    def _settle(self, file: AnnouncedFile, known: tuple[int, str | None, str | None] | None) -> str | None:
        """The SHA-256 of a file that is here as it was announced; what is here of another is deleted."""
        if file.size == 0:
            self._write_empty(file.path)
            return _EMPTY
        if known is None:
            return None
        size, stamp, digest = known
        if size != file.size or len({stamp, file.stamp} - {None}) > 1:
            self.part(file.path).unlink(missing_ok=True)
            return None
        return digest if digest and self.size_of_part(file.path) == size else None

    def _write_empty(self, path: str) -> None:
        part = self.part(path)
        part.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444))

    def size_of_part(self, path: str) -> int:
        """Bytes of a file that are here."""
        try:
            return self.part(path).lstat().st_size
        except FileNotFoundError:
            return 0

    # -- arriving -----------------------------------------------------------------------------------

    def reader(self) -> sqlite3.Connection:
        """For ``find``, from one thread at a time; close it. Errors: ``NotFound``."""
        self._check_there()
        return sqlite3.connect(self._database, timeout=_WAIT_S, check_same_thread=False)

    @staticmethod
    def find(reader: sqlite3.Connection, path: str) -> ListedFile | None:
        """A file that was announced."""
        row = reader.execute("SELECT size, sha256 FROM files WHERE path = ?", (path,)).fetchone()
        return ListedFile(path, *row) if row else None

    def record(self, arrived: Iterable[tuple[str, str]]) -> None:
        """These paths have arrived whole, each with its SHA-256."""
        with self._opened() as connection:
            connection.executemany("UPDATE files SET sha256 = ?2 WHERE path = ?1", arrived)

    def totals(self) -> Totals:
        with self._opened() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(size), 0), count(sha256),"
                " coalesce(sum(CASE WHEN sha256 IS NULL THEN 0 ELSE size END), 0)"
                " FROM files WHERE NOT kept AND round = ?",
                (self._round(connection),),
            ).fetchone()
        return Totals(*row)

    def missing(self, limit: int) -> list[str]:
        """Files that have not arrived whole, in the order of their paths."""
        with self._opened() as connection:
            rows = connection.execute(
                "SELECT path FROM files WHERE sha256 IS NULL AND round = ? ORDER BY path LIMIT ?",
                (self._round(connection), limit),
            ).fetchall()
        return [path for (path,) in rows]

    # -- the end ------------------------------------------------------------------------------------

    def complete(self, kept: Iterable[tuple[str, int, str]]) -> None:
        """The dataset is these files: those of the newest list, and of those that are in the library already
        (``kept``: path, size in bytes, SHA-256) the ones whose place none of them takes."""
        with self._opened() as connection:
            number = self._round(connection)
            connection.execute("DELETE FROM files WHERE round < ? OR kept", (number,))
            connection.executemany(
                "INSERT OR IGNORE INTO files (path, size, sha256, round, kept) VALUES (?, ?, ?, ?, 1)",
                ((*file, number) for file in kept),
            )

    def sums(self) -> tuple[int, int]:
        """Files of the dataset, and their bytes."""
        with self._opened() as connection:
            row = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM files").fetchone()
        return row[0], row[1]

    def files(self) -> Iterator[ListedFile]:
        """All, in the order of their paths' code points."""
        with self._opened() as connection:
            for path, size, digest, kept in connection.execute(
                "SELECT path, size, sha256, kept FROM files ORDER BY path"
            ):
                yield ListedFile(path, size, digest, bool(kept))

    @staticmethod
    def _round(connection: sqlite3.Connection) -> int:
        """Counts the lists that were announced."""
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
