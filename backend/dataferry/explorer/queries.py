"""A page of a table, and filters of it, as SQL."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from dataferry.core.errors import InvalidInput
from dataferry.core.types import View
from dataferry.explorer.sources import TableSource, parquet_sql
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.text_columns import literal, quoted

Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "between", "contains", "is_null", "not_null", "in"]
_COMPARED: dict[str, str] = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
#: How many values each operator takes at least and at most.
_VALUES: dict[str, tuple[int, int]] = {
    "between": (2, 2), "is_null": (0, 0), "not_null": (0, 0), "in": (1, 1000),
}  # fmt: skip
_WHOLE_NUMBER = re.compile(r"\s*[+-]?\d{1,18}\s*")
_SHOWN_AS_TEXT = ("nested", "binary", "media")
#: Columns that a search looks into.
MAX_SEARCHED = 300
#: Long cells are cut to this, unless more is asked for.
CELL_CHARS = 300

Sql = tuple[str, list[Any]]
"""A query and its parameters."""


class Filter(View):
    """``column``: its place in the table, from 0. ``values``: one; of ``between`` two, both included; of
    ``in`` any number; of ``is_null`` and ``not_null`` none. Numbers and dates are compared as such."""

    column: int = Field(ge=0)
    op: Operator
    values: tuple[str, ...] = Field(default=(), max_length=1000)

    @model_validator(mode="after")
    def _check_values(self) -> "Filter":
        least, most = _VALUES.get(self.op, (1, 1))
        if not least <= len(self.values) <= most:
            takes = f"{least}" if least == most else f"{least} to {most}"
            raise ValueError(f"{self.op} takes {takes} values")
        return self


class Selection(View):
    """Which rows of a table, and in what order. ``sort``: a column's place."""

    filters: tuple[Filter, ...] = ()
    search: str = ""
    sort: int | None = None
    descending: bool = False

    @property
    def all_rows(self) -> bool:
        return not self.filters and not self.search.strip()


def condition(source: TableSource, selection: Selection) -> Sql:
    """The rows of a selection, for ``WHERE``. Errors: ``InvalidInput`` for a column that is not there."""
    terms, given = [], []
    for one in selection.filters:
        term, values = _term(column_of(source, one.column), one)
        terms.append(f"({term})")
        given += values
    wanted = selection.search.strip().lower()
    if wanted:
        searched = [column for column in source.columns if column.kind not in ("binary", "media")]
        looks = [f"contains(lower({_as_text(column)}), ?)" for column in searched[:MAX_SEARCHED]]
        terms.append(f"({' OR '.join(looks) or 'false'})")
        given += [wanted] * len(looks)
    return " AND ".join(terms) or "true", given


def column_of(source: TableSource, place: int) -> StoredColumn:
    """Errors: ``InvalidInput``."""
    if place >= len(source.columns):
        raise InvalidInput(
            f"The table has no column {place}: it has {len(source.columns)}, which count from 0.",
            next_step="Choose one of its columns.",
        )
    return source.columns[place]


def _term(column: StoredColumn, asked: Filter) -> Sql:
    value = quoted(column.value)
    match asked.op:
        case "is_null":
            return f"{value} IS NULL", []
        case "not_null":
            return f"{value} IS NOT NULL", []
        case "contains":
            return f"contains(lower({_as_text(column)}), ?)", [asked.values[0].lower()]
    given = list(asked.values)
    left, right = _comparable(column, given)
    finite = f" AND NOT isnan({value})" if column.sql in ("FLOAT", "DOUBLE") else ""
    match asked.op:
        case "ne":
            return f"{left} IS DISTINCT FROM {right}", given
        case "between":
            return f"{left} BETWEEN {right} AND {right}{finite}", given
        case "in":
            return f"{left} IN ({', '.join([right] * len(given))})", given
        case "gt" | "ge":
            return f"{left} {_COMPARED[asked.op]} {right}{finite}", given
    return f"{left} {_COMPARED[asked.op]} {right}", given


