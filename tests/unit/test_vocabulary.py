"""Other words for what a query names."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.sources import vocabulary
from dataferry.sources.language import stems
from dataferry.sources.vocabulary import english_for, meanings_of, synonyms_in

LANGUAGES = sorted(path.stem for path in Path(vocabulary.__file__).with_name("topics").glob("*.toml"))


@pytest.mark.parametrize(
    ("typed", "english"),
    [
        ("Bilder von Vögeln", "image picture photo bird"),
        ("Wettervorhersage", "weather prediction forecast"),
        ("precios de la vivienda en Madrid", "house price Madrid"),
        ("maladies des plantes", "plant disease"),
        ("preços de imóveis no Brasil", "house price brazil"),
        ("terremoti in Italia", "earthquake italy"),
        ("fietsongelukken in Amsterdam", "bicycle bike accident Amsterdam"),
        ("фотографии грибов", "image picture photo mushroom fungi"),
        ("糖尿病患者", "diabetes patient"),
        ("自動車の画像", "car vehicle image picture photo"),
        ("بيانات الطقس", "weather"),
    ],
)
def test_a_query_of_another_language_has_an_english_one(typed: str, english: str) -> None:
    assert english_for(typed) == english


@pytest.mark.parametrize(
    "typed",
    [
        "wind turbine sensors",
        "chat logs",
        "image classification",
        "COCO 2017",
        "Schnurz",
        "gift cards",
        "情",
    ],
)
def test_english_and_what_is_not_known_stay_as_they_are(typed: str) -> None:
    assert english_for(typed) is None


def test_a_synonym_counts_less_than_the_word() -> None:
    meant = meanings_of("garbage photos")
    assert meant["garbag"]["garbag"] == 1
    assert 0 < meant["garbag"]["wast"] < 1
    assert dict(synonyms_in("an electric vehicle"))["electr vehicl"] == ("ev",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_language_can_be_looked_up(language: str) -> None:
    if language == "en":
        assert all(len(others) > 0 and all(map(stems, others)) for others in vocabulary._synonyms().values())
        return
    known = vocabulary._language(language)
    for word, english in known.topics.items():
        assert stems(english)
        assert english_for(word) is None or stems(english_for(word) or "")
        if language not in ("zh", "ja"):
            assert known.english_of(word), word


@given(st.text(max_size=400))
def test_any_text_has_meanings(text: str) -> None:
    assert set(stems(text)) <= set(meanings_of(text))


def test_a_long_text_costs_little() -> None:
    meanings_of("warm up")
    began = time.perf_counter()
    meanings_of("Donaudampfschifffahrtsgesellschaft " * 100 + "字" * 5000)
    assert time.perf_counter() - began < 1


def test_two_german_words_are_no_compound() -> None:
    # "Schauspieler", an actor, has the stem of "Schauspiel".
    assert english_for("Frucht Schauspiel") == "fruit theatre play"
