"""What a reader of a table hands back."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

#: More columns are counted, and not shown.
MAX_COLUMNS = 1_000
#: Of a table as wide as that, fewer rows are shown.
MAX_CELLS = 50_000
#: Of all rows as the JSON that they are sent as.
MAX_ANSWER_BYTES = 4 << 20
#: A longer name of a column, or of its type, is cut.
MAX_NAME_CHARS = 300
DAMAGED_OR_LARGE = "It is damaged, or its first rows take too much memory."
_MAX_NOTES, _MAX_NOTE_CHARS = 20, 600
_MAX_LOADER_CHARS = 20_000
#: What a cell that is cut takes in the list of those.
_CUT_BYTES = 48
#: The most that one character takes in JSON.
_CHAR_BYTES = 6

#: As people write numbers: signs, thousands, decimal commas, exponents (Fortran's D too), per cent.
_NUMBER = re.compile(
    r"[+-]?(?:\d+|\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+|\d{1,3}(?:,\d{2})*,\d{3})?"
    r"(?:[.,]\d*)?(?:[eEdD][+-]?\d+)?\s?%?"
)
_ZERO_LED = re.compile(r"\s*0\d")
#: What people write where a value is missing, or is no finite number.
MISSING = frozenset(
    {"", "na", "n/a", "nan", "null", "none", "nil", "-", "--", ".", "..", "?", "#n/a", "<na>"}
    | {f"{sign}{word}" for sign in ("", "-", "+") for word in ("inf", "infinity")}
)


class NotATable(Exception):
    """A file that cannot be shown as a table. Its text says why, in a person's words."""


@dataclass(frozen=True, slots=True)
class Column:
    """``dtype``: the file's own type (``DECIMAL(10,2)``), or ``number``, ``text`` or nothing where a file has
    none. ``numeric``: its cells are numbers, as far as they are shown. ``cut``: its name or its type is shown
    in part."""

    name: str
    dtype: str
    numeric: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class CutCell:
    """A cell that is shown in part. ``row`` and ``column`` count from 0, ``chars`` is its whole length."""

    row: int
    column: int
    chars: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What an answer's limits keep out: ``columns`` and ``rows`` that were asked for, ``names`` of columns or
    types and ``cells`` that are shown in part."""

    columns: int = 0
    rows: int = 0
    names: int = 0
    cells: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """The first rows of a table: the file's own text, cell by cell; None where there is no value.

    ``column_count``: of all columns, though only the first are shown. ``row_count``: of the whole file,
    without its header; None where only its head was read, which holds ``least_row_count``. ``notes``: what
    was guessed or left out, a sentence each. ``loader``: Python that loads this table, ready to paste.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]
    column_count: int
    row_count: int | None
    loader: str
    notes: tuple[str, ...] = ()
    cut: tuple[CutCell, ...] = ()
    least_row_count: int | None = None
    left_out: LeftOut = LeftOut()


def is_number(text: str) -> bool:
    return any(map(str.isdigit, text)) and _NUMBER.fullmatch(text.strip()) is not None


def is_missing(text: str | None) -> bool:
    return text is None or text.strip().lower() in MISSING


def made_table(
    names: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    *,
    loader: str,
    notes: Sequence[str] = (),
    dtypes: Sequence[tuple[str, bool]] | None = None,
    row_count: int | None = None,
    least_row_count: int | None = None,
) -> Table:
    """A table of at most ``MAX_COLUMNS``. ``dtypes``: of each column its own type, and whether that is a
    number; by default both are read off the rows. Rows may be shorter than ``names``."""
    said = list(notes)
    shown = names[:MAX_COLUMNS]
    if len(names) > MAX_COLUMNS:
        said.append(f"The first {MAX_COLUMNS:,} of {len(names):,} columns are shown.")
    cells = [(*row[:MAX_COLUMNS], *([None] * (len(shown) - len(row)))) for row in rows]
    if dtypes is None:
        dtypes = [_guessed([row[number] for row in cells]) for number in range(len(shown))]
    columns = tuple(
        Column(name, dtype, numeric) for name, (dtype, numeric) in zip(shown, dtypes, strict=False)
    )
    return Table(
        columns,
        tuple(cells),
        len(names),
        row_count,
        loader,
        tuple(said),
        least_row_count=least_row_count if row_count is None else None,
    )


