"""What hubs say, made plain: text, licences, formats, limits."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.sources import metadata
from dataferry.sources.http_errors import MAX_RETRY_AFTER_S, rate_limited
from dataferry.sources.languages import language_code, language_names, stated_languages


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("  two\r\n\t words ", "two words"),
        ("<b>bold</b> & more", "<b>bold</b> & more"),
        ("bell\x07 escape\x1b[31m", "bell escape [31m"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("糖尿病 été 👍🏽", "糖尿病 été 👍🏽"),
        ("lone \ud800 half", "lone half"),
        (None, ""),
    ],
)
def test_one_line_of_plain_text(told: str | None, plain: str) -> None:
    assert metadata.one_line(told, 100) == plain


@given(st.text(), st.integers(1, 50))
def test_a_line_is_never_longer_than_its_limit_nor_two(told: str, limit: int) -> None:
    plain = metadata.one_line(told, limit)
    assert len(plain) <= limit
    assert plain == " ".join(plain.split())
    plain.encode()


def test_many_lines_keep_their_lines() -> None:
    assert metadata.many_lines("# A\r\n\r\n\tb\x00c\rd") == "# A\n\n\tb c\nd"
    assert len(metadata.many_lines("x" * 10**6)) == metadata.README_CHARS


def test_tags_are_short_few_and_each_once() -> None:
    assert metadata.tags(["a", " a ", "", "b" * 999]) == ("a", "b" * 59 + "…")
    assert len(metadata.tags(str(number) for number in range(999))) == metadata.MAX_TAGS


def test_formats_come_from_the_files_that_are_data() -> None:
    paths = ["README.txt", "LICENSE.txt", "a/1.png", "a/2.PNG", "b.csv.gz", "c.unknown", "d"]
    assert metadata.formats_of(paths) == ("image", "csv")


def test_times_are_aware() -> None:
    naive = datetime(2024, 5, 17, 9, 30)
    assert metadata.utc(naive) == datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
    assert metadata.utc(None) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "87"}, 87), ({"retry-after": "99999999"}, MAX_RETRY_AFTER_S), ({}, None)],
)
def test_the_wait_that_a_hub_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert rate_limited("Kaggle", headers).retry_after == seconds


@pytest.mark.parametrize(
    ("labels", "stated"),
    [
        (["language:de", "language:pt-BR", "language:deu", "license:mit"], ("de", "pt")),
        (["language:yue", "language:code", "language:multilingual"], ("yue",)),
        (["German", "english language", "art", "it", "travel"], ("de", "en")),
        (["language:Deutsch", "language:中文"], ("de", "zh")),
        ([], ()),
    ],
)
def test_languages_that_tags_state(labels: list[str], stated: tuple[str, ...]) -> None:
    assert stated_languages(labels) == stated


def test_every_language_has_one_code_and_its_names() -> None:
    assert {language_code(name) for name in ("de", "DE", "deu", "ger", "de-CH", "de_AT", "German")} == {"de"}
    assert language_names("de") == ("german", "deutsch")
    assert language_names("yue") == ("yue",)
    assert [language_code(name) for name in ("", "xq", "qqq", "klingonish")] == [None] * 4


@pytest.mark.parametrize(
    ("labels", "formats", "kinds"),
    [
        (
            ["modality:image", "modality:timeseries", "task_categories:translation"],
            [],
            ("image", "timeseries", "text"),
        ),
        (["Image Data", "geospatial analysis", "travel"], [], ("image", "geospatial")),
        (["object-detection"], ["csv", "text", "audio"], ("image", "audio")),
        (["license:mit", "size_categories:n<1K"], ["parquet"], ()),
    ],
)
def test_kinds_of_content(labels: list[str], formats: list[str], kinds: tuple[str, ...]) -> None:
    assert metadata.modalities_of(labels, formats) == kinds
