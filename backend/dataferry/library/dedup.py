"""Deduplication: bytes that the library has already are found by their hashes, hardlinked, counted once.

Who may have whose bytes: a public dataset's are for everyone; a restricted dataset's only for other
revisions of the same dataset, whose access its source has confirmed. A weak hash (MD5, git's SHA-1) is
trusted only within one dataset: collisions can be made, and a file of one dataset must not be passed off as
another's.
"""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col, select

from dataferry.core.db import Reads
from dataferry.core.files.digests import sha256_of
from dataferry.core.files.hardlinks import link_or_copy
from dataferry.core.files.no_links import NoLinks
from dataferry.core.types import Checksum, HashName, Viewer
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.rights import visible_to
from dataferry.transfer import FetchedFile

log = logging.getLogger(__name__)

_WEAK: frozenset[HashName] = frozenset({"md5", "git-sha1"})
#: Hashes in one query, which is one short transaction.
_BATCH_SIZE = 500


class DedupCandidates:
    """Files of the store by the checksums that a source promises.

    Called with one of them and a size in bytes, it returns a file that can be hardlinked, or None; the file's
    bytes are not read here. There may be half a million: a call looks up the next few hundred and keeps no
    others, so ask in the order in which they are promised. Not for several threads.
    """

    def __init__(
        self, database: Reads, store: Store, dataset: Dataset, promised: Iterable[Checksum | None]
    ) -> None:
        self._database = database
        self._links = NoLinks(store.root)
        self._dataset = dataset
        self._promised = [checksum for checksum in promised if checksum is not None and _is_known(checksum)]
        self._next = 0
        self._looked_up: Mapping[str, Sequence[Path]] = {}

    def __call__(self, checksum: Checksum, size: int) -> Path | None:
        key = _hash_key(checksum)
        if key not in self._looked_up and not self._look_up_from(key):
            return None
        return next((path for path in self._looked_up[key] if self._can_be_hardlinked(path, size)), None)

    def _can_be_hardlinked(self, path: Path, size: int) -> bool:
        """A regular, read-only file of ``size`` bytes, and not an empty one."""
        if not self._links.is_file(path):
            return False
        status = path.lstat()
        return status.st_size == size > 0 and not status.st_mode & 0o222

    def _look_up_from(self, key: str) -> bool:
        """Look up the checksum of that key and those that follow it; false where it was never promised."""
        for step in range(len(self._promised)):
            at = (self._next + step) % len(self._promised)
            if _hash_key(self._promised[at]) == key:
                batch = self._promised[at : at + _BATCH_SIZE]
                self._looked_up = _files_with_hashes(self._database, self._dataset, batch)
                self._next = at + len(batch)
                return True
        return False


def deduplicate(
    database: Reads,
    store: Store,
    dataset: Dataset,
    tree: Path,
    files: Sequence[FetchedFile],
    *,
    stopped: Callable[[], bool],
) -> None:
    """Replace files whose hash was unknown before they arrived by hardlinks to equal ones in the library.

    To be called before views of ``tree`` are made: a file that is replaced keeps its name, not its
    inode. It only saves disk space, so a failure here is logged and is no error of the download.
    """
    equal = DedupCandidates(
        database, store, dataset, (Checksum("sha256", file.sha256, file.grade) for file in files)
    )
    for file in files:
        existing = equal(Checksum("sha256", file.sha256, file.grade), file.size)
        if stopped():
            return
        if existing is None or os.path.samefile(existing, tree / file.path):
            continue
        try:
            # The older copy may have decayed on disk: it is read again before it replaces a verified file.
            if sha256_of(existing) == file.sha256:
                link_or_copy(existing, tree / file.path, scratch=store.scratch())
        except OSError:
            log.info("%s keeps its own bytes", file.path, exc_info=True)


def published_hash(checksum: Checksum | None) -> str | None:
    """The hash for a file's row: ``algorithm:value`` of a published content hash that is not SHA-256."""
    return _hash_key(checksum) if checksum is not None and checksum.algorithm in _WEAK else None


