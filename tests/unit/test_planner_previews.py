"""The first rows of a dataset, asked for in words."""

import pytest

from dataferry.chat.intent import parse_intent
from dataferry.tools.outputs import PreviewOutput
from dataferry.tools.prompts import Prompts
from dataferry.tools.results import output_text
from tests.support.chat import HOSPITALS, IMDB, PIMA, MemoryLibrary
from tests.unit.test_planner_answers import Talk
from tests.unit.test_planner_intent import SHOWN, said, search_part

ASKED = """
show me the first rows of the second one
first few rows of number 2, please
preview the second
zeig mir die ersten Zeilen vom zweiten
muéstrame las primeras filas del segundo
montre-moi les premières lignes du deuxième
mostre as primeiras linhas do segundo
看看第二个的前几行
2番目のプレビューを見せて
أرني الصفوف الأولى من الثاني
"""


@pytest.mark.parametrize("text", ASKED.strip().splitlines())
def test_rows_are_asked_for_in_every_language(text: str) -> None:
    intent = parse_intent(said(text, search_part(SHOWN)))
    assert (intent.kind, intent.rows) == ("details", True)
    assert list(map(str, intent.references.refs)) == [SHOWN[1].ref]


def test_details_alone_fetch_no_rows() -> None:
    assert not parse_intent(said("tell me about the second one", search_part(SHOWN))).rows


@pytest.mark.anyio
async def test_the_rows_stand_below_the_words_and_a_model_gets_them_as_data() -> None:
    talk = Talk(MemoryLibrary(PIMA, HOSPITALS, IMDB))
    await talk("find diabetes")
    assert await talk("show me the first rows of the first one") == "These are its first rows."
    part = next(part for part in talk.said[-1].parts if part["type"] == "tool-preview_dataset")
    output = PreviewOutput.model_validate(part["output"])
    assert (output.ref, output.preview.partial) == (PIMA.ref, True)
    assert (len(output.preview.rows), len(output.preview.columns)) == (8, 30)
    assert (output.preview.column_count, output.preview.left_out.columns) == (50, 20)
    told = output_text(Prompts(), output)
    assert "rows in the file: about 1,200; columns: 50" in told
    assert "c0 (number) | c1 (number)" in told
