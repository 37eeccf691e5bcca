"""Index files are run: rows come in, fields are made, and what goes wrong is told with file, line and row."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dataferry.core.errors import DataferryError
from dataferry.versioning.execute.memo import evict
from dataferry.versioning.model.columns import StoredFile
from dataferry.versioning.remote.gc import prune
from tests.versioning.running import PNG, Workshop

NUMBERS = """
@dataset
class Numbers:
    number: int

    @ingest
    def hundred():
        return list(range(100))
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    (tmp_path / ".git").mkdir()
    return Workshop(tmp_path)


def told(workshop: Workshop, text: str) -> str:
    """The error of a run."""
    before = workshop.lock
    with pytest.raises(DataferryError) as caught:
        workshop.run(text)
    assert workshop.lock is before
    assert workshop.has_left_nothing()
    return f"{caught.value.detail} {caught.value.next_step}"


def test_rows_come_in_and_fields_are_made_of_them(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("OTHER", "kept")
    workshop.write({"raw/b.png": PNG + b"b", "raw/a.jpg": b"\xff\xd8\xffa", "helpers.py": "LIMIT = 4\n"})
    text = """
    import os, tempfile
    from helpers import LIMIT

    @dataset(remote="store")
    class Photos:
        image: File[png | jpg]
        again: File[bin] | None
        day: date

        @ingest
        def first():
            print("variables:", [name for name in os.environ if "GIT_" in name], os.environ["OTHER"])
            paths = sorted(Path("raw").iterdir())
            kept = Path(tempfile.mkdtemp()) / "kept.bin"
            kept.write_bytes(b"same")
            others = [File(kept), kept, None, File(data=b"")]
            return [*paths, str(paths[0]), DATA], others, [date(2026, 1, 2)] * 4

        def short(image) -> File[png | jpg]:
            return File(data=image.read()[:LIMIT * 2])
        @staticmethod
        def named(short: File[png | jpg], day: date) -> str:
            with open(short, "rb") as file:
                size = len(file.read())
            return f"{short.path.parent.name} {short.path.suffix} {size} {day:%d.%m.}"
        @transform(batch=3)
        def both(named: list[str], again: list[File[bin] | None], /) -> list[bool | None]:
            assert len(named) in (1, 3)
            return [None if each is None else each.size == 4 for each in again]
    """
    found = workshop.run(text.replace("DATA", repr(PNG + b"data")))
    images = [workshop.bytes_of(value) for value in found["image"]]
    assert images == [b"\xff\xd8\xffa", PNG + b"b", b"\xff\xd8\xffa", PNG + b"data"]
    assert found["again"][2] is None
    assert found["day"] == ["2026-01-02"] * 4
    assert found["named"] == [
        *("short .jpg 4 02.01.", "short .png 8 02.01."),
        *("short .jpg 4 02.01.", "short .png 8 02.01."),
    ]
    assert found["both"] == [True, True, None, False]
    assert "variables: [] kept" in capfd.readouterr().err
    assert (workshop.folder / "raw" / "a.jpg").exists()
    assert workshop.has_left_nothing()
    assert workshop.lock is not None
    (dataset,) = workshop.lock.datasets
    assert dataset.groups[0].columns["image"].bytes == 4 + 9 + 4 + 12
    assert ("first", 4, 4) in workshop.reports
    assert ("Photos.both", 4, 4) in workshop.reports
    object_path = workshop.cache.path("objects", _file(found["image"][0]).sha256)
    assert object_path.stat().st_mode & 0o777 == 0o444


def _file(value: object) -> StoredFile:
    assert isinstance(value, StoredFile)
    return value


def test_a_transform_runs_once_for_an_input(workshop: Workshop) -> None:
    text = """
    @dataset
    class Words:
        word: str
        @ingest
        def some(): return ["a", "b", "a", "c", "a"]
        def upper(word) -> str:
            with open("ran", "a") as file: file.write(word + "\\n")
            return word.upper()
    """
    assert workshop.run(text)["upper"] == ["A", "B", "A", "C", "A"]
    assert sorted(workshop.lines("ran")) == ["a", "b", "c"]
    # The rows come anew, and one is new.
    assert workshop.run(text.replace('"c", "a"]', '"d"]'))["upper"] == ["A", "B", "A", "D"]
    assert sorted(workshop.lines("ran")) == ["a", "b", "c", "d"]
    # Comments are no change; another type is checked; a version is.
    more = text.replace('"c", "a"]', '"d"]')
    workshop.run(more.replace("return word", '# "loud"\n            return word'))
    assert workshop.run(more.replace("-> str", "-> str | None"))["upper"] == ["A", "B", "A", "D"]
    assert len(workshop.lines("ran")) == 4
    workshop.run(more.replace("        def upper", "        @transform(version=2)\n        def upper"))
    assert len(workshop.lines("ran")) == 7
    # What is not in the cache any more is made again, and so is all if the memo is damaged.
    for path in workshop.cache.folder.glob("memo.sqlite*"):
        path.write_bytes(b"no database" * 1000)
    workshop.run(text)
    assert len(workshop.lines("ran")) == 10


def test_finished_rows_are_kept_when_one_fails(workshop: Workshop) -> None:
    failing = NUMBERS + (
        "    def half(number) -> float:\n"
        "        with open(f'ran-{number}', 'a') as file: file.write('x\\n')\n"
        "        if number == 40:\n"
        "            raise ValueError('boom')\n"
        "        return number / 2\n"
    )
    workshop.run(NUMBERS)
    assert told(workshop, failing).startswith("index.py:12: half raised ValueError: boom, in row 40.")
    assert len(workshop.lines("ran-39")) == 1
    mended = failing.replace("number == 40", "False")
    assert told(workshop, mended.replace("if False", "if number == 60")).count("in row") == 1
    assert workshop.lines("ran-39") == ["x", "x"]


def test_a_mended_input_costs_no_other_row_a_run(workshop: Workshop) -> None:
    text = """
    LIMIT = 40
    @dataset
    class Numbers:
        number: int
        @ingest
        def hundred(): return list(range(100))
        def half(number) -> float:
            with open(f'ran-{number}', 'a') as file: file.write('x\\n')
            if number == int(open("limit").read()): raise ValueError
            return number / 2
    """
    workshop.write({"limit": "40"})
    message = told(workshop, text)
    kept = int(message.partition(" finished rows")[0].rpartition(" ")[2])
    assert kept >= 40
    workshop.write({"limit": "-1"})
    assert workshop.run(text)["half"][40] == 20.0
    assert [len(workshop.lines(f"ran-{number}")) for number in range(40)] == [1] * 40


ENDINGS = {
    "an exception of a library": (
        "import json; json.loads('{')",
        "raised json.decoder.JSONDecodeError",
        "decoder.py",
    ),
    "a module that is missing": (
        "import missing_module",
        "No module named 'missing_module'",
        "Install it for",
    ),
    "a mistake in a module": ("import broken", "raised SyntaxError: invalid syntax (broken.py, line 1)", ""),
    "sys.exit": ("import sys; sys.exit(3)", "ended the program (SystemExit: 3)", ""),
    "os._exit": ("import os; os._exit(3)", "ended with exit code 3", ""),
    "a crash": ("import ctypes; ctypes.string_at(0)", "ended with SIGSEGV", ""),
    "killed for its memory": ("import os; os.kill(os.getpid(), 9)", "memory runs out", ""),
    "too much memory": ("bytearray(1 << 62)", "needs more memory than there is", ""),
    "nothing": ("return None", "half of row 7 has no value; a field float | None may", ""),
    "another type": ("return '3'", "half of row 7 is '3', of the type str, and not a float", ""),
    "closed pipes": ("import os; os.closerange(3, 50); import time; time.sleep(60)", "closed its pipes", ""),
}


@pytest.mark.parametrize(("code", "words", "more"), ENDINGS.values(), ids=ENDINGS)
def test_however_a_function_ends_the_row_is_told(
    workshop: Workshop, code: str, words: str, more: str
) -> None:
    text = NUMBERS.replace("100", "10") + (
        f"    def half(number) -> float:\n        if number == 7:\n            {code}\n        return 0.5\n"
    )
    workshop.write({"broken.py": "def broken(:"})
    message = told(workshop, text)
    assert message.startswith("index.py:")
    assert words in message
    assert more in message
    assert "row 7" in message


INGESTS = {
    "a file of another format": (
        '["raw/a.png", "raw/b.png"]',
        "image of row 1 is raw/b.png, which is jpg, and not png",
    ),
    "an error page": ('["raw/page.png"]', "which is html, and not png"),
    "an empty file": ('["raw/empty.png"]', "which is empty, and not png"),
    "a pointer": ('["raw/pointer.png"]', "git lfs pull"),
    "a missing file": ('["raw/a.png", "raw/z.png"]', "image of row 1 is raw/z.png, which does not exist"),
    "a folder": ('[Path("raw")]', "which is no file but a folder"),
    "a device": ('["/dev/zero"]', "a device or a pipe"),
    "an address": ('["https://example.org/a.png"]', "the ingest has to download it"),
    "another thing": ("[3]", "something of the type int, and not a file: return File(path)"),
    "wrong bytes": ('[b"a"]', "image of row 0 has bytes that are text, and not png"),
    "nothing": ("None", "from_raw returned nothing"),
    "no value": ("[None]", "image of row 0 has no value"),
    "an exception": ("[1 / 0]", "from_raw raised ZeroDivisionError: division by zero"),
    "one that comes late": (
        '(1 / (3 - n) and "raw/a.png" for n in range(9))',
        "ZeroDivisionError: division by zero, in row 3",
    ),
}


@pytest.mark.parametrize(("result", "words"), INGESTS.values(), ids=INGESTS)
def test_a_wrong_ingest_is_told_with_field_and_row(workshop: Workshop, result: str, words: str) -> None:
    workshop.write(
        {
            "raw/a.png": PNG,
            "raw/b.png": b"\xff\xd8\xff",
            "raw/page.png": "<html>404</html>",
            "raw/empty.png": "",
            "raw/pointer.png": "version https://git-lfs.github.com/spec/v1\n",
        }
    )
    text = f"""
    @dataset
    class Photos:
        image: File[png]
        @ingest
        def from_raw():
            return {result}
    """
    message = told(workshop, text)
    assert words in message
    assert message.startswith(("index.py:6: from_raw", "index.py:7: from_raw"))


def test_rows_that_use_one_file_again_and_again_are_not_mixed_up(workshop: Workshop) -> None:
    text = """
    import tempfile
    @dataset
    class Photos:
        image: File[png]
        @ingest
        def generated():
            path = Path(tempfile.mkdtemp()) / "a.png"
            for number in range(5):
                path.write_bytes(%r + bytes([number]))
                yield path
            yield path
        def copied(image) -> File[png]:
            path = Path(tempfile.gettempdir()) / "out.png"
            path.write_bytes(image.read())
            return path
    """
    found = workshop.run(text % PNG)
    expected = [PNG + bytes([number]) for number in (0, 1, 2, 3, 4, 4)]
    assert [workshop.bytes_of(value) for value in found["image"]] == expected
    assert [workshop.bytes_of(value) for value in found["copied"]] == expected
    # In a folder of the user's own nothing is moved; what changes meanwhile is told.
    own = (
        (text % PNG)
        .replace("Path(tempfile.mkdtemp())", "Path('.')")
        .replace("bytes([number])", "b'x' * number")
    )
    message = told(workshop, own)
    assert "was changed after it was given: each row needs its own" in message


def test_a_field_goes_along_with_its_class(workshop: Workshop) -> None:
    workshop.write({"a.png": PNG, "b.jpg": b"\xff\xd8\xff"})
    text = """
    @dataset
    class Photos:
        image: File[png | jpg]
        size: int
        @ingest
        def two(): return ["a.png", "b.jpg"], [1, 2]
        def twice(size) -> str: return str(2 * size)
    """
    workshop.run(text)
    found = workshop.run(text.replace("size: int\n", "size: float\n        note: str | None\n"))
    assert (found["size"], found["note"]) == ([1.0, 2.0], [None, None])
    assert found["twice"] == ["2.0", "4.0"]
    assert "image cannot become File[png]: row 1 is jpg" in told(workshop, text.replace("png | jpg", "png"))


def test_children_run_where_they_are_told_and_the_memo_is_a_plain_database(workshop: Workshop) -> None:
    workshop.run(NUMBERS + "    def here(number) -> str: return __import__('os').getcwd()\n")
    assert workshop.lock is not None
    assert set(workshop.columns(workshop.lock)["here"]) == {os.fspath(workshop.folder.resolve())}
    with closing(sqlite3.connect(workshop.cache.folder / "memo.sqlite")) as memo:
        assert memo.execute("SELECT count(*) FROM made").fetchone() == (100,)


def test_the_memo_forgets_what_was_not_used_for_longest(workshop: Workshop) -> None:
    """Also one of a version that did not note when: what is in it counts as used today."""
    transforms = NUMBERS + "    def twice(number) -> int: return 2 * number\n"
    workshop.run(transforms + "    def more(number) -> int: return number + 1\n")
    path = workshop.cache.folder / "memo.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as memo:
        memo.execute("ALTER TABLE made DROP COLUMN used")
    assert evict(workshop.cache, unused_days=180, limit_bytes=1 << 30)[:3] == (0, 0, 200)
    with closing(sqlite3.connect(path, isolation_level=None)) as memo:
        memo.execute("UPDATE made SET used = used - 200")
    workshop.lock = None
    workshop.run(transforms)
    assert evict(workshop.cache, unused_days=180, limit_bytes=1 << 30, dry_run=True)[:3] == (100, 0, 100)
    assert evict(workshop.cache, unused_days=180, limit_bytes=1 << 30)[:3] == (100, 0, 100)
    assert evict(workshop.cache, unused_days=180, limit_bytes=path.stat().st_size // 2)[:3] == (0, 50, 50)
    with closing(sqlite3.connect(path)) as memo:
        assert memo.execute("SELECT count(*) FROM made").fetchone() == (50,)


def test_what_a_killed_process_has_left_half_written_is_no_file_and_goes(workshop: Workshop) -> None:
    workshop.run(NUMBERS)
    half = workshop.cache.folder / "objects" / "ab" / ".new-1234-1"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    assert not list(workshop.cache.digests("objects"))
    prune(workshop.cache, {}, older_than_s=1000)
    assert not half.exists()


def test_what_a_partial_clone_does_not_have_is_told(workshop: Workshop) -> None:
    text = """
    @dataset
    class Photos:
        image: File[png]
        @ingest
        def two(): return [PNG, PNG + b"2"]
    """.replace("PNG", repr(PNG))
    found = workshop.run(text)
    path = workshop.cache.path("objects", _file(found["image"][1]).sha256)
    path.unlink()
    more = text + "    def size(image) -> int: return image.size\n"
    assert "image, whose file in row 1 is not here. git datasets fetch" in told(workshop, more)
    assert workshop.lock is not None
    (column,) = workshop.lock.columns
    workshop.cache.path("columns", column).unlink()
    assert "is not all here" in told(workshop, more)


def test_groups_and_classes_with_the_same_rows_do_not_get_into_each_others_way(workshop: Workshop) -> None:
    ingest = "    @ingest\n    def {}(): return [1, 2]\n"
    body = f"    number: int\n{ingest.format('first')}{ingest.format('second')}"
    body += "    def twice(number) -> int: return number * 2\n"
    found = workshop.run(f"@dataset\nclass A:\n{body}@dataset\nclass B:\n{body}")
    assert found == {"number": [1, 2, 1, 2], "twice": [2, 4, 2, 4]}
    assert workshop.lock is not None
    assert [dataset.rows for dataset in workshop.lock.datasets] == [4, 4]
