"""The index as a search asks it: every filter, orders, words as people write them, replacement and damage."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import Conflict
from dataferry.core.types import SourceName
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.index.build import build, remove
from dataferry.sources.index.handle import IndexHandle
from dataferry.sources.index.manifest import pointer_of
from dataferry.sources.ranking import rank
from tests.support.meta_kaggle import dataset, tables, version, write_hub_stats, write_tables

HUBS: tuple[SourceName, ...] = ("huggingface", "kaggle")
_ROWS: tuple[Mapping[str, Any], ...] = (
    {
        "id": "ada/birds-german",
        "tags": [
            *("license:cc-by-4.0", "language:de", "modality:audio", "format:csv"),
            "task_categories:audio-classification",
        ],
        "description": "Songs of birds",
        "downloads": 10,
        "lastModified": datetime(2024, 5, 1, tzinfo=UTC),
        "mainSize": 1000,
    },
    {
        "id": "ada/birds-photos",
        "tags": ["license:mit", "modality:image", "task_categories:image-classification", "language:en"],
        "description": "Photos of birds for classification",
        "downloads": 900,
        "lastModified": datetime(2020, 5, 1, tzinfo=UTC),
        "gated": "auto",
        "mainSize": 5_000_000,
    },
    {"id": "ada/birds-untold", "tags": [], "description": "Counted birds", "downloads": 50},
    {
        "id": "ada/birds-cc0",
        "tags": ["license:cc0-1.0", "language:fr", "format:parquet", "modality:tabular"],
        "description": "Migration of birds",
        "downloads": 70,
        "lastModified": datetime(2025, 5, 1, tzinfo=UTC),
    },
    {"id": "ada/zh-niaolei", "tags": ["language:zh"], "description": "鸟类的声音数据集", "downloads": 5},
    {"id": "ada/diabetes", "tags": ["license:cc-by-sa-3.0"], "description": "Glucose", "downloads": 3},
)
_COLUMNS = ("id", "tags", "description", "downloads", "lastModified", "gated", "mainSize")


def _build(target: Path, folder: Path, rows: tuple[Mapping[str, Any], ...] = _ROWS) -> None:
    snapshot = write_hub_stats(folder, {name: [row.get(name) for row in rows] for name in _COLUMNS})
    build({"huggingface": snapshot}, target, lambda _progress: None)


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> IndexHandle:
    folder = tmp_path_factory.mktemp("index")
    _build(folder / "index", folder / "snapshot")
    return IndexHandle(folder / "index", {})


def _names(handle: IndexHandle, text: str, **filters: Any) -> list[str]:
    asked = SearchFilters(**filters)
    hits = handle.search(SearchQuery(text, asked, 20), HUBS)
    assert hits is not None
    ranked = rank(hits.summaries, text, asked, hits.corpus, hits.fields)
    return [hit.id.removeprefix("ada/").removeprefix("birds-") for hit in ranked]


@pytest.mark.parametrize(
    ("filters", "passing"),
    [
        ({"license": "cc"}, {"german", "cc0"}),
        ({"commercial": True}, {"german", "photos", "cc0"}),
        ({"license": "cc-by"}, {"german"}),
        ({"license": "cc-by-3.0"}, set()),
        ({"license": "mit"}, {"photos"}),
        ({"gated": True}, {"photos"}),
        ({"gated": False}, {"german", "untold", "cc0"}),
        ({"language": "de"}, {"german", "untold"}),
        ({"modality": "image"}, {"photos", "untold"}),
        ({"format": "csv"}, {"german", "untold"}),
        ({"format": "image"}, {"photos", "untold"}),
        ({"task": "audio classification"}, {"german", "untold", "cc0"}),
        ({"max_bytes": 2000}, {"german", "untold", "cc0"}),
        ({"min_bytes": 2000}, {"photos", "untold", "cc0"}),
        ({"updated_after": date(2024, 5, 1)}, {"german", "untold", "cc0"}),
        ({"license": "mit", "language": "de"}, set()),
    ],
)
def test_filters_leave_out_what_does_not_fit(
    handle: IndexHandle, filters: dict[str, Any], passing: set[str]
) -> None:
    """And so before the ranking does, so that no page is short."""
    asked = SearchFilters(**filters)
    hits = handle.search(SearchQuery("birds", asked, 20), HUBS)
    assert hits is not None
    found = {hit.id.removeprefix("ada/birds-") for hit in hits.summaries["huggingface"]}
    assert found == passing == set(_names(handle, "birds", **filters))


def test_what_surely_passes_comes_before_what_does_not_say(handle: IndexHandle) -> None:
    hits = handle.search(SearchQuery("counted birds", SearchFilters(language="de"), 1), HUBS)
    assert hits is not None
    assert [hit.id for hit in hits.summaries["huggingface"]] == ["ada/birds-german"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("downloads", "photos"), ("updated", "cc0"), ("size", "photos"), ("relevance", "german")],
)
def test_orders(handle: IndexHandle, sort: str, first: str) -> None:
    hits = handle.search(SearchQuery("bird songs", SearchFilters.model_validate({"sort": sort}), 20), HUBS)
    assert hits is not None
    found = [hit.id.removeprefix("ada/birds-") for hit in hits.summaries["huggingface"]]
    assert found[0] == (first if sort == "relevance" else "german"), "an order is of what has each word"
    assert _names(handle, "birds", sort=sort)[0] == first or sort == "relevance"


@pytest.mark.parametrize(
    ("text", "first"),
    [("diabetis", "diabetes"), ("Vögel", "german"), ("鸟类声音", "zh-niaolei"), ("BIRD’s song", "german")],
)
def test_words_as_people_write_them(handle: IndexHandle, text: str, first: str) -> None:
    assert _names(handle, text)[0] == first or (text == "Vögel" and "german" in _names(handle, text))


@pytest.mark.parametrize(
    "text", ["a" * 400, "🦜", "AND OR NOT", 'title:"x', "\u202eabc\x00", "* ?", "(((", "of the"]
)
def test_odd_words_are_words(handle: IndexHandle, text: str) -> None:
    for sort in ("relevance", "downloads"):
        query = SearchQuery(text, SearchFilters.model_validate({"sort": sort}), 20)
        assert handle.search(query, HUBS) is not None


def test_a_fresher_index_takes_over_while_searches_go_on(tmp_path: Path) -> None:
    _build(tmp_path / "index", tmp_path / "old")
    handle = IndexHandle(tmp_path / "index", {})
    before = handle.current()
    assert before is not None
    failures: list[object] = []
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            hits = handle.search(SearchQuery("birds", SearchFilters(), 20), HUBS)
            if hits is None or not hits.summaries["huggingface"]:
                failures.append(hits)

    searchers = [threading.Thread(target=search) for _ in range(3)]
    for searcher in searchers:
        searcher.start()
    try:
        for _ in range(3):
            _build(tmp_path / "index", tmp_path / "new", (*_ROWS, {"id": "ada/birds-fresh", "downloads": 1}))
    finally:
        stop.set()
        for searcher in searchers:
            searcher.join()
    assert failures == []
    assert "fresh" in _names(handle, "birds fresh")
    old = before.search(SearchQuery("birds", SearchFilters(), 20), HUBS)
    assert len(old.summaries["huggingface"]) == 4, "who has the old one open reads on"
    assert len([path for path in (tmp_path / "index").iterdir() if path.is_dir()]) == 1


def _other_version(folder: Path) -> None:
    pointer = pointer_of(folder)
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"format": 99, "new": 1}))


def _largest(folder: Path) -> Path:
    return max((path for path in folder.glob("*/*")), key=lambda path: path.stat().st_size)


def _cut_largest(folder: Path) -> None:
    with _largest(folder).open("r+b") as file:
        file.truncate(100)


_DAMAGE: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "another version": (_other_version, "built by another version"),
    "no manifest": (lambda folder: pointer_of(folder).write_text("{"), "its manifest is damaged"),
    "not a manifest": (lambda folder: pointer_of(folder).write_text("[1]"), "its manifest is damaged"),
    "a file is cut": (_cut_largest, "are not those that were built"),
    "a file is gone": (lambda folder: _largest(folder).unlink(), "are not those that were built"),
    "no meta": (
        lambda folder: next(folder.glob("*/meta.json")).write_text(
            " " * next(folder.glob("*/meta.json")).stat().st_size
        ),
        "its files are damaged",
    ),
}


@pytest.mark.parametrize("case", _DAMAGE)
def test_a_damaged_index_must_be_rebuilt(case: str, tmp_path: Path) -> None:
    spoil, told = _DAMAGE[case]
    _build(tmp_path / "index", tmp_path / "snapshot")
    spoil(tmp_path / "index")
    handle = IndexHandle(tmp_path / "index", {})
    assert handle.search(SearchQuery("birds", SearchFilters(), 20), HUBS) is None
    status = handle.status()
    assert status.state == "rebuild"
    assert status.problem is not None
    assert told in status.problem
    assert "must be rebuilt" in status.problem
    _build(tmp_path / "index", tmp_path / "snapshot")
    assert handle.status().state == "ready"
    assert "german" in _names(handle, "birds")


def test_none_and_one_that_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "index"
    handle = IndexHandle(target, {})
    assert (handle.status().state, handle.current()) == ("absent", None)
    remove(target)
    _build(target, tmp_path / "snapshot")
    (target / "kaggle-0.partial").mkdir()
    assert handle.current() is not None
    remove(target)
    assert (handle.status().state, handle.current()) == ("absent", None)
    assert [path.name for path in target.iterdir()] == ["build.lock"]


def test_two_builds_at_once(tmp_path: Path) -> None:
    snapshot = write_tables(tmp_path / "s", tables(Datasets=[dataset()], DatasetVersions=[version()]))
    told: list[Conflict] = []

    def report(_progress: object) -> None:
        with pytest.raises(Conflict, match="being built already") as refused:
            build({"kaggle": snapshot}, tmp_path / "index", lambda _progress: None)
        told.append(refused.value)

    build({"kaggle": snapshot}, tmp_path / "index", report)
    assert told
