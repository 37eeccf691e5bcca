"""Questions to the rows of a dataset that is here, told from those about datasets."""

import pytest

from dataferry.chat.intent import parse_intent
from tests.unit.test_planner_intent import SHOWN, said, search_part

ASKED = """
how many rows for each species in builtin:iris?|builtin:iris|how many rows for each species?
average petal length by species in builtin:iris|builtin:iris|average petal length by species
what is the median price in the second one?|second|what is the median price?
histogram of age of the second one|second|histogram of age
builtin:iris: SELECT count(*) FROM train|builtin:iris|SELECT count(*) FROM train
how many duplicates are in builtin:iris?|builtin:iris|how many duplicates are?
"""


@pytest.mark.parametrize("line", ASKED.strip().splitlines())
def test_a_question_to_rows(line: str) -> None:
    text, ref, question = line.split("|")
    intent = parse_intent(said(text, search_part(SHOWN)))
    assert intent.kind == "query"
    assert [str(one) for one in intent.references.refs] == [SHOWN[1].ref if ref == "second" else ref]
    assert intent.phrase == question


NOT = """
how many files does the second one have?
how big is the second one?
find datasets with the average income by city
average temperature by city
which of these is the largest?
download the second one
show me the first rows of the second one
how many downloads has builtin:iris?
"""


@pytest.mark.parametrize("text", NOT.strip().splitlines())
def test_what_is_none(text: str) -> None:
    assert parse_intent(said(text, search_part(SHOWN))).kind != "query"
