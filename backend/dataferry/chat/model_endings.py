"""How a model says that its answer ended, in words for people. Each provider has names of its own for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dataferry.sources.metadata import one_line

Kind = Literal["whole", "length", "safety", "question", "recitation", "language", "call", "other"]

_KINDS: dict[Kind, tuple[str, ...]] = {
    "whole": (
        *("STOP", "END_TURN", "STOP_SEQUENCE", "COMPLETE", "COMPLETED", "EOS_TOKEN"),
        *("TOOL_CALL", "TOOL_CALLS", "TOOL_USE", "FUNCTION_CALL"),
    ),
    "length": ("MAX_TOKENS", "LENGTH", "MODEL_LENGTH", "MODEL_CONTEXT_WINDOW_EXCEEDED"),
    "safety": (
        *("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "MODEL_ARMOR"),
        *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "CONTENT_FILTER", "REFUSAL", "GUARDRAIL_INTERVENED"),
    ),
    "recitation": ("RECITATION", "IMAGE_RECITATION"),
    "language": ("LANGUAGE",),
    "call": ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"),
}
_KIND_OF = {reason: kind for kind, reasons in _KINDS.items() for reason in reasons}

#: Said of an answer of which nothing came, and of one that was cut off after some words.
_EMPTY: dict[Kind, str] = {
    "whole": "The model gave an empty answer.",
    "length": "The model reached its limit of length before its first word.",
    "safety": "The model's safety filter stopped the answer ({reason}).",
    "question": "The model's safety filter refuses the question ({reason}).",
    "recitation": "The model stopped: its answer would have repeated other people's text word for word.",
    "language": "The model does not speak the language of this chat.",
    "call": "The model asked for a tool in a way that cannot be used ({reason}).",
    "other": "The model gave no answer and does not say why ({reason}).",
}
_CUT: dict[Kind, str] = {
    "length": "The answer was cut off: the model reached its limit of length.",
    "safety": "The model's safety filter cut the answer off ({reason}).",
    "question": "The model's safety filter cut the answer off ({reason}).",
    "recitation": "The answer was cut off: it would have repeated other people's text word for word.",
    "language": "The answer was cut off: the model does not speak the language of this chat.",
    "other": "The model ended the answer early and does not say why ({reason}).",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How an answer ended. ``reason`` is the provider's own word for it."""

    kind: Kind
    reason: str

    @property
    def without_words(self) -> str:
        """What to say where nothing came."""
        return _EMPTY[self.kind].format(reason=self.reason)

    @property
    def after_words(self) -> str | None:
        """What to say where words came before; None where they are the whole answer."""
        words = _CUT.get(self.kind)
        return words.format(reason=self.reason) if words else None


def ending_of(metadata: Mapping[str, Any]) -> Ending | None:
    """The end that a message's metadata tells of; None where it tells of none, as it does in mid-answer."""
    feedback = metadata.get("prompt_feedback")
    blocked = feedback.get("block_reason") if isinstance(feedback, Mapping) else None
    if blocked:
        return Ending("question", _plain(blocked))
    for name in ("finish_reason", "stop_reason", "done_reason"):
        if metadata.get(name):
            reason = _plain(metadata[name])
            return Ending(_KIND_OF.get(reason.upper(), "other"), reason)
    return None


def _plain(reason: Any) -> str:
    """An enum's name, or the word itself, which a stranger wrote."""
    return one_line(str(getattr(reason, "name", reason)), 60)
