"""Where a table begins among the records of a text: lines above it, its header, separators at line ends."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dataferry.library.preview.dialect import looks_typed
from dataferry.library.preview.table import MAX_COLUMNS, is_missing, is_number

Records = Sequence[Sequence[str]]
#: Records that are looked at.
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Layout:
    """``start``: records before the header, or before the first row where there is none. ``names``: a name
    for each column, empty where it has none. ``header``: whether they stand in the file. ``row_names``: the
    header lacks a name for the first column, as R writes it. ``header_cells``: of the record that is the
    header. ``row_end``: how many empty cells were left out at the end of the longest row."""

    start: int
    names: tuple[str, ...]
    header: bool
    row_names: bool = False
    header_cells: int = 0
    row_end: int = 0

    @property
    def header_end(self) -> int:
        """How many empty cells were left out at the header's end."""
        return max(0, self.header_cells - len(self.names))

    def for_rows_of(self, cells: int) -> "Layout":
        """The layout with columns for rows that are longer than all that it was made from."""
        more = cells - len(self.names) - self.row_end
        if more <= 0:
            return self
        return replace(self, names=(*self.names, *[""] * (cells - len(self.names))), row_end=0)


def lay_out(records: Records) -> Layout:
    """The layout of a table, whose first record may be anything. Blank records do not count."""
    full = [record for record in records[:_SAMPLE] if not _blank(record)]
    width = _usual_width([record for record in full if not _comment(record)] or full)
    start = _start(records[:_SAMPLE], width)
    rows = [record for record in records[start:] if len(record) > 1 or not _blank(record)]
    if not rows:
        return Layout(start, (), header=False)
    header = has_header(rows[0], rows[1:_SAMPLE])
    first, body = (rows[0], rows[1:]) if header else ((), rows)
    widest = max(map(len, body), default=0)
    # A separator at line ends makes a cell more: empty in every row, and without a name.
    named = max((number + 1 for number, name in enumerate(first) if name.strip()), default=0)
    columns = max(named, _used(body, named))
    if not columns:
        columns = widest
    if header and len(first) == widest - 1 == columns - 1 and all(len(row) == widest for row in body):
        return Layout(start, ("", *first), header, True, len(first))
    names = (*first, *([""] * (columns - len(first))))[:columns]
    return Layout(start, names, header, False, len(first), max(0, widest - columns))


def _used(rows: Records, named: int) -> int:
    """Columns up to the last in which any row has something."""
    return max(named, max(map(_used_cells, rows), default=0))


def _used_cells(row: Sequence[str]) -> int:
    return next((number for number in range(len(row), 0, -1) if row[number - 1].strip()), 0)


def _blank(record: Sequence[str]) -> bool:
    return not any(map(str.strip, record))


def _comment(record: Sequence[str]) -> bool:
    return bool(record) and record[0].lstrip().startswith("#")


def has_header(first: Sequence[str], body: Records) -> bool:
    """Whether ``first`` names the columns: it has text over figures, or nothing like the rows below it."""
    first, for_it, against = first[:MAX_COLUMNS], 0, 0
    for number, name in enumerate(first):
        column = [row[number] for row in body if number < len(row) and not is_missing(row[number])]
        typed = sum(map(looks_typed, column))
        if is_missing(name) or not column:
            continue
        if looks_typed(name) and (is_number(name) or not all(map(is_number, column))):
            against += 1
        elif typed >= 0.8 * len(column):
            for_it += 1
    numbers = [name for name in first if is_number(name)]
    if not body:
        return not numbers
    if for_it:
        return not _repeated(first, body)
    if against or (numbers and len(numbers) == sum(1 for name in first if name.strip())):
        return _counted(numbers) and not any(_counted([c for c in row if is_number(c)]) for row in body[:3])
    return True


def _repeated(first: Sequence[str], body: Records) -> bool:
    """All of it figures but for a cell or two that are text in other rows too."""
    figures = sum(map(is_number, first))
    return (
        figures * 2 > len(first)
        and not _counted([name for name in first if is_number(name)])
        and any(
            not looks_typed(row[number]) and not is_missing(row[number])
            for number, name in enumerate(first)
            if not looks_typed(name) and not is_missing(name)
            for row in body
            if number < len(row)
        )
    )


def _counted(names: Sequence[str]) -> bool:
    """Whole numbers in equal steps, as years over columns are."""
    if len(names) < 3 or not all(name.strip().isdecimal() for name in names):
        return False
    numbers = [int(name) for name in names]
    steps = {after - before for before, after in pairwise(numbers)}
    return len(steps) == 1 and steps != {0}


def _usual_width(records: Records) -> int:
    widths = Counter(len(record) for record in records)
    several = {width: count for width, count in widths.items() if width > 1}
    if not several or sum(several.values()) < 0.1 * len(records):
        return 1
    return max(several, key=lambda width: (several[width], width))


def _start(sample: Records, width: int) -> int:
    """The first record of the table: of its usual width, or one short of it."""
    if all(_comment(record) for record in sample if not _blank(record)):
        return 0  # what all lines begin with is no mark of comments
    for index, record in enumerate(sample):
        if _blank(record):
            continue
        rest = [one for one in sample[index + 1 :] if not _blank(one)]
        if _comment(record):
            # A header may be commented out; then it is the last such line, and as wide as the table.
            last = len(record) == width > 1 and bool(rest) and not _comment(rest[0])
            if last and not _header_with_figures(rest[0], rest[1:]):
                return index
            continue
        if width == 1 or not rest:
            return index
        present = sum(1 for cell in record if cell.strip())
        following = sum(1 for cell in rest[0] if cell.strip())
        if len(record) < max(2, width - 1):
            continue
        title = present == 1 and following > 1 and width > 1
        short = len(record) == width - 1 and len(rest[0]) == width and len(rest) > 1
        if (title or short) and _header_with_figures(rest[0], rest[1:]):
            continue
        return index
    return 0


def _header_with_figures(first: Sequence[str], body: Records) -> bool:
    """Surely a header: no figure in it, and figures below."""
    return (
        bool(body)
        and not any(map(looks_typed, first))
        and any(looks_typed(cell) for row in body[:5] for cell in row)
        and has_header(first, body)
    )
