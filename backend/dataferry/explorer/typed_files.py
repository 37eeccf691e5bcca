"""Tables whose columns have types of their own: Parquet and Arrow."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.explorer.parts import GROUP_ROWS, PART_ROWS, Report, part_name, write_part
from dataferry.explorer.sources import parquet_sql
from dataferry.explorer.stored import Kind, StoredColumn, StoredPart, StoredTable
from dataferry.explorer.text_columns import quoted
from dataferry.library.preview.arrow import FILE_MAGIC
from dataferry.library.preview.head import Head, on_disk
from dataferry.library.preview.locked_duckdb import is_numeric
from dataferry.library.preview.parquet import column_names, literally
from dataferry.library.preview.table import DAMAGED_OR_LARGE, NotATable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: A page of a table is read from a group: larger ones are written anew.
_MAX_GROUP_ROWS = 12 * GROUP_ROWS
_MAX_GROUP_BYTES = 256 << 20
_TIMES = ("TIME", "INTERVAL")
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT", "JSON")
#: As HuggingFace's Image and Audio features are kept.
_MEDIA = re.compile(r'STRUCT\("?bytes"? BLOB, "?path"? VARCHAR\)')


def parquet_table(connection: "DuckDBPyConnection", head: Head, folder: Path) -> StoredTable:
    """A Parquet file as it is, or written anew where its groups are too large for pages. Errors:
    ``NotATable``."""
    import duckdb

    with on_disk(head) as file:
        try:
            return _parquet_table(connection, file, folder, packed=head.packing is not None)
        except duckdb.OutOfMemoryException as error:
            raise NotATable("Its rows are too large to be read.") from error
        except duckdb.IOException:
            raise
        except duckdb.Error as error:
            reason = str(error).replace(str(file), head.name).partition("\n")[0]
            raise NotATable(f"It cannot be read: {reason}") from error


def _parquet_table(
    connection: "DuckDBPyConnection", file: Path, folder: Path, *, packed: bool
) -> StoredTable:
    pattern = literally(str(file))
    source = "read_parquet($1, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE FROM {source}", [pattern]).fetchall()
    names = column_names(connection, pattern)
    if not described:
        raise NotATable("It has no columns.")
    if len(names) != len(described):
        names = [name for name, *_ in described]
    found = connection.execute("SELECT num_rows FROM parquet_file_metadata($1)", [pattern]).fetchone()
    rows = int(found[0]) if found else 0
    largest = connection.execute(
        "SELECT max(row_group_num_rows), max(row_group_bytes) FROM parquet_metadata($1)", [pattern]
    ).fetchone()
    group_rows, group_bytes = largest or (0, 0)
    as_it_is = not packed and (group_rows or 0) <= _MAX_GROUP_ROWS and (group_bytes or 0) <= _MAX_GROUP_BYTES
    if as_it_is:
        return StoredTable(columns=_columns(names, described), parts=(StoredPart(file=None, rows=rows),))
    cells = ", ".join(f"{quoted(column)} AS c{number}" for number, (column, *_) in enumerate(described))
    target = folder / part_name(0, 0)
    write_part(connection, f"SELECT {cells} FROM {parquet_sql([file])}", target)  # noqa: S608
    columns = [
        _column(name, f"c{number}", str(dtype))
        for number, (name, (_, dtype, *_)) in enumerate(zip(names, described, strict=True))
    ]
    return StoredTable(columns=tuple(columns), parts=(StoredPart(file=target.name, rows=rows),))


def arrow_table(connection: "DuckDBPyConnection", head: Head, folder: Path, report: Report) -> StoredTable:
    """An Arrow file or stream, written as Parquet. Errors: ``NotATable``."""
    import arro3.io

    with on_disk(head) as file:
        read = arro3.io.read_ipc if head.data.startswith(FILE_MAGIC) else arro3.io.read_ipc_stream
        with file.open("rb") as opened:
            try:
                reader = read(opened)
            except Exception as error:  # arro3 has none of its own
                raise NotATable(DAMAGED_OR_LARGE) from error
            return _arrow_table(connection, reader, folder, report)


def _arrow_table(connection: "DuckDBPyConnection", reader: Any, folder: Path, report: Report) -> StoredTable:
    names = [str(name) for name in reader.schema.names]
    if not names:
        raise NotATable("It has no columns.")
    parts: list[StoredPart] = []
    rows = 0
    made = False
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        except Exception as error:
            raise NotATable(DAMAGED_OR_LARGE) from error
        _insert(connection, batch, made=made)
        made = True
        rows += batch.num_rows
        report(sum(part.rows for part in parts) + rows, 0)
        if rows >= PART_ROWS:
            parts.append(_flush(connection, folder, len(parts), rows))
            rows = 0
    if not made:
        raise NotATable("It has no rows.")
    described = connection.execute("DESCRIBE part").fetchall()
    if rows or not parts:
        parts.append(_flush(connection, folder, len(parts), rows))
    connection.execute("DROP TABLE part")
    return StoredTable(columns=_columns(names, described), parts=tuple(parts))


def _insert(connection: "DuckDBPyConnection", batch: Any, *, made: bool) -> None:
    import arro3.core
    import duckdb

    columns = [batch.column(number) for number in range(batch.num_columns)]
    names = [f"c{number}" for number in range(len(columns))]
    columns = [_readable(connection, column) for column in columns]
    connection.register("batch", arro3.core.Table.from_arrays(columns, names=names))
    try:
        if not made:
            connection.execute("CREATE OR REPLACE TABLE part AS FROM batch LIMIT 0")
        connection.execute("INSERT INTO part FROM batch")
    except duckdb.Error as error:
        raise NotATable(f"It cannot be read: {str(error).partition(chr(10))[0]}") from error
    finally:
        connection.unregister("batch")


def _readable(connection: "DuckDBPyConnection", column: Any) -> Any:
    """The column, as text where DuckDB has no such type."""
    import arro3.core

    from dataferry.library.preview.values import text_of

    kind = str(column.type)
    if "Float16" not in kind and "Decimal256" not in kind:
        return column
    values = [text_of(value.as_py()) for value in column]
    return arro3.core.Array(values, type=arro3.core.DataType.large_string())


def _flush(connection: "DuckDBPyConnection", folder: Path, number: int, rows: int) -> StoredPart:
    target = folder / part_name(0, number)
    write_part(connection, "FROM part", target)
    connection.execute("DELETE FROM part")
    return StoredPart(file=target.name, rows=rows)


def _columns(names: Sequence[str], described: Sequence[tuple[Any, ...]]) -> tuple[StoredColumn, ...]:
    pairs = zip(names, described, strict=True)
    return tuple(_column(name, column, str(dtype)) for name, (column, dtype, *_) in pairs)


def _column(name: str, column: str, dtype: str) -> StoredColumn:
    return StoredColumn(name=name, dtype=dtype, kind=kind_of(dtype), text=column, value=column, sql=dtype)


def kind_of(dtype: str) -> Kind:
    """What a column of DuckDB's type can be asked."""
    if _MEDIA.fullmatch(dtype):
        return "media"
    if dtype.endswith("]") or dtype.startswith(_NESTED):
        return "nested"
    if is_numeric(dtype):
        whole_numbers = "INT" in dtype and not dtype.startswith(("FLOAT", "DOUBLE", "DECIMAL"))
        return "integer" if whole_numbers else "number"
    if dtype == "BOOLEAN":
        return "boolean"
    if dtype == "BLOB":
        return "binary"
    if dtype == "DATE":
        return "date"
    return "time" if dtype.startswith(_TIMES) else "text"
