"""What commands print of strangers' texts: no order for the terminal, and no line of their own."""

import json
import logging
import re
from typing import Any

import pytest

from dataferry.cli.output import Column, out, print_error, print_json, print_table
from dataferry.cli.search import first_day
from dataferry.core.errors import NotFound
from dataferry.core.telemetry import configure_logging

#: A colour, the same in one byte, a title of the window, a link that shows another address, the clipboard,
#: a line that is written over, one that looks like ours, a text that is turned round.
HOSTILE = (
    "\x1b[31mred",
    "\x9b31mred",
    "\x1b]0;owned\x07",
    "\x1b]8;;https://evil.test\x1b\\safe\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJm\x07",
    "bad\rgood",
    "a.csv\nabc  b.csv  (verified)",
    "annual\u202efdp.exe",
    "a\u200bb \U000e0064\U000e0065\U000e006c",
    "[link=https://evil.test]safe[/link]",
    "\udcff.csv",
)
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e\udcff\U000e0000-\U000e007f]")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_terminal_obeys_no_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    out.print(f"huggingface:a/b: {text}")
    print_error(NotFound(text, next_step=text))
    printed = capsys.readouterr()
    for shown in (printed.out, printed.err):
        assert len(shown.splitlines()) == 1
        assert not _OBEYED.search(shown)
    print_table([Column("REF"), Column("TITLE")], [("huggingface:a/b", text)])
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 1
    assert shown.count("\t") == 1
    assert not _OBEYED.search(shown.replace("\t", ""))


@pytest.mark.parametrize("text", [*HOSTILE, "a\u2028b", "می\u200cخواهم ❤\ufe0f"])
def test_json_holds_the_text_itself_and_the_terminal_still_does_not_obey(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    value: dict[str, Any] = {"title": text, "files": [text]}
    print_json(value, indent=None)
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 1
    assert not _OBEYED.search(shown.rstrip("\n"))
    assert json.loads(shown) == value


def test_what_scripts_and_emoji_need_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("می\u200cخواهم", "क्\u200dष", "👩\u200d👧 ❤\ufe0f"):
        out.print(text)
        assert capsys.readouterr().out == f"{text}\n"


def test_a_log_on_a_terminal_is_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    handlers = logging.getLogger().handlers[:]
    try:
        configure_logging("WARNING", as_json=False)
        logging.getLogger("dataferry").warning("cannot read %s", "\x1b[2Ja\u202e")
    finally:
        logging.getLogger().handlers[:] = handlers
    assert "cannot read [U+001B][2Ja[U+202E]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2024", "2024-01-01"),
        ("2024-06", "2024-06-01"),
        (" 2024-06-30 ", "2024-06-30"),
        ("soon", "soon-01-01"),
    ],
)
def test_a_year_or_a_month_means_its_first_day(typed: str, day: str) -> None:
    assert first_day(typed) == day
