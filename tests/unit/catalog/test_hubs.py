"""The catalog over the real client libraries, which talk to the fake hubs."""

import time
from collections.abc import AsyncIterator, Iterator

import pytest

from dataferry.core.settings import Settings
from dataferry.core.specs import SOURCES
from dataferry.core.types import SOURCE_NAMES, Credential, DatasetRef, SourceName
from dataferry.sources.base import SearchFilters
from dataferry.sources.catalog import Catalog, build_sources
from dataferry.sources.merged_search import SearchResult
from tests.fakes import catalogue as accounts
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake

pytestmark = pytest.mark.anyio


@pytest.fixture
def kaggle() -> Iterator[KaggleFake]:
    with KaggleFake() as fake:
        yield fake


@pytest.fixture
def hub() -> Iterator[HubFake]:
    with HubFake() as fake:
        yield fake


@pytest.fixture
async def catalog(kaggle: KaggleFake, hub: HubFake) -> AsyncIterator[Catalog]:
    settings = Settings(kaggle_endpoint=kaggle.url, hf_endpoint=hub.url, breaker_s=0, search_timeout_s=5)
    catalog = Catalog(build_sources(settings), settings)
    yield catalog
    catalog.close()


def test_every_declared_source_has_its_code_and_every_hub_says_how_to_connect() -> None:
    sources = build_sources(Settings())
    assert tuple(sources) == tuple(name for name in SOURCE_NAMES if not SOURCES[name].given)
    assert {name for name, source in sources.items() if source.endpoint} == {
        spec.name for spec in SOURCES.values() if spec.hub
    }
    assert "kaggle.com/settings" in sources["kaggle"].how_to_connect
    assert "huggingface.co/settings/tokens" in sources["huggingface"].how_to_connect


async def search(catalog: Catalog, query: str, **filters: object) -> SearchResult:
    return await catalog.search(query, credentials={}, filters=SearchFilters.model_validate(filters))


async def test_one_search_over_both_hubs_and_the_samples(catalog: Catalog) -> None:
    result = await search(catalog, "find diabetes datasets")
    assert result.source_errors == ()
    found = {summary.ref: summary for summary in result.datasets}
    assert found["kaggle:uciml/pima-indians-diabetes-database"].downloads == 812_345
    assert found["huggingface:scikit-learn/diabetes"].downloads == 4_870
    assert {summary.source for summary in result.datasets[:3]} == {"kaggle", "huggingface"}
    assert result.datasets[-1].ref == "builtin:diabetes"
    assert all(summary.url and summary.title and summary.why for summary in result.datasets)


async def test_a_hub_that_reads_names_alone_is_asked_for_parts_of_the_query(catalog: Catalog) -> None:
    """No name has all of these words."""
    result = await search(catalog, "diabetes measurements nobodyknows")
    assert "huggingface:scikit-learn/diabetes" in [summary.ref for summary in result.datasets]


async def test_filters_reach_across_the_hubs(catalog: Catalog) -> None:
    result = await search(catalog, "diabetes", license="cc0")
    assert {summary.source for summary in result.datasets} == {"kaggle", "huggingface"}
    for summary in result.datasets:
        assert "cc0" in (summary.license or "").lower()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("server_error", "source_unreachable"),
        ("rate_limit", "source_rate_limited"),
        ("requires_credentials", "source_not_configured"),
        ("garbage", "source_protocol"),
    ],
)
@pytest.mark.parametrize(("name", "other"), [("kaggle", "huggingface"), ("huggingface", "kaggle")])
async def test_one_hub_in_trouble(
    catalog: Catalog, kaggle: KaggleFake, hub: HubFake, name: str, other: str, fault: str, code: str
) -> None:
    (kaggle if name == "kaggle" else hub).fault(fault)
    result = await search(catalog, "diabetes")
    assert [(problem.source, problem.code) for problem in result.source_errors] == [(name, code)]
    assert result.source_errors[0].next_step
    assert {summary.source for summary in result.datasets} == {other, "builtin"}


async def test_a_download_after_a_search_needs_no_further_question(
    catalog: Catalog, kaggle: KaggleFake
) -> None:
    await search(catalog, "diabetes")
    asked = len(kaggle.log)
    ref = DatasetRef.parse("kaggle:uciml/pima-indians-diabetes-database")
    summary = await catalog.describe(ref, None, Credential("kaggle"))
    assert summary.revision
    assert len(kaggle.log) == asked


async def test_status_says_whose_the_credentials_are(catalog: Catalog, hub: HubFake) -> None:
    ada = accounts.ada()
    credentials: dict[SourceName, Credential] = {
        "kaggle": Credential("kaggle", "user", secret=ada.kaggle_token),
        "huggingface": Credential("huggingface", "user", secret=ada.hf_token),
    }
    for _ in range(2):
        kaggle_status, hub_status, *_rest = await catalog.status(credentials)
        assert (kaggle_status.state, kaggle_status.account) == ("connected", "ada")
        assert (hub_status.state, hub_status.account) == ("connected", "ada")
    assert len(hub.log) == 1


async def test_status_says_that_a_credential_is_refused(catalog: Catalog) -> None:
    wrong = {"huggingface": Credential("huggingface", "user", secret="hf_wrongWrongWrong")}
    _, status, *_rest = await catalog.status(wrong)
    assert (status.state, status.configured) == ("connected", True)
    assert status.problem
    assert status.next_step


async def test_without_hubs_the_samples_come_in_time(
    catalog: Catalog, kaggle: KaggleFake, hub: HubFake
) -> None:
    kaggle.stop()
    hub.stop()
    started = time.monotonic()
    result = await search(catalog, "find diabetes datasets")
    assert time.monotonic() - started < 3
    assert [summary.ref for summary in result.datasets] == ["builtin:diabetes"]
    assert [problem.source for problem in result.source_errors] == ["kaggle", "huggingface"]
    assert {problem.code for problem in result.source_errors} == {"source_unreachable"}
