"""Pages of a merged search."""

import pytest

from dataferry.core.types import Credential, DatasetSummary
from dataferry.sources.base import SearchFilters, SearchQuery, Source
from dataferry.sources.builtin import BuiltinSource
from dataferry.sources.catalog import Catalog
from dataferry.sources.merged_search import MAX_PAGES, PAGE_SIZE, SearchResult
from tests.support.shelf_source import NOBODY, Clock, Make, ShelfSource, refs, shelf

pytestmark = pytest.mark.anyio

# -- pages ----------------------------------------------------------------------------------------


async def pages(catalog: Catalog, limit: int, query: str = "diabetes") -> list[SearchResult]:
    found: list[SearchResult] = []
    offset = 0
    while not found or found[-1].more:
        found.append(await catalog.search(query, credentials=NOBODY, limit=limit, offset=offset))
        offset += len(found[-1].datasets)
    return found


@pytest.mark.parametrize("limit", [7, 20, 100])
async def test_pages_give_every_dataset_once(make: Make, limit: int) -> None:
    shelves: list[Source] = [
        ShelfSource("kaggle", shelf("kaggle", 47)),
        ShelfSource("huggingface", shelf("huggingface", 2 * PAGE_SIZE)),
        BuiltinSource(),
    ]
    found = await pages(make(*shelves), limit)
    everything = [ref for page in found for ref in refs(page)]
    assert len(everything) == len(set(everything)) == 47 + 2 * PAGE_SIZE + 1
    assert all(len(page.datasets) == limit for page in found[:-1])
    assert {summary.source for summary in found[0].datasets} == {"kaggle", "huggingface", "builtin"}


async def test_a_page_keeps_its_place_when_more_is_fetched(make: Make) -> None:
    popular_later = shelf("kaggle", PAGE_SIZE, downloads=1) + shelf(
        "kaggle", PAGE_SIZE, "other-diabetes", downloads=10**7
    )
    catalog = make(ShelfSource("kaggle", popular_later))
    first = await catalog.search("diabetes", credentials=NOBODY, limit=10)
    await catalog.search("diabetes", credentials=NOBODY, limit=10, offset=20)
    assert refs(await catalog.search("diabetes", credentials=NOBODY, limit=10)) == refs(first)


async def test_a_page_far_down_whose_search_was_forgotten(make: Make) -> None:
    catalog = make(ShelfSource("kaggle", shelf("kaggle", 300)))
    result = await catalog.search("diabetes", credentials=NOBODY, limit=10, offset=250)
    assert len(result.datasets) == 10
    assert result.more


async def test_pages_outlive_the_first_ones_freshness(make: Make) -> None:
    clock = Clock()
    kaggle = ShelfSource("kaggle", shelf("kaggle", 40))
    catalog = make(kaggle, clock=clock, search_cache_s=60)
    first = await catalog.search("diabetes", credentials=NOBODY, limit=20)
    clock.now += 300
    second = await catalog.search("diabetes", credentials=NOBODY, limit=20, offset=20)
    assert len({*refs(first), *refs(second)}) == 40
    assert [query.offset for query in kaggle.asked] == [0, PAGE_SIZE]
    await catalog.search("diabetes", credentials=NOBODY, limit=20)
    assert [query.offset for query in kaggle.asked] == [0, PAGE_SIZE, 0]


async def test_hubs_are_asked_for_more_only_when_needed(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 100))
    catalog = make(kaggle)
    await catalog.search("diabetes", credentials=NOBODY, limit=10)
    await catalog.search("diabetes", credentials=NOBODY, limit=10, offset=10)
    assert [query.offset for query in kaggle.asked] == [0]
    await catalog.search("diabetes", credentials=NOBODY, limit=10, offset=20)
    assert [query.offset for query in kaggle.asked] == [0, PAGE_SIZE]


async def test_a_filtered_search_looks_further(make: Make) -> None:
    """A hub whose first page does not fit has more pages."""
    kaggle = ShelfSource(
        "kaggle", shelf("kaggle", 30, size_bytes=500) + shelf("kaggle", 3, "small", size_bytes=5)
    )
    result = await make(kaggle).search("diabetes", credentials=NOBODY, filters=SearchFilters(max_bytes=100))
    assert refs(result) == [f"kaggle:of-kaggle/small-{n:03}" for n in range(3)]


async def test_a_filter_that_leaves_nothing_is_given_up(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 500, size_bytes=500))
    result = await make(kaggle).search("diabetes", credentials=NOBODY, filters=SearchFilters(max_bytes=100))
    assert result.datasets == ()
    assert len(kaggle.asked) == MAX_PAGES


async def test_no_further_page_is_begun_late(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 100), delay_s=0.12)
    result = await make(kaggle, search_timeout_s=0.2).search("diabetes", credentials=NOBODY, limit=100)
    assert len(result.datasets) == PAGE_SIZE
    assert result.more
    assert result.source_errors == ()


async def test_a_short_page_of_a_source_that_narrows_for_itself_is_not_the_last(make: Make) -> None:
    class Narrowing(ShelfSource):
        def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
            return [hit for hit in super().search(query, credential) if hit.size_bytes == 5]

    mixed = shelf("kaggle", PAGE_SIZE - 1, size_bytes=500) + shelf("kaggle", 4, "small", size_bytes=5)
    filters = SearchFilters(max_bytes=100)
    result = await make(Narrowing("kaggle", mixed)).search("diabetes", credentials=NOBODY, filters=filters)
    assert len(result.datasets) == 4


async def test_beyond_the_end(make: Make) -> None:
    result = await make(BuiltinSource()).search("diabetes", credentials=NOBODY, offset=40)
    assert (result.datasets, result.more, result.offset) == ((), False, 40)
