"""Requests for downloads: checked at once, recorded with their job in one transaction, run by a worker."""

from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import GatedDataset, SourceRateLimited, SourceTimeout, SourceUnreachable
from dataferry.core.job_types import JobKind, JobView
from dataferry.core.settings import Settings
from dataferry.core.specs import SOURCES
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, DatasetSummary, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library import rights, rows, view_rows
from dataferry.library.access import Access
from dataferry.library.cards import download_ticket
from dataferry.library.disk_room import datasets_under_way
from dataferry.library.disk_space import check_disk_space
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.quota import Quotas
from dataferry.library.selection import Selection
from dataferry.library.views import DiskSpace, DownloadTicket
from dataferry.sources.catalog import Catalog


@dataclass(frozen=True, slots=True)
class _Request:
    """A download that was asked for, once its source has been asked.

    ``asked``: the ref as it was given; ``ref``: as the source names it. ``summary``: None where the source
    did not answer in time. ``anonymous``: no credential for the source is known.
    """

    viewer: Viewer
    kind: JobKind
    asked: DatasetRef
    ref: DatasetRef
    revision: str | None
    selection: Selection
    view: Path | None
    force: bool
    summary: DatasetSummary | None
    anonymous: bool

    @property
    def resolved_revision(self) -> str:
        """Empty until the job resolves it."""
        return (self.summary.revision if self.summary else None) or self.revision or ""


