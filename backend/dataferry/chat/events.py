"""What happens while an answer is made: a closed union, the same from a model and from the planner."""

from dataclasses import dataclass
from typing import Any

from dataferry.core.types import View


@dataclass(frozen=True, slots=True)
class ModelChosen:
    """``planner`` or ``provider:model``: who answers from here on."""

    model: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """One call of the model, with the tools that it asks for."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    call_id: str
    name: str
    input: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolDone:
    """``output`` goes to the page, ``told`` to the model."""

    call_id: str
    name: str
    input: dict[str, Any]
    output: View
    told: str


@dataclass(frozen=True, slots=True)
class ToolFailed:
    """``error`` says what, why and the next act; ``told`` is its form for the model."""

    call_id: str
    name: str
    input: dict[str, Any]
    error: str
    told: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Said beside the answer. ``kind``: ``offline`` (no model is set), ``model_failed``."""

    kind: str
    text: str


ToolEvent = ToolStarted | ToolDone | ToolFailed
AnswerEvent = ModelChosen | StepStarted | TextDelta | ToolEvent | Noticed
