"""The process that reads the head of an Arrow file: ``python -m … FILE ROWS`` prints it as JSON, or fails.

arro3 reads it, and DuckDB casts the values to text, for it loses nothing of them.
"""

import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.library.preview.arrow import FILE_MAGIC
from dataferry.library.preview.locked_duckdb import is_numeric, locked_down
from dataferry.library.preview.table import MAX_COLUMNS
from dataferry.library.preview.values import text_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Of address space: the first batch of rows is read as a whole.
_MAX_BYTES = 2 << 30
#: DuckDB has no such types; Python has their values exactly.
_OTHERS = ("Float16", "Decimal256")


def main(path: Path, rows: int) -> None:
    with suppress(ValueError, OSError):  # macOS takes no limit of address space
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(read(path, rows)))


def read(path: Path, rows: int) -> dict[str, Any]:
    """``names``, ``dtypes`` as pairs of a name and whether it is a number, ``rows`` and ``notes``."""
    import arro3.io

    with path.open("rb") as file:
        is_file = file.read(len(FILE_MAGIC)) == FILE_MAGIC
        file.seek(0)
        reader = (arro3.io.read_ipc if is_file else arro3.io.read_ipc_stream)(file)
        names = list(reader.schema.names)
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return {"names": names, "dtypes": [("", False)] * len(names), "rows": [], "notes": []}
    batch = batch.slice(0, min(rows, batch.num_rows))
    dtypes, columns, notes = [], [], []
    with locked_down(None) as connection:
        for number in range(min(len(names), MAX_COLUMNS)):
            dtype, cells = _column(connection, batch.column(number))
            if cells is None:
                notes.append(f"The values of {names[number]!r} cannot be shown: their type is {dtype}.")
            dtypes.append((dtype, is_numeric(dtype)))
            columns.append(cells or [None] * batch.num_rows)
    return {"names": names, "dtypes": dtypes, "rows": list(zip(*columns, strict=True)), "notes": notes}


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


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
