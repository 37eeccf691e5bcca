"""One search over several sources, grown page by page."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from dataferry.core.errors import DataferryError, InvalidInput
from dataferry.core.problems import SourceProblem, words_of
from dataferry.core.types import (
    SOURCE_LABELS,
    DatasetRef,
    DatasetSummary,
    FilteredOut,
    FilterName,
    SourceName,
    View,
)
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.folding import fold, under
from dataferry.sources.index.dataset_index import IndexHits
from dataferry.sources.ranking import RankedHit, Ranking, arrange, missing_subject, ranking_of
from dataferry.sources.shared_calls import SharedCalls

#: Hits asked of a source at a time: the length of Kaggle's own pages.
PAGE_SIZE = 20
#: Pages asked of a source for one page of ours, where filters leave little of each.
MAX_PAGES = 5
#: Datasets taken from the index for each hub at a time, to be ranked.
INDEX_PAGE_SIZE = 40
#: Hits that are folded at a time, the best first: comparing each with all others takes the most time.
FOLDED_AT_ONCE = 30

_log = logging.getLogger(__name__)

SearchSource = Callable[[SourceName, SearchQuery], Awaitable[list[DatasetSummary]]]
#: Asks the index of the hubs' catalogues; None where there is none to be used.
SearchIndex = Callable[[SearchQuery, Sequence[SourceName]], Awaitable[IndexHits | None]]
_Answer = list[DatasetSummary] | DataferryError


class SearchResult(View):
    """One page of the merged ranking; what failed is in ``source_errors``."""

    query: str
    datasets: tuple[DatasetSummary, ...]
    source_errors: tuple[SourceProblem, ...] = ()
    #: There is a further page at ``offset + len(datasets)``.
    more: bool = False
    offset: int = 0
    #: How fresh the index is that the hubs' datasets are from; None where the hubs alone were asked.
    index_snapshot_at: datetime | None = None
    #: What the query is about, as it was typed, where none of the datasets that were found is.
    nothing_about: str | None = None
    #: Where the filters left nothing: how much each of them leaves out.
    left_out: tuple[FilteredOut, ...] = ()


class MergedSearch:
    """The merged ranking of one query over ``sources``.

    It holds what was fetched so far. ``grow`` asks every source for its next hits and appends them
    ranked among themselves: what has been shown once keeps its place, so that an offset means the
    same on the next page. A hub that the index holds is asked once, by ``search_newer``, for what the index
    does not have yet. Use it from one event loop.
    """

    def __init__(
        self,
        search_source: SearchSource,
        text: str,
        filters: SearchFilters,
        sources: Sequence[SourceName],
        search_index: SearchIndex | None = None,
        search_newer: SearchSource | None = None,
    ) -> None:
        self.datasets: list[DatasetSummary] = []
        #: Further hits, ranked, that are folded when somebody asks for so many.
        self._ranked: list[RankedHit] = []
        self.problems: dict[SourceName, SourceProblem] = {}
        #: Seconds that a source which failed asks to be left alone.
        self.retry_after_s = 0.0
        self._search_source = search_source
        self._search_index = search_index
        self._search_newer = search_newer
        #: The answer of the index to the pages under way, and the hubs whose datasets come from it.
        self._indexed: IndexHits | None = None
        self._from_index: set[SourceName] = set()
        self._snapshot_at: datetime | None = None
        self._text = text
        self._filters = filters
        self._sources = tuple(sources)
        self._offsets: dict[SourceName, int] = dict.fromkeys(sources, 0)
        self._seen: set[str] = set()
        self._fetches = SharedCalls[None]()
        self._callers = 0
        #: Of the pages that are being fetched: the sources asked, and what those said that have answered.
        self._asked: tuple[SourceName, ...] = ()
        self._answers: dict[SourceName, _Answer] = {}
        self._heard: set[SourceName] = set()
        self._about_subject = False
        #: By ref, the filters that leave out what was found.
        self._left_out: dict[str, tuple[FilterName, ...]] = {}
        self._widened = False
        #: Set, and replaced by a new one, when a source answers.
        self.answered = asyncio.Event()

    @property
    def exhausted(self) -> bool:
        """There are no further hits."""
        return not self._offsets and not self._ranked

    @property
    def under_way(self) -> bool:
        """Somebody waits for it."""
        return self._callers > 0

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Meanwhile it is ``under_way``."""
        self._callers += 1
        try:
            yield
        finally:
            self._callers -= 1

    async def grow(self, count: int, deadline_s: float) -> None:
        """Fetch until there are ``count`` datasets or no source has more.

        Filters can leave little of every page, so what ``MAX_PAGES`` of them bring must do, and none
        begins when half of ``deadline_s`` is over. Callers share the pages under way, and each keeps its own
        deadline: nobody waits for what others need beyond that.
        """
        last_start = time.monotonic() + deadline_s / 2
        for _ in range(max(MAX_PAGES, count // PAGE_SIZE)):
            while self._ranked and len(self.datasets) < count:
                self._fold_further()
            if not self._offsets or len(self.datasets) >= count or time.monotonic() > last_start:
                break
            await self._fetches.share("pages", lambda: self._fetch_pages(count))
        nothing = not self.datasets and self._filters.narrows and not self._widened
        if nothing and time.monotonic() <= last_start:
            await self._fetches.share("without filters", lambda: self._fetch_without_filters(count))

    def page(self, offset: int, limit: int, first: Sequence[DatasetSummary] = ()) -> SearchResult:
        """``limit`` datasets from the ``offset``-th on, of what was fetched, behind those that are to stand
        ``first``."""
        return self._page(
            self.datasets, self.problems, offset, limit, first, about_subject=self._about_subject
        )

    def page_so_far(
        self, offset: int, limit: int, first: Sequence[DatasetSummary] = ()
    ) -> tuple[SearchResult, tuple[SourceName, ...]]:
        """The same with what the pages under way have brought, and the sources that have not said
        anything yet."""
        problems = {
            source: _problem(source, answer)
            for source, answer in self._answers.items()
            if isinstance(answer, DataferryError)
        }
        datasets, _ = self._with(self._ranking(self._fresh_hits()).hits, offset + limit)
        waiting_for = tuple(source for source in self._asked if source not in self._heard)
        # Those that have not answered may know more of the subject.
        page = self._page(datasets, self.problems | problems, offset, limit, first, about_subject=True)
        return page, waiting_for

    def _page(
        self,
        datasets: Sequence[DatasetSummary],
        problems: Mapping[SourceName, SourceProblem],
        offset: int,
        limit: int,
        first: Sequence[DatasetSummary],
        *,
        about_subject: bool,
    ) -> SearchResult:
        datasets = _with_first(first, datasets)
        found = tuple(datasets[offset : offset + limit])
        further = not self.exhausted and (bool(found) or offset > 0)
        return SearchResult(
            query=self._text,
            datasets=found,
            source_errors=tuple(problems[name] for name in self._sources if name in problems),
            more=len(datasets) > offset + limit or further,
            offset=offset,
            index_snapshot_at=self._snapshot_at,
            nothing_about=missing_subject(self._text) if found and not about_subject and not first else None,
            left_out=() if datasets else self._count_left_out(),
        )

    def _count_left_out(self) -> tuple[FilteredOut, ...]:
        counts = Counter(name for names in self._left_out.values() for name in names)
        return tuple(FilteredOut(filter=name, count=count) for name, count in counts.most_common())

    async def _fetch_pages(self, page: int) -> None:
        asked = dict(self._offsets)
        self._asked, self._answers = tuple(asked), {}
        try:
            await self._ask_index(asked)
            await asyncio.gather(*(self._ask(source, offset) for source, offset in asked.items()))
            for source in asked:
                self._take_note(source, self._answers[source])
            self._take(self._fresh_hits(), page)
        finally:
            self._asked, self._answers, self._indexed = (), {}, None

    async def _ask_index(self, asked: Mapping[SourceName, int]) -> None:
        """What the index has is there at once, while the hubs are asked for what is newer."""
        first = not self.datasets and not self._from_index
        hubs = [source for source in asked if first or source in self._from_index]
        if self._search_index is None or not hubs:
            return
        question = SearchQuery(self._text, self._filters, INDEX_PAGE_SIZE, max(asked[hub] for hub in hubs))
        self._indexed = await self._search_index(question, hubs)
        if self._indexed is not None:
            self._snapshot_at = self._indexed.snapshot_at
            self._from_index.update(self._indexed.found)
            self._answers.update(self._indexed.summaries)

    async def _fetch_without_filters(self, page: int) -> None:
        """Ask those that have no more once again without filters: a hub that narrows its search says neither
        how much it leaves out nor what it is not sure of. What comes passes the filters, or is counted."""
        self._widened = True
        question = SearchQuery(self._text, SearchFilters(sort=self._filters.sort), PAGE_SIZE)
        asked = [name for name in self._sources if name not in (*self.problems, *self._offsets)]
        found: dict[SourceName, list[DatasetSummary]] = {}
        if self._search_index is not None and self._from_index:
            indexed = await self._search_index(question, [name for name in asked if name in self._from_index])
            found |= indexed.summaries if indexed is not None else {}
        asked = [name for name in asked if name not in found]
        answers = await asyncio.gather(*(self._asked_of(name, question) for name in asked))
        pairs = zip(asked, answers, strict=True)
        found |= {name: hits for name, hits in pairs if not isinstance(hits, DataferryError)}
        self._take(found, page)

    def _take(self, fresh: Mapping[SourceName, Sequence[DatasetSummary]], page: int) -> None:
        ranking = self._ranking(fresh)
        self.datasets, self._ranked = self._with(ranking.hits, page)
        self._about_subject |= ranking.about_subject
        self._left_out |= ranking.left_out
        self._seen.update(hit.ref.casefold() for hits in fresh.values() for hit in hits)

    async def _ask(self, source: SourceName, offset: int) -> None:
        self._answers[source] = await self._next_hits(source, offset)
        self._heard.add(source)
        answered, self.answered = self.answered, asyncio.Event()
        answered.set()

    def _take_note(self, source: SourceName, answer: _Answer) -> None:
        """Whether the source has further hits, and what it lacks."""
        if isinstance(answer, DataferryError):
            self.problems[source] = _problem(source, answer)
            self.retry_after_s = max(self.retry_after_s, answer.retry_after or 0.0)
            del self._offsets[source]
        elif self._is_last(source, answer):
            del self._offsets[source]
        else:
            self._offsets[source] += INDEX_PAGE_SIZE if source in self._from_index else PAGE_SIZE

    def _fresh_hits(self) -> dict[SourceName, list[DatasetSummary]]:
        """The hits of the pages under way that are not among ``datasets``."""
        return {
            source: [
                hit for hit in answer if _has_valid_ref(source, hit) and hit.ref.casefold() not in self._seen
            ]
            for source, answer in self._answers.items()
            if not isinstance(answer, DataferryError)
        }

    def _ranking(self, fresh: Mapping[SourceName, Sequence[DatasetSummary]]) -> Ranking:
        indexed = self._indexed
        corpus, fields = (indexed.corpus, indexed.fields) if indexed is not None else (None, None)
        only_subject = self._about_subject
        return ranking_of(fresh, self._text, self._filters, corpus, fields, only_subject=only_subject)

    def _with(self, ranked: Sequence[RankedHit], page: int) -> tuple[list[DatasetSummary], list[RankedHit]]:
        """``datasets`` and behind them the best of the ``ranked`` ones, folded; and the others. What is shown
        keeps its place."""
        best, others = _divided(ranked, max(FOLDED_AT_ONCE, page + page // 2))
        known = self._indexed.fields if self._indexed is not None else None
        cards = fold([hit.explained() for hit in best], self._filters, self.datasets, known)
        return cards if self.datasets else arrange(cards, page), others

    def _fold_further(self) -> None:
        best, self._ranked = self._ranked[:FOLDED_AT_ONCE], self._ranked[FOLDED_AT_ONCE:]
        self.datasets = fold([hit.explained() for hit in best], self._filters, self.datasets)

    def _is_last(self, source: SourceName, hits: Sequence[DatasetSummary]) -> bool:
        if source in self._from_index:
            return self._indexed is None or len(self._indexed.found.get(source, ())) < INDEX_PAGE_SIZE
        # A source that narrows its own page by the filters may return a short one in the middle.
        return not hits or (len(hits) < PAGE_SIZE and not self._filters.narrows)

    async def _next_hits(self, source: SourceName, offset: int) -> _Answer:
        question = SearchQuery(self._text, self._filters, PAGE_SIZE, offset)
        if source in self._from_index:
            indexed = self._indexed.summaries[source] if self._indexed is not None else []
            return [*indexed, *(await self._newer_hits(source, question) if offset == 0 else ())]
        return await self._asked_of(source, question)

    async def _asked_of(self, source: SourceName, question: SearchQuery) -> _Answer:
        try:
            return await self._search_source(source, question)
        except DataferryError as error:
            return error

    async def _newer_hits(self, source: SourceName, question: SearchQuery) -> Sequence[DatasetSummary]:
        """What the hub itself finds. That it cannot be asked is no outage: the index has answered."""
        if self._search_newer is None:
            return ()
        try:
            return await self._search_newer(source, question)
        except DataferryError as error:
            _log.info("%s was not asked beside the index: %s", SOURCE_LABELS[source], error)
            return ()


def _divided(ranked: Sequence[RankedHit], count: int) -> tuple[list[RankedHit], list[RankedHit]]:
    """The first ``count``, with what a first page shows beside them: samples, and the best of each source."""
    best = {hit.summary.source: hit for hit in reversed(ranked)}
    first: list[RankedHit] = []
    others: list[RankedHit] = []
    for place, hit in enumerate(ranked):
        source = hit.summary.source
        shown = place < count or source == "builtin" or hit is best[source]
        (first if shown else others).append(hit)
    return first, others


def _with_first(
    first: Sequence[DatasetSummary], datasets: Sequence[DatasetSummary]
) -> Sequence[DatasetSummary]:
    """``datasets`` behind the ``first`` ones, each once; of one that both have, what its source says now."""
    refs = {summary.ref for summary in first}
    told: dict[str, DatasetSummary] = {}
    others: list[DatasetSummary] = []
    for card in datasets if refs else ():
        copy = next((copy for copy in card.copies if copy.ref in refs), None)
        if card.ref in refs:
            told[card.ref] = card
        elif copy is not None:
            told[copy.ref] = under(card, copy)
        else:
            others.append(card)
    return [*(told.get(summary.ref, summary) for summary in first), *others] if refs else datasets


def _problem(source: SourceName, error: DataferryError) -> SourceProblem:
    return SourceProblem(**words_of(error), source=source)


def _has_valid_ref(source: SourceName, hit: DatasetSummary) -> bool:
    """Whether the hit's reference is one that can be sent back to us."""
    try:
        sound = str(DatasetRef.make(source, hit.id)) == hit.ref
    except InvalidInput:
        sound = False
    if not sound:
        _log.warning("%s listed a dataset with an unusable id; it is left out", SOURCE_LABELS[source])
    return sound
