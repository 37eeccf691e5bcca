"""One search over every source, and what is remembered of it: sources may be slow or fail."""

import asyncio
import socket
import threading
import time
from collections.abc import Sequence

import pytest

from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    GatedDataset,
    InvalidInput,
    SourceNotConfigured,
    SourceRateLimited,
    SourceUnreachable,
)
from dataferry.core.types import Credential, SourceName
from dataferry.sources.base import SearchFilters
from dataferry.sources.builtin import BuiltinSource
from dataferry.sources.merged_search import SearchResult
from tests.support.shelf_source import NOBODY, Clock, Make, ShelfSource, problems, refs, shelf

pytestmark = pytest.mark.anyio

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


async def test_what_there_is_is_told_while_a_source_is_slow(make: Make) -> None:
    slow = ShelfSource("kaggle", shelf("kaggle", 3), gate=threading.Event())
    assert slow.gate is not None
    told: list[tuple[list[str], dict[str, str], tuple[SourceName, ...]]] = []

    async def report(found: SearchResult, waiting_for: tuple[SourceName, ...]) -> None:
        told.append((refs(found), problems(found), waiting_for))
        assert slow.gate is not None
        slow.gate.set()

    failing = ShelfSource("huggingface", error=SourceUnreachable("gone"))
    catalog = make(slow, failing, BuiltinSource(), search_patience_s=0.05)
    result = await catalog.search("diabetes", credentials=NOBODY, report=report)
    assert told == [(["builtin:diabetes"], {"huggingface": "source_unreachable"}, ("kaggle",))]
    assert len(result.datasets) == 4
    assert list(problems(result)) == ["huggingface"]


async def test_nothing_is_told_of_a_quick_search_or_before_there_is_something(make: Make) -> None:
    async def report(found: SearchResult, waiting_for: tuple[SourceName, ...]) -> None:
        raise AssertionError((found, waiting_for))

    quick = make(ShelfSource("kaggle", shelf("kaggle", 3)), search_patience_s=5)
    assert (await quick.search("diabetes", credentials=NOBODY, report=report)).datasets
    slow = ShelfSource("kaggle", shelf("kaggle", 3), gate=threading.Event())
    assert slow.gate is not None
    empty = make(slow, ShelfSource("huggingface"), search_patience_s=0.01, search_timeout_s=0.2)
    assert not (await empty.search("diabetes", credentials=NOBODY, report=report)).datasets
    slow.gate.set()


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
        ("iris", SearchFilters(), NOBODY),
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


async def test_equal_searches_that_need_more_pages_than_there_is_time_for_keep_their_deadline(
    make: Make,
) -> None:
    """Each waited for those before it, of which each asked the slow hub for pages of its own."""
    kaggle = ShelfSource("kaggle", shelf("kaggle", 500, size_bytes=500), delay_s=1.5)
    catalog = make(kaggle, search_timeout_s=2.9, search_cache_s=0)
    strict = SearchFilters(max_bytes=100)
    searches = (catalog.search("diabetes", credentials=NOBODY, filters=strict) for _ in range(15))
    results = await asyncio.gather(*searches)
    assert [query.offset for query in kaggle.asked] == [0]
    assert {(refs(result) == [], result.source_errors) for result in results} == {(True, ())}


@pytest.mark.parametrize("leaving", [0, 1], ids=["the first", "a later one"])
async def test_who_leaves_a_shared_search_ends_it_for_nobody_else(make: Make, leaving: int) -> None:
    gate = threading.Event()
    kaggle = ShelfSource("kaggle", shelf("kaggle", 5), gate=gate)
    catalog = make(kaggle)
    searches = [asyncio.create_task(catalog.search("diabetes", credentials=NOBODY)) for _ in range(3)]
    assert await asyncio.to_thread(kaggle.begun.wait, 5)
    left = searches.pop(leaving)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    gate.set()
    for result in await asyncio.gather(*searches):
        assert len(result.datasets) == 5
    assert len(kaggle.asked) == 1


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


async def test_a_failed_source_is_asked_again_at_once(make: Make) -> None:
    """A person who presses Retry as soon as it is mended is not told of the failure before."""
    kaggle = ShelfSource("kaggle", shelf("kaggle", 2), error=SourceNotConfigured("no key"))
    catalog = make(kaggle)
    assert problems(await catalog.search("diabetes", credentials=NOBODY))
    kaggle.error = None
    result = await catalog.search("diabetes", credentials=NOBODY)
    assert not result.source_errors
    assert len(result.datasets) == 2


async def test_a_later_page_stays_with_the_sources_of_the_first(make: Make) -> None:
    kaggle = ShelfSource("kaggle", shelf("kaggle", 9), error=SourceNotConfigured("no key"))
    clock = Clock()
    catalog = make(kaggle, ShelfSource("huggingface", shelf("huggingface", 15)), clock=clock)
    first = await catalog.search("diabetes", credentials=NOBODY, limit=10)
    kaggle.error = None
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
