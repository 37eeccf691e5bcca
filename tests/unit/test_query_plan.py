"""What a hub is asked for one search, and how its answers become one list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.core.errors import SourceTimeout, SourceUnreachable
from dataferry.core.types import DatasetSummary
from dataferry.sources.query_plan import ENOUGH, MAX_SEARCHES, fused, parts_of, search_in_parts

pytestmark = pytest.mark.anyio


def hits(*names: str) -> list[DatasetSummary]:
    return [
        DatasetSummary(ref=f"huggingface:a/{name}", source="huggingface", id=f"a/{name}", title=name)
        for name in names
    ]


class Hub:
    """A hub whose names have what its searches find."""

    def __init__(self, **found: list[DatasetSummary] | Exception) -> None:
        self.found = {text.replace("_", " "): answer for text, answer in found.items()}
        self.asked: list[str] = []

    async def search(self, text: str) -> list[DatasetSummary]:
        self.asked.append(text)
        answer = self.found.get(text, [])
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_query_is_asked_in_its_telling_words_synonyms_and_pairs() -> None:
    parts = parts_of("wind turbine sensor readings fault detection")
    assert parts[:3] == ("turbine", "fault", "wind")
    assert {"wind farm", "wind turbine"} < set(parts)
    assert len(parts) < MAX_SEARCHES
    # A pair of words that half of all names have tells nothing.
    assert parts_of("image classification benchmark whales")[0] == "whales"
    assert "image classification" not in parts_of("image classification benchmark whales")
    assert parts_of("bankruptcy") == ("insolvency",)
    assert parts_of("diabetes") == ()


def test_a_query_in_another_language_is_asked_in_english_too() -> None:
    assert parts_of("分子毒性")[:3] == ("molecule toxicity", "molecule", "toxicity")
    assert parts_of("Fußball Ergebnisse")[0] == "football soccer Ergebnisse"


@given(st.text(max_size=400))
def test_any_text_makes_a_plan_of_a_few_searches(text: str) -> None:
    parts = parts_of(text)
    assert len(parts) < MAX_SEARCHES
    assert len(set(parts)) == len(parts)
    assert all(part.strip() for part in parts)


async def test_where_names_alone_are_read_all_is_asked_and_one_list_comes_back() -> None:
    hub = Hub(iris_leaves=hits("iris-leaves"), iris=hits("iris", "iris-leaves"), leaves=hits("iris-leaves"))
    found = await search_in_parts(hub.search, "iris leaves", names_alone=True)
    assert [hit.id for hit in found] == ["a/iris-leaves", "a/iris"]
    assert hub.asked == ["iris leaves", "leaves", "iris"]


async def test_a_hub_that_reads_more_is_asked_again_only_where_it_found_little() -> None:
    hub = Hub(chest_xray=hits(*(f"x{n}" for n in range(ENOUGH))))
    assert len(await search_in_parts(hub.search, "chest xray", names_alone=False)) == ENOUGH
    assert hub.asked == ["chest xray"]
    poor = Hub(chest_xray=hits("one"), xray=hits("two"))
    assert len(await search_in_parts(poor.search, "chest xray", names_alone=False)) == 2


@pytest.mark.parametrize("names_alone", [True, False])
async def test_a_part_that_fails_is_left_out_and_the_whole_that_fails_is_told(names_alone: bool) -> None:
    hub = Hub(chest_xray=hits("one"), chest=SourceTimeout("late"), xray=hits("two"))
    found = await search_in_parts(hub.search, "chest xray", names_alone=names_alone)
    assert {hit.id for hit in found} == {"a/one", "a/two"}
    away = Hub(chest_xray=SourceUnreachable("away"), xray=hits("two"))
    with pytest.raises(SourceUnreachable):
        await search_in_parts(away.search, "chest xray", names_alone=names_alone)


def test_what_stands_high_in_several_answers_comes_first() -> None:
    answers = [hits("a", "b", "c"), hits("c", "d"), hits("c", "b")]
    assert [hit.id for hit in fused(answers)] == ["a/c", "a/b", "a/a", "a/d"]
    assert fused([]) == []
