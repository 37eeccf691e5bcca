"""Arrow's file format (Feather) and its stream, through arro3.

Its reader trusts what a file says of itself: a damaged one ends the process that reads it, and a packed
buffer of a few bytes may claim terabytes. DuckDB casts the values to text, for it loses nothing of them.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.library.preview.head import Head, whole
from dataferry.library.preview.loaders import arrow_loader
from dataferry.library.preview.locked_duckdb import is_numeric, locked_down
from dataferry.library.preview.table import DAMAGED_OR_LARGE, MAX_COLUMNS, NotATable, Table, made_table
from dataferry.library.preview.values import text_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What the file format begins with; a stream has no such mark.
FILE_MAGIC = b"ARROW1\0\0"
#: DuckDB has no such types; Python has their values exactly.
_OTHERS = ("Float16", "Decimal256")


def read_arrow(head: Head, path: str, rows: int) -> Table:
    """For a process of its own: a damaged file may end it. Errors: ``NotATable``."""
    is_file = head.data.startswith(FILE_MAGIC)
    with tempfile.TemporaryDirectory() as folder:
        file = head.path.absolute()
        if head.packing:
            file = Path(folder) / "unpacked.arrow"
            file.write_bytes(whole(head))
        names, batch = _first_rows(file, rows, is_file=is_file)
    dtypes, columns, notes = [], [], []
    with locked_down(None) as connection:
        for number in range(min(len(names), MAX_COLUMNS) if batch is not None else 0):
            dtype, cells = _column(connection, batch.column(number))
            if cells is None:
                notes.append(f"The values of {names[number]!r} cannot be shown: their type is {dtype}.")
            dtypes.append((dtype, is_numeric(dtype)))
            columns.append(cells or [None] * batch.num_rows)
    return made_table(
        names,
        list(zip(*columns, strict=True)),
        loader=arrow_loader(path, head.packing, is_file=is_file),
        notes=notes,
        dtypes=dtypes or [("", False)] * min(len(names), MAX_COLUMNS),
    )


def _first_rows(file: Path, rows: int, *, is_file: bool) -> tuple[list[str], Any]:
    """The columns' names, and the first rows as an Arrow batch; None where there is none."""
    import arro3.io

    with file.open("rb") as opened:
        try:
            reader = (arro3.io.read_ipc if is_file else arro3.io.read_ipc_stream)(opened)
            names = list(reader.schema.names)
            batch = reader.read_next_batch()
        except StopIteration:
            return names, None
        except Exception as error:  # arro3 has none of its own
            raise NotATable(DAMAGED_OR_LARGE) from error
        return names, batch.slice(0, min(rows, batch.num_rows))


def _column(connection: "DuckDBPyConnection", array: Any) -> tuple[str, list[str | None] | None]:
    """DuckDB's name of the type, and the values as text; None where it has no text for them."""
    import arro3.core
    import duckdb

    try:
        relation = connection.from_arrow(arro3.core.Table.from_arrays([array], names=["cell"]))
        found = relation.project("CAST(cell AS VARCHAR)").fetchall()
        return str(relation.types[0]), [cell for (cell,) in found]
    except duckdb.Error:
        kind = str(array.type).removeprefix("arro3.core.DataType<").strip().removesuffix(">")
        if not kind.startswith(_OTHERS):
            return kind, None
        dtype = kind.upper().replace("DECIMAL256", "DECIMAL").replace("FLOAT16", "FLOAT")
        return dtype, [text_of(value.as_py()) for value in array]
