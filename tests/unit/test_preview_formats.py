"""JSON, Parquet, Arrow and Excel: each shows its own columns and values, and its loader loads as many."""

import datetime
import gzip
import io
import json
import struct
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from dataferry.library.preview import NotATable
from dataferry.library.preview.locked_duckdb import locked_down
from tests.support.tables import check_loader, loaded, names, read_apart, shown

BIG = 2**60 + 1
RECORDS = (
    b'[{"id": 1152921504606846977, "n": 1.10, "s": "007", "o": {"a": [1, 2.50]}},'
    b' {"id": 2, "n": null, "t": "2024-01"}]'
)
RECORD_ROWS = (
    ("1152921504606846977", "1.10", "007", '{"a": [1, 2.50]}', None),
    ("2", None, None, None, "2024-01"),
)

JSON: dict[str, tuple[str, str | bytes, list[str], tuple[tuple[str | None, ...], ...]]] = {
    "records": ("t.json", RECORDS, ["id", "n", "s", "o", "t"], RECORD_ROWS),
    "a list in an object": (
        "t.json",
        b'{"meta": {"n": 2}, "result": {"rows": ' + RECORDS + b"}}",
        ["id", "n", "s", "o", "t"],
        RECORD_ROWS,
    ),
    "lines": ("t.jsonl", '{"a": 1, "b": "x"}\n{"a": 2}\n', ["a", "b"], (("1", "x"), ("2", None))),
    "lines named json": ("t.json", '{"a": 1}\n{"a": 2}\n', ["a"], (("1",), ("2",))),
    "ndjson": ("t.ndjson", '{"a": 1}\n\n{"a": 2}', ["a"], (("1",), ("2",))),
    "columns": ("t.json", '{"a": [1, 2], "b": ["x", "y"]}', ["a", "b"], (("1", "x"), ("2", "y"))),
    "pandas' columns": ("t.json", '{"a": {"0": 1, "1": 2}, "b": {"0": 3, "1": 4}}', ["a", "b"],
                        (("1", "3"), ("2", "4"))),
    "pandas' split": ("t.json", '{"columns": ["a", "b"], "index": [0], "data": [[1, 2]]}', ["a", "b"],
                      (("1", "2"),)),
    "objects by key": ("t.json", '{"x": {"a": 1}, "y": {"a": 2}}', ["", "a"], (("x", "1"), ("y", "2"))),
    "lists": ("t.json", "[[1, 2], [3, 4]]", ["0", "1"], (("1", "2"), ("3", "4"))),
    "values": ("t.json", '["a", "b"]', ["0"], (("a",), ("b",))),
    "UTF-16": ("t.json", '[{"a": "é"}]'.encode("utf-16"), ["a"], (("é",),)),
    "a mark": ("t.json", b"\xef\xbb\xbf" + '[{"a": "é"}]'.encode(), ["a"], (("é",),)),
    "a number beyond 64 bits": ("t.jsonl", '{"a": 1e400}\n{"a": 123456789012345678901234567890}', ["a"],
                                (("1e400",), ("123456789012345678901234567890",))),
    "no numbers": ("t.jsonl", '{"a": NaN}\n{"a": -Infinity}\n{"a": null}', ["a"],
                   (("NaN",), ("-Infinity",), (None,))),
    "packed": ("t.jsonl.gz", gzip.compress(b'{"a": true}\n{"a": false}\n'), ["a"], (("true",), ("false",))),
    # huggingface/datasets#4107: several objects in one line.
    "objects without line ends": ("t.json", '{"a": 1}{"a": 2} {"a": 3}', ["a"], (("1",), ("2",), ("3",))),
    # huggingface/datasets#6460 and #7322: a column of more than one type.
    "values of several types": ("t.jsonl", '{"ner": [[0, "x"]], "v": 1}\n{"ner": null, "v": "a"}\n{"v": [1]}',
                                ["ner", "v"],
                                (('[[0, "x"]]', "1"), (None, "a"), (None, "[1]"))),
    "one object": ("t.json", '{"a": 1, "b": [1, 2]}', ["a", "b"], (("1", "[1, 2]"),)),
}  # fmt: skip


@pytest.mark.parametrize("case", JSON, ids=str)
def test_json_in_each_shape(case: str, tmp_path: Path) -> None:
    name, content, columns, rows = JSON[case]
    table = shown(tmp_path, name, content if isinstance(content, bytes) else content.encode())
    assert (names(table), table.rows, table.row_count) == (columns, rows, len(rows))
    if case == "objects without line ends":
        return  # pandas has no reader for them
    if case not in ("a number beyond 64 bits", "no numbers"):  # as pandas has them
        check_loader(table)
    else:
        assert len(loaded(table)) == len(rows)


