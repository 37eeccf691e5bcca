"""The library: the datasets on this machine, and the way new ones get here."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.accounts.security import Secrets
from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import (
    Conflict,
    Forbidden,
    GatedDataset,
    NotFound,
    SourceRateLimited,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import (
    DatasetRef,
    DatasetSummary,
    JobKind,
    JobView,
    SourceName,
    Viewer,
)
from dataferry.jobs.service import Jobs
from dataferry.library import rows
from dataferry.library.access import Access
from dataferry.library.cards import build_card, dataset_view, download_ticket, loader_snippet, local_state
from dataferry.library.dedup import freed_bytes, used_bytes
from dataferry.library.disk_space import find_room
from dataferry.library.handlers import Handlers
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.preview import main_table, read_preview
from dataferry.library.receipts import receipt
from dataferry.library.selection import Selection
from dataferry.library.speed_limits import Speeds
from dataferry.library.views import (
    DatasetCard,
    DatasetPage,
    DatasetView,
    Deletion,
    DownloadTicket,
    Preview,
    Receipt,
    Room,
    SearchAnswer,
    StorageView,
)
from dataferry.sources.base import SearchFilters
from dataferry.sources.catalog import Catalog


class Library:
    """One deep module for search, cards, downloads and what is on disk.

    Every method takes the viewer: what they may not see answers ``NotFound``.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        catalog: Catalog,
        jobs: Jobs,
        accounts: Accounts,
        credentials: CredentialResolver,
        secrets: Secrets,
        speeds: Speeds,
    ) -> None:
        self._database = database
        self._settings = settings
        self._catalog = catalog
        self._jobs = jobs
        self._accounts = accounts
        self._credentials = credentials
        self._secrets = secrets
        self.store = Store(settings.store)
        self._access = Access(database, catalog, credentials, settings)
        self._handlers = Handlers(database, self.store, catalog, credentials, secrets, settings, speeds)
        jobs.register("download", self._handlers.download)
        jobs.register("update", self._handlers.update)
        jobs.register("delete", self._handlers.delete)
        jobs.on_closed(self._handlers.closed)

    # -- finding ------------------------------------------------------------------------------

    async def search(
        self,
        viewer: Viewer,
        query: str,
        *,
        sources: Sequence[SourceName] | None = None,
        filters: SearchFilters | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> SearchAnswer:
        """Search every source at once. Errors: ``InvalidInput`` for an empty query; a source that
        fails is in ``source_errors``."""
        found = await self._catalog.search(
            query,
            credentials=await self._credentials.all(viewer.user_id),
            sources=sources,
            filters=filters or SearchFilters(),
            limit=limit,
            offset=offset,
        )
        cards = await self.annotate(viewer, found.datasets)
        return SearchAnswer(
            query=query,
            datasets=tuple(cards),
            source_errors=found.source_errors,
            more=found.more,
            offset=offset,
        )

    async def describe(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> DatasetCard:
        """One dataset's card, as its source tells it now."""
        ref = await self._database.run(self._with_link, ref, viewer)
        summary = await self._catalog.describe(
            ref, revision, await self._credentials.find(ref.source, viewer.user_id)
        )
        if _hidden_link(ref):
            # The card carries no secret, so the link must be known when its button is pressed.
            await self._database.run(self._keep_link, ref, summary, viewer)
        return (await self.annotate(viewer, [summary]))[0]

    async def readme(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> str:
        """The dataset's own text: untrusted."""
        return await self._catalog.readme(
            ref, revision, await self._credentials.find(ref.source, viewer.user_id)
        )

    async def annotate(self, viewer: Viewer, summaries: Sequence[DatasetSummary]) -> list[DatasetCard]:
        """Cards for search hits, marked with what is here already."""
        refs = [DatasetRef.parse(summary.ref) for summary in summaries]
        states = await self._database.run(self._states, viewer, refs)
        return [build_card(summary, *states[str(ref)]) for summary, ref in zip(summaries, refs, strict=True)]

    async def refresh_cards(self, viewer: Viewer, cards: Sequence[DatasetCard]) -> list[DatasetCard]:
        """Stored cards with their state as of now."""
        states = await self._database.run(
            self._states, viewer, [DatasetRef.parse(card.ref) for card in cards]
        )
        return [card.model_copy(update=local_state(*states[card.ref])) for card in cards]

    def _states(
        self, session: Session, viewer: Viewer, refs: Sequence[DatasetRef]
    ) -> dict[str, tuple[Dataset | None, JobView | None]]:
        visible = [row for row in rows.of_refs(session, refs) if rows.may_see(session, row, viewer)]
        latest = self._jobs.latest(session, [row.id for row in visible], viewer.user_id)
        states: dict[str, tuple[Dataset | None, JobView | None]] = {}
        for ref in refs:
            mine = [row for row in visible if (row.source, row.source_id) == (ref.source, ref.id)]
            jobs = [latest[row.id] for row in mine if row.id in latest]
            newest = max(jobs, key=lambda job: job.created_at, default=None)
            states[str(ref)] = (next((row for row in mine if row.downloaded), None), newest)
        return states

    # -- downloading --------------------------------------------------------------------------

    async def request_download(
        self,
        viewer: Viewer,
        ref: DatasetRef,
        *,
        revision: str | None = None,
        selection: Selection = Selection(),
        download_path: str | None = None,
        force: bool = False,
        kind: JobKind = "download",
    ) -> DownloadTicket:
        """Start a download, or join the one under way.

        Answers at once what can be known at once: ``NotFound``, ``GatedDataset``,
        ``SourceNotConfigured``, ``OutsideStore``, ``DiskFull``. A source that is slow is asked again
        by the job, and the files of a ``selection`` are looked for by it.
        """
        if selection.config or selection.split:
            self._catalog.check_subsets(ref)
        view = self.store.view(download_path) if download_path else None
        asked = ref
        ref = await self._database.run(self._with_link, ref, viewer)
        summary = await self._describe_for_download(ref, revision, viewer, fresh=kind == "update")
        if summary is not None:
            ref = DatasetRef(ref.source, DatasetRef.parse(summary.ref).id, url=ref.url)
        room = await self._room(ref, summary, selection, afresh=force)
        credential = await self._credentials.find(ref.source, viewer.user_id)

        def book(session: Session) -> tuple[str, str]:
            resolved = (summary.revision if summary else None) or revision or ""
            if asked.id != ref.id and asked.source != "url":
                rows.learn_alias(session, asked.id, ref)
            dataset = rows.upsert(
                session,
                ref,
                summary,
                revision=resolved,
                selection=selection.digest,
                encrypted_link=self._secrets.encrypt(ref.url or "") if _hidden_link(ref) else None,
            )
            if summary is None and ref.source != "url":
                anonymous = credential.origin == "anonymous"
                rows.admit_unasked(session, dataset, viewer, anonymous=anonymous)
            rows.record_access(session, dataset.id, viewer.user_id)
            done = self._jobs.latest(session, [dataset.id], viewer.user_id).get(dataset.id)
            if done is not None and self._serves(dataset, done) and not force and view is None:
                return done.id, dataset.local_path or ""
            target = self.store.target(ref, resolved, dataset.selection) if resolved else None
            path = str(view or target or "")
            if view is not None:
                rows.wish_view(session, dataset, str(view))
            job_id, created = self._jobs.submit(
                session,
                kind=kind,
                ref=ref,
                title=dataset.title,
                dataset_id=dataset.id,
                params={
                    "force": force,
                    "revision": revision,
                    **selection.params,
                },
                requester_id=viewer.user_id,
                single_flight_key=f"download:{dataset.id}",
                revision=resolved or None,
                file_path=str(target) if target else None,
            )
            if created:
                rows.mark(
                    session, dataset.id, "downloaded" if dataset.downloaded else "queued", job_id=job_id
                )
            return job_id, path

        job_id, path = await self._database.run(book)
        self._jobs.wake(job_id)
        return download_ticket(await self._jobs.get(viewer, job_id), asked.id, path, room)

    async def _room(
        self, ref: DatasetRef, summary: DatasetSummary | None, selection: Selection, *, afresh: bool
    ) -> Room:
        """Errors: ``DiskFull``, ``StoreNotWritable``."""
        size = row = None
        if summary is not None:
            size = summary.size_bytes if selection.whole else None
            row = await self._database.run(rows.exact, ref, summary.revision or "", selection.digest)
        reserve = self._settings.min_free_bytes
        return await asyncio.to_thread(find_room, self.store, size, row, reserve=reserve, afresh=afresh)

    async def _describe_for_download(
        self, ref: DatasetRef, revision: str | None, viewer: Viewer, *, fresh: bool
    ) -> DatasetSummary | None:
        credential = await self._credentials.find(ref.source, viewer.user_id)
        try:
            summary = await self._catalog.describe(
                ref, revision, credential, timeout=self._settings.describe_timeout_s, fresh=fresh
            )
        except (SourceTimeout, SourceUnreachable, SourceRateLimited):
            return None
        if summary.gated and credential.origin == "anonymous":
            raise GatedDataset(
                f"{summary.title} is shared only with people who accepted its terms.",
                next_step=f"Accept them at {summary.url}, then set a token of {ref.label}.",
                link=summary.url or None,
            )
        if summary.gated or summary.private:
            await self._access.confirm(viewer, DatasetRef.parse(summary.ref), summary.revision)
        return summary

    # -- what is here -------------------------------------------------------------------------

    async def list(self, viewer: Viewer, *, page_size: int = 50, page_number: int = 1) -> DatasetPage:
        """A page of the library, newest change first, counted from 1."""
        await self._access.renew(viewer)

        def read(session: Session) -> DatasetPage:
            shown, total = rows.page(session, viewer, page_size, page_number)
            latest = self._jobs.latest(session, [row.id for row in shown], viewer.user_id)
            views = tuple(dataset_view(row, latest.get(row.id)) for row in shown)
            return DatasetPage(datasets=views, page_number=page_number, page_size=page_size, total=total)

        return await self._database.run(read)

    async def get(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> DatasetView:
        """One dataset by key, ref or alias. Reading it starts nothing."""
        await self._access.renew(viewer)

        def read(session: Session) -> DatasetView:
            row = self._row(session, viewer, key_or_alias, revision)
            latest = self._jobs.latest(session, [row.id], viewer.user_id)
            view = dataset_view(row, latest.get(row.id))
            if not row.downloaded or row.local_path is None:
                return view
            sizes = {file.path: file.size for file in rows.files_of(session, row.id)}
            snippet = loader_snippet(rows.ref_of(row), row.local_path, sizes)
            return view.model_copy(update={"snippet": snippet})

        return await self._database.run(read)

    async def receipt(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Receipt:
        """The receipt of a download. Errors: ``NotFound`` until it is here."""
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, list[DatasetFile], list[str]]:
            row = self._row(session, viewer, key_or_alias, revision)
            if not row.downloaded:
                raise rows.unknown(key_or_alias)
            return row, rows.files_of(session, row.id), rows.requesters(session, row.id)

        row, files, users = await self._database.run(read)
        emails = await self._accounts.emails(users)
        return receipt(row, files, tuple(emails[user] for user in users if user in emails))

    async def preview(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, row_count: int = 20
    ) -> Preview:
        """The first rows of the dataset's main table. Errors: ``NotFound`` where it has none."""
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, dict[str, int]]:
            row = self._row(session, viewer, key_or_alias, revision)
            return row, {file.path: file.size for file in rows.files_of(session, row.id)}

        row, sizes = await self._database.run(read)
        path = main_table(sizes)
        if not row.downloaded or row.local_path is None or path is None:
            raise NotFound("There is no table here to show.", next_step="Look at the file list.")
        return await asyncio.to_thread(read_preview, Path(row.local_path), path, row_count)

    async def delete(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Deletion:
        """Delete a dataset's files. For those who asked for it, and admins.

        Errors: ``NotFound``, ``Forbidden``, ``Conflict`` naming the job that holds it.
        """
        await self._access.renew(viewer)

        def book(session: Session) -> tuple[str, int]:
            row = self._row(session, viewer, key_or_alias, revision)
            if not viewer.admin and viewer.user_id not in rows.requesters(session, row.id):
                raise Forbidden(
                    "Only those who asked for a dataset, and admins, may delete it.",
                    next_step="Ask an admin, or download it yourself first.",
                )
            holder = self._jobs.active(session, row.id)
            if holder is not None and holder.kind != "delete":
                raise Conflict(
                    f"Job {holder.id} has been working on this dataset since"
                    f" {holder.created_at:%Y-%m-%d %H:%M} UTC.",
                    next_step="Wait for it, or cancel it first.",
                )
            job_id, _created = self._jobs.submit(
                session,
                kind="delete",
                ref=rows.ref_of(row),
                title=row.title,
                dataset_id=row.id,
                params={},
                requester_id=viewer.user_id,
                single_flight_key=f"delete:{row.id}",
                revision=row.revision or None,
                file_path=row.local_path,
            )
            return job_id, freed_bytes(session, row.id)

        job_id, freed = await self._database.run(book)
        self._jobs.wake(job_id)
        job = await self._jobs.get(viewer, job_id)
        return Deletion(job_id=job_id, status=job.state, freed_bytes=freed)

    async def update(self, viewer: Viewer, key_or_alias: str) -> DownloadTicket:
        """Fetch the newest revision; the copy that is here stays until the new one is verified."""
        ref = await self._database.run(lambda session: rows.resolve_name(session, key_or_alias))
        await self.get(viewer, key_or_alias)
        return await self.request_download(viewer, ref, force=True, kind="update")

    async def storage(self) -> StorageView:
        """The disk under the store."""
        usage = await asyncio.to_thread(shutil.disk_usage, self.store.root)
        used = await self._database.run(used_bytes)
        return StorageView(
            path=str(self.store.root),
            free=usage.free,
            total=usage.total,
            used_by_datasets=used,
            reserve=self._settings.min_free_bytes,
        )

    # -- inside -------------------------------------------------------------------------------

    @staticmethod
    def _serves(dataset: Dataset, job: JobView) -> bool:
        """A finished job that a repeated wish can be answered with: its files are still there."""
        return (
            (job.kind, job.state) == ("download", "succeeded")
            and dataset.downloaded
            and dataset.local_path == job.file_path
            and Path(dataset.local_path or "").is_dir()
        )

    def _with_link(self, session: Session, ref: DatasetRef, viewer: Viewer) -> DatasetRef:
        """Put the secret part of a known link back, for those who may see it."""
        if ref.source != "url" or ref.url is not None:
            return ref
        for row in rows.find(session, ref):
            if row.link is not None and rows.may_see(session, row, viewer):
                return self._handlers.ref_with_link(row)
        raise rows.unknown(ref.id)

    def _keep_link(self, session: Session, ref: DatasetRef, summary: DatasetSummary, viewer: Viewer) -> None:
        dataset = rows.upsert(
            session,
            ref,
            summary,
            revision=summary.revision or "",
            selection="",
            encrypted_link=self._secrets.encrypt(ref.url or ""),
        )
        rows.record_access(session, dataset.id, viewer.user_id)

    def _row(self, session: Session, viewer: Viewer, key_or_alias: str, revision: str | None) -> Dataset:
        ref = rows.resolve_name(session, key_or_alias)
        for row in rows.find(session, ref, revision):
            if rows.may_see(session, row, viewer):
                return row
        raise rows.unknown(key_or_alias)


def _hidden_link(ref: DatasetRef) -> bool:
    """The link has a query or user info, which only its owner may see."""
    return ref.source == "url" and ref.url is not None and ref.url != ref.id