class Downloads:
    """Starts downloads and updates, and joins those under way."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        store: Store,
        catalog: Catalog,
        jobs: Jobs,
        credentials: CredentialResolver,
        access: Access,
        private_urls: PrivateUrls,
        quotas: Quotas,
    ) -> None:
        self._database = database
        self._store = store
        self._catalog = catalog
        self._jobs = jobs
        self._credentials = credentials
        self._access = access
        self._private_urls = private_urls
        self._quotas = quotas
        self._describe_timeout_s = settings.describe_timeout_s
        self._min_free_bytes = settings.min_free_bytes

    async def request(
        self,
        viewer: Viewer,
        ref: DatasetRef,
        *,
        revision: str | None = None,
        selection: Selection = Selection(),
        download_path: str | None = None,
        force: bool = False,
        make_room: bool = False,
        kind: JobKind = "download",
    ) -> DownloadTicket:
        """Start a download, or join the one under way.

        Answers at once what can be known at once: ``NotFound``, ``GatedDataset``,
        ``SourceNotConfigured``, ``DiskFull``; for a ``download_path`` ``OutsideStore``, ``InvalidInput``.
        A source that is slow is asked again by the job, and the files of a ``selection`` are looked for by
        it. Beyond a quota: ``RoomNeeded``, or with ``make_room`` what it names is removed; ``QuotaExceeded``.
        """
        if selection.config or selection.split:
            self._catalog.check_subsets(ref)
        view = self._store.view(download_path) if download_path else None
        if view is not None:
            await in_thread("disk", self._store.try_view, view)
        asked = ref
        ref = await self._database.run_read(self._private_urls.restore, ref, viewer, to_own=True)
        summary = await self._describe(ref, revision, viewer, fresh=kind == "update")
        if summary is not None:
            ref = DatasetRef(ref.source, DatasetRef.parse(summary.ref).id, url=ref.url)
        disk_space = await self._disk_space(ref, summary, selection, force=force)
        if kind == "download":  # an update takes the place of what is here
            await self._admit(viewer, ref, summary, selection, make_room=make_room)
        credential = await self._credentials.find(ref.source, viewer.user_id)
        request = _Request(
            viewer=viewer,
            kind=kind,
            asked=asked,
            ref=ref,
            revision=revision,
            selection=selection,
            view=view,
            force=force,
            summary=summary,
            anonymous=credential.origin == "anonymous",
        )
        job_id, path = await self._database.run(self._submit, request)
        self._jobs.wake(job_id)
        return download_ticket(await self._jobs.get(viewer, job_id), asked.id, path, disk_space)

    async def update(self, viewer: Viewer, key_or_alias: str) -> DownloadTicket:
        """Fetch the newest revision; the copy that is here stays until the new one is verified.

        Errors: ``NotFound`` for what the viewer may not see, and those of ``request``.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> DatasetRef:
            return rows.ref_of(rows.visible(session, viewer, key_or_alias))

        ref = await self._database.run_read(read)
        return await self.request(viewer, ref, force=True, kind="update")

    async def _describe(
        self, ref: DatasetRef, revision: str | None, viewer: Viewer, *, fresh: bool
    ) -> DatasetSummary | None:
        """What the source says of the dataset; None where it does not answer in time.

        Errors: those of ``Catalog.describe``; ``GatedDataset``.
        """
        credential = await self._credentials.find(ref.source, viewer.user_id)
        try:
            summary = await self._catalog.describe(
                ref, revision, credential, timeout=self._describe_timeout_s, fresh=fresh
            )
        except (SourceTimeout, SourceUnreachable, SourceRateLimited):
            return None
        if summary.gated and credential.origin == "anonymous":
            raise GatedDataset(
                f"{summary.title} is shared only with people who accepted its terms.",
                next_step=f"Accept them on its page, then add that account's {ref.label} key under Settings.",
                link=summary.url or None,
                **SOURCES[ref.source].key_form,
            )
        if summary.gated or summary.private:
            await self._access.confirm(viewer, DatasetRef.parse(summary.ref), summary.revision)
        return summary

    async def _disk_space(
        self, ref: DatasetRef, summary: DatasetSummary | None, selection: Selection, *, force: bool
    ) -> DiskSpace:
        """Errors: ``DiskFull``, ``StoreNotWritable``."""
        size = row = None
        if summary is not None:
            size = summary.size_bytes if selection.everything else None
            row = await self._database.run_read(
                rows.find_exact, ref, summary.revision or "", selection.digest
            )
        return await in_thread(
            "disk",
            check_disk_space,
            self._store,
            size,
            row,
            reserve_bytes=self._min_free_bytes,
            force=force,
            under_way=await self._database.run_read(datasets_under_way),
        )

    async def _admit(
        self,
        viewer: Viewer,
        ref: DatasetRef,
        summary: DatasetSummary | None,
        selection: Selection,
        *,
        make_room: bool,
    ) -> None:
        """Errors: those of ``Quotas.admit``."""
        revision = (summary.revision if summary else None) or ""
        row = await self._database.run_read(rows.find_exact, ref, revision, selection.digest)
        size = summary.size_bytes if summary is not None and selection.everything else None
        await self._quotas.admit(viewer, row, size, make_room=make_room)

    def _submit(self, session: Session, request: _Request) -> tuple[str, str]:
        """Write the dataset's row and its job's. Returns the job's id and the folder that will hold the
        files, empty until a revision is known."""
        dataset = self._upsert(session, request)
        done = self._jobs.latest(session, [dataset.id], request.viewer.user_id).get(dataset.id)
        stays = "delete" not in self._jobs.active_kinds(session, dataset.id)
        if done is not None and stays and _serves(dataset, done) and not request.force and not request.view:
            rows.record_use(session, dataset.id)
            return done.id, dataset.local_path or ""
        revision = request.resolved_revision
        target = self._store.target(request.ref, revision, dataset.selection) if revision else None
        if request.view is not None:
            view_rows.add(session, dataset.id, request.viewer.user_id, str(request.view))
        job_id, created = self._jobs.submit(
            session,
            kind=request.kind,
            ref=request.ref,
            title=dataset.title,
            dataset_id=dataset.id,
            params={
                "force": request.force,
                "revision": request.revision,
                **request.selection.params,
            },
            requester_id=request.viewer.user_id,
            single_flight_key=f"download:{dataset.id}",
            revision=revision or None,
            file_path=str(target) if target else None,
        )
        if created:
            # A copy that is here keeps the job that brought it, until the new one has.
            status, newest = ("downloaded", None) if dataset.downloaded else ("queued", job_id)
            rows.set_status(session, dataset.id, status, job_id=newest)
        return job_id, str(request.view or target or "")

    def _upsert(self, session: Session, request: _Request) -> Dataset:
        """The dataset's row, which the viewer may see from now on. Errors: ``SourceTimeout`` where the
        source has not said so and somebody else's right would become theirs."""
        ref, viewer = request.ref, request.viewer
        if request.asked.id != ref.id and request.asked.source != "url":
            rows.record_alias(session, request.asked.id, ref)
        dataset = rows.upsert(
            session,
            ref,
            request.summary,
            revision=request.resolved_revision,
            selection=request.selection.digest,
            encrypted_url=self._private_urls.encrypted(ref),
        )
        if request.summary is None and ref.source != "url":
            rows.admit_unverified(session, dataset, viewer, anonymous=request.anonymous)
        rights.record_access(session, dataset.id, viewer.user_id)
        rights.own(session, dataset.id, [viewer.user_id])
        return dataset


def _serves(dataset: Dataset, job: JobView) -> bool:
    """A finished job that a repeated request can be answered with: its files are still there."""
    return (
        (job.kind, job.state) == ("download", "succeeded")
        and dataset.downloaded
        and dataset.local_path == job.file_path
        and dataset.condition != "damaged"
        and Path(dataset.local_path or "").is_dir()
    )
