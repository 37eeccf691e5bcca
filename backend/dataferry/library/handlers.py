"""The bodies of the library's jobs. They block, run in a worker's thread, and may be killed at any
line: whatever they leave, the next attempt goes on from there."""

import logging
import shutil
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Reads
from dataferry.core.errors import Cancelled, Conflict, DataferryError, FolderBusy, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.specs import JOB_KINDS, SOURCES
from dataferry.core.types import Credential, DatasetRef, Manifest
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library import history_rows, pins, rights, rows, share_rows, view_rows
from dataferry.library.additions.manifest import ADDITION, AddedFiles
from dataferry.library.cancellation import unless_cancelled
from dataferry.library.dedup import DedupCandidates, deduplicate
from dataferry.library.deletion import is_wanted_since
from dataferry.library.disk_room import DiskRoom, release
from dataferry.library.foreign_files import keep_foreign
from dataferry.library.imports import bundled_manifest
from dataferry.library.models import Dataset
from dataferry.library.paths import Inodes, Store
from dataferry.library.plugin_jobs import PluginJobs
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.quota import Quotas
from dataferry.library.recording import is_complete, record_download
from dataferry.library.removal import Removal
from dataferry.library.selection import Choice, Selection, archives_of, drop_unwanted, select
from dataferry.library.speed_limits import SpeedLimits
from dataferry.library.versions.jobs import RESTORES, VersionJobs
from dataferry.plugins import DatasetPlugin, Plugins
from dataferry.plugins.manifest import manifest_of
from dataferry.sources.catalog import Catalog
from dataferry.transfer import FetchResult, Limits, discard_workdir, fetch, hold_workdir, run_folder
from dataferry.transfer.contract import Reuse

log = logging.getLogger(__name__)

#: What an earlier attempt had brought stays on the bar meanwhile.
_RESOLVING = {"phase": "resolving", "rate_bps": None, "eta_s": None, "note": None}


