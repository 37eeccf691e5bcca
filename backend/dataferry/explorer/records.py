"""The tables of a file as records of text, one after the other: never a whole table in memory, but for what
can only be read whole."""

import csv
import io
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dataferry.explorer.json_records import json_table
from dataferry.explorer.text_stream import FileText
from dataferry.library.preview.delimited import is_row, understand
from dataferry.library.preview.dialect import records_of
from dataferry.library.preview.head import Head, whole
from dataferry.library.preview.layout import lay_out
from dataferry.library.preview.table import NotATable
from dataferry.library.preview.text import decode
from dataferry.library.preview.values import text_of
from dataferry.library.preview.workbook import check_size, shown

SQLITE_MAGIC = b"SQLite format 3\0"
#: Rows of a sheet in which its table is looked for.
_SAMPLE_ROWS = 200
#: Of a workbook: more are no person's own.
_MAX_SHEETS = 200
_MAX_TABLES = 500

Record = list[str | None]


@dataclass(slots=True)
class TextTable:
    """``columns`` grows where a later record has more cells, or other keys. ``nested``: columns some of whose
    values are lists or objects, which are written as JSON."""

    name: str | None
    columns: list[str]
    records: Iterator[Record]
    notes: tuple[str, ...] = ()
    nested: set[int] = field(default_factory=set)
    #: Of the file, so far.
    bytes_read: Callable[[], int] = lambda: 0


def text_tables(head: Head) -> Iterator[TextTable]:
    """The tables of a file that has no types, or none of a column's own. Each must be read to its end before
    the next. Errors: ``NotATable``."""
    if head.data.startswith(SQLITE_MAGIC):
        return _of_database(head.path)
    if head.kind in ("xlsx", "xls"):
        return _of_workbook(head)
    if head.suffix in (".json", ".jsonl", ".ndjson", ".geojson"):
        columns: list[str] = []
        nested: set[int] = set()
        text = FileText(head, decode(head.data, head.complete).encoding)
        records = json_table(text.file, columns, nested)
        return iter([TextTable(None, columns, records, nested=nested, bytes_read=text.bytes_read)])
    return iter([_of_text(head)])


def _of_text(head: Head) -> TextTable:
    csv.field_size_limit(sys.maxsize)  # this process reads nothing else
    found = understand(head)
    layout = found.layout
    columns = [name or "" for name in layout.names]
    if not layout.header:
        columns = [str(number) for number in range(len(columns))]

    text = FileText(head, found.encoding)

    def rows() -> Iterator[Record]:
        text.file.read(found.skip)
        for number, (cells, _) in enumerate(records_of(text.file, found.dialect)):
            if number < layout.start + layout.header or not is_row(cells):
                continue
            if len(cells) > len(columns) and any(cells[len(columns) :]):
                columns.extend("" for _ in range(len(cells) - len(columns)))
            yield [cell or None for cell in cells[: len(columns)]]

    notes = tuple(note for note in found.notes if "shown whole" not in note)
    return TextTable(None, columns, rows(), notes, bytes_read=text.bytes_read)


def _of_workbook(head: Head) -> Iterator[TextTable]:
    import pandas as pd

    file: Any = head.path
    if head.packing not in (None, "zip"):
        file = io.BytesIO(whole(head))
    with head.path.open("rb") if isinstance(file, Path) else file as opened:
        check_size(opened, head.kind)
        engine = "openpyxl" if head.kind == "xlsx" else "xlrd"
        try:
            book = pd.ExcelFile(opened, engine=engine)
        except Exception as error:  # each engine has errors of its own
            raise NotATable(f"It cannot be read: {str(error).partition(chr(10))[0]}") from error
        with book:
            names = [str(name) for name in book.sheet_names][:_MAX_SHEETS]
            for name in names:
                frame = pd.read_excel(book, sheet_name=name, header=None, dtype=object, na_filter=False)
                if not frame.empty:
                    yield _of_sheet(name, frame.to_numpy(dtype=object))


def _of_sheet(name: str, cells: Iterable[Iterable[Any]]) -> TextTable:
    rows = [[shown(cell) for cell in row] for row in cells]
    layout = lay_out([[cell or "" for cell in row] for row in rows[:_SAMPLE_ROWS]])
    columns = list(layout.names)
    if not layout.header:
        columns = [str(number) for number in range(len(columns))]
    body = (row[: len(columns)] for row in rows[layout.start + layout.header :] if any(row))
    return TextTable(name, columns, iter(body))


def _of_database(path: Path) -> Iterator[TextTable]:
    """The tables of an SQLite file; its views and triggers, which are code, are left alone."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid LIMIT ?",
                [_MAX_TABLES],
            ).fetchall()
            for (name,) in found:
                quoted = '"' + name.replace('"', '""') + '"'
                cursor = connection.execute(f"SELECT * FROM {quoted}")  # noqa: S608
                columns = [str(column[0]) for column in cursor.description]
                yield TextTable(name, columns, _rows_of(cursor))
        except sqlite3.Error as error:
            raise NotATable(f"The database cannot be read: {error}") from error


def _rows_of(cursor: sqlite3.Cursor) -> Iterator[Record]:
    try:
        for row in cursor:
            yield [text_of(cell) for cell in row]
    except sqlite3.Error as error:
        raise NotATable(f"The database cannot be read: {error}") from error
