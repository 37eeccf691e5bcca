"""Text with one record a line: CSV and its kin, in whatever dialect and encoding."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from dataferry.library.preview.dialect import BLANKS, RARE, Dialect, records, sniff
from dataferry.library.preview.head import Head
from dataferry.library.preview.layout import Layout, lay_out
from dataferry.library.preview.loaders import pandas_loader
from dataferry.library.preview.table import NotATable, Table, is_missing, is_number, made_table
from dataferry.library.preview.text import Text, decode

#: What a name promises; a table that has none of these separators is sniffed.
_PROMISED = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
_SEP_LINE = re.compile(r"""\"?sep=([^"'\w\s]|\t)"?[;,\t]*(?:\r\n|\r|\n)""", re.IGNORECASE)
_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", BLANKS: "blanks"}
#: In a loader; a table that needs more is left to its reader.
_MAX_NAMES = 200
#: In which the dialect's details and the values are looked at; further ones are counted.
_KEPT_RECORDS = 5_000
#: In which is looked for what no text has; fewer tell nothing.
_SAMPLE_CHARS, _LEAST_CHARS = 4_096, 64
#: What pandas takes for a missing value, where a column of text may mean the word.
_NO_VALUE = frozenset({"NA", "N/A", "NULL", "null", "None", "nan", "NaN", "n/a", "<NA>", "#N/A", "#NA"})
#: Figures that pandas makes another number of: a zero that leads, more than 64 bits; and where a value is
#: missing, so that it takes floating numbers, more than 53 bits.
_LOST = re.compile(r"[+-]?(?:0\d+|\d{20,})")
_LOST_BESIDE_GAPS = re.compile(r"[+-]?(?:0\d+|\d{16,})")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """How a whole file is read, by its head. ``encoding`` is Python's name; the table begins ``skip``
    characters into the text, at its record ``layout.start``."""

    encoding: str
    dialect: Dialect
    skip: int
    layout: Layout
    notes: tuple[str, ...]


def understand(head: Head) -> DelimitedText:
    """How the text is written. Errors: those of ``read_delimited``."""
    written, sep_line, layout, _, lengths, _ = _look(head)
    notes = tuple(_notes(written, layout, lengths))
    return DelimitedText(written.text.encoding, written.dialect, sep_line, layout, notes)


def read_delimited(head: Head, path: str, rows: int) -> Table:
    """Errors: ``NotATable`` for a file without a record, and for one that is no text."""
    written, _, layout, table, lengths, beyond = _look(head)
    dialect, columns = written.dialect, len(layout.names)
    arguments = _arguments(written, layout) | _for_values(layout.names, table, dialect)
    arguments |= _for_lengths(written, layout, len(table[0]) if table else columns, lengths)
    return made_table(
        layout.names if layout.header else [str(number) for number in range(columns)],
        [row[:columns] for row in islice(table, rows)],
        loader=pandas_loader(path, "read_csv", arguments),
        notes=_notes(written, layout, lengths),
        row_count=lengths.total() if head.complete else None,
        # The last one may be cut in the middle.
        least_row_count=len(table) + max(0, beyond - 1),
    )


def _look(head: Head) -> tuple["_Written", int, Layout, list[list[str]], Counter[int], int]:
    """How the file is written, the characters before its first record, its layout, its first rows, how many
    rows have how many cells, and how many rows of the head are not kept."""
    text = decode(head.data, head.complete)
    if _binary(text.text[:_SAMPLE_CHARS]):
        raise NotATable("It is no text.")
    dialect, sep_line = _dialect(text.text, head.suffix)
    written = _Written(head, text, dialect, sep_line > 0)
    remaining = records(text.text[sep_line:], dialect)
    found = [cells for cells, _ in islice(remaining, _KEPT_RECORDS)]
    if 1 < len(found) < _KEPT_RECORDS and not head.complete:
        found.pop()  # it may be cut in the middle
    layout = lay_out(found)
    if not layout.names:
        raise NotATable("There is no line in it.")
    table = [row for row in found[layout.start + layout.header :] if is_row(row)]
    lengths = Counter(map(len, table))
    beyond = [len(row) for row, _ in remaining if is_row(row)]
    if head.complete:
        lengths.update(beyond)
    return written, sep_line, layout.for_rows_of(max(lengths, default=0)), table, lengths, len(beyond)


@dataclass(frozen=True, slots=True)
class _Written:
    """How the file is written. ``sep_line``: it begins with ``sep=;``."""

    head: Head
    text: Text
    dialect: Dialect
    sep_line: bool


def _binary(sample: str) -> bool:
    """Whether a tenth of it is what no text has: control characters, and bytes of no encoding."""
    strange = sum(map(_strange, sample))
    return len(sample) >= _LEAST_CHARS and 10 * strange > len(sample)


def _strange(one: str) -> bool:
    control = one < " " and one not in "\t\n\v\f\r" and one not in RARE
    return control or "\x7f" <= one < "\xa0" or one == "\ufffd"


def is_row(row: Sequence[str]) -> bool:
    """A blank line is none, in a table of one column too."""
    return len(row) > 1 or any(map(str.strip, row))


def _dialect(text: str, suffix: str) -> tuple[Dialect, int]:
    """The dialect, and the characters of a line ``sep=;``, with which Excel is told of it."""
    told = _SEP_LINE.match(text)
    if told is not None:
        return sniff(text[told.end() :], told[1]), told.end()
    promised = _PROMISED.get(suffix)
    if promised is not None and promised in text.partition("\n")[0]:
        return sniff(text, promised), 0
    return sniff(text), 0


