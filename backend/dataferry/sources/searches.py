"""Searches of all sources, remembered and shared."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from dataferry.core.errors import InvalidInput, SourceTimeout
from dataferry.core.settings import Settings
from dataferry.core.specs import SOURCES
from dataferry.core.threads import in_thread
from dataferry.core.types import Credential, DatasetSummary, SourceName
from dataferry.sources.base import SearchFilters, SearchQuery, Source
from dataferry.sources.cache import TtlCache
from dataferry.sources.dispatcher import Dispatcher
from dataferry.sources.index.dataset_index import IndexHits
from dataferry.sources.index.handle import IndexHandle
from dataferry.sources.language import search_text
from dataferry.sources.merged_search import MergedSearch, SearchResult
from dataferry.sources.query_plan import search_in_parts
from dataferry.sources.vocabulary import meanings_of

#: Further pages of a search are cached this many times as long as its first.
PAGING_TTL_FACTOR = 10
#: The deepest hit that paging reaches, and the longest page.
MAX_RESULTS, MAX_LIMIT = 1000, 100
#: How long a hub may hold back what the index has found, in seconds.
NEWER_PATIENCE_S = 1.5

#: Takes what a search has so far, and the sources that have not answered.
ReportSearch = Callable[[SearchResult, tuple[SourceName, ...]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Search:
    merged: MergedSearch
    started_at: float


class Searches:
    """The searches under way, which equal ones share, and those of the last while.

    ``remember`` takes every source's hits with the credential that found them. ``index``, where there is one,
    is asked for the hubs that it holds; these themselves then only for what is newer.
    """

    def __init__(
        self,
        sources: Mapping[SourceName, Source],
        dispatcher: Dispatcher,
        settings: Settings,
        remember: Callable[[Sequence[DatasetSummary], Credential], None],
        clock: Callable[[], float] = time.monotonic,
        index: IndexHandle | None = None,
    ) -> None:
        self._sources = sources
        self._index = index
        self._dispatcher = dispatcher
        self._settings = settings
        self._remember = remember
        self._clock = clock
        self._kept = TtlCache[_Search](settings.search_cache_s * PAGING_TTL_FACTOR, 64, clock)
        #: What somebody waits for is shared, however short it is remembered.
        self._running = WeakValueDictionary[Hashable, MergedSearch]()

    async def search(
        self,
        query: str,
        *,
        credentials: Mapping[SourceName, Credential],
        sources: Sequence[SourceName] | None = None,
        filters: SearchFilters | None = None,
        limit: int = 20,
        offset: int = 0,
        report: ReportSearch | None = None,
        first: Sequence[DatasetSummary] = (),
    ) -> SearchResult:
        """One page of what ``sources`` (all, by default) have, best first.

        It takes as long as the slowest source, at most ``search_timeout_s``, and up to half of that
        more where filters or paging need further pages of the sources. ``report`` gets what there is once
        a source keeps the others waiting for longer than ``search_patience_s``, and again with each
        further answer. ``first``: what is to stand above all that is found.

        Errors: ``InvalidInput`` for a query without a word, or a page that does not
        exist. A source that fails is reported in the result.
        """
        if not 1 <= limit <= MAX_LIMIT or not 0 <= offset <= MAX_RESULTS - limit:
            raise InvalidInput(
                f"A search has pages of 1 to {MAX_LIMIT} datasets, up to number {MAX_RESULTS:,}.",
                next_step="Search for something narrower.",
            )
        text = search_text(query)
        await asyncio.to_thread(meanings_of, text)  # what asks and ranks finds it remembered
        asked = tuple(name for name in self._sources if not sources or name in sources)
        merged = self._merged_search(text, filters or SearchFilters(), asked, credentials, fresh=offset == 0)
        with merged.awaited():
            growing = asyncio.create_task(merged.grow(offset + limit, self._settings.search_timeout_s))
            try:
                if report is not None:
                    await self._report_while(growing, merged, offset, limit, first, report)
                await growing
            finally:
                growing.cancel()
        return merged.page(offset, limit, first).model_copy(update={"query": query})

    async def _report_while(
        self,
        growing: asyncio.Task[None],
        merged: MergedSearch,
        offset: int,
        limit: int,
        first: Sequence[DatasetSummary],
        report: ReportSearch,
    ) -> None:
        """Tell what there is for as long as a source keeps the others waiting."""
        await asyncio.wait({growing}, timeout=self._settings.search_patience_s)
        while not growing.done():
            answered = asyncio.create_task(merged.answered.wait())
            page, waiting_for = merged.page_so_far(offset, limit, first)
            try:
                if page.datasets and waiting_for:
                    await report(page, waiting_for)
                await asyncio.wait({growing, answered}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                answered.cancel()

    def _merged_search(
        self,
        text: str,
        filters: SearchFilters,
        sources: tuple[SourceName, ...],
        credentials: Mapping[SourceName, Credential],
        *,
        fresh: bool,
    ) -> MergedSearch:
        """The search under way or remembered for this question, or a new one.

        A first page (``fresh``) asks again after ``search_cache_s``, or when a source failed that has not
        said when to come back; further pages belong to the search that began with theirs.
        """
        used = {name: credentials.get(name) or Credential(name) for name in sources}
        prints = tuple(credential.fingerprint for credential in used.values())
        key = (text.casefold(), filters, sources, prints)
        running = self._running.get(key)
        if running is not None and running.under_way and not running.problems:
            return running
        known = self._kept.get(key)
        if known is not None and not (fresh and self._is_stale(known)):
            return known.merged

        async def ask(name: SourceName, question: SearchQuery) -> list[DatasetSummary]:
            hits = await self._ask(name, used[name], question)
            self._remember(hits, used[name])
            return hits

        async def ask_newer(name: SourceName, question: SearchQuery) -> list[DatasetSummary]:
            hits = await self._ask_newer(name, used[name], question)
            self._remember(hits, used[name])
            return hits

        search_index = self._ask_index if self._index is not None else None
        merged = MergedSearch(ask, text, filters, sources, search_index, ask_newer)
        self._kept.put(key, _Search(merged, self._clock()))
        self._running[key] = merged
        return merged

    async def _ask(
        self, name: SourceName, credential: Credential, question: SearchQuery
    ) -> list[DatasetSummary]:
        """A source's hits, all that is asked for them within one deadline."""
        ends_at = self._clock() + self._settings.search_timeout_s

        async def search(text: str) -> list[DatasetSummary]:
            part = replace(question, text=text)
            left_s = ends_at - self._clock()
            return await self._dispatcher.call(name, credential, left_s, self._sources[name].search, part)

        if not SOURCES[name].hub:
            return await search(question.text)
        names_alone = SOURCES[name].searches_names
        return await search_in_parts(search, question.text, names_alone=names_alone)

    async def _ask_newer(
        self, name: SourceName, credential: Credential, question: SearchQuery
    ) -> list[DatasetSummary]:
        """The same with one plain question, for as long as it may hold back what the index has found."""
        ask = self._dispatcher.call(
            name, credential, self._settings.search_timeout_s, self._sources[name].search, question
        )
        try:
            # The hub is given up by this search alone: its breaker knows longer answers.
            return await asyncio.wait_for(ask, NEWER_PATIENCE_S)
        except TimeoutError:
            raise SourceTimeout(f"no answer within {NEWER_PATIENCE_S:g} s") from None

    async def _ask_index(self, question: SearchQuery, sources: Sequence[SourceName]) -> IndexHits | None:
        assert self._index is not None
        return await in_thread("short", self._index.search, question, sources)

    def _is_stale(self, search: _Search) -> bool:
        age = self._clock() - search.started_at
        failed = bool(search.merged.problems)
        return age >= (search.merged.retry_after_s if failed else self._settings.search_cache_s)
