"""Bringing what a lock needs from a remote into the cache. Only what is missing is asked for."""

import errno
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dataferry.core.errors import ChecksumMismatch, DiskFull, InvalidInput, NotFound
from dataferry.core.files.durable import write_all
from dataferry.core.sizes import readable_bytes
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, check_column, read_column
from dataferry.versioning.model.lock_file import Lock, LockedDataset
from dataferry.versioning.model.progress import Progress, Report, silent
from dataferry.versioning.remote.contents import Contents, path_of, read_range
from dataferry.versioning.remote.packs import Place, Range, ranges
from dataferry.versioning.remote.partial_files import Part, PartialFiles
from dataferry.versioning.remote.remotes import Remote

Rows = tuple[int, int]
"""The first row, from 0, and the one behind the last."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was not here yet: how many objects of how many bytes, and how many columns."""

    objects: int = 0
    bytes: int = 0
    columns: int = 0


def fetch(
    cache: Cache,
    lock: Lock,
    remote: Remote,
    report: Report = silent,
    *,
    fields: Collection[str] | None = None,
    rows: Rows | None = None,
) -> Fetched:
    """Bring the data of the lock's datasets of this remote: all columns, and the files of these ``fields``
    and ``rows``, by default of all.

    Every byte is checked before it comes into the cache. It may be interrupted at any point and done again.
    Errors: ``InvalidInput`` for a field that there is not; ``NotFound`` for what is not at the remote, and
    ``ChecksumMismatch`` for what is damaged there, both once everything else has come; ``DiskFull``; those of
    ``remote_errors``.
    """
    datasets = [dataset for dataset in lock.datasets if dataset.remote == remote.name]
    _check_fields(datasets, fields)
    work = _Fetch(cache, remote, report)
    try:
        with cache.adding():
            columns = work.columns({digest for dataset in datasets for digest in dataset.columns})
            wanted = missing_objects(cache, datasets, fields=fields, rows=rows)
            work.objects(wanted)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _disk_full("The disk of the cache is full.") from error
    return Fetched(len(wanted), sum(wanted.values()), columns)


def fetch_columns(cache: Cache, remote: Remote, columns: Iterable[str]) -> None:
    """Bring those of these columns that are not in the cache, as far as the remote has them. Errors: as
    ``fetch``."""
    with cache.adding():
        _Fetch(cache, remote, silent).bring_columns(columns)


def missing_objects(
    cache: Cache,
    datasets: Iterable[LockedDataset],
    *,
    fields: Collection[str] | None = None,
    rows: Rows | None = None,
) -> dict[str, int]:
    """The objects that are not in the cache, with their sizes. All columns must be there."""
    top = os.fspath(cache.folder / "objects")
    return {
        file.sha256: file.size
        for dataset in datasets
        for locked in dataset.fields
        if locked.field.kind == "file" and (fields is None or locked.field.name in fields)
        for file in _files(cache, dataset, locked.field.name, rows)
        if not os.path.exists(f"{top}/{file.sha256[:2]}/{file.sha256[2:]}")
    }


def _files(cache: Cache, dataset: LockedDataset, field: str, rows: Rows | None) -> Iterator[StoredFile]:
    first, behind = rows or (0, dataset.rows)
    for group in dataset.groups:
        column = group.columns.get(field)
        if column is not None and behind > 0 and first < group.rows:
            values = read_column(cache, column.sha256, "file")
            chosen = values if rows is None else islice(values, max(first, 0), behind)
            yield from (value for value in chosen if isinstance(value, StoredFile))
        first, behind = first - group.rows, behind - group.rows


def _check_fields(datasets: Sequence[LockedDataset], fields: Collection[str] | None) -> None:
    known = sorted({locked.field.name for dataset in datasets for locked in dataset.fields})
    unknown = sorted(set(fields or ()) - set(known))
    if unknown:
        raise InvalidInput(
            f"There is no field {', '.join(unknown)}.", next_step=f"There are: {', '.join(known) or 'none'}."
        )


