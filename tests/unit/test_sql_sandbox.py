"""A person's own SQL reads the dataset's tables, and nothing else on the machine; it ends when it must."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from dataferry.core.errors import Cancelled, DataferryError, InvalidInput, QueryTooLarge
from dataferry.explorer.catalog import KnownTable
from dataferry.explorer.sources import SourcePart, TableSource
from dataferry.explorer.sql_check import Refused
from dataferry.explorer.sql_child import sandbox
from dataferry.explorer.sql_names import SqlTable, sql_tables
from dataferry.explorer.sql_processes import SqlLimits, SqlProcesses
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.views import TableView

ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(1000) b"


def _known(folder: Path, path: str, table: pa.Table, **view: str) -> KnownTable:
    file = folder / f"{path.replace('/', '-')}.parquet"
    renamed = table.rename_columns([f"c{place}" for place in range(table.num_columns)])
    parquet.write_table(renamed, file)
    kinds = {"int64": ("integer", "BIGINT"), "string": ("text", "VARCHAR"), "double": ("number", "DOUBLE")}
    columns = tuple(
        StoredColumn(
            name=name,
            dtype=str(field.type),
            kind=kinds.get(str(field.type), ("nested", "STRUCT"))[0],  # type: ignore[arg-type]
            text=f"c{place}",
            value=f"c{place}",
            sql=kinds.get(str(field.type), ("nested", "STRUCT"))[1],
        )
        for place, (name, field) in enumerate(zip(table.column_names, table.schema, strict=True))
    )
    source = TableSource(columns=columns, parts=(SourcePart(path=str(file), rows=table.num_rows),))
    shown = TableView(
        id=path, label=path, path=path, file_count=1, size_bytes=1, state="ready", row_count=table.num_rows
    )
    return KnownTable(shown.model_copy(update=view), (), columns, source)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[SqlTable]:
    folder = tmp_path_factory.mktemp("secret-place")
    iris = pa.table(
        {
            "Sepal length": [5.1, 4.9, float("nan"), None],
            "species": ["setosa", 'o"r', "setosa", None],
            "Id": [9007199254740993, 2, 3, 4],
            "ID": [1, 2, 3, 4],
            "picture": [{"bytes": b"xyz", "path": "a.png"}, {"bytes": b"", "path": None}, None, None],
        }
    )
    return sql_tables(
        [
            _known(folder, "data/Iris flowers.csv", iris),
            _known(folder, "2024.csv", pa.table({"group": [1, 2]})),
            _known(folder, "other/iris_flowers.csv", pa.table({"n": [1]})),
        ]
    )


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[SqlProcesses]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    yield SqlProcesses(lambda: scratch, SqlLimits(seconds=20, memory_bytes=300_000_000, chars=50_000))
    assert list(scratch.iterdir()) == []  # nothing is left, however a query ended


def _rows(
    processes: SqlProcesses, tables: list[SqlTable], sql: str, limit: int = 100
) -> list[list[str | None]]:
    found = processes.rows("ada", sql, tables, threading.Event(), limit=limit)
    return [list(row) for row in found.rows]


def test_tables_and_columns_have_readable_names(processes: SqlProcesses, tables: list[SqlTable]) -> None:
    assert [table.name for table in tables] == ["iris_flowers", "t_2024", "iris_flowers_2"]
    assert [column.name for column in tables[0].columns] == [
        *("Sepal length", "species", "Id", "ID_2", "picture"),
    ]
    found = processes.rows("ada", "FROM iris_flowers -- all", tables, threading.Event(), limit=3)
    assert [one.kind for one in found.columns] == ["number", "text", "integer", "integer", "nested"]
    assert (len(found.rows), found.more) == (3, True)
    # A whole number beyond a float's, NaN, a quotation mark, a picture's name and its size.
    assert found.rows[0] == ("5.1", "setosa", "9007199254740993", "1", "a.png")
    assert found.rows[1][1:] == ('o"r', "2", "2", "0 bytes")
    assert found.rows[2] == ("nan", "setosa", "3", "3", None)
    # The file's own path and name mean its table too.
    for name in ("'data/Iris flowers.csv'", "'2024.csv'", "T_2024", '"t_2024"'):
        assert _rows(processes, tables, f"SELECT count(*) > 0 FROM {name};") == [["true"]]
    joined = 'SELECT a."group" + b.n FROM t_2024 a CROSS JOIN iris_flowers_2 b ORDER BY 1'
    assert _rows(processes, tables, joined) == [["2"], ["3"]]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT max(n) FROM r",
        "SELECT n FROM (VALUES (3)) v(n)",
        "SELECT max(range) FROM range(4)",
        "PIVOT (SELECT 1 AS a, 3 AS b) ON a IN (1) USING sum(b)",
        "WITH t_2024 AS (SELECT 3 AS n) SELECT n FROM t_2024",
        'SELECT 1 + row_number() OVER (ORDER BY "group") FROM t_2024 QUALIFY row_number() OVER () = 2',
        "/* a ; b */ SELECT 3 ; -- done",
        'SELECT (SELECT max("group") FROM t_2024) + 1',
    ],
)
def test_what_a_query_may_use(tmp_path: Path, tables: list[SqlTable], sql: str) -> None:
    with sandbox(_request(tables, sql, tmp_path)) as connection:
        assert connection.sql("FROM dataferry_answer").fetchall() == [(3,)]


def test_a_table_describes_itself(processes: SqlProcesses, tables: list[SqlTable]) -> None:
    assert _rows(processes, tables, "DESCRIBE t_2024")[0][:2] == ["group", "BIGINT"]
    assert _rows(processes, tables, "SUMMARIZE t_2024")[0][2:4] == ["1", "2"]


HOSTILE = [
    "SELECT * FROM read_text('{path}')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "{path}"',
    "SELECT * FROM read_parquet('{path}')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM parquet_metadata('{path}')",
    "SELECT * FROM 'https://example.org/a.parquet'",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_views",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM sqlite_master",
    "SELECT current_setting('allowed_paths')",
    "SELECT 'allowed_paths'.current_setting()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('duckdb_settings')",
    "SELECT * FROM json_execute_serialized_sql('x')",
    "SELECT pg_sleep(100)",
    # A name that WITH gives elsewhere opens no other table.
    "SELECT * FROM (WITH duckdb_views AS (SELECT 1) FROM duckdb_views), duckdb_views",
    "WITH a AS (FROM b), b AS (SELECT 1) FROM a",
    "WITH a AS (INSERT INTO t_2024 VALUES (3) RETURNING *) FROM a",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW t_2024",
    "COPY (SELECT 1) TO '/tmp/stolen.csv'",
    "COPY t_2024 FROM '/etc/passwd'",
    "EXPORT DATABASE '/tmp/stolen'",
    "ATTACH '/tmp/other.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE TABLE a AS SELECT 1",
    "CREATE MACRO f() AS 1",
    'UPDATE t_2024 SET "group" = 1',
    "DELETE FROM t_2024",
    "SHOW ALL TABLES",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT * FROM request",  # a variable of the process
    "",
    "-- nothing",
    "SELEC 1",
    "SELECT 1) TO '/tmp/stolen.csv'; --",
    "SELECT 1 /* not closed",
    "\0",
]


def _request(tables: list[SqlTable], sql: str, spill: Path) -> dict[str, Any]:
    """What the process is told."""
    told = [{"names": one.names, "query": one.query(), "files": [one.source.parts[0].path]} for one in tables]
    return {"sql": sql, "tables": told, "memory": "1GB", "spill": str(spill), "spill_size": "1GB"}


@pytest.mark.parametrize("sql", HOSTILE)
def test_nothing_else_can_be_read_changed_or_called(tmp_path: Path, tables: list[SqlTable], sql: str) -> None:
    path = tables[0].source.parts[0].path
    with pytest.raises(Refused):
        sandbox(_request(tables, sql.format(path=path), tmp_path))


def test_duckdb_itself_reads_no_other_file(tmp_path: Path, tables: list[SqlTable]) -> None:
    """Behind the check stands a connection that could not, either."""
    hidden = tmp_path / "hidden.csv"
    hidden.write_text("secret\n1\n")
    spill = tmp_path / "spill"
    spill.mkdir()
    with sandbox(_request(tables, "FROM t_2024", spill)) as connection:
        assert connection.sql("FROM dataferry_answer").fetchall() == [(1,), (2,)]
        for sql in (
            f"FROM read_csv('{hidden}')",
            f"FROM '{hidden}'",
            f"FROM read_text('{hidden}')",
            f"FROM glob('{tmp_path}/*')",
            f"FROM read_parquet('{tables[0].source.parts[0].path}')",  # a table that is not asked
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'out.db'}'",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            f"SET allowed_paths = ['{hidden}']",
            "INSTALL httpfs",
            "LOAD httpfs",
            "FROM 'http://127.0.0.1:9/a.csv'",
            "FROM hidden",  # a variable of this program
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql).fetchall()
    assert {one.name for one in tmp_path.iterdir()} == {"hidden.csv", "spill"}


def _has_no_path(error: DataferryError, path: str) -> None:
    assert "\n" not in error.detail
    assert error.next_step
    assert path not in f"{error.detail} {error.next_step}"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT sepal FROM iris_flowers", '"sepal"'),
        ("SELECT * FROM flowers", "'flowers'"),
        ("SELECT species + 1 FROM iris_flowers", "No function matches"),
        ("SELECT CAST(species AS INTEGER) FROM iris_flowers", "Could not convert string 'setosa'"),
        ("SELECT * FROM '/etc/passwd'", "There is no table"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT species, count(*) FROM iris_flowers", "GROUP BY"),
    ],
)
def test_an_error_is_duckdbs_own_and_says_what_there_is(
    processes: SqlProcesses, tables: list[SqlTable], sql: str, words: str
) -> None:
    with pytest.raises(InvalidInput) as failed:
        _rows(processes, tables, sql)
    assert words in failed.value.detail
    assert "Error:" not in failed.value.detail
    _has_no_path(failed.value, "secret-place")
    if "sepal" in sql:
        assert '"Sepal length", species, "Id"' in (failed.value.next_step or "")


def test_a_billion_rows_are_as_many_as_were_asked_for(
    processes: SqlProcesses, tables: list[SqlTable]
) -> None:
    found = processes.rows("ada", "FROM range(1000000000)", tables, threading.Event(), limit=10)
    assert (len(found.rows), found.more) == (10, True)
    # Long cells are cut, and so is the answer.
    wide = processes.rows(
        "ada", "SELECT repeat('é', 5000) FROM range(1000)", tables, threading.Event(), limit=1000
    )
    assert wide.rows[0][0] == "é" * 2000 + "…"
    assert (20 < len(wide.rows) < 40, wide.more) == (True, True)
    some = processes.rows("ada", "FROM range(5)", tables, threading.Event(), limit=5)
    assert (len(some.rows), some.more) == (5, False)


def test_what_takes_too_long_or_too_much_is_ended(tmp_path: Path, tables: list[SqlTable]) -> None:
    limits = SqlLimits(seconds=1.0, memory_bytes=50_000_000, disk_bytes=10_000_000)
    processes = SqlProcesses(lambda: tmp_path, limits)
    for sql, words in (
        (ENDLESS, "too long"),
        ("SELECT repeat('x', 2000000000) || repeat('y', 2000000000)", "too"),
        ("FROM (SELECT hash(range) h, repeat('x', 200) FROM range(3000000)) ORDER BY h", "too"),
    ):
        begun = time.monotonic()
        with pytest.raises(QueryTooLarge) as ended:
            _rows(processes, tables, sql)
        assert words in ended.value.detail, sql
        assert time.monotonic() - begun < 15
    assert list(tmp_path.iterdir()) == []


def test_who_leaves_ends_the_query(processes: SqlProcesses, tables: list[SqlTable]) -> None:
    cancel = threading.Event()
    ended: list[BaseException] = []

    def ask() -> None:
        with pytest.raises(Cancelled) as cancelled:
            processes.rows("ada", ENDLESS, tables, cancel, limit=1)
        ended.append(cancelled.value)

    asking = threading.Thread(target=ask)
    asking.start()
    cancel.set()
    asking.join(10)
    assert ended


def test_one_person_leaves_room_for_others(tmp_path: Path, tables: list[SqlTable]) -> None:
    processes = SqlProcesses(lambda: tmp_path, SqlLimits(seconds=30), count=2)
    cancel = threading.Event()

    def ask() -> None:
        with pytest.raises(Cancelled):
            processes.rows("ada", ENDLESS, tables, cancel, limit=1)

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for one in asking:
        one.start()
    try:
        found = processes.rows("bob", "SELECT 1", tables, threading.Event(), limit=1)
        assert found.rows == (("1",),)
    finally:
        cancel.set()
        for one in asking:
            one.join(10)


def test_an_export_has_all_rows_whole(processes: SqlProcesses, tables: list[SqlTable]) -> None:
    cancel = threading.Event()
    with processes.exported("ada", "FROM iris_flowers; -- all", tables, cancel, "csv") as file:
        lines = file.read_text().splitlines()
        assert lines[0] == "Sepal length,species,Id,ID_2,picture"
        assert lines[2].startswith('4.9,"o""r",2,2,')
        assert len(lines) == 5
    long = "SELECT repeat('x', 5000) AS long, range AS n FROM range(3)"
    with processes.exported("ada", long, tables, cancel, "parquet") as file:
        table = parquet.read_table(file)
        assert table.column("n").to_pylist() == [0, 1, 2]
        assert len(table.column("long")[0].as_py()) == 5000
    with pytest.raises(InvalidInput), processes.exported("ada", "SELECT x", tables, cancel, "csv"):
        pass
    small = SqlProcesses(processes._scratch, SqlLimits(export_bytes=100_000))
    with (
        pytest.raises(QueryTooLarge),
        small.exported("ada", "FROM range(10000000)", tables, cancel, "csv"),
    ):
        pass