def _notes(written: _Written, layout: Layout, lengths: Counter[int]) -> list[str]:
    """What was guessed, and what is not shown."""
    head, text, dialect = written.head, written.text, written.dialect
    notes = []
    if dialect.separator != "," and len(layout.names) > 1:
        notes.append(f"Separated by {_WORDS.get(dialect.separator, repr(dialect.separator))}.")
    if dialect.quote == "'":
        notes.append("Quoted with apostrophes.")
    if text.note is not None:
        notes.append(text.note)
    if layout.start or written.sep_line:
        lines = layout.start + written.sep_line
        notes.append(
            f"{lines} line{'s' * (lines > 1)} above the table {'are' if lines > 1 else 'is'} left out."
        )
    if not layout.header:
        notes.append("It has no header: its columns are numbered.")
    if layout.row_names:
        notes.append("Its header has no name for the first column.")
    if layout.row_end or layout.header_end:
        notes.append("Empty columns at the line ends are left out.")
    if set(lengths) - {len(layout.names), len(layout.names) + layout.row_end}:
        notes.append("Its rows differ in length.")
    if head.damage is not None:
        notes.append(f"The file is damaged, and this is what could be read: {head.damage}")
    elif not head.complete and not lengths:
        notes.append("Its first line is too long to be shown whole.")
    return notes


def _arguments(written: _Written, layout: Layout) -> dict[str, str]:
    """What ``read_csv`` must be told of the file, each as Python code."""
    head, text, dialect = written.head, written.text, written.dialect
    arguments = {}
    if dialect.separator == BLANKS:
        arguments["sep"] = r'r"\s+"'
    elif dialect.separator != ",":
        arguments["sep"] = repr(dialect.separator)
    if text.encoding not in ("utf-8", "utf-8-sig"):
        arguments["encoding"] = repr(text.encoding)
    if text.broken:
        arguments["encoding_errors"] = '"replace"'
    if head.packing != head.named_packing:
        arguments["compression"] = repr(head.packing)
    if layout.start or written.sep_line:
        arguments["skiprows"] = str(layout.start + written.sep_line)
    if not layout.header:
        arguments["header"] = "None"
    if dialect.quote is None:
        arguments["quoting"] = "3"
    elif dialect.quote != '"':
        arguments["quotechar"] = repr(dialect.quote)
    if dialect.escape is not None:
        arguments["escapechar"] = repr(dialect.escape)
    if dialect.skip_blank:
        arguments["skipinitialspace"] = "True"
    return arguments


def _for_lengths(written: _Written, layout: Layout, first: int, lengths: Counter[int]) -> dict[str, str]:
    """What ``read_csv`` must be told where rows, and the header, differ in length. ``first``: cells of the
    first row."""
    columns = len(layout.names)
    longest = max(lengths, default=columns)
    if not layout.header:
        named = {"names": f"range({longest})"} if longest > first else {}
        return named | ({"usecols": f"range({columns})"} if layout.row_end else {})
    if layout.header_end:
        return {"usecols": f"range({columns})"}
    if layout.row_end and (set(lengths) == {columns + layout.row_end} or columns > _MAX_NAMES):
        return {"index_col": "False"}
    if layout.row_end or layout.row_names or layout.header_cells < columns:
        # Without its own header, pandas takes the length of rows from the names.
        names = [*layout.names, *[""] * layout.row_end]
        short = columns <= _MAX_NAMES and sum(map(len, names)) <= _MAX_NAMES * 20
        given = {"names": repr(_unique(names)) if short else f"range({len(names)})"}
        given["skiprows"] = str(layout.start + written.sep_line + 1)
        return given | ({"usecols": f"range({columns})"} if layout.row_end else {})
    return {}


def _for_values(names: Sequence[str], table: Rows, dialect: Dialect) -> dict[str, str]:
    """What ``read_csv`` must be told to keep the values: of figures that are no numbers, of the word NA, and
    of decimal commas."""
    if len(names) > _MAX_NAMES:
        return {}
    as_text, numbers_with_gaps, words, commas, points = [], {}, False, False, False
    for number, name in enumerate(names):
        cells = {row[number] for row in table if number < len(row)}
        present = [cell for cell in cells if not is_missing(cell)]
        key = name if names.count(name) == 1 and name.strip() else None
        if not all(map(is_number, present)):
            words = words or bool(cells & _NO_VALUE)
            continue
        gaps = cells - set(present)
        if gaps:
            numbers_with_gaps[key] = sorted(gaps)
        if key is not None and any(map((_LOST_BESIDE_GAPS if gaps else _LOST).fullmatch, present)):
            as_text.append(key)
        commas = commas or (
            bool(present)
            and all("," not in c or _DECIMAL_COMMA.fullmatch(c) for c in present)
            and any("," in c and len(c.rpartition(",")[2]) != 3 for c in present)
        )
        points = points or any("." in cell for cell in present)
    arguments = {}
    if as_text:
        arguments["dtype"] = repr(dict.fromkeys(as_text, "str"))
    if commas and not points and dialect.separator != ",":
        arguments["decimal"] = '","'
    if words and None not in numbers_with_gaps:
        arguments["keep_default_na"] = "False"
        if numbers_with_gaps:
            arguments["na_values"] = repr(numbers_with_gaps)
    return arguments


def _unique(names: Sequence[str]) -> list[str]:
    """As pandas makes the names of a header unique."""
    seen: set[str] = set()
    unique = []
    for number, name in enumerate(names):
        given = name or f"Unnamed: {number}"
        made, count = given, 0
        while made in seen:
            count += 1
            made = f"{given}.{count}"
        seen.add(made)
        unique.append(made)
    return unique