def used_bytes(session: Session, viewer: Viewer) -> int:
    """Bytes of all that is downloaded, or is being recorded or deleted; equal files count once.

    What the viewer may not see counts as if it shared nothing: else the sum would tell them that somebody has
    a file that they have.
    """
    hidden = (Dataset.downloaded, not_(and_(*visible_to(viewer)))) if not viewer.admin else (false(),)
    hidden_bytes = session.exec(select(func.sum(Dataset.size)).where(*hidden)).one()
    files = select(DatasetFile.sha256, DatasetFile.size).distinct()
    if hidden_bytes is not None:  # without, the bytes are counted from an index alone
        files = files.where(col(DatasetFile.dataset_id).not_in(select(Dataset.id).where(*hidden)))
    seen_bytes = session.exec(select(func.sum(files.subquery().c.size))).one()
    return int(seen_bytes or 0) + int(hidden_bytes or 0)


def freed_bytes(session: Session, viewer: Viewer, *dataset_ids: str) -> int:
    """Bytes that deleting these datasets' files together gives back: those that no other dataset has too.

    Only what the viewer sees counts as other: else the sum would tell them that somebody has the same file.
    """
    other = aliased(DatasetFile)
    shared = exists().where(
        col(other.sha256) == DatasetFile.sha256,
        col(other.dataset_id).not_in(dataset_ids),
        col(other.dataset_id).in_(select(Dataset.id).where(*visible_to(viewer))),
    )
    own = (
        select(DatasetFile.sha256, DatasetFile.size)
        .join(
            Dataset,
            and_(
                col(Dataset.id) == DatasetFile.dataset_id, col(Dataset.generation) == DatasetFile.generation
            ),
        )
        .where(col(DatasetFile.dataset_id).in_(dataset_ids), ~shared)
    )
    return session.exec(select(func.sum(own.distinct().subquery().c.size))).one() or 0


def _hash_key(checksum: Checksum) -> str:
    return f"{checksum.algorithm}:{checksum.value.lower()}"


def _is_known(checksum: Checksum) -> bool:
    """It is of a kind by which files can be found."""
    return checksum.algorithm == "sha256" or checksum.algorithm in _WEAK


def _same_dataset(dataset: Dataset) -> ColumnElement[bool]:
    """Revisions of the same dataset. A public one takes nothing from a restricted one."""
    return and_(
        col(Dataset.source) == dataset.source,
        col(Dataset.source_id) == dataset.source_id,
        or_(col(Dataset.visibility) == "public", col(Dataset.visibility) == dataset.visibility),
    )


def _may_link(dataset: Dataset) -> ColumnElement[bool]:
    return or_(col(Dataset.visibility) == "public", _same_dataset(dataset))


def _files_with_hashes(
    database: Reads, dataset: Dataset, promised: Sequence[Checksum]
) -> dict[str, list[Path]]:
    """What may be hardlinked for each of the checksums, by its key; the lists may be empty."""
    found: dict[str, list[Path]] = {_hash_key(checksum): [] for checksum in promised}
    strong = {checksum.value.lower() for checksum in promised if checksum.algorithm == "sha256"}
    weak = {_hash_key(checksum) for checksum in promised if checksum.algorithm in _WEAK}
    if strong:
        sha256 = col(DatasetFile.sha256)
        for value, path in database.read(_files_with_hash, sha256, strong, _may_link(dataset)):
            found[f"sha256:{value}"].append(path)
    if weak:
        published = col(DatasetFile.published_hash)
        for value, path in database.read(_files_with_hash, published, weak, _same_dataset(dataset)):
            found[value].append(path)
    return found


def _files_with_hash(
    session: Session, hash_column: Mapped[Any], values: Collection[str], allowed: ColumnElement[bool]
) -> list[tuple[str, Path]]:
    """One file of each dataset on this machine that has a hash among ``values``, with the hash."""
    query = (
        select(hash_column, Dataset.local_path, func.min(DatasetFile.path))
        .join(
            Dataset,
            and_(
                col(Dataset.id) == DatasetFile.dataset_id, col(Dataset.generation) == DatasetFile.generation
            ),
        )
        .where(hash_column.in_(values), Dataset.downloaded, allowed)
        .group_by(hash_column, col(Dataset.local_path))
    )
    return [(value, Path(folder, path)) for value, folder, path in session.exec(query) if folder]
