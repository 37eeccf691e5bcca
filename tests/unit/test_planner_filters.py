"""Filters in words, without a model, in each of the planner's languages."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dataferry.chat.follow_up import follow_up, wanted_of
from dataferry.chat.grammar import Message

THIS_YEAR = f"{datetime.now(UTC).year}-01-01"


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("weather data since 2024", {"updated_after": "2024-01-01"}),
        ("earthquakes updated this year", {"updated_after": THIS_YEAR}),
        ("bird songs, not gated", {"gated": False}),
        ("Wetterdaten seit 2023, frei zugänglich", {"updated_after": "2023-01-01", "gated": False}),
        ("Wetterdaten, dieses Jahr aktualisiert", {"updated_after": THIS_YEAR}),
        (
            "datos del clima desde 2022 sin acceso restringido",
            {"updated_after": "2022-01-01", "gated": False},
        ),
        (
            "données météo depuis 2021, sans restriction d'accès",
            {"updated_after": "2021-01-01", "gated": False},
        ),
        ("dados do clima atualizados desde 2022", {"updated_after": "2022-01-01"}),
        ("2024年以来的天气数据，无需申请", {"updated_after": "2024-01-01", "gated": False}),
        ("2023年以降の気象データ", {"updated_after": "2023-01-01"}),
        ("بيانات الطقس منذ 2023", {"updated_after": "2023-01-01"}),
        ("phishing mails, only in German", {"language": "de"}),
        ("only German hospitals", {}),
        ("population since 1900", {}),
    ],
)
def test_dates_gates_and_languages(text: str, filters: dict[str, Any]) -> None:
    wanted = wanted_of(Message.of(text))
    assert wanted.filters == filters
    assert wanted.query


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("only those in Spanish", "es"),
        ("German ones only", "de"),
        ("nur auf Deutsch", "de"),
        ("seulement en français", "fr"),
        ("só em português", "pt"),
        ("日本語だけ", "ja"),
    ],
)
def test_only_those_in_a_language_narrows_the_search_before(text: str, language: str) -> None:
    narrowed = follow_up(Message.of(text), wanted_of(Message.of("find phishing mails")))
    assert narrowed is not None
    assert narrowed.query.startswith("phishing mails")
    assert narrowed.filters == {"language": language}
    # In another language, it is not in this one any more.
    other = follow_up(Message.of("the same in Italian"), narrowed)
    assert other is not None
    assert other.filters == {}