class Handlers:
    """Download, update and delete."""

    def __init__(
        self,
        database: Reads,
        store: Store,
        catalog: Catalog,
        credentials: CredentialResolver,
        private_urls: PrivateUrls,
        settings: Settings,
        speed_limits: SpeedLimits,
        quotas: Quotas,
        plugins: Plugins,
    ) -> None:
        self._database = database
        self._store = store
        self._catalog = catalog
        self._credentials = credentials
        self._private_urls = private_urls
        self._speed_limits = speed_limits
        self._quotas = quotas
        self._room = DiskRoom(database, store, settings.min_free_bytes)
        self._limits = Limits(
            connections=settings.transfer_connections,
            stall_timeout_s=settings.stall_timeout_s,
            min_free_bytes=settings.min_free_bytes,
        )
        self._plugins = PluginJobs(plugins, self._limits)
        self._versions = VersionJobs(database, store)
        self._added = AddedFiles(database, store)

    def register(self, jobs: Jobs) -> None:
        """Let ``jobs`` run these handlers."""
        jobs.register("download", self.download)
        jobs.register("update", self.update)
        jobs.register("delete", self.delete)
        jobs.register("version", self._versions.record)
        jobs.on_start(self.sweep)
        jobs.on_left(self.job_left)
        jobs.on_closed(self.job_closed)
        jobs.after_closed(self.after_closed)
        self._jobs = jobs
        self.removal = Removal(self._database, self._store, jobs, self._plugins)

    def download(self, run: JobRun) -> None:
        """Manifest → verified files → row. A copy that is complete already is kept, unless forced."""
        dataset = self._dataset(run.job.dataset_id)
        if dataset.downloaded and self._keep(run, dataset):
            self._added.taken(run)
            return
        run.progress(run.job.progress.model_copy(update=_RESOLVING))
        if not dataset.downloaded and dataset.status != "queued":  # it waited for a deletion, say
            run.write(lambda session: rows.set_status(session, dataset.id, "queued", job_id=run.id))
        ref = self._private_urls.ref_of(dataset)
        credential = self._credentials.resolve(ref.source, run.requesters)
        manifest = self._manifest(run, dataset, ref, credential)
        restores = RESTORES in run.params
        selection = Selection.from_params(run.params)
        wanted = Selection().choice() if restores else self._wanted(ref, manifest, selection, credential)
        manifest = select(manifest, wanted)
        run.settle_dataset(lambda session: rows.resolve_revision(session, dataset.id, manifest.revision).id)
        dataset = self._dataset(run.job.dataset_id)
        plugin = self._plugins.fetching(ref)
        target = plugin.root if plugin else self._store.target(ref, manifest.revision, dataset.selection)
        self._store.check(target)
        run.update(revision=manifest.revision, file_path=str(target))
        if dataset.visibility == "restricted":
            # Before the first byte, so that there is no moment at which others on this machine may look.
            for folder in (target.parent, self._store.partial(dataset.id)):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o700)
        previous_inodes = self._store.inodes(target)
        reuse = self._reuse(run, dataset, manifest)
        if plugin and not restores and not run.params.get("bundle"):
            result = self._fetch_by(plugin, run)
        else:
            result = self._fetch(run, dataset, manifest, target, reuse, keep_archives=selection.keep_archives)
        result = drop_unwanted(result, target, wanted, archives_of(manifest))
        if dataset.visibility == "restricted":
            target.chmod(0o700)
        if reuse is not None:
            self._deduplicate(run, dataset, target, result, _hardlinked_paths(manifest, reuse))
        if dataset.downloaded and dataset.local_path == str(target):
            folder = run_folder(self._store.partial(dataset.id), run.name)
            keep_foreign(self._database, dataset.id, folder, target)
        self._record(run, dataset, manifest, target, result)
        # Only now: had it been deleted before, a kill in between would have cost all that had arrived.
        discard_workdir(self._store.partial(dataset.id), run)
        self._finish(run, dataset.id, target, previous_inodes)
        self._plugins.index(self._dataset(dataset.id))
        self._added.taken(run)

    def _record(
        self, run: JobRun, dataset: Dataset, manifest: Manifest, target: Path, result: FetchResult
    ) -> None:
        """Errors: ``Cancelled`` where the job is another run's by now; what this one has put at the target
        goes then, unless somebody relies on it."""
        promised = {entry.path: entry.checksum for entry in manifest.files}
        try:
            record_download(
                self._database, dataset.id, result.files, str(target), run.id, promised, write=run.write
            )
        except Cancelled:
            if run.ownership_lost and result.inode is not None:
                self.removal.withdraw(dataset.id, target, result.inode)
            raise

    def _manifest(self, run: JobRun, dataset: Dataset, ref: DatasetRef, credential: Credential) -> Manifest:
        """The files of the revision that was asked for, or was the newest when the job was.

        What is behind a URL has no revisions that could be had again: unless a person asked for the one of a
        card, what comes now is the file, and its row keeps the revision that it was made with.
        """
        if run.params.get("bundle"):
            return bundled_manifest(run.params)
        if ADDITION in run.params:
            return self._added.manifest(run.params, ref)
        if RESTORES in run.params:
            return self._versions.manifest(run, dataset)
        if plugin := self._plugins.fetching(ref):
            return manifest_of(plugin)
        asked = run.params.get("revision")
        fixed = SOURCES[ref.source].has_revisions
        wanted = dataset.revision or asked if fixed else asked
        manifest = unless_cancelled(run.cancel, self._catalog.manifest, ref, wanted, credential)
        return manifest if fixed else replace(manifest, revision=dataset.revision or manifest.revision)

    def _dataset(self, dataset_id: str) -> Dataset:
        """Errors: ``NotFound`` for a row that became one with another while the job was not at work."""
        dataset = self._database.read(lambda session: session.get(Dataset, dataset_id))
        if dataset is None:
            raise NotFound(
                "The dataset is listed under another revision by now.", next_step="Ask for it again."
            )
        return dataset

    def _keep(self, run: JobRun, dataset: Dataset) -> bool:
        """Whether the copy that is here is what the job was to bring, with its views made. An earlier run of
        a forced one may have brought it."""
        forced = run.params.get("force") or dataset.condition == "damaged"
        if forced and dataset.download_job_id != run.id:
            return False
        partial = self._store.partial(dataset.id)
        with hold_workdir(partial, run):  # so that no update deletes it meanwhile
            dataset = self._dataset(dataset.id)
            if not dataset.downloaded or not is_complete(self._database, self._store, dataset):
                return False
            self._finish(run, dataset.id, Path(dataset.local_path or ""))
            shutil.rmtree(partial, ignore_errors=True)
        return True

    def _fetch(
        self,
        run: JobRun,
        dataset: Dataset,
        manifest: Manifest,
        target: Path,
        reuse: Reuse | None,
        *,
        keep_archives: bool,
    ) -> FetchResult:
        with self._speed_limits.join(run.id, run.requesters[0]) as member:
            return fetch(
                manifest,
                target,
                run.progress,
                run.cancel,
                workdir=self._store.partial(dataset.id),
                limits=self._limits,
                replace=True,
                member=member,
                reuse=reuse,
                keep_archives=keep_archives,
                reserve=partial(self._reserve, run),
                accept=self._plugins.accept(manifest.ref, target),
                user=run,
                confirm=run.confirm,
            )

    def _reserve(self, run: JobRun, needed_bytes: int) -> None:
        """Errors: those of ``Quotas.reserve`` and ``DiskRoom.reserve``."""
        self._quotas.reserve(run, needed_bytes)
        self._room.reserve(run, needed_bytes)

    def _fetch_by(self, plugin: DatasetPlugin, run: JobRun) -> FetchResult:
        with self._speed_limits.join(run.id, run.requesters[0]) as member:
            return self._plugins.fetch(run, plugin, member)

    def _wanted(
        self, ref: DatasetRef, manifest: Manifest, selection: Selection, credential: Credential
    ) -> Choice:
        """Which files to bring."""
        if not selection.config and not selection.split:
            return selection.choice()
        patterns = self._catalog.subset(
            ref, manifest.revision, credential, config=selection.config, split=selection.split
        )
        return selection.choice(patterns)

    def _reuse(self, run: JobRun, dataset: Dataset, manifest: Manifest) -> Reuse | None:
        """The library's files of the promised bytes, unless a fresh download is forced. An update wants the
        newest revision, and takes from the former what has stayed."""
        if RESTORES in run.params:
            return self._versions.reuse(dataset)
        if ADDITION in run.params:
            return self._added.reuse(run.params, dataset, manifest)
        forced = run.params.get("force") and run.job.kind != "update"
        if forced or not manifest.files:  # what a plugin fetches itself it may also write again
            return None
        return DedupCandidates(
            self._database, self._store, dataset, (entry.checksum for entry in manifest.files)
        )

    def _deduplicate(
        self, run: JobRun, dataset: Dataset, target: Path, result: FetchResult, hardlinked: set[str]
    ) -> None:
        """Deduplicate files whose SHA-256 was not known before they arrived."""
        files = [file for file in result.files if file.path not in hardlinked]
        deduplicate(self._database, self._store, dataset, target, files, stopped=run.cancel.is_set)

    def update(self, run: JobRun) -> None:
        """Fetch the newest revision, then delete the older ones that nobody else has asked for: the old copy
        stays until the new one is verified, and for as long as another job is at work on it."""
        self.download(run)
        kept = self._dataset(run.job.dataset_id)
        for older in self._database.read(rows.find, rows.ref_of(kept)):
            is_other = older.id != kept.id and older.local_path != kept.local_path
            if older.downloaded and is_other and older.selection == kept.selection:
                run.write(partial(_hand_on, run, older.id))
                self.removal.remove_unused(run, older.id)
        self._versions.brought(run, run.job.dataset_id)

    def delete(self, run: JobRun) -> None:
        """Files, views and a partial download of one dataset, and nothing of its neighbours. Where others
        asked for it too only the part of those ends who want it deleted, unless an admin is among them."""
        since = run.params.get("unused_since_ms")
        with hold_workdir(self._store.partial(run.job.dataset_id), run):
            if since is not None and self._database.read(is_wanted_since, run.job.dataset_id, since):
                note = "Somebody has used or pinned this dataset meanwhile: it stays."
                run.progress(run.latest_progress.model_copy(update={"note": note}))
            elif since is not None and self._versions.of(self._dataset(run.job.dataset_id)).exists:
                note = "The dataset has versions, which nobody could download again: it stays."
                run.progress(run.latest_progress.model_copy(update={"note": note}))
            elif not self.removal.give_up(run, run.job.dataset_id, run.params.get("views")):
                note = "Others have asked for this dataset too: its files stay for them."
                run.progress(run.latest_progress.model_copy(update={"note": note}))
            else:
                run.confirm()
                self._versions.discard(self._dataset(run.job.dataset_id), run.write)

    def job_left(self, session: Session, job: JobView, user_id: str) -> None:
        """Called when somebody leaves a job: what they did not wait for is not theirs."""
        dataset = session.get(Dataset, job.dataset_id)
        if dataset is not None and not dataset.downloaded and JOB_KINDS[job.kind].brings:
            rights.give_up(session, dataset.id, [user_id])

    def job_closed(self, session: Session, job: JobView) -> None:
        """Called when a job reaches a final state: keeps its error, frees its room on the disk. A deletion
        that was cancelled before it began has changed nothing."""
        release(session, job.id)
        if job.kind in history_rows.KINDS and job.state != "cancelled":
            history_rows.record(session, job, self._jobs.requesters(session, job.id))
        dataset = session.get(Dataset, job.dataset_id)
        if dataset is None or job.state == "succeeded" or JOB_KINDS[job.kind].effect == "none":
            return
        if job.state == "failed" and job.problem is not None:
            status = "downloaded" if dataset.downloaded else "failed"
            problem = job.problem
            error = f"{problem.detail} {problem.next_step}" if problem.next_step else problem.detail
            rows.set_status(session, dataset.id, status, error=error)
        elif job.state == "cancelled" and JOB_KINDS[job.kind].brings:
            rows.set_status(session, dataset.id, "downloaded" if dataset.downloaded else dataset.idle_status)

    def after_closed(self, job: JobView) -> None:
        """Called once a job is in a final state: drops what a cancelled one has left, and lets those know who
        have what another one deleted."""
        if job.kind == "delete" and job.state == "succeeded":
            if not self._dataset(job.dataset_id).downloaded:
                self._jobs.publish_gone(job.dataset_id)
        elif job.state == "cancelled" and JOB_KINDS[job.kind].brings:
            self._discard_unwanted(job.dataset_id)

    def sweep(self) -> None:
        """Called before the first job: drops what jobs that have ended left when their process was killed."""
        for folder in self._store.partials():
            try:
                self._discard_unwanted(folder.name)
            except (DataferryError, OSError):  # it is in nobody's way
                log.warning("%s is left over and cannot be removed", folder, exc_info=True)

    def _discard_unwanted(self, dataset_id: str) -> None:
        """Delete a working folder, unless a job uses it or a failed one may be started again."""
        partial = self._store.partial(dataset_id)
        if not partial.exists():
            return
        with suppress(FolderBusy), hold_workdir(partial):
            newest = self._database.read(self._jobs.newest, dataset_id)
            if newest is None or not (newest.active or newest.state == "failed"):
                self._store.discard_soon(partial)

    def _finish(
        self, run: JobRun, dataset_id: str, target: Path, previous_inodes: Inodes = frozenset()
    ) -> None:
        """Make the views that were asked for, perhaps by others meanwhile. The dataset is here: a view that
        cannot be made is forgotten, and those who wait for this job are told so if it was theirs."""
        run.update(file_path=str(target))
        run.write(lambda s: rights.own(s, dataset_id, self._jobs.requesters(s, run.id)))
        for view in self._database.read(view_rows.of, dataset_id):
            try:
                self._store.make_view(target, Path(view.path), previous=previous_inodes)
            except (Conflict, OSError) as error:
                log.warning("the view %s of %s cannot be made", view.path, target, exc_info=True)
                run.write(partial(_drop_view, dataset_id, view.path))
                if view.user_id in run.requesters:
                    self._tell_missing_view(run, view.path, error)

    def _tell_missing_view(self, run: JobRun, view: str, error: Conflict | OSError) -> None:
        reason = error.detail if isinstance(error, Conflict) else f"{error.strerror}."
        note = f"The files are not linked into {view}: {reason}"
        before = run.latest_progress.note
        run.progress(run.latest_progress.model_copy(update={"note": f"{before} {note}" if before else note}))


def _hardlinked_paths(manifest: Manifest, reuse: Reuse) -> set[str]:
    """Files that the transfer has hardlinked already, if the library has them: deduplicating them again
    would gain nothing."""
    return {
        entry.path
        for entry in manifest.files
        if entry.checksum is not None
        and (entry.checksum.algorithm == "sha256" or reuse(entry.checksum, entry.size or 0) is not None)
    }


def _drop_view(dataset_id: str, path: str, session: Session) -> None:
    view_rows.drop(session, dataset_id, [path])


def _hand_on(run: JobRun, older_id: str, session: Session) -> None:
    """What those who update a dataset have said of their older copy they say of the newer one."""
    pins.hand_on(session, older_id, run.job.dataset_id, run.requesters)
    share_rows.hand_on(session, older_id, run.job.dataset_id, run.requesters)
