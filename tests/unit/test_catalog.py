"""The catalog over built-in datasets and small sources of the test's own, which may be slow or fail."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    GatedDataset,
    InvalidInput,
    NotFound,
    SourceNotConfigured,
    SourceProtocolError,
    SourceRateLimited,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import (
    Credential,
    DatasetRef,
    DatasetSummary,
    FileEntry,
    Http,
    Manifest,
    SourceName,
)
from dataferry.sources.base import SearchFilters, SearchQuery, Source
from dataferry.sources.builtin import BuiltinSource
from dataferry.sources.catalog import RETRY_AFTER_S, Catalog, SearchResult
from dataferry.sources.merged_search import MAX_PAGES, PAGE_SIZE

pytestmark = pytest.mark.anyio
NOBODY: dict[SourceName, Credential] = {}


@dataclass
class ShelfSource:
    """A source with a shelf of datasets, whose search can wait at a gate and fail."""

    name: SourceName
    shelf: list[DatasetSummary] = field(default_factory=list)
    error: Exception | None = None
    gate: threading.Event | None = None
    delay_s: float = 0.0
    begun: threading.Event = field(default_factory=threading.Event)
    asked: list[SearchQuery] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    threads: int = 6
    endpoint: str | None = None
    how_to_connect: str = "Set a token."

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        self.asked.append(query)
        self.begun.set()
        self._trouble()
        return self.shelf[query.offset : query.offset + query.limit]

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        self.described.append(str(ref))
        self._trouble()
        found = next((hit for hit in self.shelf if hit.ref == str(ref)), None)
        if found is None:
            raise NotFound(f"There is no {ref}.")
        return found.model_copy(update={"revision": revision or "r1", "size_bytes": 10})

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        self._trouble()
        return Manifest(ref, revision or "r1", (FileEntry("a.csv", Http("http://127.0.0.1/a.csv"), 10),))

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        self.described.append(f"readme {ref}")
        self._trouble()
        return f"# {ref}"

    def _trouble(self) -> None:
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.error is not None:
            raise self.error


def shelf(
    source: SourceName, count: int, subject: str = "diabetes", **fields: object
) -> list[DatasetSummary]:
    return [
        DatasetSummary.model_validate(
            {
                "ref": f"{source}:owner/{subject}-{n:03}",
                "source": source,
                "id": f"owner/{subject}-{n:03}",
                "title": f"{subject} {n}",
                "downloads": 1000 - n,
            }
            | fields
        )
        for n in range(count)
    ]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hub() -> Iterator[str]:
    """An address that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


Make = Callable[..., Catalog]


@pytest.fixture
async def make(hub: str) -> AsyncIterator[Make]:
    made: list[Catalog] = []

    def make(
        *sources: Source,
        kaggle: str = hub,
        huggingface: str = hub,
        clock: Clock | None = None,
        **settings: float,
    ) -> Catalog:
        for source in sources:
            if isinstance(source, ShelfSource):
                source.endpoint = {"kaggle": kaggle, "huggingface": huggingface}.get(source.name)
        values = {"breaker_s": 0.0, **settings}
        catalog = Catalog(
            {source.name: source for source in sources},
            Settings.model_validate(values),
            clock=clock or time.monotonic,
        )
        made.append(catalog)
        return catalog

    yield make
    for catalog in made:
        catalog.close()


def refs(result: SearchResult) -> list[str]:
    return [summary.ref for summary in result.datasets]


def problems(result: SearchResult) -> dict[str, str]:
    return {problem.source: problem.code for problem in result.source_errors}


# -- searching ------------------------------------------------------------------------------------


async def test_every_source_in_one_answer(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 3))
    hub = ShelfSource("huggingface", shelf("huggingface", 3))
    result = await make(kaggle, hub, BuiltinSource()).search("find diabetes datasets", credentials=NOBODY)
    assert result.query == "find diabetes datasets"
    assert {summary.source for summary in result.datasets[:2]} == {"kaggle", "huggingface"}
    assert refs(result)[-1] == "builtin:diabetes"
    assert len(result.datasets) == 7
    assert not result.more
    assert result.source_errors == ()
    assert [query.text for query in kaggle.asked] == ["diabetes"]
    assert all(summary.why for summary in result.datasets)


