"""Searching models at HuggingFace: the real client library and the catalog, against the fake hub."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dataferry.core.errors import NotFound
from dataferry.core.model_cards import ModelSearchAnswer
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.catalog import Catalog
from dataferry.sources.model_plan import ModelFilters
from dataferry.sources.query_plan import MAX_SEARCHES
from tests.fakes.hub import HubFake
from tests.fakes.models import FakeModel
from tests.support.hub_source import huggingface_hub

pytestmark = pytest.mark.anyio

ANONYMOUS = Credential("huggingface")


@pytest.fixture
def fake() -> Iterator[HubFake]:
    with HubFake() as hub:
        yield hub


@asynccontextmanager
async def _catalog(fake: HubFake, **settings: Any) -> AsyncIterator[Catalog]:
    source = huggingface_hub(fake, **settings).source
    catalog = Catalog({"huggingface": source}, Settings(hf_endpoint=fake.url, **settings))
    yield catalog
    catalog.close()


async def _found(fake: HubFake, query: str, **filters: Any) -> ModelSearchAnswer:
    async with _catalog(fake) as catalog:
        return await catalog.models.search(
            query, filters=ModelFilters(**filters), limit=10, credential=ANONYMOUS
        )


async def test_a_model_tells_what_the_hub_knows_of_it(fake: HubFake) -> None:
    found = {model.id: model for model in (await _found(fake, "llama instruct")).models}
    model = found["meta-llama/Llama-3.1-8B-Instruct"]
    assert (model.owner, model.name, model.task) == (
        "meta-llama",
        "Llama-3.1-8B-Instruct",
        "text-generation",
    )
    assert (model.parameters, model.downloads, model.likes) == (8_030_261_248, 5_022_917, 4_120)
    assert (model.license, model.library, model.gated) == ("Llama 3.1", "transformers", True)
    assert model.languages == ("en", "de", "pt")
    assert model.url == f"{fake.url}/meta-llama/Llama-3.1-8B-Instruct"
    assert model.updated_at is not None
    # Only its GGUF file tells how many parameters it has.
    assert found["bartowski/Llama-3.1-8B-Instruct-GGUF"].parameters == 8_030_261_312


@pytest.mark.parametrize(
    ("query", "best", "task", "language"),
    [
        ("transcribe Welsh speech", "techiaith/wav2vec2-xlsr-ft-cy", "automatic-speech-recognition", "cy"),
        (
            "small sentiment Portuguese tweets",
            "pysentimiento/bertweet-pt-sentiment",
            "text-classification",
            "pt",
        ),
        ("detect ships", "mayrajeo/marine-vessel-yolo", "object-detection", None),
    ],
)
async def test_what_no_name_says_is_found_by_task_and_language(
    fake: HubFake, query: str, best: str, task: str, language: str | None
) -> None:
    """The hub's own search reads names alone: none has the words of these."""
    answer = await _found(fake, query)
    assert answer.models[0].id == best
    assert (answer.task, answer.language) == (task, language)
    asked = fake.requests("/api/models")
    assert 1 < len(asked) <= MAX_SEARCHES


async def test_a_tag_that_looks_like_a_language_is_none_where_the_card_says_otherwise(fake: HubFake) -> None:
    """huggingface/hub-docs#20: ``da`` stands for "direct assessment" there."""
    fake.models.append(FakeModel("ordlab/danish-ner", "token-classification", ("da",), downloads=3))
    answer = await _found(fake, "Danish entities", language="da")
    assert answer.models[0].id == "ordlab/danish-ner"
    assert "da" not in [code for model in answer.models[1:] for code in model.languages]


async def test_filters_and_order(fake: HubFake) -> None:
    answer = await _found(fake, "detection yolo", license="agpl", sort="downloads")
    assert [model.id for model in answer.models] == ["ultralytics/yolo11", "mayrajeo/marine-vessel-yolo"]
    assert not (await _found(fake, "detection yolo", license="mit")).models


async def test_a_search_is_remembered_and_an_older_hub_is_asked_again(fake: HubFake) -> None:
    fake.fault("old_hub", times=1)
    async with _catalog(fake) as catalog:
        for _ in range(2):
            answer = await catalog.models.search(
                "whisper", filters=ModelFilters(), limit=5, credential=ANONYMOUS
            )
            assert [model.id for model in answer.models] == ["openai/whisper-small"]
        assert len(fake.requests("/api/models")) <= MAX_SEARCHES + 1


async def test_a_hub_that_is_gone_is_told_of(fake: HubFake) -> None:
    fake.stop()
    answer = await _found(fake, "whisper")
    assert not answer.models
    assert [problem.code for problem in answer.source_errors] == ["source_unreachable"]


def test_a_model_is_no_dataset_and_its_id_says_so(fake: HubFake) -> None:
    source = huggingface_hub(fake).source
    for call in (source.describe, source.manifest):
        with pytest.raises(NotFound, match="is a model on HuggingFace, not a dataset") as refused:
            call(DatasetRef.make("huggingface", "openai/whisper-small"), None, ANONYMOUS)
        assert refused.value.link == f"{fake.url}/openai/whisper-small"
    with pytest.raises(NotFound, match="no dataset nobody/nothing"):
        source.describe(DatasetRef.make("huggingface", "nobody/nothing"), None, ANONYMOUS)
