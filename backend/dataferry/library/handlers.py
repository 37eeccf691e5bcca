"""The bodies of the library's jobs. They block, run in a worker's thread, and may be killed at any
line: whatever they leave, the next attempt goes on from there."""

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import Cancelled, Conflict, NotFound
from dataferry.core.settings import Settings
from dataferry.core.specs import SOURCES
from dataferry.core.types import Credential, DatasetRef, JobView, Manifest, Progress
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library import rows
from dataferry.library.dedup import dedup_candidates, deduplicate
from dataferry.library.file_rows import files_of
from dataferry.library.models import Dataset
from dataferry.library.paths import Inodes, Store
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.selection import Selection, matching_paths
from dataferry.library.speed_limits import SpeedLimits
from dataferry.sources.catalog import Catalog
from dataferry.transfer import FetchResult, Limits, fetch
from dataferry.transfer.contract import Reuse

T = TypeVar("T")

_CANCEL_POLL_S = 0.1


class Handlers:
    """Download, update and delete."""

    def __init__(
        self,
        database: Database,
        store: Store,
        catalog: Catalog,
        credentials: CredentialResolver,
        private_urls: PrivateUrls,
        settings: Settings,
        speed_limits: SpeedLimits,
    ) -> None:
        self._database = database
        self._store = store
        self._catalog = catalog
        self._credentials = credentials
        self._private_urls = private_urls
        self._speed_limits = speed_limits
        self._limits = Limits(
            connections=settings.transfer_connections,
            stall_timeout_s=settings.stall_timeout_s,
            min_free_bytes=settings.min_free_bytes,
        )

    def register(self, jobs: Jobs) -> None:
        """Let ``jobs`` run these handlers."""
        jobs.register("download", self.download)
        jobs.register("update", self.update)
        jobs.register("delete", self.delete)
        jobs.on_closed(self.job_closed)

    def download(self, run: JobRun) -> None:
        """Manifest → verified files → row. A copy that is complete already is kept, unless forced."""
        dataset = self._database.call(lambda session: session.get_one(Dataset, run.job.dataset_id))
        if dataset.downloaded and not run.params.get("force") and is_complete(self._database, dataset):
            self._finish(run, dataset.id, Path(dataset.local_path or ""))
            return
        run.progress(Progress(phase="resolving"))
        ref = self._private_urls.ref_of(dataset)
        credential = self._credentials.resolve(ref.source, run.requesters)
        manifest = self._manifest(run, dataset, ref, credential)
        selection = Selection.from_params(run.params)
        wanted = self._wanted(ref, manifest, selection, credential)
        manifest = _select(manifest, wanted)
        dataset = self._database.call(rows.resolve_revision, dataset.id, manifest.revision)
        target = self._store.target(ref, manifest.revision, dataset.selection)
        run.update(dataset_id=dataset.id, revision=manifest.revision, file_path=str(target))
        partial = self._store.partial(dataset.id)
        if dataset.visibility == "restricted":
            # Before the first byte, so that there is no moment at which others on this machine may look.
            for folder in (target.parent, partial):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o700)
        previous_inodes = self._store.inodes(target)
        reuse = self._reuse(run, dataset, manifest)
        with self._speed_limits.join(run.id, run.requesters[0]) as member:
            result = fetch(
                manifest,
                target,
                run.progress,
                run.cancel,
                workdir=partial,
                limits=self._limits,
                replace=True,
                member=member,
                reuse=reuse,
                keep_archives=selection.keep_archives,
            )
        result = _prune(result, target, wanted, _archives(manifest) if selection.keep_archives else set())
        if dataset.visibility == "restricted":
            target.chmod(0o700)
        if reuse is not None:
            self._deduplicate(run, dataset, target, result, _hardlinked_paths(manifest, reuse))
        promised = {entry.path: entry.checksum for entry in manifest.files}
        self._database.call(rows.record_download, dataset.id, result.files, str(target), run.job.id, promised)
        self._finish(run, dataset.id, target, previous_inodes)

    def _manifest(self, run: JobRun, dataset: Dataset, ref: DatasetRef, credential: Credential) -> Manifest:
        """The files of the revision that was asked for, or was the newest when the job was.

        What is behind a URL has no revisions that could be had again: unless a person asked for the one of a
        card, what comes now is the file, and its row keeps the revision that it was made with.
        """
        asked = run.params.get("revision")
        fixed = SOURCES[ref.source].has_revisions
        wanted = dataset.revision or asked if fixed else asked
        manifest = _unless_cancelled(run.cancel, self._catalog.manifest, ref, wanted, credential)
        return manifest if fixed else replace(manifest, revision=dataset.revision or manifest.revision)

    def _wanted(
        self, ref: DatasetRef, manifest: Manifest, selection: Selection, credential: Credential
    ) -> tuple[str, ...]:
        """Paths and patterns of the files to bring; empty for all of them."""
        if not selection.config and not selection.split:
            return selection.files
        return self._catalog.subset(
            ref, manifest.revision, credential, config=selection.config, split=selection.split
        )

    def _reuse(self, run: JobRun, dataset: Dataset, manifest: Manifest) -> Reuse | None:
        """The library's files of the promised bytes, unless a fresh download is forced. An update wants the
        newest revision, and takes from the former what has stayed."""
        if run.params.get("force") and run.job.kind != "update":
            return None
        return dedup_candidates(self._database, dataset, (entry.checksum for entry in manifest.files))

    def _deduplicate(
        self, run: JobRun, dataset: Dataset, target: Path, result: FetchResult, hardlinked: set[str]
    ) -> None:
        """Deduplicate files whose SHA-256 was not known before they arrived."""
        files = [file for file in result.files if file.path not in hardlinked]
        scratch = self._store.scratch()
        stopped = run.cancel.is_set
        deduplicate(self._database, dataset, target, files, scratch=scratch, stopped=stopped)

    def update(self, run: JobRun) -> None:
        """Fetch the newest revision, then delete the older ones: the old copy stays until the new
        one is verified."""
        self.download(run)
        ref = DatasetRef.parse(run.job.ref)
        kept = self._store.target(ref, run.job.revision or "")
        for dataset in self._database.call(rows.find, ref):
            if dataset.downloaded and dataset.local_path != str(kept) and not dataset.selection:
                self._remove(dataset)

    def delete(self, run: JobRun) -> None:
        """Files, views and a partial download of one dataset, and nothing of its neighbours."""
        dataset = self._database.call(lambda session: session.get_one(Dataset, run.job.dataset_id))
        self._remove(dataset)
        shutil.rmtree(self._store.partial(dataset.id), ignore_errors=True)

    def job_closed(self, job: JobView) -> None:
        """Called when a job reaches a final state: keeps its error, and drops what a cancelled one left."""
        if job.state == "succeeded":
            return
        with self._database.unit_of_work() as session:
            dataset = session.get(Dataset, job.dataset_id)
            if dataset is None:
                return
            if job.state == "failed" and job.problem is not None:
                status = "downloaded" if dataset.downloaded else "failed"
                problem = job.problem
                error = f"{problem.detail} {problem.next_step}" if problem.next_step else problem.detail
                rows.set_status(session, dataset.id, status, error=error)
            elif job.state == "cancelled":
                rows.set_status(session, dataset.id, "downloaded" if dataset.downloaded else "absent")
        if job.state == "cancelled" and job.kind != "delete":
            shutil.rmtree(self._store.partial(job.dataset_id), ignore_errors=True)

    def _finish(
        self, run: JobRun, dataset_id: str, target: Path, previous_inodes: Inodes = frozenset()
    ) -> None:
        """Make the views that were asked for, perhaps by others meanwhile."""
        run.update(file_path=str(target))
        dataset = self._database.call(lambda session: session.get_one(Dataset, dataset_id))
        for view in dataset.views:
            try:
                self._store.make_view(target, Path(view), previous=previous_inodes)
            except Conflict:
                self._database.call(rows.drop_view, dataset_id, view)
                raise

    def _restore_views(self, removed: Dataset) -> None:
        """Two datasets that share a file may have it in one view: what was taken from the other comes
        back."""
        for tree, view in self._database.call(rows.overlapping_views, removed):
            with suppress(Conflict):
                self._store.make_view(tree, view)

    def _remove(self, dataset: Dataset) -> None:
        if dataset.local_path is not None:
            tree = Path(dataset.local_path)
            for view in dataset.views:
                self._store.remove_view(tree, Path(view))
            self._restore_views(dataset)
            self._store.discard(tree)
        self._database.call(rows.record_deletion, dataset.id)


