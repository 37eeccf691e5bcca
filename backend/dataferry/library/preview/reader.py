"""Which reader takes a file: its first bytes decide, and its name where they do not."""

from collections.abc import Callable
from pathlib import Path

from dataferry.library.preview.arrow import read_arrow
from dataferry.library.preview.delimited import read_delimited
from dataferry.library.preview.head import Head, Kind, read_head
from dataferry.library.preview.json_text import read_json
from dataferry.library.preview.parquet import read_parquet
from dataferry.library.preview.table import NotATable, Table, shortened
from dataferry.library.preview.workbook import read_workbook

Reader = Callable[[Head, str, int], Table]

#: A longer cell is cut, unless more is asked for.
CELL_CHARS = 1_000
_READERS: dict[Kind, Reader] = {
    "parquet": read_parquet,
    "arrow": read_arrow,
    "xlsx": read_workbook,
    "xls": read_workbook,
}
_JSON = (".json", ".jsonl", ".ndjson", ".geojson")
#: Names of what is no text.
_TYPED = (".parquet", ".feather", ".arrow", ".arrows", ".ipc", ".xlsx", ".xls")


def read_here(path: Path, name: str, rows: int, *, cell_chars: int = CELL_CHARS, cut: bool = False) -> Table:
    """What ``process.read_table`` returns, read in this process: an Arrow file may end it, and each format
    can take any amount of memory. Blocks.

    Errors: ``NotATable`` with the reason; ``OSError`` where it cannot be opened.
    """
    head = read_head(path, name, cut=cut)
    return shortened(_reader(head)(head, str(path), rows), cell_chars)


def loader_of(head: Head) -> str:
    """Python that loads the table of a file as ``read_here`` shows it, into ``table``: the same code as
    ``Table.loader``, however long it is. Errors: ``NotATable``."""
    return _reader(head)(head, str(head.path), 1).loader


def _reader(head: Head) -> Reader:
    if not head.data and head.kind == "text":
        raise NotATable("It is empty.")
    if reader := _READERS.get(head.kind):
        return reader
    if head.suffix in _TYPED:
        raise NotATable(f"It is no {head.suffix} file, whatever its name says.")
    return read_json if head.suffix in _JSON else read_delimited
