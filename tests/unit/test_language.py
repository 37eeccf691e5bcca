"""Words of a query: filler out, the rest as typed; comparison without case, accents and plurals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.core.errors import InvalidInput
from dataferry.sources.language import MAX_QUERY_CHARS, name_words, search_text, words


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("find diabetes datasets", "diabetes"),
        ("Find me some datasets about heart disease, please!", "heart disease"),
        ("diabetes", "diabetes"),
        ("I'm looking for training data for OCR", "OCR"),
        ("Open Images", "Open Images"),
        ("stanfordnlp/imdb", "stanfordnlp/imdb"),
        ("“breast cancer”", "breast cancer"),
        ("data", "data"),
        ("find datasets", "find datasets"),
        ("糖尿病", "糖尿病"),
        ("C++ code", "C++ code"),
        ("<b>owls</b> {{7*7}} \x1b[31mred\x07", "owls 7 7 red"),
        ("o\u200bwl\u202es R&D covid-19", "owls R&D covid-19"),
    ],
)
def test_hubs_are_asked_for_the_subject(typed: str, asked: str) -> None:
    assert search_text(typed) == asked


@pytest.mark.parametrize("empty", ["", "   ", "?!", "… – …", "\n\t", "x" * (MAX_QUERY_CHARS + 1)])
def test_a_query_without_a_word_is_refused_with_advice(empty: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        search_text(empty)
    assert refusal.value.next_step


@given(st.text(max_size=MAX_QUERY_CHARS))
def test_any_text_gives_words_or_a_refusal(text: str) -> None:
    try:
        asked = search_text(text)
    except InvalidInput:
        return
    assert asked == asked.strip() != ""
    assert search_text(asked) == asked


def test_words_compare() -> None:
    assert words("Images, image; IMAGE") == ["image"] * 3
    assert words("Café naïve") == ["cafe", "naive"]
    assert words("diabetes boxes studies glass virus") == ["diabete", "box", "study", "glass", "virus"]
    assert words("diabetes_prediction-2024/raw") == ["diabete", "prediction", "2024", "raw"]


def test_a_camel_case_name_counts_whole_and_in_parts() -> None:
    assert name_words("ImageNet") == ["imagenet", "image", "net"]
    assert name_words("MNISTDigits") == ["mnistdigit", "mnist", "digit"]
    assert name_words("iris") == ["iris"]


@pytest.mark.parametrize("text", ["A_b-C's 3d\x00Ümlaut", "K-Means", "two  words.csv", ""])
def test_ascii_is_told_apart_like_any_text(text: str) -> None:
    beside = f"{text} ü"
    assert [*words(text), "u"] == words(beside)
