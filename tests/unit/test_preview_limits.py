"""A preview reads the head of a file and no more, says what it left out, and outlives what it is given."""

import bz2
import gzip
import lzma
import os
import random
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard

from dataferry.library.preview import NotATable, read_here
from tests.support.tables import check_loader, names, shown

CSV = b"a,b\n1,x\n2,y\n"
MIB = 1 << 20


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv.gz", gzip.compress(CSV, mtime=0)),
        ("t.csv.bz2", bz2.compress(CSV)),
        ("t.csv.xz", lzma.compress(CSV)),
        ("t.csv.zst", zstandard.compress(CSV)),
        ("packed.csv", gzip.compress(CSV, mtime=0)),
        ("plain.csv.gz", CSV),
        ("two-members.csv.gz", gzip.compress(CSV[:4], mtime=0) + gzip.compress(CSV[4:], mtime=0)),
        ("two-streams.csv.xz", lzma.compress(CSV[:4]) + lzma.compress(CSV[4:])),
        ("two-frames.csv.zst", zstandard.compress(CSV[:4]) + zstandard.compress(CSV[4:])),
    ],
)
def test_packed_tables(name: str, content: bytes, tmp_path: Path) -> None:
    """What the bytes say counts, not what the name says."""
    table = shown(tmp_path, name, content)
    assert (names(table), table.rows, table.row_count) == (["a", "b"], (("1", "x"), ("2", "y")), 2)
    if name != "two-frames.csv.zst":  # zstandard's own reader, which pandas uses, stops after the first
        check_loader(table)


def test_a_zip_of_one_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("data/t.csv", CSV)
        archive.writestr("__MACOSX/data/._t.csv", b"\0")
    assert read_here(tmp_path / "t.zip", "t.zip", 5).rows == (("1", "x"), ("2", "y"))
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    with pytest.raises(NotATable, match="archive of 2 files"):
        read_here(tmp_path / "two.zip", "two.zip", 5)


def test_a_huge_file_answers_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * (2 * MIB))
    os.truncate(path, 10 << 30)  # 10 GB, most of it a hole
    started = time.perf_counter()
    table = read_here(path, "huge.csv", 20)
    assert time.perf_counter() - started < 5
    assert (table.rows, table.row_count) == ((("1", "2"),) * 20, None)


@pytest.mark.parametrize("packing", ["gz", "xz", "zst"])
def test_a_bomb_is_read_no_further_than_its_head(packing: str, tmp_path: Path) -> None:
    pack = {"gz": gzip.compress, "xz": lzma.compress, "zst": zstandard.compress}[packing]
    table = shown(
        tmp_path, f"bomb.csv.{packing}", pack(b"a,b\n" + b"0" * 60 + b",1\n0,0\n" * (2 * MIB)), rows=1
    )
    assert (table.rows, table.row_count) == ((("0" * 60, "1"),), None)


def test_an_xz_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    content = lzma.compress(b"x", filters=filters)
    with pytest.raises(NotATable, match="cannot be unpacked"):
        shown(tmp_path, "t.csv.xz", content)


def test_one_huge_line_is_cut_and_said(tmp_path: Path) -> None:
    table = shown(tmp_path, "t.csv", b"x" * (6 * MIB))
    assert ([len(name) for name in names(table)], table.left_out.names) == ([300], 1)
    assert any("too long" in note for note in table.notes)


def test_a_long_cell_is_cut_and_the_whole_of_it_is_given_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,text\n1," + b"x" * 50_000 + b"\n")
    table = read_here(path, "t.csv", 20)
    assert [(one.row, one.column, one.chars) for one in table.cut] == [(0, 1, 50_000)]
    assert len(table.rows[0][1] or "") == 1_000
    whole = read_here(path, "t.csv", 20, cell_chars=1_000_000)
    assert (whole.cut, len(whole.rows[0][1] or "")) == ((), 50_000)


def test_ten_thousand_columns_are_counted_and_a_thousand_shown(tmp_path: Path) -> None:
    header = ",".join(f"c{n}" for n in range(10_000))
    row = ",".join(str(n) for n in range(10_000))
    table = shown(tmp_path, "wide.csv", f"{header}\n{row}\n{row}\n".encode())
    assert (table.column_count, len(table.columns), len(table.rows[0])) == (10_000, 1_000, 1_000)
    assert "The first 1,000 of 10,000 columns are shown." in table.notes
    assert table.rows[1][999] == "999"


@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.jsonl", "t.parquet", "t.xlsx", "t.csv.gz"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\xef\xbb\xbf", b"\0" * 64, random.Random(7).randbytes(64)],
    ids=["nothing", "a line end", "a mark", "zeros", "noise"],
)
def test_what_is_no_table_is_refused_with_a_reason(name: str, content: bytes, tmp_path: Path) -> None:
    """Or it is shown: never does it fail in another way."""
    with suppress(NotATable):
        assert shown(tmp_path, name, content).columns


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf"], ids=repr)
def test_an_empty_file_is_said_to_be_empty(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotATable, match=r"empty|no line"):
        shown(tmp_path, "t.csv", content)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz"])
def test_bytes_that_are_no_text_are_refused(name: str, tmp_path: Path) -> None:
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
    with pytest.raises(NotATable, match="no text"):
        shown(tmp_path, name, gzip.compress(content) if name.endswith("gz") else content)


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    table = shown(tmp_path, "t.csv", b"a,b,c\n")
    assert (names(table), table.rows, table.row_count) == (["a", "b", "c"], (), 0)
    check_loader(table)


def test_a_damaged_archive_shows_what_came_before_the_damage(tmp_path: Path) -> None:
    content = gzip.compress(b"a,b\n" + os.urandom(MIB).hex().encode().replace(b"0", b",1\n"))
    table = shown(tmp_path, "t.csv.gz", content[: len(content) // 2])
    assert table.rows
    assert any("damaged" in note for note in table.notes)
