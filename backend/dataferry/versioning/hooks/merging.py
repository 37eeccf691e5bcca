"""Merging two versions of a lock: three-way for each dataset, group of rows and column. No code runs.

Rows that both sides have changed are a conflict. What transforms have made is none, for it can be made again:
such a column is left out where it does not belong to the merged rows, and the commit makes it.
"""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from dataferry.core.errors import InvalidInput
from dataferry.versioning.console import say
from dataferry.versioning.model.lock_file import (
    Column,
    Lock,
    LockedDataset,
    LockedField,
    RowGroup,
    column_key,
)
from dataferry.versioning.repository import is_ours

_T = TypeVar("_T")


def merge_files(base: Path, ours: Path, theirs: Path, name: str) -> int:
    """git's merge driver: leaves the result in ``ours``; 1 where there are conflicts, which are told."""
    texts = [path.read_text(encoding="utf-8", errors="surrogateescape") for path in (base, ours, theirs)]
    try:
        if not all(is_ours(text) for text in texts[1:]):
            raise InvalidInput(f"{name} is no lock of git datasets.")
        locks = [Lock.parse(text, name) if text else Lock() for text in texts]
    except InvalidInput:
        command = ["git", "merge-file", str(ours), str(base), str(theirs)]
        return min(subprocess.run(command, check=False).returncode, 1)  # noqa: S603
    merged, conflicts = merge(*locks)
    ours.write_text(str(merged), encoding="utf-8")
    for conflict in conflicts:
        say(f"{name}: {conflict}")
    if conflicts:
        say(f"{name} has yours of it now; for theirs: git checkout --theirs {name}")
        say(f"Then: git add {name} && git commit. The commit makes what is not there yet.")
    return 1 if conflicts else 0


def merge(base: Lock, ours: Lock, theirs: Lock) -> tuple[Lock, list[str]]:
    """What both sides have made of ``base``, and a sentence for each conflict; the lock has ours of it."""
    work = _Merge()
    names = dict.fromkeys(dataset.name for lock in (ours, theirs) for dataset in lock.datasets)
    datasets = [
        work.dataset(name, base.dataset(name), ours.dataset(name), theirs.dataset(name)) for name in names
    ]
    return Lock(tuple(dataset for dataset in datasets if dataset is not None)), work.conflicts


class _Merge:
    def __init__(self) -> None:
        self.conflicts: list[str] = []

    def dataset(
        self, name: str, base: LockedDataset | None, ours: LockedDataset | None, theirs: LockedDataset | None
    ) -> LockedDataset | None:
        def both() -> LockedDataset | None:
            if ours is None or theirs is None:
                self.conflicts.append(f"{name} was changed on one side and taken out on the other.")
                return ours or theirs
            return self._both_datasets(base or LockedDataset(name, None, ()), ours, theirs)

        return _three_way(base, ours, theirs, both)

    def _both_datasets(
        self, base: LockedDataset, ours: LockedDataset, theirs: LockedDataset
    ) -> LockedDataset:
        # Where both have changed a field the index file decides, and the commit writes it.
        fields = _each(
            _fields(base), _fields(ours), _fields(theirs), lambda _name, _base, one, other: one or other
        )
        groups = _each(
            _groups(base),
            _groups(ours),
            _groups(theirs),
            lambda source, before, one, other: self._group(base.name, source, fields, before, one, other),
        )
        return LockedDataset(
            ours.name,
            _three_way(base.remote, ours.remote, theirs.remote, lambda: ours.remote),
            tuple(fields.values()),
            tuple(_with_what_belongs(group, fields) for group in groups.values()),
        )

    def _group(
        self,
        dataset: str,
        source: str,
        fields: Mapping[str, LockedField],
        base: RowGroup | None,
        ours: RowGroup | None,
        theirs: RowGroup | None,
    ) -> RowGroup | None:
        """Of the rows of one ingest, which both sides have changed."""
        sides = [_brought(side, fields) for side in (base, ours, theirs)]
        changed = [side != sides[0] for side in sides[1:]]
        if all(changed) and sides[1] != sides[2]:
            how = "both sides" if ours and theirs else "one side and taken out on the other"
            self.conflicts.append(f"The rows of {source} in {dataset} were changed on {how}.")
            return ours or theirs
        rows, other = (theirs, ours) if changed[1] else (ours, theirs)
        if rows is None or other is None:
            return None
        # The rows of one side; of the other what it has made of them.
        made = _each(
            base.columns if base else {},
            rows.columns,
            other.columns,
            lambda name, _base, one, _other: one if name in fields and not fields[name].fingerprint else None,
        )
        if rows.rows != other.rows:
            made = {name: column for name, column in made.items() if name in rows.columns}
        was = base.fingerprint if base else None
        fingerprint = _three_way(was, rows.fingerprint, other.fingerprint, lambda: rows.fingerprint)
        return replace(rows, fingerprint=fingerprint or rows.fingerprint, columns=made)


def _brought(group: RowGroup | None, fields: Mapping[str, LockedField]) -> object:
    """What of a group no transform can make again."""
    if group is None:
        return None
    declared = {n for n, locked in fields.items() if locked.fingerprint is None}
    return group.rows, {name: column.sha256 for name, column in group.columns.items() if name in declared}


def _with_what_belongs(group: RowGroup, fields: Mapping[str, LockedField]) -> RowGroup:
    """Without computed columns that were made of something else than what is there now."""
    columns: dict[str, Column] = dict(group.columns)
    for name in group.columns:
        locked = fields.get(name)
        if locked is None or (locked.fingerprint and columns[name].made_from != column_key(locked, columns)):
            del columns[name]
    return replace(group, columns=columns)


def _three_way(base: _T, ours: _T, theirs: _T, both: Callable[[], _T]) -> _T:
    """The side that has changed; ``both`` where both have, and not alike."""
    if ours == theirs or theirs == base:
        return ours
    return theirs if ours == base else both()


def _each(
    base: Mapping[str, _T],
    ours: Mapping[str, _T],
    theirs: Mapping[str, _T],
    both: Callable[[str, _T | None, _T | None, _T | None], _T | None],
) -> dict[str, _T]:
    """Three-way by name, ours first."""
    merged = {}
    for name in dict.fromkeys([*ours, *theirs]):
        before, one, other = base.get(name), ours.get(name), theirs.get(name)
        found = _three_way(before, one, other, lambda n=name, b=before, o=one, t=other: both(n, b, o, t))  # type: ignore[misc]
        if found is not None:
            merged[name] = found
    return merged


def _fields(dataset: LockedDataset) -> dict[str, LockedField]:
    return {locked.field.name: locked for locked in dataset.fields}


def _groups(dataset: LockedDataset) -> dict[str, RowGroup]:
    return {group.source: group for group in dataset.groups}
