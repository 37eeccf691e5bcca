"""What is loaded is what the page shows, whatever the format, and no value is another one for it."""

import datetime
import gzip
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import dataferry
from dataferry.client.conversions import torch_columns
from dataferry.client.dataset import Dataset, files_below
from dataferry.client.optional import imported
from dataferry.core.errors import InvalidInput, Unreadable
from dataferry.library.preview import read_here

ROWS = [{"name": "Zoë", "zip": "01234", "n": 1.5}, {"name": "Łukasz; Ü", "zip": "99999", "n": 2.5}]
SEMICOLONS = 'name;zip;n\nZoë;01234;1,5\n"Łukasz; Ü";99999;2,5\n'


def made(folder: Path, files: Mapping[str, bytes]) -> Dataset:
    """A dataset of these files."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return Dataset("url:https://example.org/it", "1", None, folder, lambda: files_below(folder))


def parquet(folder: Path, table: pa.Table) -> bytes:
    pyarrow.parquet.write_table(table, folder / "made")
    return (folder / "made").read_bytes()


def workbook(folder: Path) -> bytes:
    book = openpyxl.Workbook()
    for row in ([*ROWS[0]], *(list(row.values()) for row in ROWS)):
        book.active.append(row)
    book.save(folder / "made")
    return (folder / "made").read_bytes()


def feather(folder: Path) -> bytes:
    table = pa.Table.from_pylist(ROWS)
    pyarrow.feather.write_feather(table, str(folder / "made"), compression="uncompressed")
    return (folder / "made").read_bytes()


FILES = {
    "t.csv": lambda folder: SEMICOLONS.encode("cp1250"),
    "t.tsv": lambda folder: SEMICOLONS.replace(";", "\t").replace("z\t Ü", "z; Ü").encode("utf-16"),
    "t.csv.gz": lambda folder: gzip.compress(SEMICOLONS.encode()),
    "t.jsonl": lambda folder: pd.DataFrame(ROWS).to_json(orient="records", lines=True).encode(),
    "t.json": lambda folder: pd.DataFrame(ROWS).to_json(orient="split", index=False).encode(),
    "t.parquet": lambda folder: parquet(folder, pa.Table.from_pylist(ROWS)),
    "t.arrow": feather,
    "t.xlsx": workbook,
}


@pytest.mark.parametrize("name", FILES)
def test_every_library_gets_what_the_page_shows(name: str, tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    (tmp_path / "it").mkdir()
    dataset = made(tmp_path / "it", {name: FILES[name](tmp_path / "aside")})
    page = read_here(tmp_path / "it" / name, name, 20)
    assert [column.name for column in page.columns] == list(ROWS[0])
    table = dataset["t"]
    for rows in (
        list(table),
        table.to_pandas().to_dict("records"),
        table.to_polars().to_dicts(),
        table.to_arrow().to_pylist(),
        table.to_duckdb().df().to_dict("records"),
        pl.DataFrame(table).to_dicts(),  # type: ignore[arg-type] # by its Arrow stream
    ):
        assert rows == ROWS


def test_the_tables_of_a_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.sqlite") as database:
        database.execute("CREATE TABLE people (name TEXT, zip TEXT, n REAL)")
        database.executemany("INSERT INTO people VALUES (:name, :zip, :n)", ROWS)
        database.execute('CREATE VIEW "a ""view""" AS SELECT 1 AS one')
    database.close()
    dataset = made(tmp_path, {})
    assert list(dataset) == ['a "view"', "people"]
    assert list(dataset["people"]) == list(dataset["d.sqlite/people"]) == ROWS
    assert dataset['a "view"'].to_pandas().one.tolist() == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.sqlite"]


def test_parts_are_one_table_and_what_one_lacks_is_missing(tmp_path: Path) -> None:
    for suffix, contents in (
        ("csv", [b"a,b\n1,x\n", b"a\n2\n"]),
        (
            "parquet",
            [parquet(tmp_path, pa.table({"a": [1], "b": ["x"]})), parquet(tmp_path, pa.table({"a": [2]}))],
        ),
    ):
        names = [f"{suffix}/train-0000{n}-of-00002.{suffix}" for n in (0, 1)]
        table = made(tmp_path / suffix, dict(zip(names, contents, strict=True)))["train"]
        assert list(table) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
        assert len(table.paths) == 2


def test_no_value_becomes_another(tmp_path: Path) -> None:
    """Numbers of 64 bits beside missing ones, long decimals, names that differ in case alone."""
    big, price = 2**60 + 1, Decimal("12345678901234567.89")
    columns = {
        "id": pa.array([big, None]),
        "price": pa.array([price, None]),
        "A": pa.array(["x", "y"]),
        "a": pa.array([True, None]),
        "day": pa.array([datetime.date(2024, 2, 29), None]),
        "tags": pa.array([["p", "q"], []]),
    }
    table = made(tmp_path, {"t.parquet": parquet(tmp_path, pa.table(columns))})["t"]
    first = {name: column[0].as_py() for name, column in columns.items()}
    assert next(iter(table)) == first
    assert table.to_arrow().to_pylist()[0] == first
    assert table.to_polars().to_dicts()[0] == first
    frame = table.to_pandas()
    assert list(frame.columns) == list(columns)
    assert (frame["id"][0], frame["price"][0]) == (big, price)
    assert frame["id"].isna().tolist() == [False, True]


