"""A table of 4.2 million rows and ten columns: a page, a filter, a histogram, a sort and all statistics.

``python -m benchmarks.tables`` prints the median of five, and the processor time of each; ``--table FILE``
takes a Parquet file that is there already.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from dataferry.explorer.queries import (
    Filter,
    Selection,
    count_query,
    page_queries,
    rows_at,
    sorted_keys,
    text_cells,
)
from dataferry.explorer.query_processes import QueryProcesses
from dataferry.explorer.sources import SourcePart, TableSource
from dataferry.explorer.statistics import all_statistics, histogram
from dataferry.explorer.typed_files import parquet_table
from dataferry.library.preview.head import read_head

ROWS = 4_200_000
TIMES = 5
_MADE = f"""
SELECT range AS id, 'user-' || (random() * 200000)::INT AS "user", (random() * 100)::INT AS age,
  round(random() * 1000, 2)::DECIMAL(10, 2) AS price, random() AS score,
  ['red', 'green', 'blue', 'yellow', 'black'][1 + (random() * 4.99)::INT % 5] AS colour,
  DATE '2015-01-01' + (random() * 3650)::INT AS day,
  TIMESTAMP '2020-01-01' + to_seconds((random() * 1e8)::INT) AS at, random() < 0.3 AS flag,
  'note ' || md5(range::VARCHAR) || md5((range * 7)::VARCHAR) AS note
FROM range({ROWS})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path)
    given = parser.parse_args().table
    with tempfile.TemporaryDirectory() as folder:
        path = given or Path(folder) / "table.parquet"
        if given is None:
            options = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
            duckdb.connect().execute(f"COPY ({_MADE}) TO '{path}' {options}")
        stored = parquet_table(duckdb.connect(), read_head(path, path.name), Path(folder))
        parts = (SourcePart(path=str(path), rows=stored.rows),)
        source = TableSource(columns=stored.columns, parts=parts)
        processes = QueryProcesses(path.parent, timeout_s=120)
        try:
            measure(source, processes)
        finally:
            processes.close()


def measure(source: TableSource, processes: QueryProcesses) -> None:
    def run(sql: str, given: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in processes.run(sql, given)]

    cells = text_cells(source.columns, 300)

    def page(selection: Selection, offset: int) -> None:
        for query in page_queries(source, selection, cells, offset=offset, limit=100):
            run(*query)

    def sorted_page(offset: int) -> None:
        keys = run(*sorted_keys(source, Selection(sort=3), offset=offset, limit=100))
        run(*rows_at(source.parts[0].path, [place for _, place in keys], cells))

    noted = Selection(filters=(Filter(column=1, op="eq", values=("user-777",)),))
    priced = Selection(filters=(Filter(column=3, op="between", values=("10", "20")),))
    run("SELECT 1", [])
    told("page at row 2,000,000", 50, lambda: page(Selection(), 2_000_000), processes)
    told("filter of a text, counted", 100, lambda: run(*count_query(source, noted)), processes)
    told("filter of a number, first page", 100, lambda: page(priced, 0), processes)
    column = [source.columns[2]]
    shape = lambda: all_statistics(run, lambda _: source.sql(), column)  # noqa: E731
    bins = lambda: histogram(run, source.sql(), "true", [], '"age"', whole=True, edge=str)  # noqa: E731
    told("a header's histogram", 100, bins, processes)
    told("a header's histogram and all figures", None, shape, processes)
    told("sort by a column, first page", 500, lambda: sorted_page(0), processes)
    told("sort by a column, page at row 2,000,000", None, lambda: sorted_page(2_000_000), processes)
    whole = lambda: all_statistics(run, lambda _: source.sql(), source.columns)  # noqa: E731
    told("all statistics", 4_000, whole, processes)


def told(what: str, goal_ms: int | None, work: Callable[[], object], processes: QueryProcesses) -> None:
    """Print the median of the times, and of the processor's. Where others use the machine only the second
    tells."""
    walls, used = [], []
    for _ in range(TIMES):
        before, start = processor_s(processes), time.perf_counter()
        work()
        walls.append(time.perf_counter() - start)
        used.append(processor_s(processes) - before)
    wall, cpu = 1000 * statistics.median(walls), 1000 * statistics.median(used)
    goal = "" if goal_ms is None else f"  goal {goal_ms} ms"
    print(f"{what:42} {wall:8.0f} ms, {cpu:6.0f} ms of processor time{goal}", flush=True)


def processor_s(processes: QueryProcesses) -> float:
    """Of the processes that answer, so far; 0 where the system does not tell."""
    total = 0.0
    for pid in processes.pids():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


if __name__ == "__main__":
    main()
