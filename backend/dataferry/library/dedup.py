"""Bytes that are in the library already: found by their hashes, linked, and counted once.

Who may have whose bytes: a public dataset's are for everyone; a restricted dataset's only for other
revisions of the same dataset, whose access its source has confirmed. A weak hash (MD5, git's SHA-1) is
believed only within one dataset, so that nobody can pass off a file of theirs as another's.
"""

import logging
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col, select

from dataferry.core.db import Database
from dataferry.core.files.digests import sha256_of
from dataferry.core.files.hardlinks import link_or_copy
from dataferry.core.types import Checksum, HashName
from dataferry.library.models import Dataset, DatasetFile
from dataferry.transfer import FetchedFile

log = logging.getLogger(__name__)

_WEAK: frozenset[HashName] = frozenset({"md5", "git-sha1"})
#: Hashes in one question, which is one short transaction.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Copies:
    """Files of the store by what they are promised to be; called with a promise and a size in bytes, one
    that can be linked, or None. Its bytes are not read here."""

    places: Mapping[str, Sequence[Path]]

    def __call__(self, checksum: Checksum, size: int) -> Path | None:
        places = self.places.get(_name(checksum), ())
        return next((place for place in places if _can_be_linked(place, size)), None)


def copies_for(database: Database, dataset: Dataset, promised: Iterable[Checksum | None]) -> Copies:
    """What a download of ``dataset`` may link, for all of its files at once."""
    known = [checksum for checksum in promised if checksum is not None]
    places: dict[str, list[Path]] = defaultdict(list)
    for values in _batches(checksum.value.lower() for checksum in known if checksum.algorithm == "sha256"):
        for value, path in database.call(_holders, col(DatasetFile.sha256), values, _may_link(dataset)):
            places[f"sha256:{value}"].append(path)
    for values in _batches(_name(checksum) for checksum in known if checksum.algorithm in _WEAK):
        for value, path in database.call(_holders, col(DatasetFile.published), values, _same(dataset)):
            places[value].append(path)
    return Copies(places)


def share_equal_files(
    database: Database,
    dataset: Dataset,
    tree: Path,
    files: Sequence[FetchedFile],
    *,
    scratch: Path,
    stopped: Callable[[], bool],
) -> None:
    """Let files whose hash nobody knew before they came share the bytes of equal ones in the library.

    To be called before views of ``tree`` are made: a file that is replaced keeps its name, not its
    inode. It only saves room, so that nothing that goes wrong here is an error.
    """
    equal = copies_for(database, dataset, (Checksum("sha256", file.sha256, file.grade) for file in files))
    for file in files:
        existing = equal(Checksum("sha256", file.sha256, file.grade), file.size)
        if stopped():
            return
        if existing is None or os.path.samefile(existing, tree / file.path):
            continue
        try:
            # A disk forgets: what has just been verified is not given up for what was, once.
            if sha256_of(existing) == file.sha256:
                link_or_copy(existing, tree / file.path, scratch=scratch)
        except OSError:
            log.info("%s keeps its own bytes", file.path, exc_info=True)


def published(checksum: Checksum | None) -> str | None:
    """What a file's row keeps of a promise: ``algorithm:value`` of a content hash that is not SHA-256."""
    return _name(checksum) if checksum is not None and checksum.algorithm in _WEAK else None


def used_bytes(session: Session) -> int:
    """Bytes of all that is downloaded; equal files count once."""
    distinct = select(DatasetFile.sha256, DatasetFile.size).distinct().subquery()
    return session.exec(select(func.sum(distinct.c.size))).one() or 0


def freed_bytes(session: Session, dataset_id: str) -> int:
    """Bytes that deleting a dataset's files gives back: those that no other dataset has too."""
    other = aliased(DatasetFile)
    shared = exists().where(col(other.sha256) == DatasetFile.sha256, col(other.dataset_id) != dataset_id)
    own = select(DatasetFile.sha256, DatasetFile.size).where(DatasetFile.dataset_id == dataset_id, ~shared)
    return session.exec(select(func.sum(own.distinct().subquery().c.size))).one() or 0


def _name(checksum: Checksum) -> str:
    return f"{checksum.algorithm}:{checksum.value.lower()}"


def _batches(values: Iterable[str]) -> Iterator[list[str]]:
    left = iter(dict.fromkeys(values))
    while batch := list(islice(left, _BATCH)):
        yield batch


def _same(dataset: Dataset) -> ColumnElement[bool]:
    """Revisions of this very dataset. A public one takes nothing from a restricted one."""
    return and_(
        col(Dataset.source) == dataset.source,
        col(Dataset.source_id) == dataset.source_id,
        or_(col(Dataset.visibility) == "public", col(Dataset.visibility) == dataset.visibility),
    )


def _may_link(dataset: Dataset) -> ColumnElement[bool]:
    return or_(col(Dataset.visibility) == "public", _same(dataset))


def _holders(
    session: Session, hash_column: Mapped[Any], values: Sequence[str], allowed: ColumnElement[bool]
) -> list[tuple[str, Path]]:
    """One file of each dataset on this machine that has a hash among ``values``, with the hash."""
    query = (
        select(hash_column, Dataset.local_path, func.min(DatasetFile.path))
        .join(Dataset, col(Dataset.id) == DatasetFile.dataset_id)
        .where(hash_column.in_(values), Dataset.downloaded, allowed)
        .group_by(hash_column, col(Dataset.local_path))
    )
    return [(value, Path(folder, path)) for value, folder, path in session.exec(query) if folder]


def _can_be_linked(place: Path, size: int) -> bool:
    """A file of so many bytes, and more than none, that nobody writes to."""
    try:
        status = place.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size > 0 and not status.st_mode & 0o222