def shortened(table: Table, cell_chars: int) -> Table:
    """The table within the limits of an answer: its long cells and names cut, and without the rows that would
    make it too long. ``left_out`` and ``notes`` say so."""
    columns = tuple(map(_short_column, table.columns))
    rows, cut = _short_rows(table.rows[: MAX_CELLS // max(1, len(columns))], cell_chars)
    left_out = LeftOut(
        columns=table.column_count - len(columns),
        rows=len(table.rows) - len(rows),
        names=sum(column.cut for column in columns),
        cells=len(cut),
    )
    loader = table.loader
    if len(loader) > _MAX_LOADER_CHARS:
        loader = f"# The code that loads this table is too long to be shown: {len(loader):,} characters."
    return replace(
        table,
        columns=columns,
        rows=rows,
        cut=cut,
        loader=loader,
        notes=_short_notes([*table.notes, *_about(left_out, len(rows))]),
        left_out=left_out,
    )


def _about(left_out: LeftOut, rows: int) -> list[str]:
    """What was left out that nobody can see from the table itself."""
    notes = []
    if left_out.rows:
        notes.append(f"Only the first {rows} of the rows asked for are shown: more would be too much.")
    if left_out.names:
        notes.append(f"Columns whose name or type is too long to be shown whole: {left_out.names:,}.")
    return notes


def _short_notes(notes: Sequence[str]) -> tuple[str, ...]:
    shown = [f"{note[:_MAX_NOTE_CHARS]}…" if len(note) > _MAX_NOTE_CHARS else note for note in notes]
    more = len(shown) - _MAX_NOTES
    return (*shown[:_MAX_NOTES], f"And {more:,} more like these.") if more > 0 else tuple(shown)


def _short_column(column: Column) -> Column:
    name, dtype = column.name[:MAX_NAME_CHARS], column.dtype[:MAX_NAME_CHARS]
    cut = (name, dtype) != (column.name, column.dtype)
    return replace(column, name=name, dtype=dtype, cut=True) if cut else column


def _short_rows(
    rows: Sequence[tuple[str | None, ...]], cell_chars: int
) -> tuple[tuple[tuple[str | None, ...], ...], tuple[CutCell, ...]]:
    """The first rows, as many as an answer takes; of the first at least the beginning of each cell."""
    kept: list[tuple[str | None, ...]] = []
    cut: list[CutCell] = []
    left = MAX_ANSWER_BYTES
    for row in rows:
        shown = _short_row(row, cell_chars)
        if not kept and _bytes_of(row, shown) > left:
            shown = _short_row(row, min(cell_chars, left // (_CHAR_BYTES * len(row)) - _CUT_BYTES))
        left -= _bytes_of(row, shown)
        if left < 0:
            break
        cut += [
            CutCell(len(kept), number, len(cell or ""))
            for number, cell in enumerate(row)
            if cell != shown[number]
        ]
        kept.append(shown)
    return tuple(kept), tuple(cut)


def _short_row(row: tuple[str | None, ...], chars: int) -> tuple[str | None, ...]:
    return tuple(cell if cell is None else cell[:chars] for cell in row)


def _bytes_of(row: tuple[str | None, ...], shown: tuple[str | None, ...]) -> int:
    """As JSON in UTF-8, with what is said of the cells that are cut."""
    text = json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace")
    return len(text) + _CUT_BYTES * sum(map(str.__ne__, map(str, row), map(str, shown)))


def _guessed(cells: Sequence[str | None]) -> tuple[str, bool]:
    """``number`` or ``text``, of a column in a file that has no types; nothing where every cell is empty."""
    present = [cell for cell in cells if cell is not None and not is_missing(cell)]
    if not present:
        return "", False
    # Figures that begin with a zero are a code: a postcode, a telephone.
    numeric = all(map(is_number, present)) and not any(map(_ZERO_LED.match, present))
    return ("number" if numeric else "text"), numeric
