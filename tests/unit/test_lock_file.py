"""``datasets.lock`` is the same for the same bytes, and what is wrong with it is told with its line."""

from pathlib import Path

import pytest

from dataferry.client.lock_file import (
    LockedDataset,
    LockedFile,
    chosen_paths,
    differences,
    read_lock,
    write_lock,
)
from dataferry.core.errors import InvalidInput, NotFound

ONE, TWO = "1" * 64, "2" * 64
WINE = LockedDataset("builtin:wine", "r1", (LockedFile("b.csv", 2, TWO), LockedFile("a\u2028 é.csv", 1, ONE)))
IRIS = LockedDataset(
    "kaggle:uciml/iris", "2", (LockedFile("Iris.csv", 9, ONE),), "CC0-1.0", "2026-11-30", 150, selected=True
)


def test_the_same_bytes_are_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "datasets.lock"
    write_lock(path, {IRIS.ref: IRIS, WINE.ref: WINE})
    written = path.read_bytes()
    read = read_lock(path)
    assert read[IRIS.ref] == IRIS
    assert [file.path for file in read[WINE.ref].files] == ["a\u2028 é.csv", "b.csv"]
    write_lock(path, read)
    assert path.read_bytes() == written
    assert len(written.splitlines()) == 6
    assert [one.name for one in tmp_path.iterdir()] == ["datasets.lock"]


def test_a_dataset_that_is_added_changes_no_other_line(tmp_path: Path) -> None:
    path = tmp_path / "datasets.lock"
    write_lock(path, {IRIS.ref: IRIS})
    before = path.read_text().splitlines()
    write_lock(path, {IRIS.ref: IRIS, WINE.ref: WINE})
    assert [line for line in path.read_text().splitlines() if "builtin:wine" not in line] == before


GOOD = f"""{{"datasets.lock": 1}}
{{"ref": "kaggle:uciml/iris", "revision": "2", "files": 1}}
{{"ref": "kaggle:uciml/iris", "path": "Iris.csv", "bytes": 9, "sha256": "{ONE}"}}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('k": 1', 'k": 2', "1: it is of format 2, and this Dataferry reads 1"),
        (GOOD, "", "1: it is empty"),
        (GOOD, "[1]\n", "1: it is no JSON object"),
        ('{"datasets.lock": 1}\n', "", "1: it does not begin with"),
        ('"files": 1}', '"files": 1', "2: it is no JSON: Expecting"),
        ('"kaggle:uciml/iris", "r', '"nowhere:iris", "r', "2: There is no source named 'nowhere'"),
        ('"revision": "2"', '"revision": 2', "2: revision is missing, or no text"),
        ('"files": 1', '"files": 2', "2: it says 2 files of kaggle:uciml/iris, and there are lines of 1"),
        ('"bytes": 9', '"bytes": "9"', "3: bytes of Iris.csv is '9', and no whole number"),
        (ONE, ONE[1:], "3: sha256 of Iris.csv is not 64 figures"),
        ("Iris.csv", "../Iris.csv", "3: '../Iris.csv' is no path of a file"),
        ('"kaggle:uciml/iris", "path"', '"builtin:iris", "path"', "2: it says 1 files"),
        ('\n{"ref"', '\n<<<<<<< HEAD\n{"ref"', "2: two versions of it were merged"),
        (GOOD, GOOD + GOOD.partition("\n")[2], "4: kaggle:uciml/iris is there a second time, after line 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "datasets.lock"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InvalidInput) as refused:
        read_lock(path)
    assert refused.value.detail.startswith(f"{path}:{told}")
    assert refused.value.next_step


def test_without_a_file_it_is_said_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no") as absent:
        read_lock(tmp_path / "datasets.lock")
    assert "`dataferry lock REF` writes it" in absent.value.next_step


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written: No such file"):
        write_lock(tmp_path / "none" / "datasets.lock", {WINE.ref: WINE})
    with pytest.raises(InvalidInput, match="cannot be read: Is a directory"):
        read_lock(tmp_path)
    (tmp_path / "datasets.lock").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="is no UTF-8 text"):
        read_lock(tmp_path / "datasets.lock")
    assert [one.name for one in tmp_path.iterdir()] == ["datasets.lock"]


def test_each_difference_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "datasets.lock"
    write_lock(path, {WINE.ref: WINE, IRIS.ref: IRIS})
    locked = read_lock(path)[WINE.ref]
    found = [LockedFile("b.csv", 2, ONE), LockedFile("new.csv", 3, TWO)]
    assert [line.removeprefix(str(path)) for line in differences(path, locked, found)] == [
        ":3: builtin:wine a\u2028 é.csv is not in revision r1.",
        f":4: builtin:wine b.csv has the SHA-256 {ONE[:16]}…, and the lock {TWO[:16]}….",
        ":2: builtin:wine has the file new.csv, which the lock has not.",
    ]
    assert list(differences(path, locked, reversed(locked.files))) == []


def test_a_name_is_asked_for_as_it_is() -> None:
    assert chosen_paths([LockedFile("a[1]*.csv", 1, ONE)]) == ["a[[]1][*].csv"]
