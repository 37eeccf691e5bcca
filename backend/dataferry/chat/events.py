"""What happens while an answer is made: a closed union, the same from a model and from the planner.

``ModelFailed`` is how a model's events end where it cannot answer; the planner's never do.
"""

from dataclasses import dataclass
from typing import Literal

from dataferry.tools.events import ToolEvent


@dataclass(frozen=True, slots=True)
class ModelChosen:
    """``planner`` or ``provider:model``: who answers from here on."""

    model: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """One call of the model, with the tools that it asks for."""


@dataclass(frozen=True, slots=True)
class TextReserved:
    """A place for words that are known once the tools of this step have answered: above their cards."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """``reserved``: it belongs where the step has reserved a place."""

    text: str
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class NoticeAdded:
    """A notice beside the answer. ``kind``: ``offline`` (no model is set), ``model_failed``, ``answer_cut``
    (the model ended it early). ``screen``: where the reader can mend it on the page."""

    kind: str
    text: str
    screen: str | None = None


AnswerEvent = ModelChosen | StepStarted | TextReserved | TextDelta | ToolEvent | NoticeAdded


#: Why a model did not answer, as far as somebody can do something about it.
Failure = Literal["key", "limit", "model", "unreachable", "other"]


class ModelFailed(Exception):
    """A language model did not answer. The message is for people: what happened, in a sentence."""

    def __init__(self, words: str, kind: Failure = "other") -> None:
        super().__init__(words)
        self.kind = kind