async def test_sources_are_asked_at_the_same_time(make: Make) -> None:
    """Each waits for the other to have been asked: one after the other would never end."""
    both = threading.Barrier(2, timeout=5)

    class Meeting(ShelfSource):
        def _trouble(self) -> None:
            both.wait()

    sources = (Meeting("kaggle", shelf("kaggle", 1)), Meeting("huggingface", shelf("huggingface", 1)))
    result = await make(*sources).search("diabetes", credentials=NOBODY)
    assert len(result.datasets) == 2


async def test_only_the_sources_asked_for(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1))
    catalog = make(kaggle, BuiltinSource())
    result = await catalog.search("diabetes", credentials=NOBODY, sources=["builtin"])
    assert refs(result) == ["builtin:diabetes"]
    assert kaggle.asked == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceUnreachable("down"), "source_unreachable"),
        (SourceRateLimited("slow down", retry_after=30), "source_rate_limited"),
        (SourceNotConfigured("no key", next_step="Set KAGGLE_API_TOKEN."), "source_not_configured"),
        (CredentialRejected("wrong key"), "credential_rejected"),
        (TimeoutError(), "source_timeout"),
        (KeyError("datasets"), "source_protocol"),
        (GatedDataset("terms", link="https://example.org"), "gated"),
    ],
)
async def test_a_failing_source_is_a_note(make: Make, error: Exception, code: str) -> None:
    catalog = make(ShelfSource("kaggle", error=error), ShelfSource("huggingface", shelf("huggingface", 2)))
    result = await catalog.search("diabetes", credentials=NOBODY)
    assert len(result.datasets) == 2
    assert problems(result) == {"kaggle": code}
    (note,) = result.source_errors
    if isinstance(error, DataferryError):
        assert (note.detail, note.next_step, note.link) == (error.detail, error.next_step, error.link)
    if isinstance(error, KeyError):
        assert "KeyError" in note.detail


async def test_all_sources_failing_is_an_answer_too(make: Make) -> None:
    down = SourceUnreachable("down")
    catalog = make(ShelfSource("kaggle", error=down), ShelfSource("huggingface", error=down))
    result = await catalog.search("diabetes", credentials=NOBODY)
    assert result.datasets == ()
    assert list(problems(result)) == ["kaggle", "huggingface"]
    assert not result.more


async def test_a_slow_source_does_not_hold_the_others_up(make: Make) -> None:
    slow = ShelfSource("kaggle", shelf("kaggle", 1), gate=threading.Event())
    assert slow.gate is not None
    catalog = make(slow, BuiltinSource(), search_timeout_s=0.2)
    started = time.monotonic()
    result = await catalog.search("diabetes", credentials=NOBODY)
    assert time.monotonic() - started < 2
    slow.gate.set()
    assert refs(result) == ["builtin:diabetes"]
    assert problems(result) == {"kaggle": "source_timeout"}


async def test_without_a_network_the_samples_come_and_the_hubs_are_named(make: Make, nobody: str) -> None:
    """The client libraries' own retries (here: a gate that stays shut) are not waited for."""
    shut = threading.Event()
    kaggle = ShelfSource("kaggle", gate=shut)
    hub = ShelfSource("huggingface", gate=shut)
    catalog = make(kaggle, hub, BuiltinSource(), kaggle=nobody, huggingface=nobody)
    started = time.monotonic()
    result = await catalog.search("diabetes", credentials=NOBODY)
    again = await catalog.search("iris", credentials=NOBODY)
    assert time.monotonic() - started < 1
    shut.set()
    assert refs(result) == ["builtin:diabetes"]
    assert refs(again) == ["builtin:iris"]
    assert (
        problems(result) == problems(again) == dict.fromkeys(("kaggle", "huggingface"), "source_unreachable")
    )
    assert all(note.next_step for note in result.source_errors)
    assert len(kaggle.asked) == 1, "a hub that was just found unreachable is not asked again at once"


