"""The first rows of a table, read with pandas."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

from sqlmodel import Session

from dataferry.core.errors import NotFound
from dataferry.library.file_rows import tables
from dataferry.library.views import Preview, PreviewColumn

#: A table's reader and the arguments that make it read only the beginning.
_READERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".csv": ("read_csv", {}),
    ".tsv": ("read_csv", {"sep": "\t"}),
    ".jsonl": ("read_json", {"lines": True}),
}
#: A longer cell is truncated for the page.
_MAX_CELL_CHARS = 300


def main_table(session: Session, dataset_id: str) -> str | None:
    """The path of the table to show of a dataset: a training table, then the largest."""
    return next(iter(tables(session, dataset_id, _READERS, limit=1, equals="last")), None)


def read_preview(folder: Path, path: str, rows: int) -> Preview:
    """The first ``rows`` rows of a table; untrusted text. Blocks.

    Errors: ``NotFound`` where the file cannot be read as a table.
    """
    import pandas as pd  # half a second and 60 MB: only where a table is previewed

    name, arguments = _READERS[PurePosixPath(path).suffix.lower()]
    try:
        table = getattr(pd, name)(folder / path, nrows=rows, **arguments)
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise NotFound(
            f"{path} cannot be read as a table.", next_step="Open the file with a tool of its own."
        ) from error
    cells = json.loads(table.to_json(orient="values", date_format="iso"))
    return Preview(
        path=path,
        columns=tuple(PreviewColumn(name=str(n), dtype=str(t)) for n, t in table.dtypes.items()),
        rows=tuple(tuple(_shortened(cell) for cell in row) for row in cells),
    )


def _shortened(cell: Any) -> str | int | float | bool | None:
    if cell is None or isinstance(cell, bool | int | float):
        return cell
    text = cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
    return text if len(text) <= _MAX_CELL_CHARS else text[:_MAX_CELL_CHARS] + "…"
