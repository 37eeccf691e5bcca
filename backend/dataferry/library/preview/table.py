"""What a reader of a table hands back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

#: Of all cells together: fewer rows are shown of a table with huge ones.
MAX_TABLE_CHARS = 2_000_000
#: More columns are counted, and not shown.
MAX_COLUMNS = 1_000

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
    none. ``numeric``: its cells are numbers, as far as they are shown."""

    name: str
    dtype: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class CutCell:
    """A cell that is shown in part. ``row`` and ``column`` count from 0, ``chars`` is its whole length."""

    row: int
    column: int
    chars: int


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
    """The table with its long cells and names cut, and without the rows that would make it too long."""
    table = replace(table, columns=tuple(replace(one, name=one.name[:cell_chars]) for one in table.columns))
    rows: list[tuple[str | None, ...]] = []
    cut: list[CutCell] = []
    left = max(MAX_TABLE_CHARS, cell_chars)
    for row in table.rows:
        shown = tuple(cell if cell is None else cell[:cell_chars] for cell in row)
        left -= sum(len(cell) for cell in shown if cell is not None)
        if left < 0 and rows:
            note = f"Only {len(rows)} rows are shown, for their cells are long."
            return replace(table, rows=tuple(rows), cut=tuple(cut), notes=(*table.notes, note))
        cut += [
            CutCell(len(rows), number, len(cell))
            for number, cell in enumerate(row)
            if cell is not None and len(cell) > cell_chars
        ]
        rows.append(shown)
    return replace(table, rows=tuple(rows), cut=tuple(cut))


def _guessed(cells: Sequence[str | None]) -> tuple[str, bool]:
    """``number`` or ``text``, of a column in a file that has no types; nothing where every cell is empty."""
    present = [cell for cell in cells if cell is not None and not is_missing(cell)]
    if not present:
        return "", False
    # Figures that begin with a zero are a code: a postcode, a telephone.
    numeric = all(map(is_number, present)) and not any(map(_ZERO_LED.match, present))
    return ("number" if numeric else "text"), numeric
