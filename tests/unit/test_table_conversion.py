"""A conversion that is cancelled goes on where it was, in a store of any name."""

import threading
from pathlib import Path

import duckdb
import pytest

from dataferry.core.errors import Cancelled
from dataferry.explorer.conversion_process import convert_in_process
from dataferry.explorer.folders import read_stored
from dataferry.explorer.parts import PART_ROWS, part_name
from dataferry.explorer.sources import parquet_sql

ROWS = PART_ROWS + 250_000


def test_a_cancelled_conversion_keeps_its_parts_and_goes_on(tmp_path: Path) -> None:
    file, folder = tmp_path / "n.csv", tmp_path / "a [part] of * it's"
    file.write_text("n\n" + "".join(f"{n}\n" for n in range(ROWS)))
    cancel, told = threading.Event(), 0

    def cancel_behind_a_part(rows: int, _bytes: int) -> None:
        if rows > PART_ROWS:
            cancel.set()

    with pytest.raises(Cancelled):
        convert_in_process(file, file.name, "0" * 64, folder, cancel_behind_a_part, cancel, scratch=tmp_path)
    first = folder / part_name(0, 0)
    before = first.stat()
    assert read_stored(folder) is None

    def report(rows: int, _bytes: int) -> None:
        nonlocal told
        told = told or rows

    cancel.clear()
    assert not convert_in_process(file, file.name, "0" * 64, folder, report, cancel, scratch=tmp_path)
    assert told > PART_ROWS
    after = first.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    stored = read_stored(folder)
    assert stored is not None
    [table] = stored.tables
    assert (table.rows, table.columns[0].kind) == (ROWS, "integer")
    source = parquet_sql([folder / str(part.file) for part in table.parts])
    counted = duckdb.sql(f"SELECT min(n0), max(n0), count(DISTINCT n0) FROM {source}").fetchall()
    assert counted == [(0, ROWS - 1, ROWS)]
    assert {path.name for path in tmp_path.iterdir()} == {file.name, folder.name}
    assert {path.name for path in folder.iterdir()} == {
        "table.json",
        *(str(part.file) for part in table.parts),
    }
