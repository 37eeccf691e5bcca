"""How a text table is written: its separator and its quotes, found by trying each and judging the columns.

A way of reading is good when most lines have equally many cells, and when the cells look whole: a number, a
date, a word, but not two of them with another separator in between.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from dataferry.library.preview.head import HEAD_BYTES
from dataferry.library.preview.table import is_missing, is_number

# The module's limit of a cell is 131,072 characters; here the head of a file is the limit.
csv.field_size_limit(HEAD_BYTES)

#: One or more blanks or tabs, as pandas writes it.
BLANKS = r"\s+"
_COMMON = ",\t;|"
#: Met in exports of databases; only where every line has them.
RARE = "\x01\x1f^~¦"
_SAMPLE_CHARS = 1 << 18
_SAMPLE_RECORDS = 300
#: Of the lines: so many must have more than one cell.
_MIN_SHARE = 0.3
#: Records of a table below other lines, unless they are half of all.
_MIN_RECORDS = 3
#: A record of more lines than this is a quote that was never closed.
_MAX_LINES_IN_A_RECORD = 50
_DATE = re.compile(
    r"\d{1,4}[-/.:]\d{1,2}(?:[-/.:]\d{1,4})?"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?"
)
_WHOLE_CELL_IN_APOSTROPHES = re.compile(r"(?:^|[\t,;| ])'[^'\n\r]*'(?=[\t,;| \r\n]|$)", re.MULTILINE)
_BLANK_CELLS = re.compile(r"[^\s]+")


@dataclass(frozen=True, slots=True)
class Dialect:
    """``separator``: a character, ``BLANKS``, or a comma where there is one column. ``quote``: None where
    quotes are text like any other. ``escape``: what stands before a quote that is text, instead of a second
    quote. ``skip_blank``: cells begin after the blanks that follow a separator."""

    separator: str = ","
    quote: str | None = '"'
    escape: str | None = None
    skip_blank: bool = False


def records(text: str, dialect: Dialect) -> Iterator[tuple[list[str], int]]:
    """Each record with the number of lines that it spans. A line without a character in it is a record
    without cells."""
    # Line ends as they are: "\r" alone ends a line too, and in quotes each stays what it is.
    return records_of(io.StringIO(text, newline=""), dialect)


def records_of(lines: Iterable[str], dialect: Dialect) -> Iterator[tuple[list[str], int]]:
    """The same of lines with their ends."""
    if dialect.separator == BLANKS:
        cell = _BLANK_CELLS
        if dialect.quote:
            quote = re.escape(dialect.quote)
            cell = re.compile(rf"{quote}(?:[^{quote}]|{quote}{quote})*{quote}(?=\s|$)|\S+")
        for line in lines:
            yield [_unquoted(one, dialect.quote) for one in cell.findall(line)], 1
        return
    reader = csv.reader(
        lines,
        delimiter=dialect.separator,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
        skipinitialspace=dialect.skip_blank,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    before = 0
    for record in reader:
        yield record, reader.line_num - before
        before = reader.line_num


def sniff(text: str, separators: str | None = None) -> Dialect:
    """The likeliest dialect of a table. ``separators``: only these come into question."""
    sample = text[:_SAMPLE_CHARS]
    best, best_score = Dialect(separators[0] if separators else ","), 0.0
    for dialect in _candidates(sample, separators):
        score = _score(sample, dialect, cut=len(sample) < len(text))
        if score > best_score + 1e-9:
            best, best_score = dialect, score
    return best if best_score or separators else _one_column(sample)


def _one_column(sample: str) -> Dialect:
    """A dialect that leaves lines whole, commas in sentences too."""
    for separator in ",\t\x1f":
        dialect = Dialect(separator)
        if all(len(cells) < 2 for cells, _ in islice(records(sample, dialect), _SAMPLE_RECORDS)):
            return dialect
    return Dialect()


def looks_typed(cell: str) -> bool:
    """A number or a date."""
    return is_number(cell) or _DATE.fullmatch(cell.strip()) is not None


def _candidates(sample: str, separators: str | None) -> Iterator[Dialect]:
    quotes: list[tuple[str | None, str | None]] = [('"', None)]
    if '\\"' in sample:
        quotes.append(('"', "\\"))
    if len(_WHOLE_CELL_IN_APOSTROPHES.findall(sample)) > 1:
        quotes.append(("'", None))
    if '"' in sample:
        quotes.append((None, None))
    for separator in separators or _COMMON + RARE:
        if separator not in sample:
            continue
        for quote, escape in quotes:
            yield Dialect(separator, quote, escape)
            if quote and f"{separator} {quote}" in sample:
                yield Dialect(separator, quote, escape, skip_blank=True)
    if separators is None and re.search(r"\S[ \t]+\S", sample):
        for quote, escape in quotes:
            if escape is None:
                yield Dialect(BLANKS, quote)


def _score(sample: str, dialect: Dialect, *, cut: bool) -> float:
    """0 to 1; 0 where the dialect makes no table of the sample."""
    found = list(islice(records(sample, dialect), _SAMPLE_RECORDS))
    if cut and len(found) < _SAMPLE_RECORDS and len(found) > 1 and found[-1][1] <= _MAX_LINES_IN_A_RECORD:
        found.pop()
    kept = [(cells, lines) for cells, lines in found if not _skipped(cells)]
    # Lines above a table have one cell, and do not speak against it.
    start = next((index for index, (cells, _) in enumerate(kept) if len(cells) > 1), len(kept))
    rest = len(kept) - start
    if rest < 0.1 * len(kept) or (rest < _MIN_RECORDS and rest < 0.5 * len(kept)) or not rest:
        return 0.0
    kept = kept[start:]
    if start > 0 and sum(len(cells) > 1 for cells, _ in kept) == 1:
        return 0.0  # a sentence with a comma in it, somewhere in a column of text
    lines_by_width: Counter[int] = Counter()
    for cells, lines in kept:
        lines_by_width[len(cells)] += lines
    total = lines_by_width.total()
    several = total - lines_by_width[1]
    if several < _MIN_SHARE * total:
        return 0.0
    width, strict = max(
        ((width, lines) for width, lines in lines_by_width.items() if width > 1), key=lambda one: one[::-1]
    )
    shorter = sum(lines for other, lines in lines_by_width.items() if 1 < other < width)
    longer = several - strict - shorter
    share = (strict + 0.6 * shorter + 0.3 * longer) / total
    rows = [cells for cells, _ in kept if len(cells) == width]
    # A header may lack a name for the first column, as R writes it.
    uneven = total - strict - (len(kept[0][0]) == width - 1)
    if dialect.separator in RARE and strict < total:
        return 0.0
    if dialect.separator == BLANKS and not _table_of_blanks(rows, uneven):
        return 0.0
    wholeness = _wholeness(rows[:100])
    if dialect.separator == BLANKS:
        return share * wholeness * (0.91 if dialect.quote == "'" else 0.9)
    # Apostrophes around whole cells are quotes; any other odd quoting only where it reads better.
    odd = dialect.quote is None or dialect.escape or dialect.skip_blank
    return share * wholeness * (0.97 if odd else 1.01 if dialect.quote == "'" else 1)


def _table_of_blanks(rows: Sequence[Sequence[str]], uneven: int) -> bool:
    """Words are separated by blanks too: every line must have as many cells, and one column be of numbers.
    ``uneven``: lines that have not; one in a hundred may."""
    if 100 * uneven > len(rows):
        return False
    body = rows[1:] or rows
    return any(
        any(map(is_number, column)) and all(is_number(cell) or is_missing(cell) for cell in column)
        for column in zip(*body, strict=True)
    )


def _wholeness(rows: Sequence[Sequence[str]]) -> float:
    cells = [cell for row in rows for cell in row[:200]]
    return sum(map(_whole, cells)) / len(cells)


def _whole(cell: str) -> float:
    if is_missing(cell) or looks_typed(cell):
        return 1.0
    if any(separator in cell for separator in "\t;|") or re.search(r",\S", cell):
        return 0.2
    if '"' in cell:
        return 0.4
    return 0.4 if " " in cell.strip() and cell.strip()[0].isdigit() else 0.8


def _skipped(cells: Sequence[str]) -> bool:
    return not any(map(str.strip, cells)) or cells[0].lstrip().startswith("#")


def _unquoted(cell: str, quote: str | None) -> str:
    if quote and len(cell) > 1 and cell.startswith(quote) and cell.endswith(quote):
        return cell[1:-1].replace(quote * 2, quote)
    return cell
