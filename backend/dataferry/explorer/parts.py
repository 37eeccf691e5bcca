"""The Parquet files that a table is kept in, one after the other."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dataferry.explorer.text_columns import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Rows of a group and of a part: a page is read from one group; a part is what a kill costs.
GROUP_ROWS = 122_880
PART_ROWS = 4 * GROUP_ROWS
PART_BYTES = 256 << 20

Report = Callable[[int, int], None]
"""Takes the rows that were read of the table so far and the bytes of its file, 0 where nobody counts them."""


def part_name(table: int, part: int) -> str:
    return f"{table}-{part:05}.parquet"


def write_part(connection: "DuckDBPyConnection", query: str, target: Path) -> None:
    """The rows of a query as a Parquet file, whole or not at all."""
    partial = target.with_suffix(".new")
    options = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP_ROWS})"
    connection.execute(f"COPY ({query}) TO {literal(str(partial))} {options}")
    partial.rename(target)
