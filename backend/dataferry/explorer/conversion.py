"""A file's tables become Parquet: the body of the process that converts. It may be killed at any line; what
was written of a table's parts is gone on with.

The file is a stranger's: only this process reads it, and what it leaves is ours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dataferry.explorer.folders import write_stored
from dataferry.explorer.parts import Report
from dataferry.explorer.records import SQLITE_MAGIC, text_tables
from dataferry.explorer.stored import StoredFile, StoredTable
from dataferry.explorer.text_writer import PROGRESS_NAME, TextWriter, WriteProgress
from dataferry.explorer.typed_files import arrow_table, parquet_table
from dataferry.library.preview.head import read_head
from dataferry.library.preview.table import NotATable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def convert(
    connection: "DuckDBPyConnection", path: Path, name: str, sha256: str, folder: Path, report: Report
) -> StoredFile:
    """Convert the file ``path``, which its dataset calls ``name``, into ``folder``, and write its manifest.

    Errors: ``OSError``; those of DuckDB. A file that is no table has a manifest that says so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        tables = tuple(_tables(connection, path, name, folder, report))
        stored = StoredFile(sha256=sha256, made_at=datetime.now(UTC), tables=tables)
        if not tables:
            raise NotATable("There is no table in it.")
    except NotATable as error:
        stored = StoredFile(sha256=sha256, made_at=datetime.now(UTC), problem=str(error))
    write_stored(folder, stored)
    (folder / PROGRESS_NAME).unlink(missing_ok=True)
    return stored


def _tables(
    connection: "DuckDBPyConnection", path: Path, name: str, folder: Path, report: Report
) -> Iterator[StoredTable]:
    head = read_head(path, name)
    if head.kind == "parquet":
        yield parquet_table(connection, head, folder)
        return
    if head.kind == "arrow":
        yield arrow_table(connection, head, folder, report)
        return
    if not head.data and head.kind == "text":
        raise NotATable("It is empty.")
    if head.suffix in (".parquet", ".feather", ".arrow", ".arrows", ".ipc"):
        raise NotATable(f"It is no {head.suffix} file, whatever its name says.")
    if head.suffix in (".db", ".sqlite", ".sqlite3") and not head.data.startswith(SQLITE_MAGIC):
        raise NotATable("It is no SQLite database.")
    progress = WriteProgress(folder / PROGRESS_NAME)
    for number, table in enumerate(text_tables(head)):
        stored = TextWriter(connection, table, folder, number, progress, report).write()
        if stored.columns:
            yield stored
