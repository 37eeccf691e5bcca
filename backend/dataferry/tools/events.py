"""What happens while a tool runs."""

from dataclasses import dataclass
from typing import Any

from dataferry.core.types import View


@dataclass(frozen=True, slots=True)
class ToolStarted:
    call_id: str
    name: str
    input: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolProgressed:
    """What a tool has so far; ``output`` is replaced by that of the event that follows."""

    call_id: str
    output: View


@dataclass(frozen=True, slots=True)
class ToolDone:
    """``output`` is for the page, ``model_text`` is the same for a model."""

    call_id: str
    name: str
    input: dict[str, Any]
    output: View
    model_text: str


@dataclass(frozen=True, slots=True)
class ToolFailed:
    """``error`` says what happened, why, and the next step; ``model_text`` is the same for a model."""

    call_id: str
    name: str
    input: dict[str, Any]
    error: str
    model_text: str


ToolOutcome = ToolDone | ToolFailed
ToolEvent = ToolStarted | ToolProgressed | ToolOutcome
