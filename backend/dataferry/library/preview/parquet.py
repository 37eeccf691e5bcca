"""Parquet, through DuckDB: every value as the text to which DuckDB casts it, which loses nothing of it."""

import re
from typing import TYPE_CHECKING

from dataferry.library.preview.head import Head, on_disk
from dataferry.library.preview.loaders import parquet_loader
from dataferry.library.preview.locked_duckdb import is_numeric, locked_down
from dataferry.library.preview.table import MAX_COLUMNS, NotATable, Table, made_table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def read_parquet(head: Head, path: str, rows: int) -> Table:
    """Errors: ``NotATable`` for a file that is no sound Parquet, or takes too much to read."""
    import duckdb

    with on_disk(head) as file:
        try:
            with locked_down(file.parent) as connection:
                names, dtypes, found, count = _read(connection, literally(str(file)), rows)
        except duckdb.InterruptException as error:
            raise NotATable("It takes too long to read.") from error
        except duckdb.OutOfMemoryException as error:
            raise NotATable("Its rows are too large to be shown.") from error
        except duckdb.Error as error:
            reason = str(error).replace(str(file), head.name).partition("\n")[0]
            raise NotATable(f"It cannot be read: {reason}") from error
    return made_table(
        names,
        found,
        loader=parquet_loader(path, head.packing),
        dtypes=[(dtype, is_numeric(dtype)) for dtype in dtypes],
        row_count=count,
    )


def _read(
    connection: "DuckDBPyConnection", pattern: str, rows: int
) -> tuple[list[str], list[str], list[tuple[str | None, ...]], int]:
    """Names, types, the first rows, and how many there are. A folder named ``year=2024`` adds no column."""
    source = "read_parquet($1, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}", [pattern]).fetchall()  # noqa: S608
    names = column_names(connection, pattern)
    if len(names) != len(described):
        names = [name for name, *_ in described]
    if not names:
        raise NotATable("It has no columns.")
    cells = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name, *_ in described[:MAX_COLUMNS])
    query = f"SELECT {cells} FROM {source} LIMIT {int(rows)}"  # noqa: S608
    found = connection.execute(query, [pattern]).fetchall()
    counted = connection.execute("SELECT sum(num_rows) FROM parquet_file_metadata($1)", [pattern]).fetchone()
    return (
        names,
        [str(dtype) for _, dtype, *_ in described],
        found,
        int(counted[0]) if counted else len(found),
    )


def column_names(connection: "DuckDBPyConnection", pattern: str) -> list[str]:
    """Of one Parquet file, as it has them."""
    return _names(
        connection.execute("SELECT name, num_children FROM parquet_schema($1)", [pattern]).fetchall()
    )


def _names(schema: list[tuple[str, int | None]]) -> list[str]:
    """Of the columns as the file has them: DuckDB renames those that differ in nothing but case."""
    names, position = [], 1

    def skip(index: int) -> int:
        after = index + 1
        for _ in range(schema[index][1] or 0):
            after = skip(after)
        return after

    while position < len(schema):
        names.append(schema[position][0])
        position = skip(position)
    return names


def literally(path: str) -> str:
    """A path that DuckDB takes for no pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