async def test_a_black_hole_is_given_up_after_the_connect_timeout(make: Make) -> None:
    """A listener whose queue is full answers no handshake, as a network that drops packets."""
    shut = threading.Event()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        where = listening.getsockname()
        queued = [socket.socket() for _ in range(4)]
        for each in queued:
            each.setblocking(False)
            each.connect_ex(where)
        catalog = make(
            ShelfSource("kaggle", gate=shut),
            BuiltinSource(),
            kaggle=f"http://127.0.0.1:{where[1]}",
            connect_timeout_s=0.3,
        )
        started = time.monotonic()
        result = await catalog.search("diabetes", credentials=NOBODY)
        took = time.monotonic() - started
        shut.set()
        for each in queued:
            each.close()
    assert 0.25 < took < 2
    assert problems(result) == {"kaggle": "source_unreachable"}
    assert refs(result) == ["builtin:diabetes"]


async def test_a_slow_hub_that_accepts_connections_keeps_its_deadline(make: Make) -> None:
    slow = ShelfSource("kaggle", shelf("kaggle", 1), delay_s=0.4)
    result = await make(slow, connect_timeout_s=0.1).search("diabetes", credentials=NOBODY)
    assert len(result.datasets) == 1


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 20, 0),
        ("  ?! ", 20, 0),
        ("x" * 1000, 20, 0),
        ("a", 0, 0),
        ("a", 101, 0),
        ("a", 5, -1),
        ("a", 5, 999),
    ],
)
async def test_bad_input(make: Make, query: str, limit: int, offset: int) -> None:
    with pytest.raises(InvalidInput):
        await make(BuiltinSource()).search(query, credentials=NOBODY, limit=limit, offset=offset)


async def test_filters_hold_for_every_source(make: Make) -> None:
    kaggle = ShelfSource(
        "kaggle", shelf("kaggle", 2, size_bytes=50) + shelf("kaggle", 2, "big", size_bytes=500)
    )
    hub = ShelfSource("huggingface", shelf("huggingface", 2))
    catalog = make(kaggle, hub, BuiltinSource())
    result = await catalog.search("diabetes", credentials=NOBODY, filters=SearchFilters(max_bytes=100))
    assert [summary.source for summary in result.datasets] == ["kaggle"] * 2 + ["huggingface"] * 2
    assert all("size not stated" in (summary.why or "") for summary in result.datasets[2:])


async def test_a_hit_that_could_not_be_sent_back_is_left_out(make: Make) -> None:
    good = shelf("kaggle", 1)
    strange = good[0].model_copy(update={"id": "../../etc/passwd", "ref": "kaggle:../../etc/passwd"})
    other = shelf("huggingface", 1)
    result = await make(ShelfSource("kaggle", [strange, *other, *good])).search(
        "diabetes", credentials=NOBODY
    )
    assert refs(result) == [good[0].ref]


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
    assert refs(result) == [f"kaggle:owner/small-{n:03}" for n in range(3)]


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


# -- memory ---------------------------------------------------------------------------------------


async def test_a_repeated_search_is_not_asked_again(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 20))
    clock = Clock()
    catalog = make(kaggle, BuiltinSource(), clock=clock, search_cache_s=60)
    first = await catalog.search("find diabetes datasets", credentials=NOBODY)
    started = time.perf_counter()
    for _ in range(10):
        again = await catalog.search("Diabetes!", credentials=NOBODY)
    assert (time.perf_counter() - started) / 10 < 0.010
    assert again.datasets == first.datasets
    assert len(kaggle.asked) == 1
    clock.now += 61
    await catalog.search("diabetes", credentials=NOBODY)
    assert len(kaggle.asked) == 2


async def test_another_question_or_credential_is_asked_anew(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 3))
    catalog = make(kaggle)

    def token(secret: str) -> dict[SourceName, Credential]:
        return {"kaggle": Credential("kaggle", "user", secret=secret)}

    questions: Sequence[tuple[str, SearchFilters, dict[SourceName, Credential]]] = [
        ("diabetes", SearchFilters(), NOBODY),
        ("heart", SearchFilters(), NOBODY),
        ("diabetes", SearchFilters(sort="downloads"), NOBODY),
        ("diabetes", SearchFilters(), token("one")),
        ("diabetes", SearchFilters(), token("two")),
    ]
    for _ in range(2):
        for query, filters, credentials in questions:
            await catalog.search(query, credentials=credentials, filters=filters)
    assert len(kaggle.asked) == len(questions)