def _unless_cancelled(cancel: threading.Event, call: Callable[..., T], *args: Any) -> T:
    """What ``call(*args)`` returns or raises. It waits for a server, and is left to its own timeouts once
    nobody wants its answer. Errors: ``Cancelled``."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call(*args))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=copy_context().run, args=(run,), name="library-call", daemon=True).start()
    while not cancel.is_set():
        with suppress(TimeoutError):
            return answer.result(_CANCEL_POLL_S)
    raise Cancelled


def _hardlinked_paths(manifest: Manifest, reuse: Reuse) -> set[str]:
    """Files that the transfer has hardlinked already, if the library has them: deduplicating them again
    would gain nothing."""
    return {
        entry.path
        for entry in manifest.files
        if entry.checksum is not None
        and (entry.checksum.algorithm == "sha256" or reuse(entry.checksum, entry.size or 0) is not None)
    }


def is_complete(database: Database, dataset: Dataset) -> bool:
    """Every file is there with its size. Bytes are not read again."""
    if dataset.local_path is None:
        return False
    files = database.call(files_of, dataset.id)
    tree = Path(dataset.local_path)
    try:
        return bool(files) and all((tree / file.path).stat().st_size == file.size for file in files)
    except OSError:
        return False


def _archives(manifest: Manifest) -> set[str]:
    return {entry.path for entry in manifest.files if entry.unpack}


def _select(manifest: Manifest, wanted: Sequence[str]) -> Manifest:
    """The manifest without the files that are not wanted. Archives are kept: their members are selected once
    they are unpacked."""
    if not wanted or _archives(manifest):
        return manifest
    paths = matching_paths([entry.path for entry in manifest.files], wanted)
    return Manifest(
        manifest.ref, manifest.revision, tuple(entry for entry in manifest.files if entry.path in paths)
    )


def _prune(result: FetchResult, target: Path, wanted: Sequence[str], archives: set[str]) -> FetchResult:
    """Drop unpacked members that were not asked for. ``archives`` stay."""
    if not wanted:
        return result
    try:
        kept = matching_paths([file.path for file in result.files], wanted) | archives
    except NotFound:
        shutil.rmtree(target)
        raise
    for file in result.files:
        if file.path not in kept:
            (target / file.path).unlink()
    return FetchResult(files=tuple(file for file in result.files if file.path in kept))
