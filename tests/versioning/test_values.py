"""Which values a field takes, and what the rows of a result are."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dataferry.versioning.execute.result_rows import WrongResult, rows_of
from dataferry.versioning.model.columns import StoredFile, Value
from dataferry.versioning.model.schema import Field, FieldKind
from dataferry.versioning.model.values import WrongValue, checked, retyped

GOOD: list[tuple[FieldKind, object, Value]] = [
    ("int", 3, 3),
    ("int", np.int64(3), 3),
    ("int", -(2**63), -(2**63)),
    ("float", 3, 3.0),
    ("float", np.float32(0.5), 0.5),
    ("float", float("inf"), float("inf")),
    ("str", "a\nb\u2028ü", "a\nb\u2028ü"),
    ("str", np.str_("a"), "a"),
    ("bool", True, True),
    ("bool", np.bool_(False), False),
    ("date", date(2026, 11, 30), "2026-11-30"),
    ("path", Path("a") / "b.png", "a/b.png"),
    ("path", "a/b.png", "a/b.png"),
]
BAD: list[tuple[FieldKind, object, str]] = [
    ("int", True, "is True, of the type bool, and not an int"),
    ("int", 3.0, "is 3.0, of the type float"),
    ("int", "3", "is '3', of the type str"),
    ("int", 2**63, "64 bits; SQLite keeps 64"),
    ("int", np.bool_(True), "and not an int"),
    ("float", float("nan"), "has NaN; a field float | None may"),
    ("float", False, "and not a float"),
    ("float", Decimal("0.1"), "of the type Decimal"),
    ("float", 10**400, "no float can hold"),
    ("str", b"a", "of the type bytes, and not a str"),
    ("str", "a\0b", "zero byte"),
    ("str", "\ud800", "no Unicode text"),
    ("bool", 1, "of the type int, and not a bool"),
    ("date", datetime(2026, 11, 30), "write .date() after it"),
    ("date", pd.Timestamp("2026-11-30"), "write .date() after it"),
    ("date", "2026-11-30", "of the type str, and not a date"),
    ("path", Path("/etc/passwd"), "leads out of the repository"),
    ("path", "../a", "leads out of the repository"),
    ("path", b"a", "and not a Path"),
    ("str", None, "has no value; a field str | None may"),
]


@pytest.mark.parametrize(("kind", "value", "kept"), GOOD)
def test_what_is_of_the_type_is_kept(kind: FieldKind, value: object, kept: Value) -> None:
    found = checked(Field("a", kind), value)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(("kind", "value", "words"), BAD)
def test_what_is_not_is_told(kind: FieldKind, value: object, words: str) -> None:
    with pytest.raises(WrongValue) as caught:
        checked(Field("a", kind), value)
    assert words in str(caught.value)


def test_an_optional_field_has_no_value_for_none_and_nan() -> None:
    assert checked(Field("a", "str", optional=True), None) is None
    assert checked(Field("a", "float", optional=True), np.float64("nan")) is None


def test_a_value_goes_along_with_the_type_where_nothing_is_lost() -> None:
    file = StoredFile("0" * 64, "nii.gz", 1)
    allowed: list[tuple[Field, Field, Value, Value]] = [
        (Field("a", "int"), Field("a", "float"), 3, 3.0),
        (Field("a", "str"), Field("a", "date"), "2026-11-30", "2026-11-30"),
        (Field("a", "path"), Field("a", "str"), "a/b", "a/b"),
        (Field("a", "file", ("gz", "nii")), Field("a", "file", ("nii",)), file, file),
    ]
    for was, now, value, expected in allowed:
        assert retyped(was, now, value) == expected
    refused: list[tuple[Field, Field, Value]] = [
        (Field("a", "float"), Field("a", "int"), 3.5),
        (Field("a", "str"), Field("a", "int"), "3"),
        (Field("a", "str"), Field("a", "date"), "yesterday"),
        (Field("a", "int", (), True), Field("a", "int"), None),
        (Field("a", "file", ("nii",)), Field("a", "file", ("png",)), file),
        (Field("a", "file", ("nii",)), Field("a", "str"), file),
    ]
    for was, now, value in refused:
        with pytest.raises(WrongValue):
            retyped(was, now, value)


NAME, SIZE = Field("name", "str"), Field("size", "int", optional=True)


def generated() -> Iterator[object]:
    yield "a", 1
    yield {"name": "b"}


@pytest.mark.parametrize(
    ("result", "total"),
    [
        ((["a", "b"], [1, None]), 2),
        ([["a", "b"], [1, None]], 2),
        ((np.array(["a", "b"]), pd.Series([1, None], dtype=object)), 2),
        ({"size": [1, None], "name": ["a", "b"]}, 2),
        ([{"name": "a", "size": 1}, {"name": "b"}], 2),
        ((("a", "b"), iter([1, None])), 2),
        (zip("ab", [1, None], strict=True), 0),
        (generated(), 0),
    ],
)
def test_rows_come_in_every_form_that_people_use(result: object, total: int) -> None:
    rows, known = rows_of(result, [NAME, SIZE])
    assert [tuple(row) for row in rows] == [("a", 1), ("b", None)]
    assert known == total


def test_one_field_needs_no_list_of_lists() -> None:
    for result in (["a", "b"], (["a", "b"],), [["a", "b"]], iter("ab"), np.array(["a", "b"])):
        rows, _ = rows_of(result, [NAME])
        assert [tuple(row) for row in rows] == [("a",), ("b",)]


WRONG: list[tuple[Any, str]] = [
    (None, "returned nothing, and is to return one list for each field: name, size"),
    ("ab", "of the type str"),
    (pd.DataFrame({"name": ["a"]}), "of the type DataFrame"),
    ((["a"],), "returned 1 lists, and there are 2 fields: name, size"),
    ((["a"], [1], [2]), "returned 3 lists"),
    ([("a", 1), ("b", 2), ("c", 3)], "rows are given one by one"),
    ([("a", 1), ("b", 2)], "may be rows or columns"),
    ((["a", "b"], [1]), "unequal length: name has 2, size has 1"),
    ((iter("ab"), iter([1])), "unequal length: size ended first"),
    ((["a"], "1"), "of the type str for size, and not a list"),
    ({"name": ["a"]}, "a dict without size"),
    (iter([("a",)]), "gave 1 values, and there are 2 fields"),
    (iter(["a"]), "of the type str, and a row is a tuple or a dict"),
    (iter([{"size": 1}]), "gave no name"),
    (iter([{"name": "a", "Size": 1}]), "gave Size, and there is no such field"),
    (iter([None]), "gave nothing"),
]


@pytest.mark.parametrize(("result", "words"), WRONG)
def test_what_is_no_rows_is_told(result: Any, words: str) -> None:
    with pytest.raises(WrongResult) as caught:
        list(rows_of(result, [NAME, SIZE])[0])
    assert words in str(caught.value)
