"""Types of columns that a file keeps as text.

A type is found only where every value of the column is of it, and the text stays beside the typed value: what
is shown is what is written (``007``, ``1.50``), whatever is compared.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dataferry.explorer.stored import Kind
from dataferry.library.preview.table import MISSING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?"
_NO_NUMBER = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")


@dataclass(frozen=True, slots=True)
class TextType:
    """``pattern``: of the values, trimmed; ``sql``: DuckDB's type; ``words``: what a person is told."""

    words: str
    kind: Kind
    sql: str
    pattern: str


#: The first that all values are of is taken.
TYPES = (
    TextType("boolean", "boolean", "BOOLEAN", "(?i:true|false)"),
    TextType("integer", "integer", "BIGINT", r"[+-]?(?:0|[1-9]\d{0,17})"),
    TextType("integer", "integer", "DECIMAL(38,0)", r"[+-]?(?:0|[1-9]\d{0,36})"),
    TextType("number", "number", "DOUBLE", r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"),
    TextType("date", "date", "DATE", _DATE),
    TextType("time", "time", "TIMESTAMP", rf"{_DATE}(?:[T ]{_TIME})?Z?"),
)
_ORDER = {found.sql: place for place, found in enumerate(TYPES)}
#: Columns that are checked in one query.
_AT_A_TIME = 200


def quoted(name: str) -> str:
    """An identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


_MISSING = r"\s*(?i:" + "|".join(re.escape(word) for word in sorted(MISSING - set(_NO_NUMBER))) + r")\s*"
_IS_MISSING = re.compile(_MISSING)
_PATTERNS = [(found, re.compile(found.pattern)) for found in TYPES]


def present(column: str) -> str:
    """Whether a cell has a value, in SQL: what people write where one is missing is none."""
    return f"NOT regexp_full_match({column}, {literal(_MISSING)})"


def typed(column: str, found: TextType) -> str:
    """The typed value of a cell, in SQL; NULL where it is of another type."""
    cell = f"trim({column})"
    pattern = found.pattern
    if found.sql == "DOUBLE":
        pattern = f"(?i:{pattern}|{'|'.join(map(re.escape, _NO_NUMBER))})"
    return f"CASE WHEN regexp_full_match({cell}, {literal(pattern)}) THEN TRY_CAST({cell} AS {found.sql}) END"


def likely_type(cells: Iterable[str | None]) -> TextType | None:
    """The first type that all of some cells are of; None where they are text, or none has a value."""
    values = [cell.strip() for cell in cells if cell is not None and not _IS_MISSING.fullmatch(cell)]
    if not values:
        return None
    for found, pattern in _PATTERNS:
        if all(_is_of(found, pattern, value) for value in values):
            return found
    return None


def _is_of(found: TextType, pattern: re.Pattern[str], value: str) -> bool:
    return pattern.fullmatch(value) is not None or (found.sql == "DOUBLE" and value.lower() in _NO_NUMBER)


def prove_types(
    connection: "DuckDBPyConnection", source: str, given: Sequence[TextType | None]
) -> list[TextType | None]:
    """Of columns ``c0``, ``c1`` … of ``source`` (SQL), which have typed ones beside them as ``given``, the
    types that all of their values are of: the same, a wider one, or none."""
    wrong = _failing(connection, source, [(n, f"n{n}") for n, one in enumerate(given) if one is not None])
    proved = [None if place in wrong else one for place, one in enumerate(given)]
    for place in wrong:
        had = given[place]
        for candidate in _wider(had) if had is not None else ():
            if not _failing(connection, source, [(place, typed(f"c{place}", candidate))]):
                proved[place] = candidate
                break
    return proved


def _failing(
    connection: "DuckDBPyConnection", source: str, typed_cells: Sequence[tuple[int, str]]
) -> set[int]:
    """The places of columns with a value that is not of the type."""
    wrong: set[int] = set()
    for start in range(0, len(typed_cells), _AT_A_TIME):
        some = typed_cells[start : start + _AT_A_TIME]
        checks = ", ".join(f"bool_or({cell} IS NULL AND {present(f'c{place}')})" for place, cell in some)
        row = connection.execute(f"SELECT {checks} FROM {source}").fetchone() or ()  # noqa: S608
        wrong |= {place for (place, _), fails in zip(some, row, strict=True) if fails}
    return wrong


def _wider(had: TextType) -> Sequence[TextType]:
    """Those that take its values too."""
    if had.kind == "integer":
        return [one for one in TYPES[_ORDER[had.sql] + 1 :] if one.kind in ("integer", "number")]
    return [one for one in TYPES if one.kind == "time"] if had.kind == "date" else []
