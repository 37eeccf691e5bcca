"""Excel: the first sheet that has something in it, through pandas."""

import io
import math
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime, time
from typing import IO, Any

from dataferry.library.preview.head import WHOLE_BYTES, Head, whole
from dataferry.library.preview.layout import lay_out
from dataferry.library.preview.loaders import pandas_loader
from dataferry.library.preview.table import NotATable, Table, made_table
from dataferry.library.preview.values import text_of

#: Rows in which the beginning of the table is looked for.
_SAMPLE_ROWS = 200
#: No number of a sheet is written so: it holds 15 digits.
_CODE = re.compile(r"[+-]?0\d+|\d{17,}")
#: A sheet is read row by row; it may unpack to this.
_MAX_SHEET_BYTES = 1 << 30


def read_workbook(head: Head, path: str, rows: int) -> Table:
    """Errors: ``NotATable`` for a damaged workbook, one without a cell, and one too large to be read."""
    engine = "openpyxl" if head.kind == "xlsx" else "xlrd"
    with io.BytesIO(whole(head)) if head.packing not in (None, "zip") else head.path.open("rb") as file:
        check_size(file, head.kind)
        try:
            sheets, sheet, cells = _first_sheet(file, engine, _SAMPLE_ROWS + rows)
        except NotATable:
            raise
        except Exception as error:  # each engine has errors of its own, and stumbles over damage anyhow
            raise NotATable(f"It cannot be read: {str(error).partition(chr(10))[0]}") from error
    layout = lay_out([[cell or "" for cell in row] for row in cells])
    columns = len(layout.names)
    table = [row[:columns] for row in cells[layout.start + layout.header :]]
    notes, arguments = [], {}
    if len(sheets) > 1:
        notes.append(f"Sheet {sheets[sheet]!r} of {len(sheets)}.")
    if sheet:
        arguments["sheet_name"] = repr(sheets[sheet])
    if layout.start:
        notes.append(
            f"{layout.start} rows above the table are left out."
            if layout.start > 1
            else "1 row above the table is left out."
        )
        arguments["skiprows"] = str(layout.start)
    if not layout.header:
        notes.append("It has no header: its columns are numbered.")
        arguments["header"] = "None"
    codes = _codes(layout.names, table) if layout.header else []
    if codes:
        arguments["dtype"] = repr(dict.fromkeys(codes, "str"))
    return made_table(
        layout.names if layout.header else [str(number) for number in range(columns)],
        table[:rows],
        loader=pandas_loader(path, "read_excel", arguments),
        notes=notes,
        row_count=len(table) if len(cells) < _SAMPLE_ROWS + rows else None,
    )


def _codes(names: Sequence[str], table: Sequence[Sequence[str | None]]) -> list[str]:
    """Columns with text that pandas would make another number of, such as a postcode that begins with 0."""
    return [
        name
        for number, name in enumerate(names)
        if name.strip()
        and names.count(name) == 1
        and any(number < len(row) and _CODE.fullmatch(row[number] or "") for row in table)
    ]


def _first_sheet(file: IO[bytes], engine: str, rows: int) -> tuple[list[str], int, list[list[str | None]]]:
    """The sheets' names, the number of the first that is not empty, and its first rows."""
    import pandas as pd  # half a second and 60 MB: only where a workbook is shown

    with pd.ExcelFile(file, engine=engine) as book:
        names = [str(name) for name in book.sheet_names]
        for number, name in enumerate(names):
            frame = pd.read_excel(
                book, sheet_name=name, header=None, nrows=rows, dtype=object, na_filter=False
            )
            if not frame.empty:
                return names, number, [[shown(cell) for cell in row] for row in frame.to_numpy(dtype=object)]
    raise NotATable("Its sheets are empty.")


def shown(cell: Any) -> str | None:
    """As a sheet shows it: a date without a time of day, TRUE, an error."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and math.isnan(cell):
        return "#ERROR"
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return text_of(cell)


def check_size(file: IO[bytes], kind: str) -> None:
    """What is not read row by row is held in memory. Errors: ``NotATable``."""
    if kind == "xls":
        size = file.seek(0, io.SEEK_END)
        sheets, others = 0, size
    else:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
        sheets = max(
            (part.file_size for part in parts if part.filename.startswith("xl/worksheets/")), default=0
        )
        others = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
        others -= sum(part.file_size for part in parts if part.filename.startswith("xl/worksheets/"))
    file.seek(0)
    if others > WHOLE_BYTES or sheets > _MAX_SHEET_BYTES:
        raise NotATable("The workbook is too large to be shown.")