class _Fetch:
    def __init__(self, cache: Cache, remote: Remote, report: Report) -> None:
        self._cache, self._remote, self._report = cache, remote, report
        self._contents = Contents(remote, cache)

    def columns(self, wanted: Collection[str]) -> int:
        """Bring the columns that are missing; how many."""
        brought, absent = self.bring_columns(wanted)
        if absent:
            raise self._absent(f"{absent} of the dataset's columns are")
        return brought

    def bring_columns(self, wanted: Iterable[str]) -> tuple[int, int]:
        """How many came, and how many are not there."""
        missing = sorted(digest for digest in wanted if not self._cache.has("columns", digest))
        if not missing:
            return 0, 0
        self._remote.check()
        with self._cache.scratch() as scratch:
            absent = sum(self._remote.each(lambda digest: self._column(scratch, digest), missing))
        return len(missing) - absent, absent

    def _column(self, scratch: Path, digest: str) -> bool:
        """True if it is not there."""
        try:
            data = self._remote.read(path_of("columns", digest))
        except FileNotFoundError:
            return True
        path = scratch / digest
        path.write_bytes(data)
        try:
            check_column(path, digest)
        except InvalidInput as error:
            raise self._damaged(f"The column {digest[:12]}… is") from error
        self._cache.place(path, "columns", digest)
        return False

    def objects(self, wanted: Mapping[str, int]) -> None:
        """Bring these objects."""
        if not wanted:
            return
        self._remote.check()
        self._check_room(sum(wanted.values()))
        places = dict(self._contents.places(wanted))
        large = self._contents.large(
            {digest: size for digest, size in wanted.items() if digest not in places}
        )
        progress = Progress("fetch", sum(wanted[digest] for digest in (*places, *large)), self._report)
        damaged = self._packed(places, progress)
        damaged += self._large({digest: wanted[digest] for digest in sorted(large)}, progress)
        if damaged:
            raise self._damaged(f"{len(damaged):,} of {len(wanted):,} files ({damaged[0][:12]}…) are")
        lost = len(wanted) - len(places) - len(large)
        if lost:
            raise self._absent(f"{lost:,} of {len(wanted):,} files are")

    def _check_room(self, size: int) -> None:
        free = shutil.disk_usage(self._cache.folder).free
        if free < size:
            raise _disk_full(f"The data takes {readable_bytes(size)}, and {readable_bytes(free)} are free.")

    def _packed(self, places: Mapping[str, Place], progress: Progress) -> list[str]:
        """Bring what lies in packs; what is damaged in all packs that have it."""
        damaged = dict(self._from_packs(places.items(), progress))
        if damaged:
            others = {
                digest: place
                for digest, place in self._contents.places(damaged)
                if place.pack != damaged[digest].pack
            }
            still = dict(self._from_packs(others.items(), progress))
            damaged = {digest: place for digest, place in damaged.items() if digest not in others} | still
        return sorted(damaged)

    def _from_packs(
        self, places: Iterable[tuple[str, Place]], progress: Progress
    ) -> Iterator[tuple[str, Place]]:
        """Bring what lies at these places; yields what is damaged there."""
        with self._cache.scratch() as scratch:

            def bring(wanted: Range) -> list[tuple[str, Place]]:
                damaged = self._range(scratch, wanted, wanted.objects)
                # What was damaged on its way is whole at the second try.
                damaged = self._range(scratch, wanted, damaged) if damaged else damaged
                progress.add(sum(place.size for _, place in wanted.objects))
                return damaged

            for damaged in self._remote.each(bring, ranges(places)):
                yield from damaged

    def _range(
        self, scratch: Path, wanted: Range, objects: Iterable[tuple[str, Place]]
    ) -> list[tuple[str, Place]]:
        damaged = []
        for digest, place, data in read_range(self._remote, wanted._replace(objects=tuple(objects))):
            if data is None:
                damaged.append((digest, place))
                continue
            path = scratch / digest
            # As short as can be: there are many.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
            try:
                write_all(descriptor, data)
            finally:
                os.close(descriptor)
            self._cache.place(path, "objects", digest)
        return damaged

    def _large(self, objects: Mapping[str, int], progress: Progress) -> list[str]:
        """Bring large files in parts; what is damaged."""
        files = PartialFiles(self._cache, objects)
        damaged: list[str] = []

        def bring(part: Part) -> None:
            data = b""
            if part.end > part.start:
                data = self._remote.read(path_of("objects", part.file.digest), part.start, part.end)
            if not files.arrived(part, data):
                damaged.append(part.file.digest)
            progress.add(part.end - part.start)

        try:
            for _ in self._remote.each(bring, files):
                pass
        finally:
            files.close()
        return damaged

    def _absent(self, what: str) -> NotFound:
        return NotFound(
            f"{what} not at {self._remote}.",
            next_step="Run git datasets push in a clone that has them: they were never pushed, or "
            "deleted there.",
        )

    def _damaged(self, what: str) -> ChecksumMismatch:
        return ChecksumMismatch(
            f"{what} damaged at {self._remote}.",
            next_step="Run git datasets push --repair in a clone that has the data, then fetch again.",
        )


def _disk_full(detail: str) -> DiskFull:
    return DiskFull(
        detail,
        next_step="Free some space (git datasets gc), or fetch a part of it: "
        "git datasets fetch --field NAME --rows 0:1000",
    )
