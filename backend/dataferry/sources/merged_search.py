"""One search over several sources, grown page by page."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from dataferry.core.errors import DataferryError, InvalidInput
from dataferry.core.types import (
    SOURCE_LABELS,
    DatasetRef,
    DatasetSummary,
    SourceName,
    SourceProblem,
    words_of,
)
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.ranking import arrange, rank

#: Hits asked of a source at a time: the length of Kaggle's own pages.
PAGE_SIZE = 20
#: Pages asked of a source for one page of ours, where filters leave little of each.
MAX_PAGES = 5

_log = logging.getLogger(__name__)

SearchSource = Callable[[SourceName, SearchQuery], Awaitable[list[DatasetSummary]]]


class MergedSearch:
    """The merged ranking of one query over ``sources``.

    It holds what was fetched so far. ``grow`` asks every source for its next hits and appends them
    ranked among themselves: what has been shown once keeps its place, so that an offset means the
    same on the next page.
    """

    def __init__(
        self, search_source: SearchSource, text: str, filters: SearchFilters, sources: Sequence[SourceName]
    ) -> None:
        self.datasets: list[DatasetSummary] = []
        self.problems: dict[SourceName, SourceProblem] = {}
        #: Seconds that a source which failed asks to be left alone.
        self.retry_after_s = 0.0
        self._search_source = search_source
        self._text = text
        self._filters = filters
        self._offsets: dict[SourceName, int] = dict.fromkeys(sources, 0)
        self._seen: set[str] = set()
        self._growing = asyncio.Lock()

    @property
    def exhausted(self) -> bool:
        """No source has further hits."""
        return not self._offsets

    async def grow(self, count: int, deadline_s: float) -> None:
        """Fetch until there are ``count`` datasets or no source has more.

        Filters can leave little of every page, so what ``MAX_PAGES`` of them bring must do, and none
        begins when half of ``deadline_s`` is over. Callers that come meanwhile wait and share what is
        found.
        """
        async with self._growing:
            last_start = time.monotonic() + deadline_s / 2
            for _ in range(max(MAX_PAGES, count // PAGE_SIZE)):
                if not self._offsets or len(self.datasets) >= count or time.monotonic() > last_start:
                    return
                await self._fetch_pages(count)

    async def _fetch_pages(self, page: int) -> None:
        asked = dict(self._offsets)
        answers = await asyncio.gather(*(self._next_hits(source, offset) for source, offset in asked.items()))
        fresh: dict[SourceName, list[DatasetSummary]] = {}
        for source, answer in zip(asked, answers, strict=True):
            if isinstance(answer, DataferryError):
                self.problems[source] = _problem(source, answer)
                self.retry_after_s = max(self.retry_after_s, answer.retry_after or 0.0)
                del self._offsets[source]
                continue
            if self._is_last(answer):
                del self._offsets[source]
            else:
                self._offsets[source] += PAGE_SIZE
            fresh[source] = [
                hit for hit in answer if _has_valid_ref(source, hit) and hit.ref.casefold() not in self._seen
            ]
        ranked = rank(fresh, self._text, self._filters)
        self.datasets += ranked if self.datasets else arrange(ranked, page)
        self._seen.update(hit.ref.casefold() for hits in fresh.values() for hit in hits)

    def _is_last(self, hits: Sequence[DatasetSummary]) -> bool:
        # A source that narrows its own page by the filters may return a short one in the middle.
        narrowed = self._filters != SearchFilters(sort=self._filters.sort)
        return not hits or (len(hits) < PAGE_SIZE and not narrowed)

    async def _next_hits(self, source: SourceName, offset: int) -> list[DatasetSummary] | DataferryError:
        try:
            return await self._search_source(
                source, SearchQuery(self._text, self._filters, PAGE_SIZE, offset)
            )
        except DataferryError as error:
            return error


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
