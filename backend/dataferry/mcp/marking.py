"""A tool's output as structured content.

Some clients give a model this in place of the text, so strangers' words are marked in it too: what has spaces
and is not known to be ours stands between « and », a readme between the marks that the instructions explain.
"""

from collections.abc import Mapping
from typing import Any

from dataferry.core.types import View
from dataferry.core.visible import for_model
from dataferry.tools.prompts import Prompts
from dataferry.tools.results import fenced, quote

#: Fields whose words are ours.
_OURS = frozenset({"words", "label", "next_step", "short", "caution", "reason", "notes", "dtype"})
_TEXT, _CELL, _README = 400, 80, 3_000


def marked(prompts: Prompts, output: View) -> dict[str, Any]:
    """``output`` as JSON, without what is empty."""
    found = _marked(prompts, "", output.model_dump(mode="json"))
    return found if isinstance(found, dict) else {}


def _marked(prompts: Prompts, field: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = {fenced(str(name), 100): _marked(prompts, str(name), each) for name, each in value.items()}
        return {name: each for name, each in inner.items() if each not in (None, "", [], {})}
    if isinstance(value, list):
        return [_marked(prompts, field, each) for each in value]
    if isinstance(value, str):
        return _marked_text(prompts, field, value)
    return value


def _marked_text(prompts: Prompts, field: str, text: str) -> str:
    if field == "sql":
        return for_model(text)  # as it can be run again
    if field == "readme":
        return quote(prompts, text, _README) if text else ""
    shown = fenced(text, _CELL if field == "rows" else _TEXT)
    return shown if field in _OURS or " " not in shown else f"«{shown}»"
