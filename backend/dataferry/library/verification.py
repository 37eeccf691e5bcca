"""The job that verifies a dataset: every byte against what was recorded of it, and against what its source
publishes now.

It reads only, goes on after a file that cannot be read, and tells all that it finds. A dataset may have half
a million files: nothing loads their rows at once.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Reads
from dataferry.core.errors import Cancelled, ChecksumMismatch, DataferryError, NotFound, StoreNotWritable
from dataferry.core.files.no_links import NoLinks
from dataferry.core.specs import SOURCES
from dataferry.core.types import Checksum, Progress
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library import check_rows, file_state
from dataferry.library.cancellation import unless_cancelled
from dataferry.library.check_views import Tally
from dataferry.library.file_state import Found, Recorded
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.private_urls import PrivateUrls
from dataferry.sources.catalog import Catalog
from dataferry.transfer.files.rate import RateMeter

#: Rows that are read, and names that are looked up, at a time.
_BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class _Published:
    """What a source publishes now: checksums by path, or why it was not asked."""

    checksums: Mapping[str, Checksum] = field(default_factory=dict)
    note: str | None = None


class Verification:
    """Runs jobs of the kind ``verify``. Everything blocks, and may be killed at any line."""

    def __init__(
        self,
        database: Reads,
        store: Store,
        catalog: Catalog,
        credentials: CredentialResolver,
        private_urls: PrivateUrls,
    ) -> None:
        self._database = database
        self._store = store
        self._catalog = catalog
        self._credentials = credentials
        self._private_urls = private_urls

    def register(self, jobs: Jobs) -> None:
        """Let ``jobs`` run it."""
        jobs.register("verify", self.verify)

    def verify(self, run: JobRun) -> None:
        """Hash every file, and keep the report. Damage is no failure of the job.

        Errors: ``NotFound`` for a dataset that is not here; ``StoreNotWritable`` where its disk is away.
        """
        dataset = self._database.read(lambda session: session.get(Dataset, run.job.dataset_id))
        if dataset is None or not dataset.downloaded or dataset.local_path is None:
            raise NotFound("The dataset is not here any more.", next_step="Download it first.")
        tree = Path(dataset.local_path)
        self._check_disk(tree)
        published = self._published(run, dataset)
        check = _Check(run, tree, NoLinks(self._store.root), published.checksums, dataset)
        after: str | None = None
        while files := self._database.read(check_rows.recorded, dataset.id, after=after, limit=_BATCH_SIZE):
            verified = [(file.path, found) for file in files if (found := check.file(file)) is not None]
            if verified:
                run.write(partial(_record_stats, dataset, verified))
            after = files[-1].path
        self._find_foreign(dataset.id, tree, check)
        self._check_disk(tree)  # it may have gone meanwhile
        report = check_rows.report_of(dataset, "full", check.tally, **check.source(published.note))
        run.write(lambda session: check_rows.store(session, dataset.id, dataset.generation, report))
        check.report(note=report.line)

    def _check_disk(self, tree: Path) -> None:
        """Errors: ``StoreNotWritable`` where the dataset's disk is away."""
        if not self._store.is_there(tree):
            raise StoreNotWritable(
                f"The downloads folder {self._store.root} has no dataset in it: its disk may not be mounted.",
                next_step="Mount it, then verify again. If the files are gone, download them again.",
            )

    def _published(self, run: JobRun, dataset: Dataset) -> _Published:
        """What its source publishes of this revision now. That it cannot be asked keeps nobody from verifying
        what is here."""
        ref = self._private_urls.ref_of(dataset)
        if not SOURCES[ref.source].has_revisions:
            return _Published(note="What is behind a link may be another file by now.")
        credential = self._credentials.resolve(ref.source, run.requesters)
        try:
            manifest = unless_cancelled(run.cancel, self._catalog.manifest, ref, dataset.revision, credential)
        except DataferryError as error:
            return _Published(note=error.detail)
        found = {
            entry.path: entry.checksum for entry in manifest.files if entry.checksum and not entry.unpack
        }
        if any(entry.unpack for entry in manifest.files):
            return _Published(
                found, "It publishes an archive: its files are compared as they came out of it."
            )
        return _Published(found, None if found else "It publishes no checksums.")

    def _find_foreign(self, dataset_id: str, tree: Path, check: "_Check") -> None:
        """Say of every path that no row has that it is none of the dataset's."""
        batch: list[str] = []

        def look_up() -> None:
            known = self._database.read(check_rows.known_paths, dataset_id, batch)
            for path in batch:
                if path not in known:
                    check.tally.add(path, "foreign")
            batch.clear()

        for path in file_state.walk(tree):
            batch.append(path)
            if len(batch) == _BATCH_SIZE:
                look_up()
                check.raise_if_cancelled()
        look_up()


