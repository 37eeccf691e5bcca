"""Searches of a catalog that has an index of the hubs' catalogues."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dataferry.core.settings import Settings
from dataferry.core.types import SourceName
from dataferry.sources.base import SearchFilters
from dataferry.sources.catalog import Catalog, build_sources, find_index
from dataferry.sources.index.manifest import pointer_of
from tests.fakes.catalogue import seeded
from tests.fakes.content import text
from tests.fakes.dataset import Catalogue, FakeDataset, single
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.support.catalogues import build_index
from tests.support.hubs import Hubs

pytestmark = pytest.mark.anyio

HUBS: tuple[SourceName, ...] = ("kaggle", "huggingface")
Open = Callable[..., Catalog]


def _dataset(number: int, hub: SourceName = "huggingface") -> FakeDataset:
    return FakeDataset(
        hub,  # type: ignore[arg-type]
        f"owner{number}/turbine-{number}",
        f"Turbine {number}",
        f"Readings of the wind turbine of village {number * 7919}",
        "mit",
        single("a.csv", lambda: text(f"a\n{number}\n")),
        downloads=number,
    )


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    catalogue = seeded()
    for number in range(150):
        catalogue.add(_dataset(number))
    return catalogue


@pytest.fixture(scope="module")
def data_dir(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    build_index(catalogue, folder / "snapshots", Settings(_env_file=None, data_dir=folder).index_folder)
    return folder


@pytest.fixture
def hubs(catalogue: Catalogue) -> Iterator[Hubs]:
    hubs = Hubs(KaggleFake(catalogue), HubFake(catalogue))
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture
def open_catalog(data_dir: Path) -> Iterator[Open]:
    opened: list[Catalog] = []

    def open_catalog(kaggle: str, hub: str) -> Catalog:
        settings = Settings(_env_file=None, data_dir=data_dir, kaggle_endpoint=kaggle, hf_endpoint=hub)
        opened.append(Catalog(build_sources(settings), settings, index=find_index(settings)))
        return opened[-1]

    yield open_catalog
    for catalog in opened:
        catalog.close()


@pytest.mark.alone
async def test_with_no_network_the_answer_comes_at_once(open_catalog: Open, nobody: str) -> None:
    catalog = open_catalog(nobody, nobody)
    found = await catalog.search("diabetes", credentials={}, sources=HUBS)
    assert found.source_errors == ()
    assert {hit.source for hit in found.datasets} == set(HUBS)
    assert found.index_snapshot_at is not None
    began = time.monotonic()
    await catalog.search("glucose", credentials={}, sources=HUBS)
    assert time.monotonic() - began < 1


async def test_what_is_newer_comes_from_the_hub_by_one_question(
    open_catalog: Open, hubs: Hubs, catalogue: Catalogue
) -> None:
    catalog = open_catalog(hubs.kaggle.url, hubs.hub.url)
    catalogue.add(_dataset(4711, "huggingface"))
    found = await catalog.search("turbine 4711", credentials={}, sources=HUBS)
    assert found.datasets[0].id == "owner4711/turbine-4711"
    assert [request.path for request in hubs.hub.requests()].count("/api/datasets") == 1


@pytest.mark.alone
async def test_a_slow_hub_is_not_waited_for(open_catalog: Open, hubs: Hubs) -> None:
    hubs.hub.fault("delay", seconds=6)
    hubs.kaggle.fault("delay", seconds=6)
    catalog = open_catalog(hubs.kaggle.url, hubs.hub.url)
    began = time.monotonic()
    found = await catalog.search("turbine", credentials={}, sources=HUBS)
    assert 1 < time.monotonic() - began < 4
    assert len(found.datasets) == 20
    assert found.source_errors == ()


async def test_paging_reaches_everything_once(open_catalog: Open, nobody: str) -> None:
    catalog = open_catalog(nobody, nobody)
    refs: list[str] = []
    more, filters = True, SearchFilters(license="mit")
    while more:
        page = await catalog.search(
            "turbine", credentials={}, sources=HUBS, filters=filters, limit=40, offset=len(refs)
        )
        refs += [hit.ref for card in page.datasets for hit in (card, *card.copies)]
        more = page.more and bool(page.datasets)
    assert len(refs) == len(set(refs))
    assert {f"huggingface:owner{n}/turbine-{n}" for n in range(150)} <= set(refs)


async def test_without_an_index_the_hubs_are_asked_as_ever(hubs: Hubs, tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, kaggle_endpoint=hubs.kaggle.url, hf_endpoint=hubs.hub.url
    )
    catalog = Catalog(build_sources(settings), settings, index=find_index(settings))
    try:
        found = await catalog.search("diabetes", credentials={}, sources=HUBS)
        assert {hit.source for hit in found.datasets} == set(HUBS)
        assert found.index_snapshot_at is None
        settings.index_folder.mkdir(parents=True)
        pointer_of(settings.index_folder).write_text("damaged")
        found = await catalog.search("glucose", credentials={}, sources=HUBS)
        assert (found.source_errors, found.index_snapshot_at) == ((), None)
    finally:
        catalog.close()