def test_json_text_stays_text_when_it_is_loaded(tmp_path: Path) -> None:
    """pandas makes 7 of "007", and dates of a column called created_at."""
    table = shown(tmp_path, "t.json", b'[{"zip": "007", "created_at": 1700000000}]')
    assert loaded(table).iloc[0].to_list() == ["007", 1700000000]


@pytest.mark.parametrize("opening", ["[", '{"meta": [1, 2], "data": ['])
def test_the_head_of_a_long_document_is_shown(opening: str, tmp_path: Path) -> None:
    entries = ",\n".join(json.dumps({"a": n, "b": {"c": "x,]}" * 50}}) for n in range(20_000))
    closing = "]" if opening == "[" else "]}"
    table = shown(tmp_path, "t.json", f"{opening}{entries}{closing}".encode(), rows=3)
    assert (names(table), [row[0] for row in table.rows], table.row_count) == (
        ["a", "b"],
        ["0", "1", "2"],
        None,
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1,\n"b": }', "no JSON: line 2"),
        (b"[]", "empty"),
        (b"3", "one value"),
        (b"[" * 200_000, "deeply"),
    ],
)
def test_what_is_no_table_of_json_says_why(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(NotATable, match=reason):
        shown(tmp_path, "t.json", content)


def test_lines_before_one_that_is_no_json_are_shown(tmp_path: Path) -> None:
    table = shown(tmp_path, "t.jsonl", b'{"a": 1}\nnot json\n{"a": 2}\n')
    assert (table.rows, table.notes) == ((("1",),), ("Line 2 is no JSON; the rows before are shown.",))


def typed_table() -> pa.Table:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    struct_type = pa.struct([("x", pa.float64()), ("y", pa.decimal128(4, 2)), ("z", pa.int64())])
    return pa.table(
        {
            "big": pa.array([BIG, None, -1]),
            "unsigned": pa.array([2**64 - 1, None, 0], pa.uint64()),
            "decimal": pa.array([Decimal("1.10"), None, Decimal("-2.00")], pa.decimal128(10, 2)),
            "float": pa.array([float("nan"), None, float("-inf")]),
            "single": pa.array([0.1, None, 1e20], pa.float32()),
            "zone": pa.array([datetime.datetime(2024, 1, 1, 2, tzinfo=zone), None, None],
                             pa.timestamp("us", "UTC")),
            "nanos": pa.array([1, None, 1_000], pa.timestamp("ns")),
            "date": pa.array([datetime.date(2024, 1, 2), None, datetime.date(1, 1, 1)]),
            "list": pa.array([[1, None], None, []], pa.list_(pa.int64())),
            "struct": pa.array([{"x": 0.5, "y": Decimal("1.10"), "z": BIG}, None, None], struct_type),
            "binary": pa.array([b"\x00\xffa", None, b""]),
            "text": pa.array(["", None, "NULL"]),
            "boolean": pa.array([True, None, False]),
            "words": pa.array(["x", None, "y"]).dictionary_encode(),
        }
    )  # fmt: skip


TYPED_ROWS = (
    ("1152921504606846977", "18446744073709551615", "1.10", "nan", "0.1", "2024-01-01 00:00:00+00",
     "1970-01-01 00:00:00.000000001", "2024-01-02", "[1, NULL]",
     "{'x': 0.5, 'y': 1.10, 'z': 1152921504606846977}", "\\x00\\xFFa", "", "true", "x"),
    (None,) * 14,
    ("-1", "0", "-2.00", "-inf", "1e+20", None, "1970-01-01 00:00:00.000001", "0001-01-01", "[]", None, "",
     "NULL", "false", "y"),
)  # fmt: skip


def written(name: str, table: Any) -> bytes:
    sink = io.BytesIO()
    if name.startswith("t.parquet"):
        pa.parquet.write_table(table, sink)
    elif name.endswith(".arrows"):
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    else:
        pa.feather.write_feather(table, sink, compression=name.partition(".")[0])
    return gzip.compress(sink.getvalue()) if name.endswith(".gz") else sink.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "t.parquet",
        "t.parquet.gz",
        "lz4.feather",
        "zstd.arrow",
        "uncompressed.feather",
        "lz4.feather.gz",
        "t.arrows",
    ],
)
def test_typed_values_are_exact(name: str, tmp_path: Path) -> None:
    """marimo-team/marimo#4465 and microsoft/vscode-jupyter#5236: tables that show other digits than a number
    has. NaN, infinity, nothing, an empty text and the word NULL are five things."""
    table = shown(tmp_path, name, written(name, typed_table()))
    assert names(table) == typed_table().column_names
    assert table.rows == TYPED_ROWS
    assert table.columns[2].dtype == "DECIMAL(10,2)"
    assert [column.numeric for column in table.columns][:5] == [True] * 5
    assert not table.columns[8].numeric
    frame = loaded(table)
    assert (list(frame.columns), len(frame)) == (names(table), 3)


