"""Merging locks: what both sides have made is joined, what only code can tell is left to the commit."""

from dataclasses import replace
from hashlib import sha256

import pytest

from dataferry.versioning.hooks.merging import merge
from dataferry.versioning.model.lock_file import (
    Column,
    Lock,
    LockedDataset,
    LockedField,
    RowGroup,
    column_key,
    is_current,
)
from dataferry.versioning.model.schema import Field

IMAGE = LockedField(Field("image", "file", ("png",)))
MASK = LockedField(Field("mask", "file", ("png",)))


def digest(word: str) -> str:
    return sha256(word.encode()).hexdigest()


def made(name: str, fingerprint: str = "1", of: str = "image") -> LockedField:
    return LockedField(Field(name, "file", ("png",)), (of,), fingerprint)


def group(source: str, rows: int = 3, word: str = "", fingerprint: str = "1") -> RowGroup:
    columns = {name: Column(digest(f"{source} {name} {word}"), rows) for name in ("image", "mask")}
    return RowGroup(source, fingerprint, rows, columns)


def lock(fields: tuple[LockedField, ...], *groups: RowGroup, remote: str | None = "bucket") -> Lock:
    """Computed fields are made for all rows."""
    dataset = LockedDataset("Pictures", remote, fields, tuple(filled(fields, each) for each in groups))
    assert is_current(dataset)
    return Lock((dataset,))


def filled(fields: tuple[LockedField, ...], rows: RowGroup) -> RowGroup:
    columns = dict(rows.columns)
    for locked in fields:
        if locked.fingerprint is not None:
            key = column_key(locked, columns)
            columns[locked.field.name] = Column(digest(f"{locked.field.name} of {key}"), 1, key)
    names = {locked.field.name for locked in fields}
    return replace(rows, columns={name: column for name, column in columns.items() if name in names})


BASE = lock((IMAGE, MASK), group("web"))


def merged(ours: Lock, theirs: Lock, base: Lock = BASE) -> Lock:
    found, conflicts = merge(base, ours, theirs)
    assert conflicts == []
    assert Lock.parse(str(found)) == found
    return found


def test_one_sides_change_is_taken() -> None:
    theirs = lock((IMAGE, MASK, made("small")), group("web"))
    assert merged(BASE, theirs) == theirs
    assert merged(theirs, BASE) == theirs


def test_a_field_of_each_side() -> None:
    ours = lock((IMAGE, MASK, made("small")), group("web"))
    theirs = lock((IMAGE, MASK, made("grey")), group("web"))
    found = merged(ours, theirs)
    assert [locked.field.name for locked in found.datasets[0].fields] == ["image", "mask", "small", "grey"]
    assert is_current(found.datasets[0])


def test_rows_of_each_side() -> None:
    found = merged(
        lock((IMAGE, MASK), group("web"), group("one")), lock((IMAGE, MASK), group("web"), group("two"))
    )
    assert [rows.source for rows in found.datasets[0].groups] == ["web", "one", "two"]
    assert is_current(found.datasets[0])


def test_rows_of_one_side_and_a_field_of_the_other_are_left_to_the_commit() -> None:
    ours = lock((IMAGE, MASK), group("web"), group("one", rows=2))
    theirs = lock((IMAGE, MASK, made("small")), group("web"))
    (dataset,) = merged(ours, theirs).datasets
    assert "small" in dataset.groups[0].columns
    assert "small" not in dataset.groups[1].columns
    assert not is_current(dataset)


def test_what_was_made_of_rows_that_are_no_more_is_left_out() -> None:
    ours = lock((IMAGE, MASK), group("web", rows=5, word="again", fingerprint="2"))
    theirs = lock((IMAGE, MASK, made("small")), group("web"))
    (dataset,) = merged(ours, theirs).datasets
    assert dataset.groups[0].rows == 5
    assert dataset.groups[0].fingerprint == "2"
    assert "small" not in dataset.groups[0].columns


def test_a_transform_that_both_sides_changed_is_made_again() -> None:
    base = lock((IMAGE, MASK, made("small")), group("web"))
    ours = lock((IMAGE, MASK, made("small", "2")), group("web"))
    theirs = lock((IMAGE, MASK, made("small", "3")), group("web"))
    (dataset,) = merged(ours, theirs, base).datasets
    assert "small" not in dataset.groups[0].columns or is_current(dataset)


def test_what_one_side_took_out_goes() -> None:
    ours = lock((MASK,), group("web"))
    theirs = lock((IMAGE, MASK), group("web"), group("one"))
    (dataset,) = merged(ours, theirs).datasets
    assert [locked.field.name for locked in dataset.fields] == ["mask"]
    assert all(set(rows.columns) == {"mask"} for rows in dataset.groups)


def test_another_remote_on_one_side() -> None:
    ours = lock((IMAGE, MASK), group("web"), remote="other")
    assert merged(ours, lock((IMAGE, MASK), group("web"), group("one"))).datasets[0].remote == "other"


@pytest.mark.parametrize("turned", [False, True])
def test_rows_that_both_sides_changed_are_a_conflict(turned: bool) -> None:
    ours = lock((IMAGE, MASK), group("web", rows=4, word="ours"))
    theirs = lock((IMAGE, MASK), group("web", rows=5, word="theirs"))
    sides = (theirs, ours) if turned else (ours, theirs)
    found, conflicts = merge(BASE, *sides)
    assert conflicts == ["The rows of web in Pictures were changed on both sides."]
    assert found == sides[0], "ours, until somebody decides"


def test_rows_taken_out_here_and_changed_there_are_a_conflict() -> None:
    theirs = lock((IMAGE, MASK), group("web", word="theirs"))
    found, conflicts = merge(BASE, lock((IMAGE, MASK)), theirs)
    assert conflicts == ["The rows of web in Pictures were changed on one side and taken out on the other."]
    assert found == theirs, "nothing is lost"


def test_rows_taken_out_here_and_a_field_made_of_them_there() -> None:
    theirs = lock((IMAGE, MASK, made("small")), group("web"))
    assert merged(lock((IMAGE, MASK)), theirs).datasets[0].groups == ()


def test_two_classes_come_together() -> None:
    other = Lock((replace(BASE.datasets[0], name="Sounds"),))
    assert merged(BASE, other, Lock()) == Lock((*BASE.datasets, *other.datasets))
