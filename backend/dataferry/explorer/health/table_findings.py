"""What is wrong with tables, found over all their rows by DuckDB in a process of its own."""

import json
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dataferry.core.child_process import end_with_parent, yield_to_others
from dataferry.core.types import View
from dataferry.explorer.health.views import FindingGroup, Member
from dataferry.explorer.sources import TableSource
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.text_columns import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHECKED = (
    "rows that are there more than once, in all their columns",
    "rows that two splits of the same columns have in common",
    "columns with one value in every row",
    "columns with another value in every row (numbers that are not whole are left out)",
)
#: Groups of rows that are listed, of one table.
_MOST_GROUPS = 10_000
_MOST_COLUMNS = 500
#: In fewer rows every value may well be another one.
_LEAST_ROWS = 20
_ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|index)($|[_\W])|unnamed: 0", re.IGNORECASE)


class TableToCheck(View):
    """``label`` and ``split`` as people know it."""

    label: str
    split: str | None
    source: TableSource


def main() -> None:
    """A request on the input; on the output a line for each group that is found, and one at the end."""
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_parent, daemon=True).start()
    yield_to_others()
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": "1GB",
        "temp_directory": request["spill"],
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    tables = [TableToCheck.model_validate(one) for one in request["tables"]]
    connection = duckdb.connect(":memory:", config=config)
    try:
        for table in tables:
            for kind, group in _of_table(connection, table):
                _tell({"kind": kind, "group": group.model_dump()})
        for kind, group in _shared(connection, tables):
            _tell({"kind": kind, "group": group.model_dump()})
        _tell({"done": True})
    except duckdb.Error as error:
        _tell({"problem": str(error).partition("\n")[0]})


def _of_table(connection: "DuckDBPyConnection", table: TableToCheck) -> Iterator[tuple[str, FindingGroup]]:
    if table.source.rows == 0:
        return
    for column in table.source.columns[:_MOST_COLUMNS]:
        found = _of_column(connection, table, column)
        if found is not None:
            kind, note = found
            member = Member(name=column.name, split=table.label, note=note)
            yield kind, FindingGroup(members=(member,))
    columns = _names(table)
    rows = f"SELECT *, row_number() OVER () - 1 AS row_place FROM {_ordered(table)}"  # noqa: S608
    query = (
        f"SELECT list(row_place ORDER BY row_place) FROM ({rows}) GROUP BY {columns}"  # noqa: S608
        f" HAVING count(*) > 1 ORDER BY min(row_place) LIMIT {_MOST_GROUPS}"
    )
    for (places,) in connection.execute(query).fetchall():
        members = (Member(name=f"row {place + 1:,}", split=table.label, number=place) for place in places)
        yield "duplicate_rows", FindingGroup(members=tuple(members))


def _of_column(
    connection: "DuckDBPyConnection", table: TableToCheck, column: StoredColumn
) -> tuple[str, str] | None:
    """Whether every row has one value, or each another."""
    if column.kind in ("media", "binary", "nested"):
        return None
    value = quoted(column.value)
    counted = f"count({value}), count(DISTINCT {value}), CAST(min({value}) AS VARCHAR)"
    query = f"SELECT {counted} FROM {table.source.sql()}"  # noqa: S608
    present, distinct, least = connection.execute(query).fetchall()[0]
    rows = table.source.rows
    if rows > 1 and (distinct == 0 or (distinct == 1 and present == rows)):
        return "constant_columns", f"{'no value' if least is None else least[:80]} in all {rows:,} rows"
    is_id = column.kind == "integer" or (column.kind == "text" and _ID_NAME.search(column.name))
    if is_id and rows >= _LEAST_ROWS and distinct == rows:
        return "id_columns", f"another value in each of {rows:,} rows"
    return None


def _shared(
    connection: "DuckDBPyConnection", tables: Sequence[TableToCheck]
) -> Iterator[tuple[str, FindingGroup]]:
    """Rows that two splits have in common, each once."""
    for place, first in enumerate(tables):
        for second in tables[place + 1 :]:
            same = [one.name for one in first.source.columns] == [one.name for one in second.source.columns]
            if not same or not first.split or not second.split or first.split == second.split:
                continue
            yield from _rows_of_both(connection, first, second)


def _rows_of_both(
    connection: "DuckDBPyConnection", first: TableToCheck, second: TableToCheck
) -> Iterator[tuple[str, FindingGroup]]:
    def numbered(table: TableToCheck) -> str:
        cells = ", ".join(
            f"CAST({quoted(one.text)} AS VARCHAR) AS c{place}"
            for place, one in enumerate(table.source.columns)
        )
        inner = f"SELECT *, row_number() OVER () - 1 AS row_place FROM {_ordered(table)}"  # noqa: S608
        return f"(SELECT {cells}, min(row_place) AS row_place FROM ({inner}) GROUP BY ALL)"  # noqa: S608

    same = " AND ".join(
        f"a.c{place} IS NOT DISTINCT FROM b.c{place}" for place in range(len(first.source.columns))
    )
    query = (
        f"SELECT a.row_place, b.row_place FROM {numbered(first)} a JOIN {numbered(second)} b ON {same}"  # noqa: S608
        f" ORDER BY 1, 2 LIMIT {_MOST_GROUPS}"
    )
    for a, b in connection.execute(query).fetchall():
        members = (
            Member(name=f"row {row + 1:,}", split=table.label, number=row)
            for table, row in ((first, a), (second, b))
        )
        yield "shared_rows", FindingGroup(members=tuple(members))


def _ordered(table: TableToCheck) -> str:
    """The rows in the table's order, by part and place in it."""
    return f"(SELECT * FROM {table.source.sql()})"  # noqa: S608


def _names(table: TableToCheck) -> str:
    return ", ".join(quoted(one.text) for one in table.source.columns)


def _tell(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
