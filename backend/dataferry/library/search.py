"""Search and cards: what the sources offer, marked with what is on this machine already."""

from collections.abc import Awaitable, Callable, Sequence

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.job_types import JobView
from dataferry.core.types import DatasetRef, DatasetSummary, SourceName, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library import cards, rights, rows
from dataferry.library.card_views import DatasetCard, SearchAnswer
from dataferry.library.matches import find_matches
from dataferry.library.models import Dataset
from dataferry.library.private_urls import PrivateUrls, has_secret
from dataferry.sources.base import SearchFilters
from dataferry.sources.catalog import Catalog
from dataferry.sources.merged_search import SearchResult

#: Takes what a search has so far, and the sources that have not answered.
ReportSearch = Callable[[SearchAnswer, Sequence[SourceName]], Awaitable[None]]


class DatasetSearch:
    """Asks the sources with the viewer's own credentials. What a viewer may not see counts as absent."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        jobs: Jobs,
        credentials: CredentialResolver,
        private_urls: PrivateUrls,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._jobs = jobs
        self._credentials = credentials
        self._private_urls = private_urls

    async def search(
        self,
        viewer: Viewer,
        query: str,
        *,
        sources: Sequence[SourceName] | None = None,
        filters: SearchFilters | None = None,
        limit: int = 20,
        offset: int = 0,
        report: ReportSearch | None = None,
    ) -> SearchAnswer:
        """Search every source at once; what is here already and fits stands first, unless an order is asked
        for. ``report`` gets what there is while a source is slow.

        Errors: ``InvalidInput`` for an empty query; a source that fails is in ``source_errors``.
        """

        # Another order is one of what a card shows.
        by_relevance = filters is None or filters.sort == "relevance"

        async def answer(found: SearchResult) -> SearchAnswer:
            return SearchAnswer(
                query=query,
                datasets=tuple(await self.annotate(viewer, found.datasets, local_first=by_relevance)),
                source_errors=found.source_errors,
                more=found.more,
                offset=offset,
                index_snapshot_at=found.index_snapshot_at,
                nothing_about=found.nothing_about,
                left_out=found.left_out,
            )

        async def report_answer(found: SearchResult, waiting_for: Sequence[SourceName]) -> None:
            if report is not None:
                await report(await answer(found), waiting_for)

        filters = filters or SearchFilters()
        here: list[DatasetSummary] = []
        if filters.sort == "relevance":
            here = await self._database.run_read(find_matches, viewer, query, filters, sources)
        found = await self._catalog.search(
            query,
            credentials=await self._credentials.all(viewer.user_id),
            sources=sources,
            filters=filters,
            first=here,
            limit=limit,
            offset=offset,
            report=None if report is None else report_answer,
        )
        return await answer(found)

    async def describe(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> DatasetCard:
        """One dataset's card, as its source describes it now."""
        ref = await self._database.run_read(self._private_urls.restore, ref, viewer)
        summary = await self._catalog.describe(
            ref, revision, await self._credentials.find(ref.source, viewer.user_id)
        )
        if has_secret(ref):
            # The card carries no secret, so the URL must be known when its button is pressed.
            await self._database.run(self._keep_url, ref, summary, viewer)
        return (await self.annotate(viewer, [summary]))[0]

    async def local_card(self, viewer: Viewer, ref: DatasetRef) -> DatasetCard | None:
        """The card of a dataset all of whose files are here, as this machine knows it; None for others."""

        def find(session: Session) -> DatasetCard | None:
            whole = (row for row in rows.find(session, ref) if row.downloaded and not row.selection)
            row = next((row for row in whole if rights.may_see(session, row, viewer)), None)
            if row is None:
                return None
            job = self._states(session, viewer, [ref])[str(ref)][1]
            return cards.build_card(cards.kept_summary(row), {str(ref): (row, job)})

        return await self._database.run_read(find)

    async def readme(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> str:
        """The dataset's own text: untrusted."""
        return await self._catalog.readme(
            ref, revision, await self._credentials.find(ref.source, viewer.user_id)
        )

    async def annotate(
        self, viewer: Viewer, summaries: Sequence[DatasetSummary], *, local_first: bool = False
    ) -> list[DatasetCard]:
        """Cards for search hits, marked with what is here already; with ``local_first`` a card shows that
        one of its copies which is here."""
        refs = [DatasetRef.parse(hit.ref) for summary in summaries for hit in (summary, *summary.copies)]
        states = await self._database.run_read(self._states, viewer, refs)
        if local_first:
            summaries = [cards.local_first(summary, states) for summary in summaries]
        return [cards.build_card(summary, states) for summary in summaries]

    async def refresh_cards(self, viewer: Viewer, stored: Sequence[DatasetCard]) -> list[DatasetCard]:
        """Stored cards with their state as of now."""
        refs = [DatasetRef.parse(offer.ref) for card in stored for offer in (card, *card.copies)]
        states = await self._database.run_read(self._states, viewer, refs)
        return [cards.refreshed(card, states) for card in stored]

    def _states(
        self, session: Session, viewer: Viewer, refs: Sequence[DatasetRef]
    ) -> dict[str, tuple[Dataset | None, JobView | None]]:
        """By ref: the downloaded row, and the viewer's newest job."""
        visible = [row for row in rows.find_all(session, refs) if rights.may_see(session, row, viewer)]
        latest = self._jobs.latest(session, [row.id for row in visible], viewer.user_id)
        states: dict[str, tuple[Dataset | None, JobView | None]] = {}
        for ref in refs:
            of_ref = [row for row in visible if (row.source, row.source_id) == (ref.source, ref.id)]
            jobs = [latest[row.id] for row in of_ref if row.id in latest]
            newest = max(jobs, key=lambda job: job.created_at, default=None)
            states[str(ref)] = (next((row for row in of_ref if row.downloaded), None), newest)
        return states

    def _keep_url(self, session: Session, ref: DatasetRef, summary: DatasetSummary, viewer: Viewer) -> None:
        dataset = rows.upsert(
            session,
            ref,
            summary,
            revision=summary.revision or "",
            selection="",
            encrypted_url=self._private_urls.encrypted(ref),
        )
        rights.record_access(session, dataset.id, viewer.user_id)
