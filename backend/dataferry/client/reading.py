"""One file as a table in memory, read as the dataset's page reads it.

The page shows a table's first rows, and code that loads all of it. That very code is what runs here, so that
the two never differ. Typed formats need no such code: Parquet is read by DuckDB, Arrow as it is.
"""

import io
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from dataferry.core.errors import Unreadable
from dataferry.library.preview import NotATable
from dataferry.library.preview.arrow import FILE_MAGIC
from dataferry.library.preview.head import Head, read_head, whole
from dataferry.library.preview.parquet import column_names, literally, quoted
from dataferry.library.preview.reader import loader_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

Kind = Literal["parquet", "arrow", "frame"]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that holds a table. ``name``: what its dataset calls it. ``inner``: of a database, which of its
    tables."""

    path: Path
    name: str
    inner: str | None = None

    def head(self) -> Head:
        """Errors: ``Unreadable``."""
        try:
            return read_head(self.path, self.name)
        except NotATable as error:
            raise _unreadable(self.name, error) from error
        except OSError as error:
            raise Unreadable(
                f"{self.name} cannot be read: {error.strerror}.",
                next_step="Load the dataset again: what is missing is downloaded.",
            ) from error

    def kind(self) -> Kind:
        """How it is read. Errors: ``Unreadable``."""
        if self.inner is not None:
            return "frame"
        kind = self.head().kind
        return kind if kind in ("parquet", "arrow") else "frame"

    def frame(self) -> Any:
        """The table as a pandas DataFrame, its columns named by text. Errors: ``Unreadable``."""
        if self.inner is not None:
            return _from_database(self.path, self.inner)
        try:
            scope: dict[str, Any] = {}
            # Our own code, in which what comes from the file is quoted.
            exec(loader_of(self.head()), scope)  # noqa: S102
        except NotATable as error:
            raise _unreadable(self.name, error) from error
        frame = scope["table"]
        frame.columns = [str(name) for name in frame.columns]
        return frame

    def arrow(self) -> Any:
        """An Arrow file as an object that offers ``__arrow_c_stream__``: pyarrow's table over the mapped file
        where pyarrow is installed, so that nothing of it is copied, else arro3's. Errors: ``Unreadable``."""
        head = self.head()
        is_file = head.data.startswith(FILE_MAGIC)
        try:
            return _mapped(self.path, is_file) if head.packing is None else _read_arrow(whole(head), is_file)
        except Exception as error:  # the libraries share no error
            raise _unreadable(self.name, error) from error


def parquet_relation(
    connection: "DuckDBPyConnection", files: Sequence[TableFile]
) -> "tuple[DuckDBPyRelation, list[str]]":
    """Parquet files as one relation, and its columns' names as the files have them. Columns of several files
    are brought together by name; one that a file lacks is NULL there. Errors: ``Unreadable``."""
    import duckdb

    heads = [file.head() for file in files]
    try:
        if all(head.packing is None for head in heads):
            return _parquet(connection, [literally(str(file.path.absolute())) for file in files])
        with tempfile.TemporaryDirectory() as folder:
            paths = [_unpacked(head, Path(folder) / str(number)) for number, head in enumerate(heads)]
            relation, names = _parquet(connection, paths)
            relation.create("unpacked")
        return connection.table("unpacked"), names
    except (duckdb.Error, NotATable) as error:
        raise _unreadable(", ".join(file.name for file in files[:3]), error) from error


def _parquet(connection: "DuckDBPyConnection", paths: Sequence[str]) -> "tuple[DuckDBPyRelation, list[str]]":
    relation = connection.read_parquet(list(paths), union_by_name=len(paths) > 1, hive_partitioning=False)
    names = column_names(connection, paths[0])
    return relation, names if len(names) == len(relation.columns) else list(relation.columns)


def tables_in(database: Path, name: str) -> list[str]:
    """The names of a SQLite database's tables and views. Errors: ``Unreadable``."""
    query = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    try:
        with closing(_opened(database)) as connection:
            return sorted(str(row[0]) for row in connection.execute(query))
    except sqlite3.Error as error:
        raise _unreadable(name, error) from error


def _from_database(path: Path, table: str) -> Any:
    import pandas as pd

    try:
        with closing(_opened(path)) as connection:
            return pd.read_sql_query(f"SELECT * FROM {quoted(table)}", connection)  # noqa: S608
    except (sqlite3.Error, pd.errors.DatabaseError) as error:
        raise _unreadable(path.name, error) from error


def _opened(path: Path) -> sqlite3.Connection:
    """Read-only, and without the files that SQLite makes beside a database."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)


def _mapped(path: Path, is_file: bool) -> Any:
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        return _read_arrow(path, is_file)
    source = pa.memory_map(str(path))
    return (pa.ipc.open_file if is_file else pa.ipc.open_stream)(source).read_all()


def _read_arrow(content: Path | bytes, is_file: bool) -> Any:
    import arro3.io

    read = arro3.io.read_ipc if is_file else arro3.io.read_ipc_stream
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as opened:
        return read(opened).read_all()


def _unpacked(head: Head, target: Path) -> str:
    if head.packing is None:
        return literally(str(head.path.absolute()))
    target.write_bytes(whole(head))
    return str(target)


def _unreadable(name: str, error: Exception) -> Unreadable:
    reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    return Unreadable(
        f"{name} cannot be loaded as a table: {reason}.",
        next_step="Its path is in `.files`: open it with a library of its own.",
    )
