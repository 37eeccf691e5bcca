"""What differs between two versions of a dataset: fields, and rows one by one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from dataferry.core.errors import NotFound
from dataferry.core.sizes import readable_count
from dataferry.versioning.commands.history import lock_at
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import Value, read_column
from dataferry.versioning.model.lock_file import Lock, LockedDataset, LockedField, RowGroup
from dataferry.versioning.repository import Repository, lock_path

#: Rows that are named; the rest is counted.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row whose number, from 0, is ``before`` in the old version and ``after`` in the new one, with the
    fields that differ."""

    before: int
    after: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """Of one class. ``added``: numbers of rows in the new version; ``removed``: in the old one. A row that
    only moved is neither."""

    name: str
    new_fields: tuple[LockedField, ...] = ()
    dropped_fields: tuple[LockedField, ...] = ()
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    changed: tuple[ChangedRow, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.new_fields or self.dropped_fields or self.added or self.removed or self.changed)


def compare(cache: Cache, before: Lock | None, after: Lock | None) -> list[DatasetDiff]:
    """What differs, by class, in the order of the new version; classes without a difference are left out.

    Errors: ``NotFound`` where a column that has to be compared is not in the cache.
    """
    locks = [lock or Lock() for lock in (after, before)]
    names = dict.fromkeys(dataset.name for lock in locks for dataset in lock.datasets)
    empty = [LockedDataset(name, None, ()) for name in names]
    pairs = [(locks[1].dataset(each.name) or each, locks[0].dataset(each.name) or each) for each in empty]
    try:
        found = [_compare(cache, old, new) for old, new in pairs]
    except FileNotFoundError as error:
        raise NotFound(
            "The rows of one of the versions are not here.", next_step="Fetch them: git datasets fetch --all"
        ) from error
    return [diff for diff in found if not diff.is_empty]


def _compare(cache: Cache, old: LockedDataset, new: LockedDataset) -> DatasetDiff:
    was = {locked.field.name: locked for locked in old.fields}
    now = {locked.field.name: locked for locked in new.fields}
    common = [name for name in now if name in was]
    work = _Rows(cache, [was[name] for name in common])
    starts = _starts(old)
    for group, start in _starts(new).values():
        other = starts.pop(group.source, None)
        work.compare(other, (group, start))
    for other in starts.values():
        work.compare(other, None)
    return DatasetDiff(
        new.name,
        tuple(locked for name, locked in now.items() if name not in was),
        tuple(locked for name, locked in was.items() if name not in now),
        tuple(work.added),
        tuple(work.removed),
        tuple(work.changed),
    )


def _starts(dataset: LockedDataset) -> dict[str, tuple[RowGroup, int]]:
    """The groups by their ingest, each with the number of its first row."""
    found, start = {}, 0
    for group in dataset.groups:
        found[group.source] = (group, start)
        start += group.rows
    return found


