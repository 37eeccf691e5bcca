"""Arrow's file format (Feather) and its stream: arro3 reads them, DuckDB casts their values to text."""

import io
from typing import IO, TYPE_CHECKING, Any

from dataferry.library.preview.arrow_messages import check
from dataferry.library.preview.head import Head, whole
from dataferry.library.preview.loaders import arrow_loader
from dataferry.library.preview.locked_duckdb import is_numeric, locked_down
from dataferry.library.preview.table import MAX_COLUMNS, NotATable, Table, made_table
from dataferry.library.preview.values import text_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: DuckDB has no such types; Python has their values exactly.
_OTHERS = ("Float16", "Decimal256")


def read_arrow(head: Head, path: str, rows: int) -> Table:
    """Errors: ``NotATable`` for a damaged file, and for one whose first rows take too much memory."""
    with io.BytesIO(whole(head)) if head.packing else head.path.open("rb") as file:
        is_file = check(file)
        try:
            names, dtypes, found, notes = _read(file, is_file, rows)
        except NotATable:
            raise
        except BaseException as error:
            # A panic of the Rust reader is no Exception.
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise NotATable(f"It cannot be read: {str(error).partition(chr(10))[0]}") from error
            raise
    return made_table(
        names, found, loader=arrow_loader(path, head.packing, is_file=is_file), notes=notes, dtypes=dtypes
    )


def _read(
    file: IO[bytes], is_file: bool, rows: int
) -> tuple[list[str], list[tuple[str, bool]], list[tuple[str | None, ...]], list[str]]:
    import arro3.io

    reader = (arro3.io.read_ipc if is_file else arro3.io.read_ipc_stream)(file)
    names = list(reader.schema.names)
    if not names:
        raise NotATable("It has no columns.")
    try:
        batch = reader.read_next_batch()
    except StopIteration:
        return names, [("", False)] * len(names), [], []
    batch = batch.slice(0, min(rows, batch.num_rows))
    dtypes, columns, notes = [], [], []
    with locked_down(None) as connection:
        for number in range(min(len(names), MAX_COLUMNS)):
            dtype, cells = _column(connection, batch.column(number))
            if cells is None:
                notes.append(f"The values of {names[number]!r} cannot be shown: their type is {dtype}.")
            dtypes.append((dtype, is_numeric(dtype)))
            columns.append(cells or [None] * batch.num_rows)
    found = list(zip(*columns, strict=True))
    return names, dtypes, found, notes


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
