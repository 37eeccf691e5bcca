"""Snapshots as tables: DuckDB with bounded memory, and clear words for files that are no such tables."""

import csv
import io
import shutil
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.core.errors import DiskFull, Unreadable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: DuckDB's own bound; what it needs beyond goes to its temporary folder.
MEMORY_BYTES = 300_000_000
THREADS = 2
#: Rows handed over at a time.
BATCH_ROWS = 2000
_HEAD_BYTES, _CHUNK_BYTES = 1 << 16, 1 << 20
#: Bytes of a row that is read at all. Buffers are four times as long, several at a time.
_LONGEST_ROW = 2_000_000
#: What errors say, of DuckDB and of tantivy, where a file could not grow.
FULL = ("No space left", "quota", "File too large")
#: A table of which more rows cannot be read, and more than one in so many, is not what it should be.
_FORGIVEN_ROWS, _MAX_DAMAGE = 20, 100
_DOWNLOAD_AGAIN = "Download the snapshot again; the index that was there stays in use."


@contextmanager
def connected(scratch: Path) -> Iterator["DuckDBPyConnection"]:
    """A database in memory that spills into ``scratch``, on whose connection errors are told in words.

    Errors: ``Unreadable``; ``DiskFull``.
    """
    import duckdb

    config: dict[str, Any] = {
        "memory_limit": f"{MEMORY_BYTES}B",
        "threads": THREADS,
        "temp_directory": str(scratch),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        # Tables are joined as the queries are written: the file is read in passing, what it is joined with is
        # kept. DuckDB guesses the rows of a CSV file by its size, and might keep the file.
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise Unreadable(
            "The snapshot is too large to be read within the memory that a build may use.",
            next_step="Look for a newer version of Dataferry; the index that was there stays in use.",
        ) from error
    except duckdb.Error as error:
        if any(words in str(error) for words in FULL):
            raise DiskFull("The disk filled up while the index was built.") from error
        raise Unreadable(
            f"The snapshot cannot be read: {_first_line(error)}", next_step=_DOWNLOAD_AGAIN
        ) from error
    finally:
        connection.close()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]


def rows_of(connection: "DuckDBPyConnection", query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, read as they are taken."""
    result = connection.execute(query)
    while batch := result.fetchmany(BATCH_ROWS):
        yield from batch


def quoted(text: str) -> str:
    """As a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def name_of(column: str) -> str:
    """As a name of SQL."""
    return '"' + column.replace('"', '""') + '"'


class CsvTable:
    """A CSV file of a snapshot, as it is or zipped. It has ``columns``; values are text, or null where a cell
    is empty or a column is absent.

    The dialect is stated, not guessed: a guess from the first rows misses a quote in a later one
    (duckdb/duckdb#21000, #11838).
    """

    def __init__(self, path: Path, needs: Collection[str], scratch: Path) -> None:
        """Errors: ``Unreadable`` for a file that is no such table, naming what it lacks; ``DiskFull``."""
        self.name = path.name.removesuffix(".zip")
        self.path = _unzipped(path, scratch) if path.suffix == ".zip" else path
        self.columns = self._read_header()
        require(self.name, needs, self.columns)

    def _read_header(self) -> tuple[str, ...]:
        with self.path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        _check_is_table(self.name, head)
        text = head.decode("utf-8-sig", errors="replace")
        first = next(csv.reader(io.StringIO(text.partition("\n")[0])), [])
        return tuple(column.strip() for column in first)

    def sql(self) -> str:
        """What to select from, in SQL. Rows that cannot be read are left out, and found by ``check``."""
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in self._unique_columns())
        return (
            f"read_csv({quoted(str(self.path))}, auto_detect = false, header = false, skip = 1, delim = ',',"
            f" quote = '\"', escape = '\"', strict_mode = true, columns = {{{columns}}},"
            f" ignore_errors = true, store_rejects = true, rejects_limit = 0,"
            f" max_line_size = {_LONGEST_ROW}, buffer_size = {4 * _LONGEST_ROW})"
        )

    def _unique_columns(self) -> Iterator[str]:
        for number, column in enumerate(self.columns):
            yield column if column and self.columns.index(column) == number else f"column {number}"

    def column(self, name: str) -> str:
        """The column in SQL, or null where there is none."""
        return name_of(name) if name in self.columns else "NULL"

    def check(self, connection: "DuckDBPyConnection", rows: int) -> int:
        """After a query has read all of it: how many rows could not be read.

        Errors: ``Unreadable`` where it ends in the middle of a row, has no row, or too many are damaged.
        """
        ((damaged, last),) = connection.execute(
            "SELECT count(DISTINCT line), max(line_byte_position) FROM reject_errors"
            " JOIN reject_scans USING (scan_id, file_id) WHERE file_path = ?",
            [str(self.path)],
        ).fetchall()
        if damaged and self._is_cut_from(last):
            raise Unreadable(f"{self.name} ends in the middle of a row.", next_step=_DOWNLOAD_AGAIN)
        if not rows and not damaged:
            raise Unreadable(f"{self.name} has no rows.", next_step=_DOWNLOAD_AGAIN)
        if damaged > _FORGIVEN_ROWS and damaged * _MAX_DAMAGE > rows + damaged:
            raise Unreadable(
                f"{self.name} has {damaged:,} rows that cannot be read, of {rows + damaged:,}.",
                next_step=_DOWNLOAD_AGAIN,
            )
        connection.execute("DELETE FROM reject_errors")
        return int(damaged)

    def _is_cut_from(self, start: int) -> bool:
        """Whether the row that begins there, which cannot be read, is the last one and does not end."""
        with self.path.open("rb") as file:
            file.seek(start)
            rest = file.read(_LONGEST_ROW)
            if file.read(1):
                return False
        limit = csv.field_size_limit(_LONGEST_ROW)
        try:
            text = io.StringIO(rest.decode("utf-8", errors="replace"), newline="")
            followed = len(list(islice(csv.reader(text), 2))) > 1
        except csv.Error:
            return False
        finally:
            csv.field_size_limit(limit)
        return not followed and (not rest.endswith(b"\n") or rest.count(b'"') % 2 == 1)


def require(table: str, needs: Collection[str], columns: Sequence[str]) -> None:
    """Errors: ``Unreadable`` naming the columns that the table lacks."""
    missing = sorted(set(needs) - set(columns))
    if missing:
        raise Unreadable(
            f"{table} lacks {', '.join(missing)}; it has {', '.join(columns[:20])[:300]}.",
            next_step="The hub has changed its snapshot: look for a newer version of Dataferry."
            " The index that was there stays in use.",
        )


def _check_is_table(name: str, head: bytes) -> None:
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if not begins:
        raise Unreadable(f"{name} is empty.", next_step=_DOWNLOAD_AGAIN)
    if begins.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise Unreadable(f"{name} is a web page, not a table.", next_step=_DOWNLOAD_AGAIN)


def _unzipped(path: Path, scratch: Path) -> Path:
    """The one table of an archive, unpacked; its checksum is verified on the way."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                raise Unreadable(
                    f"{path.name} holds {len(members)} files, not one table.", next_step=_DOWNLOAD_AGAIN
                )
            target = scratch / path.name.removesuffix(".zip")
            with archive.open(members[0]) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, _CHUNK_BYTES)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise Unreadable(f"{path.name} is cut off or damaged.", next_step=_DOWNLOAD_AGAIN) from error
    return target
