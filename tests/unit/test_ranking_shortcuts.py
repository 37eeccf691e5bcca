"""What makes ranking and folding quick changes none of their answers: each shortcut beside the plain way,
over the names and texts of the development set, and over what it is made for."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from dataferry.sources import quality, traits
from dataferry.sources.language import stems
from dataferry.sources.likeness import _is_short_for
from dataferry.sources.traits import Traits, name_tokens

CATALOGUE = Path(__file__).parents[1] / "evals" / "data" / "catalogue.jsonl"
WORDING = """
Buy now from our store. | Visit my website for more. | The full version is available. | The ultimate dataset.
The best collection of recipes. | Click here. | Subscribe to our channel. | Follow us. | Contact sales today.
Promo code: DATA | Model weights only | checkpoints of the detectors | A fine-tuned model for birds.
Pretrained networks on leaves | Finetuned network to sort | starter notebook | code only | scripts only
No images included. | No data | Weights of an old classifier | Sign up here | Browse our shop
"""


def texts() -> Iterator[tuple[str, str]]:
    """Names and descriptions."""
    for line in CATALOGUE.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        yield f"{told['ref']} {told['title']}", f"{told['title']}. {told.get('description') or ''}"
    for wording in WORDING.replace("\n", "|").split("|"):
        yield wording, wording


TEXTS = list(texts())


def test_what_reads_like_an_advertisement_has_one_of_the_cues() -> None:
    found = [
        text
        for _, text in TEXTS
        if quality._PROMOTION.search(text.casefold()) or quality._NO_DATA.search(text.casefold())
    ]
    assert len(found) > 20
    assert [text for text in found if quality._cue_stems().isdisjoint(stems(text))] == []


@pytest.mark.parametrize("extra", ["", "free data " * 3, "free data " * 8, "a a a a a", "one two " * 4])
def test_what_is_stuffed_is_seen(extra: str) -> None:
    for _, text in TEXTS:
        told = stems(f"{extra} {text}")
        times = max(Counter(pairwise(told)).values(), default=0)
        assert quality._is_stuffed(told) is (times >= 4 and 2 * times >= 0.25 * len(told)), told


def test_a_short_form_begins_with_a_letter_of_what_it_stands_for() -> None:
    words = {word for name, _ in TEXTS for word in name_tokens(name)}
    for name, _ in TEXTS[::7]:
        phrase = name_tokens(name)
        initials = Traits("kaggle", "a/b", name, "", (), (), None, (), (), None, None, 0, 0, 0).initials
        short = {word for word in words if _is_short_for(word, phrase)}
        assert {word[0] for word in short} <= initials


def test_joined_words_are_taken_apart_as_by_all_expressions() -> None:
    for text in (*(text for pair in TEXTS for text in pair), "recipes88k", "ImageNet", "a_b", "HTMLTag v2"):
        plain = traits._LETTERS_THEN_DIGITS.sub(" ", traits._CAMEL_CASE.sub(" ", text.replace("_", " ")))
        assert traits._apart(text) == plain
