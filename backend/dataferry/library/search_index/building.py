"""The body of the job that builds and updates the index. It blocks, runs in a worker's thread, and may be
killed at any line: what has arrived stays, and the next attempt goes on from there."""

import logging
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Reads, now
from dataferry.core.errors import (
    DataferryError,
    DiskFull,
    Forbidden,
    NotFound,
    SourceError,
    SourceRateLimited,
    Unreadable,
)
from dataferry.core.problems import ProblemWords, words_of
from dataferry.core.settings import Settings
from dataferry.core.types import Manifest, Progress, SourceName
from dataferry.jobs.service import JobRun
from dataferry.library.cancellation import unless_cancelled
from dataferry.library.disk_room import DiskRoom
from dataferry.library.paths import Store
from dataferry.library.search_index.records import SourceRecord, read_record, write_record
from dataferry.library.search_index.snapshot_files import build_bytes, resolve
from dataferry.library.speed_limits import SpeedLimits
from dataferry.sources.catalog import Catalog
from dataferry.sources.index.build import BuildProgress
from dataferry.sources.index.manifest import IndexManifest, IndexUnusable, read_manifest
from dataferry.sources.index.process import build_in_process
from dataferry.sources.index.snapshots import SNAPSHOTS
from dataferry.transfer import Limits, fetch, hold_workdir

log = logging.getLogger(__name__)

#: Where a download's job has the id of its dataset.
INDEX_ID = "search-index"