def test_columns_of_mixed_kinds_are_text(tmp_path: Path) -> None:
    """Far behind the first rows too; pyarrow gives up there."""
    lines = "".join(f'{{"a": {n}, "o": {{"x": 1}}}}\n' for n in range(3_000))
    lines += '{"a": "many", "o": null}\n{"a": 1, "huge": 1e3}\n'
    dataset = made(tmp_path, {"t.jsonl": lines.encode()})
    table = dataset["t"].to_arrow()
    assert table.num_rows == 3_002
    assert table["a"][3_000].as_py() == "many"
    assert table["o"][3_000].as_py() is None


def test_an_arrow_file_is_mapped_and_not_copied(tmp_path: Path) -> None:
    table, path = pa.table({"n": range(1_000_000)}), tmp_path / "t.arrow"
    pyarrow.feather.write_feather(table, str(path), compression="uncompressed")
    before = pa.total_allocated_bytes()
    assert made(tmp_path, {})["t"].to_arrow() == table
    assert pa.total_allocated_bytes() - before < 100_000


def test_images_are_paths_with_labels(tmp_path: Path) -> None:
    paths = ["data/train/cat/1.jpg", "data/train/dog/2.JPG", "data/test/3.jpg"]
    dataset = made(tmp_path, dict.fromkeys(paths, b""))
    assert list(dataset) == ["train", "test"]
    assert dataset["train"].to_pandas().to_dict("records") == [
        {"path": str(tmp_path / "data/train/cat/1.jpg"), "label": "cat"},
        {"path": str(tmp_path / "data/train/dog/2.JPG"), "label": "dog"},
    ]
    assert dataset.images["train"].classes == ("cat", "dog")
    assert dataset.images["test"].to_pandas().label.tolist() == [None]


def test_which_table_is_meant_must_be_said(tmp_path: Path) -> None:
    dataset = made(tmp_path, {"train.csv": b"a\n1\n", "test.csv": b"a\n2\n3\n", "notes.txt": b"a;b\n1;2\n"})
    assert (list(dataset), dataset.splits) == (["train", "test"], ("train", "test"))
    with pytest.raises(InvalidInput, match="has the splits train, test") as refused:
        dataset.to_pandas()
    assert refused.value.next_step == "Choose one: dataset['train'].to_pandas()."
    with pytest.raises(KeyError, match=r"has no table 'dev'\. It has train, test\."):
        dataset["dev"]
    assert "dev" not in dataset
    assert dataset["notes.txt"].to_pandas().to_dict("records") == [{"a": 1, "b": 2}]
    assert dataset.to_duckdb().sql("SELECT count(*) FROM test").fetchall() == [(2,)]


def test_what_is_no_table_says_so(tmp_path: Path) -> None:
    dataset = made(tmp_path, {"t.parquet": b"PAR1 and no more", "t.csv": b""})
    for name in ("t.parquet", "t.csv"):
        with pytest.raises(Unreadable, match=name) as refused:
            dataset[name].to_pandas()
        assert ".files" in refused.value.next_step
    with pytest.raises(Unreadable, match="Its file is a sound recording"):
        made(tmp_path / "sounds", {"a.wav": b"x"}).to_pandas()


def test_torch_gets_numbers_as_arrays_and_the_rest_as_lists() -> None:
    """There is no torch here: it would take the arrays as they are."""
    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, None], "yes": [True, False], "s": ["a", None]})
    frame["id"] = pd.array([2**60 + 1, None], dtype="Int64")
    columns = torch_columns(frame, SimpleNamespace(from_numpy=lambda array: array))
    assert [columns[name].dtype.kind for name in ("n", "x", "yes")] == ["i", "f", "b"]
    assert (columns["s"], columns["id"]) == (["a", None], [2**60 + 1, None])


def test_a_traceback_shows_the_next_act() -> None:
    with pytest.raises(Unreadable) as refused:
        raise Unreadable("No.", next_step="Do this.")
    assert traceback.format_exception_only(refused.value)[-1] == "Do this.\n"


def test_a_library_that_is_missing_is_named_with_its_command() -> None:
    with pytest.raises(ImportError, match=r"to_torch\(\) needs no_torch, .*: pip install no_torch"):
        imported("no_torch", "to_torch()")
    assert imported("duckdb", "it") is duckdb


def test_the_import_takes_nothing_with_it() -> None:
    """It is counted, not timed: ``import pandas`` alone brings hundreds of modules."""
    count = "import sys; before = set(sys.modules); import dataferry; print(*(set(sys.modules) - before))"
    command = [sys.executable, "-c", count]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in shown if name.partition(".")[0] not in sys.stdlib_module_names} == {"dataferry"}
    assert len(shown) < 40, shown


def test_types_tell_of_all_that_is_public() -> None:
    stub = (Path(dataferry.__file__).with_suffix(".pyi")).read_text()
    told = {line.rpartition(" ")[2] for line in stub.splitlines() if line.startswith("from ")}
    assert told == set(dataferry._PUBLIC)  # type: ignore[attr-defined] # of the module itself
    modules = {path.stem for path in Path(dataferry.__file__).parent.iterdir()}
    assert not told & modules, "a part of the package would take its place"
    for name in told:
        assert getattr(dataferry, name).__doc__, name
    with pytest.raises(AttributeError):
        _: Any = dataferry.nothing  # type: ignore[attr-defined]
