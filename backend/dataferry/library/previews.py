"""The table of a dataset that is shown, and the code that loads it."""

from functools import lru_cache
from pathlib import Path, PurePosixPath

from sqlmodel import Session

from dataferry.core.errors import Unreadable
from dataferry.library import file_rows
from dataferry.library.preview import NotATable, Table, read_table
from dataferry.library.views import CutCell, Preview, PreviewColumn

_PLAIN = (
    ".csv",
    ".tsv",
    ".tab",
    ".psv",
    ".parquet",
    ".feather",
    ".arrow",
    ".arrows",
    ".xlsx",
    ".xls",
    ".jsonl",
    ".ndjson",
)
_PACKED = tuple(
    f"{suffix}{packing}"
    for suffix in (".csv", ".tsv", ".jsonl", ".ndjson")
    for packing in (".gz", ".bz2", ".xz", ".zst")
)
_TABLES = (*_PLAIN, *_PACKED, ".csv.zip")
#: They need no more code than their suffix tells.
_TOLD_BY_NAME = (".parquet", ".feather")
#: Tables too, but more often something about a dataset: the last choice.
_DOCUMENTS = (".json", ".json.gz", ".json.bz2", ".json.xz", ".json.zst")


def main_tables(session: Session, dataset_id: str, limit: int) -> list[str]:
    """Paths of the dataset's tables, the one to show first: a training table, then the largest."""
    found = file_rows.tables(session, dataset_id, _TABLES, limit=limit)
    return found or file_rows.tables(session, dataset_id, _DOCUMENTS, limit=limit)


def read_preview(file: Path, path: str, rows: int, cell_chars: int) -> Preview:
    """The first rows of a table; untrusted text. Blocks. ``path``: what its dataset calls ``file``.

    Errors: ``Unreadable`` where it cannot be read as a table.
    """
    try:
        table = read_table(file, path, rows, cell_chars=cell_chars)
    except (NotATable, OSError) as error:
        raise Unreadable(
            f"{path} cannot be shown as a table. {error}", next_step="Open the file with a tool of its own."
        ) from error
    return _preview(path, table)


def read_loader(file: Path, path: str) -> str | None:
    """Code that loads the table as it is shown; None where its name says all that there is to say of it, and
    where it cannot be read. Blocks."""
    if PurePosixPath(path).suffix.lower() in _TOLD_BY_NAME:
        return None
    try:
        status = file.stat()
        return _loader(file, path, status.st_mtime_ns, status.st_size)
    except (NotATable, OSError):
        return None


@lru_cache(maxsize=256)
def _loader(file: Path, path: str, _mtime_ns: int, _size: int) -> str:
    return read_table(file, path, 1).loader


def _preview(path: str, table: Table) -> Preview:
    return Preview(
        path=path,
        columns=tuple(
            PreviewColumn(name=one.name, dtype=one.dtype, numeric=one.numeric) for one in table.columns
        ),
        rows=table.rows,
        column_count=table.column_count,
        row_count=table.row_count,
        notes=table.notes,
        cut=tuple(CutCell(row=one.row, column=one.column, chars=one.chars) for one in table.cut),
        snippet=table.loader,
    )
