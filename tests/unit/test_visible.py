"""Characters that nobody sees: shown as marks, but where a script or an emoji needs them."""

import json
import unicodedata
from pathlib import Path

import pytest

from dataferry.core.visible import for_model, on_one_line, visible

CASES = json.loads((Path(__file__).parents[1] / "data" / "hidden_characters.json").read_text())


@pytest.mark.parametrize(("name", "text", "shown"), CASES["shown as marks"], ids=lambda value: value[:40])
def test_hidden_characters_are_shown_as_marks(name: str, text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


@pytest.mark.parametrize(("name", "text"), CASES["as they are"], ids=lambda value: value[:40])
def test_what_a_script_or_an_emoji_needs_stays(name: str, text: str) -> None:
    assert visible(text) == text


def test_every_format_and_control_character_is_marked_among_latin_letters() -> None:
    """But the few that are seen: signs of Arabic and Syriac numbers, Egyptian and Brahmic ones."""
    seen = {
        *range(0x600, 0x606),
        0x6DD,
        0x70F,
        0x890,
        0x891,
        0x8E2,
        0x110BD,
        0x110CD,
        *range(0x13430, 0x13460),
    }
    kept = [
        f"{code:04X}"
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs")
        and chr(code) not in "\t\n\r\xad"
        and code not in seen
        and chr(code) in visible(f"a{chr(code)}b")
    ]
    assert kept == []


def test_half_a_pair_is_a_mark() -> None:
    """A file name that is no UTF-8, as Python holds it."""
    assert visible("a\udcffb") == "a[U+DCFF]b"


def test_nothing_begins_another_line_of_a_terminal() -> None:
    shown = on_one_line("report.csv\nabc123  trusted.csv\r\u2028x")
    assert shown == "report.csv[U+000A]abc123  trusted.csv[2 hidden characters]x"


def test_a_model_is_told_no_selector() -> None:
    """One behind every ideograph carries a byte each that no person sees."""
    assert for_model("葛\U000e0100城\U000e0115 ❤\ufe0f a\u200b") == "葛城 ❤ a[U+200B]"
