"""A file that is made to harm costs a preview, and neither the server's memory or time nor a huge answer."""

import gzip
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from dataferry.core.errors import Unreadable
from dataferry.library.preview import NotATable, read_table
from dataferry.library.preview.process import ReadLimits
from dataferry.library.preview.table import MAX_ANSWER_BYTES, MAX_CELLS, MAX_COLUMNS, made_table, shortened
from dataferry.library.previews import read_preview

ROWS, WHOLE_CELLS = 200, 1_000_000


def _parquet(columns: dict[str, list[str]]) -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), sink, compression="zstd")
    return sink.getvalue()


def _wide_csv() -> bytes:
    return "\n".join([",".join(f"c{n}" for n in range(3_000)), *[",".join("1" * 3_000)] * 100]).encode()


def _distinct_keys() -> bytes:
    return json.dumps([{f"k{n}": n} for n in range(20_000)]).encode()


def _one_long_column() -> bytes:
    return json.dumps({"a": [1] * 20_000} | {f"k{n}": [] for n in range(20_000)}).encode()


def _objects_of_objects() -> bytes:
    return json.dumps({f"k{n}": {"a": 1, f"z{n}": 1} for n in range(20_000)}).encode()


def _empty_tail() -> bytes:
    return b"a,b\n" + b"1,2\n" * 5_000 + b"," * 500_000 + b"\n"


def _one_name() -> bytes:
    """Made unique one by one, a name takes as long as there are others of it."""
    return b"a," * 200_000 + b"\n" + b"1," * 150_000 + b"\n"


#: Each took gigabytes or minutes before, or answered with tens of megabytes.
HARMFUL: dict[str, Callable[[], bytes]] = {
    "wide.csv": _wide_csv,
    "control.csv": lambda: b"a,b\n" + (b"\x01" * 9_000 + b"," + b"x" * 9_000 + b"\n") * 100,
    "tail.csv": _empty_tail,
    "same.csv": _one_name,
    "keys.json": _distinct_keys,
    "keys.jsonl": lambda: _distinct_keys()[1:-1].replace(b"}, {", b"}\n{"),
    "column.json": _one_long_column,
    "objects.json": _objects_of_objects,
    "key.json": lambda: json.dumps({"k" * 1_500_000: [{"a": 1}, {"a": 2}]}).encode(),
    "names.parquet": lambda: _parquet({f"{'n' * 9_000}{n}": ["1"] for n in range(20)}),
    "cells.parquet": lambda: _parquet({f"c{n}": ["y" * 200_000] for n in range(100)}),
    "half.json": lambda: b'[{"\\ud800": "\\udfff"}]',
}


@pytest.mark.parametrize("name", HARMFUL)
def test_an_answer_is_bounded_and_says_what_it_lacks(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(HARMFUL[name]())
    preview = read_preview(file, name, ROWS, WHOLE_CELLS)
    cells = sum(map(len, preview.rows))
    assert preview.rows
    assert len(preview.columns) <= MAX_COLUMNS
    assert cells <= MAX_CELLS
    assert len(preview.model_dump_json().encode()) < 2 * MAX_ANSWER_BYTES
    left_out = preview.left_out
    assert left_out.columns == preview.column_count - len(preview.columns)
    assert left_out.cells == len(preview.cut)
    assert left_out.names == sum(column.cut for column in preview.columns)
    said = " ".join(preview.notes)
    assert (left_out.columns > 0) == ("columns are shown" in said)
    assert (left_out.rows > 0) == ("rows asked for" in said)
    assert (left_out.names > 0) == ("too long to be shown whole" in said)


@pytest.mark.parametrize("opened", ["[", '{"a":'], ids=["lists", "objects"])
@pytest.mark.parametrize("name", ["deep.json", "deep.jsonl"])
def test_what_is_nested_too_deeply_is_refused(opened: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(opened * 100_000)
    with pytest.raises(Unreadable, match="nested too deeply"):
        read_preview(file, name, ROWS, WHOLE_CELLS)


def test_of_a_first_row_that_is_too_long_each_cell_begins(tmp_path: Path) -> None:
    row = ["x" * 100_000] * 60
    table = shortened(made_table([""] * 60, [row, row], loader=""), WHOLE_CELLS)
    assert (len(table.rows), len(table.cut), table.left_out.rows) == (1, 60, 1)
    assert all(table.rows[0])


def test_a_file_that_takes_too_long_is_given_up_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "t.csv.gz"
    file.write_bytes(gzip.compress(b"") * 500_000)  # each is opened, and has nothing in it
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for limits in (ReadLimits(cpu_s=1), ReadLimits(wall_s=0.01)):
        with pytest.raises(NotATable, match="too long"):
            read_table(file, "t.csv.gz", ROWS, limits=limits)
    assert list(scratch.iterdir()) == []


def test_a_file_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(json.dumps([{f"{n}": n} for n in range(100_000)]).encode())
    with pytest.raises(NotATable, match="too much memory"):
        read_table(file, "keys.json", ROWS, limits=ReadLimits(memory_bytes=50 << 20))


def test_the_process_knows_no_key_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes on in it: here a module of the name of one that it loads, which Python is led to."""
    spy = "import os, pathlib; pathlib.Path(__file__).with_name('seen').write_text(str(dict(os.environ)))"
    (tmp_path / "sitecustomize.py").write_text(spy)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DATAFERRY_SECRET_KEY", "hush")
    assert read_table(tmp_path / "t.csv", "t.csv", ROWS).rows == (("1", "2"),)
    assert "hush" not in (tmp_path / "seen").read_text()