def _comparable(column: StoredColumn, given: Sequence[str]) -> tuple[str, str]:
    """The column, and a parameter, as what can be compared."""
    value = quoted(column.value)
    if column.kind in _SHOWN_AS_TEXT or column.sql == "VARCHAR":
        return _as_text(column), "?"
    if column.kind == "integer" and not all(map(_WHOLE_NUMBER.fullmatch, given)):
        return f"CAST({value} AS DOUBLE)", "CAST(? AS DOUBLE)"
    if column.sql.startswith("DECIMAL"):
        return value, "CAST(? AS DECIMAL(38, 10))" if column.kind == "number" else "CAST(? AS DECIMAL(38, 0))"
    return value, f"CAST(? AS {column.sql})"


def _as_text(column: StoredColumn) -> str:
    text = quoted(column.text)
    if column.kind == "nested" and column.sql != "VARCHAR":
        return f"CAST(to_json({text}) AS VARCHAR)"
    if column.kind == "media":
        return f"{text}.path"
    if column.text != column.value or column.sql == "VARCHAR":
        return text
    return f"CAST({text} AS VARCHAR)"


def text_cells(columns: Sequence[StoredColumn], chars: int) -> str:
    """For ``page_queries``, two cells for each column: its beginning as text; its whole length where that
    is longer."""
    cells = []
    for column in columns:
        match column.kind:
            case "binary":
                size = f"octet_length({quoted(column.text)})"
                cells.append(f"{size} || ' bytes', NULL")
            case "media":
                field = quoted(column.text)
                size = f"octet_length({field}.bytes) || ' bytes'"
                cells.append(f"coalesce({field}.path, {size}), NULL")
            case "text" | "nested":
                text = _as_text(column)
                cells.append(
                    f"left({text}, {chars}), CASE WHEN length({text}) > {chars} THEN length({text}) END"
                )
            case _:
                cells.append(f"left({_as_text(column)}, {chars}), NULL")
    return ", ".join(cells)


def count_query(source: TableSource, selection: Selection) -> Sql:
    """How many rows are selected."""
    where, given = condition(source, selection)
    return f"SELECT count(*) FROM {source.sql()} WHERE {where}", given  # noqa: S608


def page_queries(
    source: TableSource,
    selection: Selection,
    cells: str,
    *,
    offset: int,
    limit: int,
) -> list[Sql]:
    """Queries whose rows, one after the other, are a page of what is not sorted. ``cells``: what of a row
    is wanted, in SQL."""
    if selection.all_rows:
        return _plain_page(source, cells, offset, limit)
    where, given = condition(source, selection)
    return [(f"SELECT {cells} FROM {source.sql()} WHERE {where} LIMIT {limit} OFFSET {offset}", given)]  # noqa: S608


def sorted_keys(source: TableSource, selection: Selection, *, offset: int, limit: int) -> Sql:
    """Which rows are a page of a sorted selection: the file of each, and its place in it. Rows that are alike
    stay in the file's order."""
    where, given = condition(source, selection)
    value = quoted(column_of(source, selection.sort or 0).value)
    direction = "DESC" if selection.descending else "ASC"
    file = "filename" if len(source.parts) > 1 else literal(source.parts[0].path if source.parts else "")
    tie = "filename, file_row_number" if len(source.parts) > 1 else "file_row_number"
    query = (
        f"SELECT {file}, file_row_number FROM {source.sql(numbered=True)} WHERE {where}"  # noqa: S608
        f" ORDER BY {value} {direction} NULLS LAST, {tie} LIMIT {limit} OFFSET {offset}"
    )
    return query, given


def rows_at(path: str, places: Sequence[int], cells: str) -> Sql:
    """Rows of one file by their places, each after its place."""
    listed = ", ".join(str(int(place)) for place in places)
    source = parquet_sql([path], numbered=True)
    return f"SELECT file_row_number, {cells} FROM {source} WHERE file_row_number IN ({listed})", []  # noqa: S608


def _plain_page(source: TableSource, cells: str, offset: int, limit: int) -> list[Sql]:
    """Only the files, and in them the groups of rows, that have the page are read."""
    queries: list[Sql] = []
    before, end = 0, offset + limit
    for part in source.parts:
        first, last = max(offset - before, 0), min(end - before, part.rows)
        if first < last:
            table = parquet_sql([part.path], numbered=True)
            where = f"file_row_number >= {first} AND file_row_number < {last}"
            queries.append((f"SELECT {cells} FROM {table} WHERE {where}", []))  # noqa: S608
        before += part.rows
    return queries
