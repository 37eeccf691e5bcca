"""An index file is read without being run; whatever is wrong with it is told with its line."""

from pathlib import Path

import pytest

from dataferry.core.errors import InvalidInput
from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.model.schema import DatasetClass, Field

SEED = """
@dataset(remote="awsbucket")
class SegmentationDataset:
    image: File[png | jpg]
    segmentation: File[png]

    @ingest
    def get_dataset_from_web():
        return [], []

    def segmentation_resized(segmentation: File[png]) -> File[png]:
        return resize(segmentation)
"""


def one(text: str) -> DatasetClass:
    (only,) = read_index(text).classes
    return only


def in_class(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"@dataset\nclass Photos:\n    image: File[png | jpg]\n    label: str\n{lines}"


def test_the_file_of_the_idea_is_read_as_it_stands() -> None:
    read = one(SEED)
    assert (read.name, read.remote, read.line) == ("SegmentationDataset", "awsbucket", 3)
    assert read.fields == (Field("image", "file", ("jpg", "png")), Field("segmentation", "file", ("png",)))
    assert [(ingest.name, ingest.line) for ingest in read.ingests] == [("get_dataset_from_web", 8)]
    (transform,) = read.transforms
    assert transform.field == Field("segmentation_resized", "file", ("png",))
    assert (transform.inputs, transform.line, transform.batch) == (("segmentation",), 11, None)


def test_every_way_to_write_it_is_understood() -> None:
    text = """
from __future__ import annotations
import datetime, pathlib
import dataferry.versioning as dv
from dataferry.versioning import File as F, jpeg, zip as archive, transform
from typing import ClassVar, Optional
REMOTE = "store.eu-1"
SIZE = 64

@dv.dataset(remote=REMOTE)
class Everything:
    kind: ClassVar[str] = "any"
    image: "F[jpeg | dv.png]"
    extra: Optional[F[archive]]
    day: datetime.date | None
    where: pathlib.Path
    size: int
    ratio: float
    name: str
    good: bool
    limit = 3

    @transform(batch=SIZE, version="2")
    def widths(image: list[F[dv.png | jpeg]], scale: int = 3) -> list[int]: ...
    @staticmethod
    def twice(widths: int, *, size: int) -> float: ...
    def _helper(anything): ...
    @dv.ingest(replace=True)
    def rows(): yield 1
"""
    read = one(text)
    assert read.remote == "store.eu-1"
    assert [f"{field.name}: {field}" for field in read.columns] == [
        "image: File[jpg | png]",
        "extra: File[zip] | None",
        "day: date | None",
        "where: Path",
        *("size: int", "ratio: float", "name: str", "good: bool"),
        *("widths: int", "twice: float"),
    ]
    assert [(each.inputs, each.batch) for each in read.transforms] == [
        (("image",), 64),
        (("widths", "size"), None),
    ]
    assert read.ingests[0].replace


def test_reading_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    read_index(f"open({str(mark)!r}, 'w')\nraise SystemExit\n{SEED}", folder=tmp_path)
    assert not mark.exists()


MISTAKES = {
    "a bracket that stays open": ("@dataset\nclass A:\n\timage: File[png\n", 3, "never closed"),
    "no class": ("x = 1\n", None, "no class with @dataset"),
    "two of one name": (f"{SEED}\n@dataset\nclass segmentationdataset:\n    a: int\n", 15, "line 3"),
    "one folder for two": (f"{SEED}\n@dataset\nclass B:\n    Image: File[png]\n", 15, "folder Image/"),
    "inside an if": (f"if True:\n{SEED.replace(chr(10), chr(10) + '    ')}", 4, "top level"),
    "a base class": ("@dataset\nclass A(B):\n    a: int\n", 2, "base class"),
    "no fields": ("@dataset\nclass A:\n    pass\n", 2, "no fields"),
    "a remote that is computed": (SEED.replace('"awsbucket"', "name()"), 2, "no name of a remote"),
    "an unknown format": (in_class("mask: File[pngg]"), 5, "is it png?"),
    "a file of no format": (in_class("mask: File"), 5, "File of no format"),
    "an unknown type": (in_class("mask: list[int]"), 5, "has the type list[int]"),
    "two types": (in_class("mask: int | str"), 5, "has the type int | str"),
    "a field with a value": (in_class("mask: int = 3"), 5, "has a value"),
    "a hidden field": (in_class("_mask: int"), 5, "cannot be hidden"),
    "a field named id": (in_class("ID: int"), 5, "taken already, by the number"),
    "names that differ in case": (in_class("IMAGE: int"), 5, "by line 3"),
    "a function named as a field": (in_class("def label(image) -> str: ..."), 5, "by line 4"),
    "a field that depends": (in_class("if 1:\n    a: int"), 5, "only by running"),
    "an unknown input": (in_class("def small(imag) -> File[png]: ..."), 5, "is it image?"),
    "self": (in_class("def small(self, image) -> File[png]: ..."), 5, "takes self"),
    "no input": (in_class("def small() -> File[png]: ..."), 5, "made from no field"),
    "no result": (in_class("def small(image): ..."), 5, "which type"),
    "fewer formats than there are": (in_class("def a(image: File[png]) -> int: ..."), 5, "File[jpg | png]"),
    "itself": (
        in_class("def a(b) -> int: ...\ndef b(c) -> int: ...\ndef c(a) -> int: ..."),
        5,
        "→ c → a",
    ),
    "an asynchronous one": (in_class("async def a(image) -> int: ..."), 5, "asynchronous"),
    "one that yields": (in_class("def a(image) -> int:\n    yield 1"), 5, "yields"),
    "any arguments": (in_class("def a(*images) -> int: ..."), 5, "any arguments"),
    "an ingest with arguments": (in_class("@ingest\ndef a(image): ..."), 6, "takes no arguments"),
    "an option nobody knows": (in_class("@ingest(always=True)\ndef a(): ..."), 5, "not always=True"),
    "a batch of nothing": (
        in_class("@transform(batch=0)\ndef a(image) -> list[int]: ..."),
        6,
        "of 0",
    ),
    "a batch without lists": (in_class("@transform(batch=2)\ndef a(image) -> int: ..."), 6, "list[int]"),
    "a zero byte": ("x = 1\0", None, "null byte"),
    "nested without an end": (f"x = {'(' * 5000}{')' * 5000}\n{SEED}", None, "nested"),
}


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line(text: str, line: int | None, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_index(text, "data/index.py")
    told = f"{caught.value.detail} {caught.value.next_step}"
    assert words in told
    assert told.startswith(f"data/index.py:{line}:" if line else "data/index.py")


def test_a_syntax_error_shows_the_line_with_a_caret() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_index("@dataset\nclass A:\n\timage: File[png\n")
    _, line, caret, *_ = caught.value.detail.split("\n")
    assert line[caret.index("^")] == "["


FORMATTED = SEED.replace(
    "        return resize(segmentation)\n",
    '        """Smaller."""  # by half\n        return (\n            resize( segmentation )\n        )\n',
)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        (FORMATTED, True),
        (f"import os\nfrom dataferry.versioning import File, png\n{SEED}", True),
        (SEED.replace("    def seg", "    @staticmethod\n    def seg"), True),
        (SEED.replace("    def seg", "    @transform()\n    def seg"), True),
        (SEED.replace(") -> File[png]", ") -> File[png | jpg]"), True),
        (SEED.replace("segmentation_resized", "small"), True),
        (f"{SEED}def unrelated(): return 1\n", True),
        (f"{SEED}def resize(file): return file\n", False),
        (SEED.replace("    def seg", "    @transform(version=2)\n    def seg"), False),
        (SEED.replace("resize(", "resize(1, "), False),
        (SEED.replace("return resize(segmentation)", "return resize(segmentation), 1"), False),
    ],
)
def test_a_fingerprint_changes_with_what_is_done_and_not_with_how_it_looks(changed: str, same: bool) -> None:
    before, after = one(SEED).transforms[0].fingerprint, one(changed).transforms[0].fingerprint
    assert (before == after) == same


