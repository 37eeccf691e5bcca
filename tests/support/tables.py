"""Small tables in files, read as the preview reads them, and loaded as the card says."""

from pathlib import Path
from typing import Any

import pandas as pd

from dataferry.library.preview import Table, read_here, read_table


def shown(folder: Path, name: str, content: bytes, rows: int = 20) -> Table:
    """The preview of a file with this content, read here: without the start of a process."""
    path = folder / name
    path.write_bytes(content)
    return read_here(path, name, rows)


def read_apart(folder: Path, name: str, content: bytes, rows: int = 20) -> Table:
    """The same as the server reads it, in a process with limits."""
    path = folder / name
    path.write_bytes(content)
    return read_table(path, name, rows)


def names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def loaded(table: Table) -> Any:
    """The frame that the table's loader makes."""
    scope: dict[str, Any] = {}
    exec(table.loader, scope)
    return scope["table"]


def check_loader(table: Table) -> None:
    """The loader loads as many rows, and the same columns: but for those without a name, or with one that
    another has too."""
    frame = loaded(table)
    assert isinstance(frame, pd.DataFrame)
    assert (len(frame), len(frame.columns)) == (table.row_count, table.column_count), table.loader
    for made, name in zip(map(str, frame.columns), names(table), strict=True):
        assert (
            made == name
            or made.rpartition(".")[0] == name
            or (made.startswith("Unnamed") and not name.strip())
        )
