"""Two versions of a dataset beside each other. Everything blocks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dataferry.library.versions.repository import DatasetVersions, Recorded
from dataferry.library.versions.views import (
    Change,
    TableChanges,
    VersionCell,
    VersionRow,
    VersionValue,
)
from dataferry.versioning.commands.diff import DatasetDiff, compare
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, Value, read_column
from dataferry.versioning.model.lock_file import Lock, LockedDataset

#: Of a text that is shown.
_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class _ChangeOfRow:
    change: Change
    before: int | None
    after: int | None
    fields: Sequence[str]

    @property
    def place(self) -> tuple[int, int]:
        """What was there stands before what is there now."""
        number = self.before if self.after is None else self.after
        return number or 0, self.after is not None


class Comparison:
    """What differs between two versions; what is compared never changes."""

    def __init__(self, versions: DatasetVersions, older: Recorded, newer: Recorded) -> None:
        self._cache = versions.repository.cache
        self._locks = versions.lock(older), versions.lock(newer)
        self._diffs = {diff.name: diff for diff in compare(self._cache, *self._locks)}

    @property
    def tables(self) -> tuple[TableChanges, ...]:
        return tuple(map(_table, self._diffs.values()))

    def rows(
        self, table: str, change: Change | None, offset: int, limit: int
    ) -> tuple[tuple[VersionRow, ...], int]:
        """Some of the rows of a table that differ, in their order, and how many there are."""
        diff = self._diffs.get(table)
        if diff is None:
            return (), 0
        changes = sorted(
            (one for one in _changes(diff) if change in (None, one.change)), key=lambda one: one.place
        )
        some = changes[offset : offset + limit]
        old, new = (_dataset(lock, table) for lock in self._locks)
        before = _rows(self._cache, old, {one.before for one in some if one.before is not None})
        after = _rows(self._cache, new, {one.after for one in some if one.after is not None})
        return tuple(_row(one, before, after) for one in some), len(changes)


def _table(diff: DatasetDiff) -> TableChanges:
    return TableChanges(
        name=diff.name,
        added=len(diff.added),
        removed=len(diff.removed),
        changed=len(diff.changed),
        new_fields=tuple(locked.field.name for locked in diff.new_fields),
        dropped_fields=tuple(locked.field.name for locked in diff.dropped_fields),
    )


def _changes(diff: DatasetDiff) -> Iterator[_ChangeOfRow]:
    yield from (_ChangeOfRow("removed", number, None, ()) for number in diff.removed)
    yield from (_ChangeOfRow("added", None, number, ()) for number in diff.added)
    yield from (_ChangeOfRow("changed", row.before, row.after, row.fields) for row in diff.changed)


def _dataset(lock: Lock, name: str) -> LockedDataset:
    return lock.dataset(name) or LockedDataset(name, None, ())


def _rows(
    cache: Cache, dataset: LockedDataset, numbers: Collection[int]
) -> Mapping[int, Mapping[str, Value]]:
    """These rows, by their numbers. Columns are read no further than to the last of them."""
    found: dict[int, dict[str, Value]] = {number: {} for number in numbers}
    last = max(numbers, default=-1)
    start = 0
    for group in dataset.groups:
        if start > last:
            break
        for locked in dataset.fields:
            column = group.columns.get(locked.field.name)
            if column is None:
                continue
            for number, value in enumerate(read_column(cache, column.sha256, locked.field.kind), start):
                if number > last:
                    break
                if number in found:
                    found[number][locked.field.name] = value
        start += group.rows
    return found


def _row(
    one: _ChangeOfRow,
    before: Mapping[int, Mapping[str, Value]],
    after: Mapping[int, Mapping[str, Value]],
) -> VersionRow:
    was = before[one.before] if one.before is not None else None
    now = after[one.after] if one.after is not None else None
    shown = now if now is not None else was or {}
    names = one.fields or list(shown)
    first = next(iter(shown.values()), None)
    cells = [
        VersionCell(
            field=name,
            before=None if was is None else _value(was.get(name)),
            after=None if now is None else _value(now.get(name)),
        )
        for name in names
    ]
    return VersionRow(
        change=one.change,
        before=one.before,
        after=one.after,
        name=None if first is None or isinstance(first, StoredFile) else str(first)[:_CHARACTERS],
        cells=tuple(cells),
    )


def _value(value: Value) -> VersionValue:
    if isinstance(value, StoredFile):
        return VersionValue(text=value.extension, sha256=value.sha256, size_bytes=value.size)
    text = None if value is None else str(value)
    if text is not None and len(text) > _CHARACTERS:
        text = f"{text[:_CHARACTERS]}…"
    return VersionValue(text=text)