def test_what_a_function_uses_is_followed_through_the_file() -> None:
    text = SEED + (
        "    LIMIT = 1\n"
        "SIZES = [1]\n"
        "SIZES += [2]\n"
        "def resize(file): return inner(file)\n"
        "def inner(file): return SIZES, SegmentationDataset.LIMIT\n"
    )
    before = one(text).transforms[0].fingerprint
    for old, new in [("[2]", "[3]"), ("SIZES,", "SIZES[0],"), ("LIMIT = 1", "LIMIT = 2")]:
        assert one(text.replace(old, new)).transforms[0].fingerprint != before
    assert one(text).ingests == one(text.replace("[2]", "[3]")).ingests


def test_a_module_beside_the_file_is_part_of_what_imports_it(tmp_path: Path) -> None:
    text = f"import sys, shapes.round\nfrom tools import resize\n{SEED}"
    (tmp_path / "tools.py").write_text("import deeper\ndef resize(file): return file\n")
    (tmp_path / "deeper.py").write_text("X = 1\n")

    def fingerprint() -> str:
        (read,) = read_index(text, folder=tmp_path).classes
        return read.transforms[0].fingerprint

    first = fingerprint()
    (tmp_path / "deeper.py").write_text("X = 1  # one\n")
    (tmp_path / "shapes.py").write_text("Y = 1\n")
    assert fingerprint() == first
    (tmp_path / "deeper.py").write_text("X = 2\n")
    second = fingerprint()
    assert second != first
    (tmp_path / "tools.py").write_text("def resize(file): return None\n")
    assert fingerprint() not in (first, second)


def test_a_fingerprint_is_the_same_under_every_version_of_python() -> None:
    body = (
        'f"{image!r:>{k}} a {{b}} {image=}" f"c{k}" "d", {**{}, 1: [i for i in z if i]}, '
        "lambda a, /, b=1, *c, d, **e: a[1:2, ..., ::3], np.a @ -1.5e3 if not k else 1j"
    )
    text = f"import numpy as np\n{in_class(f'def made(image, *, k=-1) -> str: return {body}')}"
    # Found under 3.11, 3.12.1 and 3.13.
    assert one(text).transforms[0].fingerprint.startswith("fe39bdfd981d")
