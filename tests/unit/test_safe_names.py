"""Paths that a manifest or an archive may name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.core.files.safe_names import PathInUse, ReservedPaths, UnusablePath, check_path


@pytest.mark.parametrize(
    "path", ["a", "a/b.csv", "ünï/код.csv", "a b/c", ".hidden", "..a/b", "a:b.csv", "x" * 255]
)
def test_usable(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "..", "../x", "a/../../x", "a/..", "C:\\x", "c:/x", "/", "//x"]
)
def test_outside(path: str) -> None:
    with pytest.raises(UnusablePath) as caught:
        check_path(path)
    assert caught.value.outside


@pytest.mark.parametrize(
    "path", ["", ".", "a//b", "a/", "./a", "a\0b", "a\nb", "x" * 256, "a/" * 600 + "b", "é" * 128, "\udce9"]
)
def test_unusable(path: str) -> None:
    with pytest.raises(UnusablePath) as caught:
        check_path(path)
    assert not caught.value.outside
    str(caught.value).encode()  # the message itself is sound text


@given(st.text(alphabet="./a\\\0:C", max_size=12))
def test_what_passes_stays_below(path: str) -> None:
    try:
        check_path(path)
    except UnusablePath:
        return
    names = path.split("/")
    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(names)


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b"), ("a/b", "a/b/c/d")]
)
def test_collisions(first: str, second: str) -> None:
    reserved = ReservedPaths()
    reserved.add(first)
    with pytest.raises(UnusablePath):
        reserved.add(second)


def test_case_collides_only_where_the_disk_folds_it() -> None:
    reserved, folded = ReservedPaths(), ReservedPaths(fold_case=True)
    for each in (reserved, folded):
        each.add("Data/Train.csv")
    reserved.add("data/train.csv")
    with pytest.raises(UnusablePath):
        folded.add("data/train.csv")
    with pytest.raises(UnusablePath):
        folded.add("DATA/TRAIN.CSV/x")


def test_what_is_in_the_way_is_told() -> None:
    reserved = ReservedPaths()
    reserved.add("a/b")
    inner = reserved.nested()
    inner.add("c")
    for path, kind, other in (("a/b", "file", "a/b"), ("a", "folder", "a"), ("c/d/e", "above", "c")):
        with pytest.raises(PathInUse) as caught:
            inner.add(path)
        assert (caught.value.kind, caught.value.other) == (kind, other)
    assert inner.holds("c")
    assert not inner.holds("a/b")
    inner.discard("c")
    inner.add("c/d/e")


def test_neighbours_do_not_collide() -> None:
    reserved = ReservedPaths()
    for path in ("a/b", "a/c", "ab", "a.b/c", "b/a/b"):
        reserved.add(path)
