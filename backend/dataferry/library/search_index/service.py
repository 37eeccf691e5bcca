"""The search index: what it is, what it would cost, and how it is built, updated and removed."""

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import Conflict, Forbidden
from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.core.types import SourceName, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library.paths import Store
from dataferry.library.search_index.building import INDEX_ID
from dataferry.library.search_index.costs import Costs
from dataferry.library.search_index.records import UpdateRecord, read_record, remove_record
from dataferry.library.search_index.views import (
    IndexSourceView,
    IndexState,
    IndexView,
)
from dataferry.sources.catalog import Catalog
from dataferry.sources.index.build import remove
from dataferry.sources.index.handle import IndexHandle
from dataferry.sources.index.manifest import IndexManifest, IndexUnusable, OtherFormat, read_manifest
from dataferry.sources.index.snapshots import SNAPSHOTS
from dataferry.transfer import preflight

TITLE = "Search index"


class SearchIndex:
    """One for the server. Everyone may look at it; only admins build, update and remove it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        store: Store,
        catalog: Catalog,
        index: IndexHandle,
        jobs: Jobs,
        credentials: CredentialResolver,
    ) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._credentials = credentials
        self._index = index
        self._folder = index.folder
        self._update_h = settings.index_update_h
        self._min_free_bytes = settings.min_free_bytes
        self._costs = Costs(catalog, settings.describe_timeout_s)

    async def view(self, viewer: Viewer, *, with_costs: bool = False) -> IndexView:
        """What there is. ``with_costs`` also asks the hubs for the sizes of their snapshots, within
        three times ``describe_timeout_s``."""
        costs = await self._costs.ask(await self._credentials.all(viewer.user_id)) if with_costs else None
        job, mine = await self._database.run_read(self._job, viewer)
        state, problem, manifest, record = await in_thread("disk", self._read)
        if state == "absent" and job is not None and job.state != "failed":
            state = "building"
        return IndexView(
            state=state,
            problem=problem,
            sources=tuple(_source_view(source, manifest, record) for source in SNAPSHOTS),
            datasets=manifest.datasets if manifest else 0,
            size_bytes=manifest.bytes if manifest else 0,
            snapshot_at=manifest.snapshot_at if manifest else None,
            checked_at=record.checked_at,
            update_h=self._update_h,
            job=job,
            job_mine=mine,
            costs=costs,
            may_change=viewer.admin,
        )

    def _job(self, session: Session, viewer: Viewer) -> tuple[JobView | None, bool]:
        """The job to tell of, and whether the viewer asked for it."""
        job = self._jobs.newest(session, INDEX_ID)
        if job is None or not (job.active or job.state == "failed"):
            return None, False
        return job, viewer.user_id in self._jobs.requesters(session, job.id)

    def _read(self) -> tuple[IndexState, str | None, IndexManifest | None, UpdateRecord]:
        record, status = read_record(self._folder), self._index.status()
        if status.state != "rebuild":
            return status.state, None, status.manifest, record
        try:
            read_manifest(self._folder)
        except OtherFormat:
            return "outdated", status.problem, None, record
        except IndexUnusable:
            pass
        return "broken", status.problem, None, record

    async def build(self, viewer: Viewer) -> JobView:
        """Build the index, or bring it up to date; where that is under way, join it.

        Errors: ``Forbidden`` for non-admins; ``DiskFull``, as far as the hubs tell the sizes.
        """
        _check_admin(viewer)
        costs = await self._costs.ask(await self._credentials.all(viewer.user_id))
        peaks = [cost.peak_bytes for cost in costs if cost.peak_bytes is not None]
        if await self._database.run_read(self._jobs.active, INDEX_ID) is None:
            await in_thread("disk", preflight, sum(peaks), self._store.root, self._min_free_bytes)
        job_id = await self._database.run(self.submit, viewer.user_id)
        self._jobs.wake(job_id)
        return await self._jobs.get(viewer, job_id)

    def submit(self, session: Session, requester_id: str) -> str:
        """Ask for an update, inside the caller's transaction; the job's id."""
        job_id, _created = self._jobs.submit(
            session,
            kind="index",
            ref=next(iter(SNAPSHOTS.values())).ref,
            title=TITLE,
            dataset_id=INDEX_ID,
            params={},
            requester_id=requester_id,
            single_flight_key=INDEX_ID,
        )
        return job_id

    async def remove(self, viewer: Viewer) -> IndexView:
        """Delete the index: searches go to the hubs again.

        Errors: ``Forbidden`` for non-admins; ``Conflict`` while it is being built.
        """
        _check_admin(viewer)
        if await self._database.run_read(self._jobs.active, INDEX_ID) is not None:
            raise Conflict(
                "The index is being built.", next_step="Cancel its job under Downloads, then remove it."
            )
        await in_thread("disk", self._remove)
        return await self.view(viewer)

    def _remove(self) -> None:
        remove(self._folder)
        remove_record(self._folder)
        self._store.discard_soon(self._store.partial(INDEX_ID))


def _check_admin(viewer: Viewer) -> None:
    if not viewer.admin:
        raise Forbidden(
            "Only admins build, update and remove the search index of this server.",
            next_step="Ask an admin: it is under Settings, Sources.",
        )


def _source_view(source: SourceName, manifest: IndexManifest | None, record: UpdateRecord) -> IndexSourceView:
    snapshot = SNAPSHOTS[source]
    part = manifest.sources.get(source) if manifest else None
    return IndexSourceView(
        source=source,
        label=snapshot.ref.label,
        snapshot=str(snapshot.ref),
        url=snapshot.url,
        attribution=snapshot.attribution,
        datasets=part.datasets if part else None,
        size_bytes=part.bytes if part else None,
        built_at=part.built_at if part else None,
        snapshot_at=part.snapshot_at if part else None,
        left_out=part.left_out if part else {},
        problem=record.of(source).problem,
    )
