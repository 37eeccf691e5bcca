"""Questions in words become SQL by rules; what is not understood is said, and never guessed."""

from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from dataferry.explorer.question_reading import NotUnderstood
from dataferry.explorer.ready_questions import ready_questions
from dataferry.explorer.sources import SourcePart, TableSource
from dataferry.explorer.sql_names import SqlColumn, SqlTable
from dataferry.explorer.statistics import all_statistics
from dataferry.explorer.statistics_views import ColumnStatistics
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.typed_questions import write_by_rules

_COLUMNS: list[tuple[str, Any, str, str, list[Any]]] = [
    ("Price (USD)", "number", "DOUBLE", "float64", [10.0, 20.0, 30.0, 40.0, None, 60.0]),
    ("city", "text", "VARCHAR", "string", ["Berlin", "Paris", "Berlin", "Rome", "Paris", "Berlin"]),
    ("soldOn", "date", "DATE", "date32",
     ["2023-01-05", "2023-01-20", "2023-02-01", "2024-02-01", "2024-03-01", "2024-03-09"]),
    ("garden_size", "integer", "BIGINT", "int64", [5, 0, 5, 7, 9, 100]),
    ("house_size", "integer", "BIGINT", "int64", [50, 60, 70, 80, 90, 100]),
    ("new", "boolean", "BOOLEAN", "bool", [True, False, True, False, None, True]),
]  # fmt: skip


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> tuple[SqlTable, list[ColumnStatistics]]:
    file = tmp_path_factory.mktemp("houses") / "houses.parquet"
    arrays = []
    for _, _, _, kind, values in _COLUMNS:
        array = pa.array(values)
        arrays.append(array.cast(pa.date32()) if kind == "date32" else array)
    parquet.write_table(pa.table(arrays, names=[f"c{place}" for place in range(len(arrays))]), file)
    stored = [
        StoredColumn(name=name, dtype=kind, kind=kind, text=f"c{place}", value=f"c{place}", sql=sql)
        for place, (name, kind, sql, _, _) in enumerate(_COLUMNS)
    ]
    source = TableSource(columns=tuple(stored), parts=(SourcePart(path=str(file), rows=6),))
    columns = tuple(SqlColumn(name=one.name, kind=one.kind, dtype=one.dtype, stored=one) for one in stored)
    table = SqlTable(id="t", names=("houses",), label="houses.csv", columns=columns, source=source)
    with duckdb.connect() as connection:

        def run(sql: str, given: Any) -> list[Any]:
            return connection.execute(sql, given).fetchall()

        statistics = all_statistics(run, lambda _: source.sql(), stored)
    return table, statistics


def _plain(cell: Any) -> Any:
    return str(cell) if hasattr(cell, "year") else cell


def _about(cell: Any) -> Any:
    return pytest.approx(cell) if isinstance(cell, float) else cell


def _run(table: SqlTable, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW houses AS {table.query()}")
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("How many rows are there?", [(6,)]),
        ("how many rows for each city?", [("Berlin", 3), ("Paris", 2), ("Rome", 1)]),
        ("average price by city", [("Berlin", 100 / 3), ("Paris", 20.0), ("Rome", 40.0)]),
        ("What is the average price in Berlin?", [(100 / 3,)]),
        ("Which city has the highest average price?", [("Rome", 40.0), ("Berlin", 100 / 3), ("Paris", 20.0)]),
        ("total house size per city", [("Berlin", 220), ("Paris", 150), ("Rome", 80)]),
        ("Wie viele Zeilen pro city?", [("Berlin", 3), ("Paris", 2), ("Rome", 1)]),
        ("promedio de price por city", [("Berlin", 100 / 3), ("Paris", 20.0), ("Rome", 40.0)]),
        ("top 2 cities", [("Berlin", 3), ("Paris", 2)]),
        ("most common city", [("Berlin", 3), ("Paris", 2), ("Rome", 1)]),
        ("top 2 cities by price", [("Berlin", 60.0), ("Rome", 40.0)]),
        ("highest price", [(60.0,)]),
        ("which city has the lowest garden size", [("Paris", 0), ("Berlin", 5), ("Berlin", 5)]),
        ("how many different cities", [(3,)]),
        ("how many have price over 25", [(3,)]),
        ("how many rows with price between 15 and 35 in Berlin", [(1,)]),
        ("how many with city 'Rome'", [(1,)]),
        ("how many rows with soldOn since 2024", [(3,)]),
        ("how many are new", [(3,)]),
        ("How many rows by year?", [("2023-01-01", 3), ("2024-01-01", 3)]),
        ("average price over time by month", [("2023-01-01", 15.0), ("2023-02-01", 30.0)]),
        ("histogram of house size", [(50.0, 1), (60.0, 1), (70.0, 1)]),
        ("distribution of city", [("Berlin", 3), ("Paris", 2), ("Rome", 1)]),
        ("scatter of garden size against house size", [(5, 50), (0, 60), (5, 70)]),
        ("correlation between garden size and house size", None),
        ("missing values in price", [("Price (USD)", 1)]),
        ("are there duplicate rows?", [(0,)]),
        ("percentage by city", [("Berlin", 50.0), ("Paris", 33.33), ("Rome", 16.67)]),
        ("what share is in Paris", [(33.33,)]),
        ("show 2 examples", None),
    ],
)  # fmt: skip
def test_a_question_is_answered(
    houses: tuple[SqlTable, list[ColumnStatistics]], question: str, rows: list[tuple[Any, ...]] | None
) -> None:
    table, statistics = houses
    written = write_by_rules(question, table, statistics)
    assert written.why.endswith(".")
    found = [tuple(map(_plain, row)) for row in _run(table, written.sql)]
    assert found
    if rows is not None:
        assert found[: len(rows)] == [tuple(map(_about, row)) for row in rows], written.sql


@pytest.mark.parametrize(
    ("question", "why"),
    [
        # A value that is not there is no other one (sinaptik-ai/pandas-ai#1225).
        ("average price in Berlim", "“Berlim”"),
        ("how many women bought", "“women”, “bought”"),
        ("average size by city", "“garden_size”, “house_size”"),
        ("average city", "no numbers"),
        ("price by city", "What of Price (USD)"),
        ("how many cheaper than 5", "“cheaper”"),
        ("how many over 5", "Which column"),
        ("average", "of which column"),
        ("average price in 2024", "What 2024 is for"),
        ("city without Berlin", "“without”"),
        ("not new", "“not”"),
        ("", "cannot be told"),
        ("Bitte löschen", "“Bitte”"),
    ],
)
def test_what_is_not_understood_is_said(
    houses: tuple[SqlTable, list[ColumnStatistics]], question: str, why: str
) -> None:
    table, statistics = houses
    with pytest.raises(NotUnderstood) as refused:
        write_by_rules(question, table, statistics)
    assert why in str(refused.value)


def test_ready_questions_answer_themselves(houses: tuple[SqlTable, list[ColumnStatistics]]) -> None:
    table, statistics = houses
    for known in (statistics, None):
        ready = ready_questions(table, known)
        assert len(ready) >= 4
        for one in ready:
            assert write_by_rules(one.question, table, known).sql == one.sql
            assert _run(table, one.sql), one