class IndexBuilder:
    """Fetches the snapshots that have changed, builds the index of each, and deletes them.

    A hub that refuses, or cannot be reached, is left as it was; the other one's index is built all the same.
    """

    def __init__(
        self,
        database: Reads,
        settings: Settings,
        store: Store,
        catalog: Catalog,
        credentials: CredentialResolver,
        speed_limits: SpeedLimits,
    ) -> None:
        self._store = store
        self._folder = settings.index_folder
        self._catalog = catalog
        self._credentials = credentials
        self._speed_limits = speed_limits
        self._room = DiskRoom(database, store, settings.min_free_bytes)
        self._limits = Limits(
            connections=settings.transfer_connections,
            stall_timeout_s=settings.stall_timeout_s,
            min_free_bytes=settings.min_free_bytes,
        )

    def build(self, run: JobRun) -> None:
        """Errors: those of a download; ``Unreadable`` for a snapshot that is not what it should be."""
        workdir = self._store.partial(INDEX_ID)
        with hold_workdir(workdir, run):
            changed = self._find_changed(run)
            fetched, failures = self._fetch_all(run, changed, workdir)
            for source, manifest in fetched.items():
                failure = self._index(run, source, manifest, workdir / source)
                if failure is not None:
                    failures.append(failure)
            if failures:
                raise failures[0]
            self._store.discard_soon(workdir)

    # -- what to fetch ---------------------------------------------------------------------------------

    def _find_changed(self, run: JobRun) -> dict[SourceName, Manifest]:
        """The snapshots that the index in use was not built of. Errors: where no hub tells, what the first
        says."""
        run.progress(run.latest_progress.model_copy(update={"phase": "resolving", "note": None}))
        record, in_use = read_record(self._folder), _current(self._folder)
        found: dict[SourceName, Manifest] = {}
        failures: dict[SourceName, DataferryError] = {}
        for source, snapshot in SNAPSHOTS.items():
            credential = self._credentials.resolve(source, run.requesters)
            try:
                found[source] = unless_cancelled(run.cancel, resolve, self._catalog, snapshot, credential)
            except SourceRateLimited:
                raise
            except (SourceError, Forbidden, NotFound) as error:
                failures[source] = error
        if not found:
            raise next((error for error in failures.values() if error.transient), *failures.values())
        problems = {source: ProblemWords(**words_of(error)) for source, error in failures.items()}
        self._record_check(run, problems)
        changed = {
            source: manifest
            for source, manifest in found.items()
            if not record.is_current(source, manifest.revision, in_use)
        }
        run.progress(run.latest_progress.model_copy(update={"note": _note(changed, problems)}))
        return changed

    def _record_check(self, run: JobRun, problems: Mapping[SourceName, ProblemWords]) -> None:
        run.confirm()
        record = read_record(self._folder)
        sources = {
            source: record.of(source).model_copy(update={"problem": problems.get(source)})
            for source in SNAPSHOTS
        }
        update = {"checked_at": now(), "requested_by": run.requesters, "sources": sources}
        write_record(self._folder, record.model_copy(update=update))

    # -- bytes -----------------------------------------------------------------------------------------

    def _fetch_all(
        self, run: JobRun, changed: Mapping[SourceName, Manifest], workdir: Path
    ) -> tuple[dict[SourceName, Manifest], list[DataferryError]]:
        """The snapshots that were brought, and why others were not. Errors: what a retry may mend by itself,
        and ``DiskFull``."""
        fetched: dict[SourceName, Manifest] = {}
        failures: list[DataferryError] = []
        before = Progress()
        for source, manifest in changed.items():
            try:
                before = self._fetch(run, manifest, changed, workdir / source, before)
            except DataferryError as error:
                if error.transient or isinstance(error, DiskFull):
                    raise
                failures.append(error)
            else:
                fetched[source] = manifest
        return fetched, failures

    def _fetch(
        self,
        run: JobRun,
        manifest: Manifest,
        changed: Mapping[SourceName, Manifest],
        folder: Path,
        before: Progress,
    ) -> Progress:
        """Bring one snapshot to ``folder``. ``before``: what those before it have brought; returns it with
        this one's."""
        note, sizes = run.latest_progress.note, [one.total_bytes for one in changed.values()]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        files_total = sum(len(one.files) for one in changed.values())
        last = before

        def report(progress: Progress) -> None:
            nonlocal last
            last = progress.model_copy(
                update={
                    "phase": "fetching",
                    "bytes_done": before.bytes_done + progress.bytes_done,
                    "bytes_total": total,
                    "files_done": before.files_done + progress.files_done,
                    "files_total": files_total,
                    "note": progress.note or note,
                }
            )
            run.progress(last)

        run.update(ref=manifest.ref)
        building = max(build_bytes(one) for one in changed.values())

        def reserve(needed_bytes: int) -> None:
            self._room.reserve(run, needed_bytes + building)

        with self._speed_limits.join(run.id, run.requesters[0]) as member:
            fetch(
                manifest,
                folder,
                report,
                run.cancel,
                workdir=_fetch_workdir(folder),
                limits=self._limits,
                replace=True,
                member=member,
                reserve=reserve,
            )
        return last

    # -- rows ------------------------------------------------------------------------------------------

    def _index(
        self, run: JobRun, source: SourceName, manifest: Manifest, folder: Path
    ) -> DataferryError | None:
        """Build one hub's index of its snapshot and put it in the old one's place. What is wrong with the
        snapshot is returned: the old index stays, and a retry fetches it again."""
        self._room.reserve(run, build_bytes(manifest))
        run.update(ref=SNAPSHOTS[source].ref)
        run.progress(_indexing(run, 0))
        try:
            built = build_in_process({source: folder}, self._folder, partial(_report, run), run.cancel)
        except (Unreadable, NotFound) as error:
            log.warning("the snapshot of %s cannot be used: %s", source, error.detail)
            _discard(folder)
            return error
        run.confirm()
        self._record_built(source, manifest, built)
        _discard(folder)
        return None

    def _record_built(self, source: SourceName, manifest: Manifest, built: IndexManifest) -> None:
        record = read_record(self._folder)
        made = SourceRecord(folder=built.sources[source].folder, fingerprint=manifest.revision)
        write_record(self._folder, record.model_copy(update={"sources": {**record.sources, source: made}}))


def _fetch_workdir(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.fetch")


def _discard(folder: Path) -> None:
    """Delete a snapshot, and what its fetch keeps of it."""
    for left in (folder, _fetch_workdir(folder)):
        shutil.rmtree(left, ignore_errors=True)


def _current(folder: Path) -> IndexManifest | None:
    with suppress(IndexUnusable):
        return read_manifest(folder)
    return None


def _report(run: JobRun, told: BuildProgress) -> None:
    run.progress(_indexing(run, told.rows))


def _indexing(run: JobRun, rows: int) -> Progress:
    update = {"phase": "indexing", "rows_done": rows, "rate_bps": None, "eta_s": None}
    return run.latest_progress.model_copy(update=update)


def _note(changed: Mapping[SourceName, Manifest], problems: Mapping[SourceName, ProblemWords]) -> str | None:
    """What a person should know of what is not brought."""
    left = [
        f"{SNAPSHOTS[source].ref.label} is left as it was: {problem.detail}"
        f"{' ' + problem.next_step if problem.next_step else ''}"
        for source, problem in problems.items()
    ]
    if not changed and not problems:
        return "The hubs have published nothing newer."
    return " ".join(left) or None
