"""What jobs do with versions. Everything blocks, in a worker's thread, and may be killed at any line: what is
in the cache by then is taken as it is by the next attempt."""

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from sqlmodel import Session

from dataferry.core.db import Reads
from dataferry.core.errors import Cancelled, DataferryError, NotFound
from dataferry.core.files.no_links import is_regular
from dataferry.core.types import Bytes, Checksum, DatasetRef, FileEntry, Manifest, Progress
from dataferry.jobs.service import JobRun
from dataferry.library import rows
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.recording import Write
from dataferry.library.versions.recording import Request, files_in, record
from dataferry.library.versions.repository import SHORT, DatasetVersions
from dataferry.transfer.contract import Reuse
from dataferry.transfer.files.disk import disk_faults

log = logging.getLogger(__name__)

#: Of a job that brings a version back: its id.
RESTORES = "version"
#: Whose versions those are that an update records by itself.
SERVER = "Dataferry"


class VersionJobs:
    """Records versions, and says which files one has that is brought back."""

    def __init__(self, database: Reads, store: Store) -> None:
        self._database = database
        self._store = store

    def of(self, dataset: Dataset) -> DatasetVersions:
        """The versions of a dataset, where there are any yet or not."""
        return DatasetVersions(self._store.versions(rows.ref_of(dataset), dataset.selection))

    def record(self, run: JobRun) -> None:
        """Record what is in the dataset's folder. Errors: those of ``recording.record``; ``DiskFull``."""
        dataset = self._dataset(run.job.dataset_id)
        request = Request(run.params.get("author") or SERVER, run.params.get("message") or "")
        note = self._record(run, dataset, request)
        run.progress(run.latest_progress.model_copy(update={"note": note, "rate_bps": None, "eta_s": None}))

    def _dataset(self, dataset_id: str) -> Dataset:
        dataset = self._database.read(lambda session: session.get(Dataset, dataset_id))
        if dataset is None or not dataset.downloaded:
            raise NotFound("The dataset is not here any more.", next_step="Download it first.")
        return dataset

    def _record(self, run: JobRun, dataset: Dataset, request: Request) -> str:
        """What became of it, in words."""
        progress = _Moved(run, dataset)
        versions = self.of(dataset)
        self._store.check(versions.folder)
        with disk_faults(self._store.root):
            found = record(self._database, versions, dataset, request, progress)
        run.write(partial(_mark, dataset_id=dataset.id, versioned=True))
        if found is None:
            return "Nothing has changed since the newest version: none was recorded."
        return f"Version {found.number} ({found.id[:SHORT]}) is recorded."

    # -- bringing one back ------------------------------------------------------------------------------

    def manifest(self, run: JobRun, dataset: Dataset) -> Manifest:
        """The files of the version that a job brings back. Errors: ``NotFound``, ``Conflict``."""
        versions = self.of(dataset)
        version = versions.get(run.params[RESTORES])
        cache = versions.repository.cache
        entries = tuple(
            FileEntry(
                path,
                Bytes(partial(_opened, cache.path("objects", file.sha256))),
                size=file.size,
                checksum=Checksum("sha256", file.sha256, "recorded"),
            )
            for path, file in files_in(versions, version)
        )
        return Manifest(DatasetRef.parse(run.job.ref), version.facts.revision, entries)

    def reuse(self, dataset: Dataset) -> Reuse:
        """Files of the cache, which share their bytes with what is brought back."""
        cache = self.of(dataset).repository.cache

        def find(checksum: Checksum, size: int) -> Path | None:
            path = cache.path("objects", checksum.value)
            return path if size and is_regular(path) and path.stat().st_size == size else None

        return find

    def brought(self, run: JobRun, dataset_id: str) -> None:
        """An update has brought other files. Where the dataset is versioned they are its next version, and
        where they are those of an older version, one that says so. That it cannot be recorded is told."""
        dataset = self._dataset(dataset_id)
        versions = self.of(dataset)
        if not versions.exists:
            return
        restored = run.params.get(RESTORES)
        request = Request(run.params.get("author") or SERVER, f"Update to {dataset.revision[:12]}")
        if restored is not None:
            newest = versions.newest()
            if newest is not None and newest.facts.restores == restored:
                return  # before this process was killed
            message = run.params.get("message") or f"Restore version {versions.get(restored).number}"
            request = replace(request, message=message, restores=restored)
        try:
            note = self._record(run, dataset, request)
        except (DataferryError, OSError) as error:
            log.warning("the new files of %s are no version", dataset.source_id, exc_info=True)
            reason = error.detail if isinstance(error, DataferryError) else error.strerror
            note = f"The files are here, but are no version yet: {reason}"
        run.progress(run.latest_progress.model_copy(update={"note": note}))

    def discard(self, dataset: Dataset, write: Write) -> None:
        """Delete the versions of a dataset whose files a person has deleted, unless it is here in another
        revision."""
        here = self._database.read(rows.find, rows.ref_of(dataset))
        if not any(row.downloaded and row.selection == dataset.selection for row in here):
            self._store.discard(self._store.versions(rows.ref_of(dataset), dataset.selection))
            write(partial(_mark, dataset_id=dataset.id, versioned=False))


def _mark(session: Session, dataset_id: str, versioned: bool) -> None:
    """Write down whether there are versions of a dataset, in the row of each of its revisions."""
    dataset = session.get_one(Dataset, dataset_id)
    for row in rows.find(session, rows.ref_of(dataset)):
        if row.selection == dataset.selection:
            row.versioned = versioned
            session.add(row)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


class _Moved:
    """Progress of one run."""

    def __init__(self, run: JobRun, dataset: Dataset) -> None:
        self._run = run
        self._progress = Progress(phase="finishing", bytes_total=dataset.size, files_total=dataset.file_count)

    def __call__(self, files: int, size: int) -> None:
        """Errors: ``Cancelled``."""
        if self._run.cancel.is_set():
            raise Cancelled
        done = {
            "files_done": self._progress.files_done + files,
            "bytes_done": self._progress.bytes_done + size,
        }
        self._progress = self._progress.model_copy(update=done)
        self._run.progress(self._progress)


def params_of(version: str, author: str, message: str) -> dict[str, Any]:
    """Of a job that brings a version back. It takes the place of whatever is there."""
    return {RESTORES: version, "author": author, "message": message, "force": True}