def test_a_type_that_duckdb_lacks_is_shown_too(tmp_path: Path) -> None:
    table = pa.table(
        {
            "half": pa.array([1.5, None], pa.float16()),
            "wide": pa.array([Decimal("1.10"), None], pa.decimal256(50, 2)),
            "a": [1, 2],
        }
    )
    assert shown(tmp_path, "lz4.feather", written("lz4.feather", table)).rows == (
        ("1.5", "1.10", "1"),
        (None, None, "2"),
    )


def test_names_of_a_parquet_stay_as_they_are(tmp_path: Path) -> None:
    """DuckDB calls the second a_1. The folder and the file are named like a partition and a pattern."""
    folder = tmp_path / "year=2024"
    folder.mkdir()
    (folder / "other.parquet").write_bytes(written("t.parquet", pa.table({"z": [1]})))
    table = shown(folder, "[o]*.parquet", written("t.parquet", pa.table({"a": [1], "A": [2], 'q"': [3]})))
    assert (names(table), table.rows) == (["a", "A", 'q"'], (("1", "2", "3"),))


def test_parquet_that_is_damaged_says_so(tmp_path: Path) -> None:
    content = written("t.parquet", typed_table())
    for cut in (content[:200], content[:-1], content[:4] + b"\0" * 300 + content[-8:]):
        with pytest.raises(NotATable, match=r"cannot be read|no columns"):
            shown(tmp_path, "t.parquet", cut)


def test_an_arrow_file_that_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    """A packed buffer begins with its length, which a reader allocates."""
    content = written("lz4.feather", pa.table({"a": ["x" * 1000] * 1000}))
    length = struct.pack("<q", 1000 * 1000)
    assert length in content
    with pytest.raises(NotATable, match="damaged, or its first rows take too much memory"):
        read_apart(tmp_path, "t.feather", content.replace(length, struct.pack("<q", 1 << 50)))


def test_a_damaged_arrow_file_ends_no_server(tmp_path: Path) -> None:
    """Such a file ends the process that reads it: a length in its metadata leads beyond its end."""
    content = written("uncompressed.feather", pa.table({"a": ["x" * 1000] * 1000}))
    length = struct.pack("<q", 1000 * 1000)
    for damaged in (content[: len(content) // 2], content.replace(length, struct.pack("<q", 1 << 39))):
        with pytest.raises(NotATable, match="damaged"):
            read_apart(tmp_path, "t.feather", damaged)


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def test_a_workbook_shows_what_its_sheet_shows(tmp_path: Path) -> None:
    day = datetime.datetime(2024, 1, 5)
    content = workbook(
        [["id", "zip", "day", "ok", "x"], [1, "007", day, True, 0.1], [2, None, day, False, 3]]
    )
    table = shown(tmp_path, "t.xlsx", content)
    assert names(table) == ["id", "zip", "day", "ok", "x"]
    assert table.rows == (("1", "007", "2024-01-05", "TRUE", "0.1"), ("2", None, "2024-01-05", "FALSE", "3"))
    check_loader(table)


def test_a_workbook_with_a_title_on_its_second_sheet(tmp_path: Path) -> None:
    content = workbook([], [["Sales of 2024"], [], ["name", "sold"], ["x", 1], ["y", 2]])
    table = shown(tmp_path, "t.xlsx", content)
    assert (names(table), table.rows) == (["name", "sold"], (("x", "1"), ("y", "2")))
    assert table.notes == ("Sheet 's1' of 2.", "2 rows above the table are left out.")
    check_loader(table)
    packed = shown(tmp_path, "t.csv", content)
    assert packed.rows == table.rows


def test_a_file_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    with pytest.raises(NotATable, match=r"no \.parquet file"):
        shown(tmp_path, "t.parquet", b"a,b\n1,2\n")
    parquet = written("t.parquet", pa.table({"a": [1]}))
    assert shown(tmp_path, "t.csv", parquet).rows == (("1",),)


def test_duckdb_reads_its_folder_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b.csv").write_text("a\n1\n")
    with locked_down(tmp_path / "a") as connection:
        for statement in (
            f"SELECT * FROM read_csv('{tmp_path}/b.csv')",
            "SELECT * FROM read_csv('/etc/hostname')",
            f"COPY (SELECT 1) TO '{tmp_path}/c.csv'",
            "INSTALL httpfs",
            "SET memory_limit = '8GB'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def test_nothing_is_imported_before_a_file_wants_it() -> None:
    """Start-up and idle memory are measured: the libraries come with the first file that wants them."""
    code = (
        "import sys; import dataferry.library.previews;"
        "print(sorted({'duckdb', 'pandas', 'arro3', 'openpyxl', 'xlrd', 'zstandard'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
