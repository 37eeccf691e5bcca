"""Recording what is in a dataset's folder as its next version.

Nothing of a file is read whose SHA-256 the library knows and that is as it was verified: it shares its bytes
with the cache, as a reflink or a second name. What a person has changed, or put there, is copied and hashed.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dataferry.core.db import Reads
from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.files.digests import tree_checksum
from dataferry.core.files.hardlinks import link
from dataferry.core.sizes import readable_count
from dataferry.library import check_rows, file_rows, file_state, rows
from dataferry.library.file_state import Recorded as KnownFile
from dataferry.library.models import Dataset
from dataferry.library.versions.index_text import REMOTE, index_text
from dataferry.library.versions.layouts import (
    FILES,
    KeptFile,
    Layout,
    files_layout,
    pairs_layout,
    pictures_layout,
)
from dataferry.library.versions.repository import INDEX, DatasetVersions, Facts, Recorded
from dataferry.library.versions.table_layouts import table_layouts
from dataferry.versioning.declare.formats import FORMATS, HEAD_BYTES, SPELLINGS, format_of
from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.execute.planning import plan
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, read_column, write_column
from dataferry.versioning.model.lock_file import Column, Lock, LockedDataset, LockedField, RowGroup
from dataferry.versioning.model.schema import DatasetClass

#: A dataset of more files is not versioned: a comparison has all of them in memory.
MOST_FILES = 500_000
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """Who records a version, by their id, and why. ``restores``: the version that it brings back."""

    author: str
    message: str
    restores: str | None = None


def record(
    database: Reads,
    versions: DatasetVersions,
    dataset: Dataset,
    request: Request,
    moved: Callable[[int, int], None],
) -> Recorded | None:
    """The next version, of what is in the dataset's folder; None where the newest has the same.

    ``moved``: is told of each file with its bytes, and may raise to stop: what is in the cache by then is
    taken as it is the next time. Errors: ``NotFound`` for a dataset that is not here; ``InvalidInput`` for
    one that cannot be versioned; ``OSError``.
    """
    if dataset.local_path is None or not dataset.downloaded:
        raise NotFound("The dataset is not here any more.", next_step="Download it first.")
    tree = Path(dataset.local_path)
    with versions.writing():
        if dataset.visibility != "public":
            versions.folder.chmod(0o700)
        with versions.repository.cache.adding():
            files = list(_Intake(versions.repository.cache, database, dataset, moved).files(tree))
            files.sort(key=lambda file: file.path)
            checksum = tree_checksum((file.path, file.sha256) for file in files)
            newest = versions.newest()
            if newest is not None and newest.facts.checksum == checksum and request.restores is None:
                return None
            return _commit(versions, dataset, request, files, checksum, newest)


def _commit(
    versions: DatasetVersions,
    dataset: Dataset,
    request: Request,
    files: Sequence[KeptFile],
    checksum: str,
    newest: Recorded | None,
) -> Recorded:
    tree, ref = Path(dataset.local_path or ""), str(rows.ref_of(dataset))
    layouts = layouts_of(tree, files)
    text = index_text(dataset.title, ref, tree, checksum, layouts)
    lock = lock_of(versions.repository.cache, text, layouts)
    before = {path: file.sha256 for path, file in files_in(versions, newest)} if newest else {}
    now = {file.path: file.sha256 for file in files}
    facts = Facts(
        ref,
        dataset.revision,
        checksum,
        files=len(files),
        bytes=sum(file.size for file in files),
        # The class of all files comes last.
        rows=sum(one.rows for one in lock.datasets[:-1]) or lock.datasets[-1].rows,
        added=len(now.keys() - before.keys()),
        removed=len(before.keys() - now.keys()),
        changed=sum(1 for path in now.keys() & before.keys() if now[path] != before[path]),
        restores=request.restores,
    )
    return versions.commit(text, lock, request.message, request.author, facts)


def layouts_of(tree: Path, files: Sequence[KeptFile]) -> list[Layout]:
    """The classes of the index file, that of all files last."""
    found = pairs_layout(files) or pictures_layout(files)
    told = [found] if found else table_layouts(tree, files)
    return [*told, files_layout(files)]


def lock_of(cache: Cache, text: str, layouts: Sequence[Layout]) -> Lock:
    """The lock of an index file whose ingests bring the rows of these layouts: what a commit would make by
    running them."""
    index = read_index(text, INDEX)
    datasets = tuple(
        _locked(cache, declared, layout) for declared, layout in zip(index.classes, layouts, strict=True)
    )
    lock = Lock(datasets)
    assert plan(index, lock).is_empty
    return lock


def _locked(cache: Cache, declared: DatasetClass, layout: Layout) -> LockedDataset:
    columns: dict[str, Column] = {}
    count = 0
    for place, field in enumerate(declared.fields):
        total = 0
        count = 0

        def values(place: int = place) -> Iterator[object]:
            nonlocal total, count
            for row in layout.rows():
                count += 1
                value = row[place]
                total += value.size if isinstance(value, StoredFile) else 0
                yield value

        digest = write_column(cache, values())  # type: ignore[arg-type]
        columns[field.name] = Column(digest, total)
    (ingest,) = declared.ingests
    group = RowGroup(ingest.name, ingest.fingerprint, count, columns)
    fields = tuple(LockedField(field) for field in declared.fields)
    return LockedDataset(declared.name, REMOTE, fields, (group,))


def files_in(versions: DatasetVersions, version: Recorded) -> Iterator[tuple[str, StoredFile]]:
    """Every file of a version with its path, in the order of paths."""
    lock = versions.lock(version)
    found = lock.dataset(FILES)
    assert found is not None
    for group in found.groups:
        paths = read_column(versions.repository.cache, group.columns["path"].sha256, "path")
        files = read_column(versions.repository.cache, group.columns["file"].sha256, "file")
        for path, file in zip(paths, files, strict=True):
            assert isinstance(path, str)
            assert isinstance(file, StoredFile)
            yield path, file


class _Intake:
    """Brings the files of a folder into a cache."""

    def __init__(
        self, cache: Cache, database: Reads, dataset: Dataset, moved: Callable[[int, int], None]
    ) -> None:
        self._cache, self._moved = cache, moved
        self._known: dict[str, KnownFile] = {}
        after = None
        while some := database.read(check_rows.recorded, dataset.id, after=after, limit=_BATCH):
            self._known.update((file.path, file) for file in some)
            after = some[-1].path

    def files(self, tree: Path) -> Iterator[KeptFile]:
        """Errors: ``InvalidInput``, ``OSError``."""
        cache = self._cache
        cache.sweep()
        with cache.scratch() as scratch:
            for count, path in enumerate(file_state.walk(tree)):
                if count == MOST_FILES:
                    raise InvalidInput(
                        f"The dataset has more than {readable_count(MOST_FILES)} files, too many.",
                        next_step="Choose a part of its files, and make that a versioned dataset.",
                    )
                found = self._take(tree, path, scratch)
                if found is not None:
                    self._moved(1, found.size)
                    yield found

    def _take(self, tree: Path, path: str, scratch: Path) -> KeptFile | None:
        """None for what is no file: a link, a socket."""
        file = tree / path
        status = os.lstat(file)
        if not stat.S_ISREG(status.st_mode):
            return None
        if not file_rows.storable(path):
            raise InvalidInput(
                f"The name of the file {ascii(path)[:200]} is no text.",
                next_step="Rename it, then try again.",
            )
        path = Path(path).as_posix()
        format = format_told(file)
        known = self._known.get(path)
        state = file_state.stat_of(file)
        if known is not None and state is not None and _is_as_verified(known, state):
            return KeptFile(path, self._link(file, known.sha256, scratch), known.size, format)
        copy = scratch / "copy"
        shutil.copyfile(file, copy)
        digest, size = self._cache.keep_file(copy, move=True)
        copy.unlink(missing_ok=True)
        return KeptFile(path, digest, size, format)

    def _link(self, file: Path, digest: str, scratch: Path) -> str:
        """Its SHA-256, once it is in the cache. What is there from a folder that has gone since shares its
        bytes with this one from now on."""
        kept, temporary = self._cache.path("objects", digest), scratch / digest
        if kept.exists() and os.path.samefile(file, kept):
            return digest
        if link(file, temporary):
            if kept.exists():
                os.replace(temporary, kept)
            else:
                self._cache.place(temporary, "objects", digest)
        elif not kept.exists():
            shutil.copyfile(file, temporary)
            digest, _ = self._cache.keep_file(temporary, move=True)
        return digest


def _is_as_verified(known: KnownFile, state: file_state.Found) -> bool:
    return known == replace(known, size=state.size, mtime_ns=state.mtime_ns, inode=state.inode)


def format_told(file: Path) -> str:
    """What a file is of the formats that its name tells, a picture of any; ``bin`` for anything else."""
    suffix = file.name.rpartition(".")[2].lower()
    suffix = SPELLINGS.get(suffix, suffix)
    if suffix not in FORMATS:
        return "bin"
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    allowed = _PICTURES if suffix in _PICTURES else (suffix,)
    return format_of(head, allowed, name=file.name) or "bin"


_PICTURES = ("png", "jpg", "gif", "webp", "bmp", "tiff", "avif")