class _Rows:
    """Compares groups by the fields that both versions have."""

    def __init__(self, cache: Cache, fields: Sequence[LockedField]) -> None:
        self._cache, self._fields = cache, fields
        self.added: list[int] = []
        self.removed: list[int] = []
        self.changed: list[ChangedRow] = []

    def compare(self, old: tuple[RowGroup, int] | None, new: tuple[RowGroup, int] | None) -> None:
        if old is None or new is None:
            if new is not None:
                self.added += range(new[1], new[1] + new[0].rows)
            if old is not None:
                self.removed += range(old[1], old[1] + old[0].rows)
            return
        names = [locked.field.name for locked in self._fields]
        if old[0].rows == new[0].rows and all(
            old[0].columns.get(name) == new[0].columns.get(name) for name in names
        ):
            return
        self._compare_rows(list(self._read(old[0])), old[1], list(self._read(new[0])), new[1])

    def _compare_rows(
        self, old: list[tuple[Value, ...]], old_start: int, new: list[tuple[Value, ...]], new_start: int
    ) -> None:
        both = min(len(old), len(new))
        differing = [number for number in range(both) if old[number] != new[number]]
        gone = [*differing, *range(both, len(old))]
        come = [*differing, *range(both, len(new))]
        gone, come = _without_moved(gone, old, new, come), _without_moved(come, new, old, gone)
        pairs = self._pairs(gone, old, come, new)
        for before, after in pairs:
            fields = tuple(
                locked.field.name
                for locked, one, other in zip(self._fields, old[before], new[after], strict=True)
                if one != other
            )
            self.changed.append(ChangedRow(old_start + before, new_start + after, fields))
        paired = {before for before, _ in pairs}, {after for _, after in pairs}
        self.removed += [old_start + number for number in gone if number not in paired[0]]
        self.added += [new_start + number for number in come if number not in paired[1]]

    def _pairs(
        self, gone: list[int], old: list[tuple[Value, ...]], come: list[int], new: list[tuple[Value, ...]]
    ) -> list[tuple[int, int]]:
        """Rows that are one and have changed, in the new order. They are told by a path, or another value
        that each has for itself, so that a row which was put in makes no others of those behind it; what that
        does not tell, by their numbers."""
        place = self._key([old[number] for number in gone], [new[number] for number in come])
        pairs: list[tuple[int, int]] = []
        if place is not None:
            named = {old[number][place]: number for number in gone}
            found = ((named.get(new[number][place]), number) for number in come)
            pairs = [(before, after) for before, after in found if before is not None]
            if self._fields[place].field.kind == "path":
                return pairs
        left = set(gone) - {before for before, _ in pairs}
        taken = {after for _, after in pairs}
        pairs += [(number, number) for number in come if number in left and number not in taken]
        return sorted(pairs, key=lambda pair: pair[1])

    def _key(self, *versions: list[tuple[Value, ...]]) -> int | None:
        """The first field whose values tell the rows of each version apart; a path before all others."""
        kinds = [locked.field.kind for locked in self._fields]
        places = [place for kind in ("path", "str", "int") for place, one in enumerate(kinds) if one == kind]
        for place in places:
            if all(len({row[place] for row in rows} - {None}) == len(rows) for rows in versions):
                return place
        return None

    def _read(self, group: RowGroup) -> Iterator[tuple[Value, ...]]:
        columns: list[Iterator[Value]] = []
        for locked in self._fields:
            column = group.columns.get(locked.field.name)
            columns.append(
                read_column(self._cache, column.sha256, locked.field.kind)
                if column is not None
                else repeat(None, group.rows)
            )
        return zip(*columns, strict=True) if columns else repeat((), group.rows)


def _without_moved(
    numbers: list[int], rows: list[tuple[Value, ...]], others: list[tuple[Value, ...]], places: list[int]
) -> list[int]:
    """Those of ``numbers`` whose row is at none of the other version's ``places``."""
    there = Counter(others[place] for place in places)
    kept = []
    for number in numbers:
        if there[rows[number]] > 0:
            there[rows[number]] -= 1
        else:
            kept.append(number)
    return kept


def diff_lines(repository: Repository, before: str, after: str | None) -> list[str]:
    """For a reader. ``after``: None for the working tree. Errors: ``NotFound``."""
    for revision in filter(None, (before, after)):
        if repository.ask_git("rev-parse", "--verify", "--quiet", revision + "^{commit}") is None:
            if revision == "HEAD" and not repository.has_commits:
                raise NotFound("Nothing is committed here yet.", next_step="git commit")
            raise NotFound(f"There is no revision {revision}.", next_step="git datasets log lists them.")
    lines = []
    for path in repository.tracked():
        old = lock_at(repository, before, path)
        new = (
            lock_at(repository, after, path)
            if after is not None
            else repository.lock(repository.read(lock_path(path)), path)
        )
        for diff in compare(repository.cache, old, new):
            lines += [f"{path}: {diff.name}", *(f"  {line}" for line in _lines(diff))]
    return lines or ["No field and no row differs."]


def _lines(diff: DatasetDiff) -> Iterator[str]:
    yield from (f"+ {locked.field.name}: {locked.field}" for locked in diff.new_fields)
    yield from (f"− {locked.field.name}: {locked.field}" for locked in diff.dropped_fields)
    if diff.added:
        yield f"{_count(len(diff.added))} added: {_ranges(diff.added)}"
    if diff.removed:
        yield f"{_count(len(diff.removed))} removed: {_ranges(diff.removed)}"
    if diff.changed:
        named = [f"{row.after} ({', '.join(row.fields)})" for row in diff.changed[:_NAMED]]
        more = ["…"] if len(diff.changed) > _NAMED else []
        yield f"{_count(len(diff.changed))} changed: {', '.join([*named, *more])}"


def _count(number: int) -> str:
    return "1 row" if number == 1 else f"{readable_count(number)} rows"


def _ranges(numbers: Sequence[int]) -> str:
    """``0–49, 60``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:_NAMED]]
    return ", ".join([*shown, *(["…"] if len(spans) > _NAMED else [])])
