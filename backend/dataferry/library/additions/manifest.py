"""The files of a person's dataset for the job that brings it into the library."""

import logging
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from dataferry.core.db import Reads
from dataferry.core.errors import NotFound
from dataferry.core.files.digests import tree_checksum
from dataferry.core.types import Bytes, Checksum, DatasetRef, FileEntry, Manifest
from dataferry.jobs.service import JobRun
from dataferry.library.additions import requests
from dataferry.library.additions.file_list import FileList, ListedFile
from dataferry.library.dedup import DedupCandidates
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.transfer.archives.archive_formats import is_named_archive
from dataferry.transfer.contract import Reuse

log = logging.getLogger(__name__)

#: Of a job that brings an addition into the library: the addition's id.
ADDITION = "addition"
#: Of one that unpacks its archives.
UNPACK = "unpack"


class AddedFiles:
    """What jobs do with additions. Everything here blocks."""

    def __init__(self, database: Reads, store: Store) -> None:
        self._database = database
        self._store = store

    def manifest(self, params: dict[str, Any], ref: DatasetRef) -> Manifest:
        """Errors: ``NotFound`` where what has arrived was removed."""
        files = FileList(self._store.addition(params[ADDITION]))
        entries = tuple(_entry(files, file, unpack=params[UNPACK]) for file in files.files())
        return Manifest(ref, revision_of(files, unpack=params[UNPACK]), entries)

    def reuse(self, params: dict[str, Any], dataset: Dataset, manifest: Manifest) -> Reuse:
        """What the library has, else what has arrived: it is linked, and needs no more room."""
        files = FileList(self._store.addition(params[ADDITION]))
        parts = {file.sha256: files.part(file.path) for file in files.files() if not file.kept}
        promised = (entry.checksum for entry in manifest.files)
        here = DedupCandidates(self._database, self._store, dataset, promised)
        return lambda checksum, size: here(checksum, size) or parts.get(checksum.value)

    def taken(self, run: JobRun) -> None:
        """The dataset is in the library: what it was made of goes."""
        params = run.params
        if ADDITION in params:
            run.write(lambda session: requests.forget(session, params[ADDITION]))
            shutil.rmtree(self._store.addition(params[ADDITION]), ignore_errors=True)


def revision_of(files: FileList, *, unpack: bool) -> str:
    """It follows from the files alone: the same files are the same revision."""

    def lines() -> Iterator[tuple[str, str]]:
        for file in files.files():
            # What is unpacked is another dataset than the archive.
            yield f"{file.path}/" if _is_unpacked(file, unpack) else file.path, file.sha256 or ""

    return tree_checksum(lines())


def _is_unpacked(file: ListedFile, unpack: bool) -> bool:
    return unpack and not file.kept and is_named_archive(file.path)


def _entry(files: FileList, file: ListedFile, *, unpack: bool) -> FileEntry:
    assert file.sha256 is not None, "all has arrived"
    return FileEntry(
        file.path,
        Bytes(partial(_opened, files.part(file.path), file.path)),
        size=file.size,
        checksum=Checksum("sha256", file.sha256, "recorded"),
        unpack=_is_unpacked(file, unpack),
    )


def _opened(part: Path, path: str) -> BinaryIO:
    """Errors: ``NotFound`` where a file of the revision before, which was to be linked, is gone."""
    try:
        return part.open("rb")
    except FileNotFoundError as error:
        raise NotFound(
            f"{path[:120]} is not here any more.", next_step="Add the folder again, with all of its files."
        ) from error