async def test_equal_searches_at_one_time_are_one(make: Make) -> None:
    gate = threading.Event()
    kaggle = ShelfSource("kaggle", shelf("kaggle", 5), gate=gate)
    catalog = make(kaggle)
    searches = [asyncio.create_task(catalog.search("diabetes", credentials=NOBODY)) for _ in range(8)]
    assert await asyncio.to_thread(kaggle.begun.wait, 5)
    gate.set()
    results = await asyncio.gather(*searches)
    assert len(kaggle.asked) == 1
    assert len({tuple(refs(result)) for result in results}) == 1


async def test_a_search_whose_caller_left_can_be_repeated(make: Make) -> None:
    gate = threading.Event()
    kaggle = ShelfSource("kaggle", shelf("kaggle", 5), gate=gate)
    catalog = make(kaggle)
    left = asyncio.create_task(catalog.search("diabetes", credentials=NOBODY))
    assert await asyncio.to_thread(kaggle.begun.wait, 5)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    gate.set()
    assert len((await catalog.search("diabetes", credentials=NOBODY)).datasets) == 5


async def test_a_failed_source_is_asked_again_soon(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 2), error=SourceNotConfigured("no key"))
    clock = Clock()
    catalog = make(kaggle, clock=clock)
    assert problems(await catalog.search("diabetes", credentials=NOBODY))
    kaggle.error = None
    assert problems(await catalog.search("diabetes", credentials=NOBODY)), "within the pause"
    clock.now += RETRY_AFTER_S
    result = await catalog.search("diabetes", credentials=NOBODY)
    assert not result.source_errors
    assert len(result.datasets) == 2


async def test_a_later_page_stays_with_the_sources_of_the_first(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 9), error=SourceNotConfigured("no key"))
    clock = Clock()
    catalog = make(kaggle, ShelfSource("huggingface", shelf("huggingface", 15)), clock=clock)
    first = await catalog.search("diabetes", credentials=NOBODY, limit=10)
    kaggle.error = None
    clock.now += RETRY_AFTER_S
    second = await catalog.search("diabetes", credentials=NOBODY, limit=10, offset=10)
    assert len(kaggle.asked) == 1
    assert len({*refs(first), *refs(second)}) == 15


async def test_a_limited_source_is_left_alone_as_long_as_it_asks(make: Make) -> None:
    kaggle = ShelfSource("kaggle", error=SourceRateLimited("slow down", retry_after=30))
    clock = Clock()
    catalog = make(kaggle, clock=clock)
    await catalog.search("diabetes", credentials=NOBODY)
    clock.now += 29
    await catalog.search("diabetes", credentials=NOBODY)
    assert len(kaggle.asked) == 1
    clock.now += 1
    await catalog.search("diabetes", credentials=NOBODY)
    assert len(kaggle.asked) == 2


# -- one dataset ----------------------------------------------------------------------------------


async def test_describe_is_remembered_for_each_credential(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1))
    catalog = make(kaggle)
    ref = DatasetRef.parse(kaggle.shelf[0].ref)
    for _ in range(2):
        assert (await catalog.describe(ref, None, Credential("kaggle"))).revision == "r1"
    await catalog.describe(ref, "r0", Credential("kaggle"))
    await catalog.describe(ref, None, Credential("kaggle", "user", secret="s"))
    assert len(kaggle.described) == 3


async def test_a_whole_hit_of_a_search_spares_a_describe(make: Make) -> None:
    whole = shelf("kaggle", 1, "whole", revision="7", size_bytes=5)
    partial = shelf("kaggle", 1, "partial", size_bytes=5)
    gated = shelf("kaggle", 1, "gated", revision="7", size_bytes=5, gated=True)
    kaggle = ShelfSource("kaggle", [*whole, *partial, *gated])
    catalog = make(kaggle)
    await catalog.search("whole partial gated", credentials=NOBODY)
    for hit in kaggle.shelf:
        await catalog.describe(DatasetRef.parse(hit.ref), None, Credential("kaggle"))
    assert kaggle.described == [partial[0].ref, gated[0].ref]


async def test_describe_errors_pass(make: Make, nobody: str) -> None:
    kaggle = ShelfSource("kaggle")
    ref = DatasetRef.parse("kaggle:a/b")
    with pytest.raises(NotFound):
        await make(kaggle).describe(ref, None, Credential("kaggle"))
    kaggle.error = RuntimeError("surprise")
    with pytest.raises(SourceProtocolError, match="RuntimeError"):
        await make(kaggle).describe(ref, None, Credential("kaggle"))
    with pytest.raises(SourceProtocolError, match="RuntimeError"):
        make(kaggle).manifest(ref, None, Credential("kaggle"))
    with pytest.raises(InvalidInput, match="not among the sources"):
        await make(BuiltinSource()).describe(ref, None, Credential("kaggle"))