def _record_stats(dataset: Dataset, verified: Sequence[tuple[str, Found]], session: Session) -> None:
    check_rows.record_stats(session, dataset.id, dataset.generation, verified)


class _Check:
    """One run: the files so far, and its progress."""

    def __init__(
        self, run: JobRun, tree: Path, links: NoLinks, checksums: Mapping[str, Checksum], dataset: Dataset
    ) -> None:
        self.tally = Tally()
        self._run = run
        self._tree = tree
        self._links = links
        self._checksums = checksums
        self._compared = 0
        self._rate = RateMeter()
        self._progress = Progress(phase="verifying", bytes_total=dataset.size, files_total=dataset.file_count)
        self._run.progress(self._progress)

    def file(self, file: Recorded) -> Found | None:
        """Compare one file; what the disk has of it, where it is whole and recorded otherwise."""
        self.raise_if_cancelled()
        done = self._progress.bytes_done
        found = file_state.find(self._tree, file.path, self._links)
        whole = False
        if not isinstance(found, Found):
            self.tally.add(file.path, found)
        elif found.size != file.size:
            self.tally.add(file.path, "changed")
        else:
            whole = self._compare(file)
        files = self._progress.files_done + 1
        self._move(done + file.size - self._progress.bytes_done, files_done=files)
        if not whole or not isinstance(found, Found):
            return None
        return None if (found.mtime_ns, found.inode) == (file.mtime_ns, file.inode) else found

    def _compare(self, file: Recorded) -> bool:
        promised = self._checksums.get(file.path)
        read = file_state.hashed(self._tree / file.path, file.size, promised, self._count)
        if read is None:
            self.tally.add(file.path, "unreadable")
            return False
        sha256, digests = read
        if sha256 != file.sha256:
            self.tally.add(file.path, "changed")
            return False
        if promised is not None:
            self._compared += 1
            try:
                digests.verify(file.path, self._tree / file.path)
            except ChecksumMismatch:
                self.tally.add(file.path, "source_differs")
        return True

    def source(self, note: str | None) -> dict[str, Any]:
        """The report's fields about the source."""
        if not self._compared:
            return {"source": "not_asked", "source_note": note}
        differs = self.tally.numbers["source_differs"] > 0
        return {"source": "differs" if differs else "agrees", "source_note": note}

    def report(self, note: str) -> None:
        """Tell the end of it."""
        self._progress = self._progress.model_copy(update={"rate_bps": None, "eta_s": None, "note": note})
        self._run.progress(self._progress)

    def raise_if_cancelled(self) -> None:
        """Errors: ``Cancelled``."""
        if self._run.cancel.is_set():
            raise Cancelled

    def _count(self, count: int) -> None:
        self.raise_if_cancelled()
        self._move(count)

    def _move(self, count: int, **files: int) -> None:
        done = self._progress.bytes_done + count
        total = self._progress.bytes_total
        self._rate.add(time.monotonic(), done)
        eta_s = None if total is None else self._rate.time_left(max(0, total - done))
        moved = {"bytes_done": done, "rate_bps": self._rate.rate, "eta_s": eta_s, **files}
        self._progress = self._progress.model_copy(update=moved)
        self._run.progress(self._progress)
