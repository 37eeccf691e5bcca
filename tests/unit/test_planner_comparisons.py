"""What is said of several datasets at once, and the table that answers it."""

import pytest

from dataferry.chat.conversation import Conversation
from dataferry.chat.intent import parse_intent
from tests.support.chat import HOSPITALS, IMDB, PIMA, MemoryLibrary
from tests.unit.test_planner_answers import Talk
from tests.unit.test_planner_intent import SHOWN, said, search_part

TWO = SHOWN[:2]
#: With the property that decides, of two datasets that are shown.
COMPARED = """
compare the first two |
1 vs 2? |
what's the difference between the first and the second? |
which is bigger? | largest
which of them is newer? | newest
which one is freer? | freest
which has more rows? | most_rows
vergleiche die ersten beiden |
Worin unterscheiden sich 1 und 2? |
welcher ist größer? | largest
welcher von beiden ist freier? | freest
compara los dos primeros |
compárame el 1 con el 2 |
¿cuál es más grande? | largest
compare les deux premiers |
lequel est le plus récent ? | newest
compare os dois primeiros |
qual é o maior? | largest
比较前两个 |
哪个更新？ | newest
最初の2つを比較して |
どちらが大きいですか | largest
قارن بين الأول والثاني |
أيهما أكبر؟ | largest
"""


@pytest.mark.parametrize(
    ("text", "by"), [tuple(map(str.strip, line.split("|"))) for line in COMPARED.strip().splitlines()]
)
def test_two_are_compared_in_every_language(text: str, by: str) -> None:
    intent = parse_intent(said(text, search_part(TWO)))
    assert intent.kind == "compare"
    assert list(map(str, intent.references.refs)) == [card.ref for card in TWO]
    assert (intent.compared_by or "") == by


def test_refs_are_compared_that_were_never_shown() -> None:
    intent = parse_intent(said("compare kaggle:a/b and huggingface:c/d"))
    assert intent.kind == "compare"
    assert list(map(str, intent.references.refs)) == ["kaggle:a/b", "huggingface:c/d"]
    assert parse_intent(said("comparison of mattress prices")).kind == "search"


@pytest.mark.anyio
async def test_the_answer_says_what_decides_and_the_table_has_the_rest() -> None:
    talk = Talk(MemoryLibrary(PIMA, HOSPITALS, IMDB))
    await talk("find diabetes")
    assert await talk("which is bigger?") == "The largest is **Diabetes 130-US Hospitals** with 19.2 MB."
    part = next(part for part in talk.said[-1].parts if part["type"] == "tool-compare_datasets")
    assert part["input"] == {"refs": [PIMA.ref, HOSPITALS.ref]}
    assert [one["card"]["ref"] for one in part["output"]["comparison"]["datasets"]] == [
        PIMA.ref,
        HOSPITALS.ref,
    ]
    assert "CC0-1.0" in await talk("which one is freer?")
    assert "side by side" in await talk("compare them")
    # What was compared can be referred to.
    await talk("download the second one")
    assert talk.requested == [HOSPITALS.ref]
    assert Conversation(talk.said).shown