async def test_describe_has_a_deadline(make: Make, nobody: str) -> None:
    gate = threading.Event()
    catalog = make(ShelfSource("kaggle", gate=gate), kaggle=nobody)
    ref = DatasetRef.parse("kaggle:a/b")
    with pytest.raises(SourceUnreachable):
        await catalog.describe(ref, None, Credential("kaggle"))
    slow = make(ShelfSource("kaggle", gate=gate))
    with pytest.raises(DataferryError) as late:
        await slow.describe(ref, None, Credential("kaggle"), timeout=0.1)
    assert late.value.code == "source_timeout"
    gate.set()


async def test_a_slow_link_does_not_shut_out_other_links(make: Make) -> None:
    gate = threading.Event()
    links = ShelfSource("url", gate=gate)
    catalog = make(links, breaker_s=60, describe_timeout_s=0.1)
    ref = DatasetRef.parse("url:https://example.org/a.csv")
    with pytest.raises(SourceTimeout):
        await catalog.readme(ref, None, Credential("url"))
    gate.set()
    assert await catalog.readme(ref, None, Credential("url"))


async def test_a_hub_that_hung_rests(make: Make) -> None:
    gate = threading.Event()
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1), gate=gate)
    catalog = make(kaggle, breaker_s=60, search_timeout_s=0.1)
    await catalog.search("diabetes", credentials=NOBODY)
    gate.set()
    assert problems(await catalog.search("other", credentials=NOBODY)) == {"kaggle": "source_timeout"}
    assert len(kaggle.asked) == 1
    (status,) = await catalog.status(NOBODY)
    assert status.state == "unreachable"


async def test_manifest_and_readme(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 1))
    catalog = make(kaggle)
    ref = DatasetRef.parse(kaggle.shelf[0].ref)
    assert catalog.manifest(ref, "r9", Credential("kaggle")).revision == "r9"
    for _ in range(2):
        assert await catalog.readme(ref, None, Credential("kaggle")) == f"# {ref}"
    assert kaggle.described == [f"readme {ref}"]


# -- status ---------------------------------------------------------------------------------------


async def test_status_says_what_is_connected_and_what_to_do(make: Make) -> None:
    catalog = make(ShelfSource("kaggle"), ShelfSource("huggingface"), BuiltinSource())
    token = Credential("kaggle", "server", "someone", "s3cret")
    kaggle, hub, builtin = await catalog.status({"kaggle": token})
    assert (kaggle.state, kaggle.configured, kaggle.account, kaggle.next_step) == (
        "connected",
        True,
        "someone",
        None,
    )
    assert (hub.state, hub.configured) == ("anonymous", False)
    assert hub.next_step == "Set a token."
    assert (builtin.state, builtin.label, builtin.problem) == ("ready", "Built-in", None)
    assert "s3cret" not in kaggle.model_dump_json()


async def test_status_names_what_cannot_be_reached(make: Make, nobody: str) -> None:
    catalog = make(ShelfSource("kaggle"), ShelfSource("huggingface"), kaggle=nobody)
    kaggle, hub = await catalog.status(NOBODY)
    assert kaggle.state == "unreachable"
    assert kaggle.problem == "Kaggle cannot be reached."
    assert kaggle.next_step
    assert hub.state == "anonymous"


async def test_status_remembers_a_refused_credential_of_that_person_only(make: Make) -> None:
    kaggle = ShelfSource(
        "kaggle", error=CredentialRejected("Kaggle refuses the key.", next_step="Make a new one.")
    )
    catalog = make(kaggle)
    wrong = {"kaggle": Credential("kaggle", "user", secret="wrong")}
    right = {"kaggle": Credential("kaggle", "user", secret="right")}
    await catalog.search("diabetes", credentials=wrong)
    (status,) = await catalog.status(wrong)
    assert (status.state, status.problem, status.next_step) == (
        "connected",
        "Kaggle refuses the key.",
        "Make a new one.",
    )
    (status,) = await catalog.status(right)
    assert status.problem is None
