"""Builds an answer's message: events become the AI SDK's UI message parts."""

from typing import Any

from dataferry.chat.events import (
    AnswerEvent,
    ModelChosen,
    NoticeAdded,
    StepStarted,
    TextDelta,
    TextReserved,
)
from dataferry.chat.stream import Part
from dataferry.core.types import View
from dataferry.tools.events import ToolDone, ToolFailed, ToolProgressed, ToolStarted


class MessageBuilder:
    """Appends to ``parts``; a tool's part also changes its state when the tool has ended."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.model: str | None = None
        #: The text part that waits for its words, if the step has one.
        self._reserved: Part | None = None
        #: What a call is called in ``parts``: a model may give two calls one id.
        self._call_ids: dict[str, str] = {}

    @property
    def content(self) -> str:
        return text_of(self.parts)

    def apply(self, event: AnswerEvent) -> None:
        match event:
            case ModelChosen(model=model):
                self.model = model
            case StepStarted():
                self._end_step()
                self._append({"type": "step-start"})
            case TextReserved():
                self._reserved = {"type": "text", "text": "", "state": "streaming"}
                self._append(self._reserved)
            case TextDelta(text=text, reserved=True) if self._reserved is not None:
                self._reserved["text"] += clean(text)
            case TextDelta(text=text):
                self._append_text(clean(text))
            case ToolStarted(call_id=call_id, name=name, input=arguments):
                shown_id = f"{call_id}-{len(self.parts)}" if call_id in self._call_ids else call_id
                self._call_ids[call_id] = shown_id
                part = {"type": f"tool-{name}", "toolCallId": shown_id, "state": "input-available"}
                self._append(part | {"input": clean(arguments)})
            case ToolProgressed(call_id=call_id, output=output):
                self._set_tool(call_id, **_available(output), preliminary=True)
            case ToolDone(call_id=call_id, name=name, output=output):
                self._set_tool(call_id, name, **_available(output))
            case ToolFailed(call_id=call_id, error=error):
                self._set_tool(call_id, state="output-error", errorText=clean(error))
            case NoticeAdded(kind=kind, text=text, screen=screen):
                data = {"kind": kind, "text": clean(text)} | ({"screen": screen} if screen else {})
                self._append({"type": "data-notice", "data": data})

    def close(self, reason: str) -> None:
        """End the parts that are still open, as ``closed_part`` does."""
        self.parts = [closed_part(part, reason) for part in self.parts]

    def _append(self, part: Part) -> None:
        self._close_text()
        self.parts.append(part)

    def _append_text(self, text: str) -> None:
        if not text:
            return
        last = self.parts[-1] if self.parts else {}
        if last.get("state") != "streaming" or last is self._reserved:
            self.parts.append({"type": "text", "text": "", "state": "streaming"})
        self.parts[-1]["text"] += text

    def _close_text(self) -> None:
        last = self.parts[-1] if self.parts else {}
        if last.get("state") == "streaming" and last is not self._reserved:
            last["state"] = "done"

    def _end_step(self) -> None:
        """A reader knows the open texts of one step only."""
        if self._reserved is not None:
            self._reserved["state"] = "done"
            self._reserved = None

    def _set_tool(self, call_id: str, tool: str | None = None, **changes: Any) -> None:
        """Change the newest call of that id; an output only where it is that ``tool``'s."""
        shown_id = self._call_ids.get(call_id)
        for index, part in enumerate(self.parts):
            if part.get("toolCallId") == shown_id and tool in (None, part["type"].removeprefix("tool-")):
                called = {name: part[name] for name in ("type", "toolCallId", "input")}
                self.parts[index] = called | changes


def _available(output: View) -> Part:
    return {"state": "output-available", "output": clean(output.model_dump(mode="json"))}


def closed_part(part: Part, reason: str) -> Part:
    """``part`` as it stays when its answer has ended: a tool that was running fails for ``reason``, but
    what it has shown is kept."""
    if part.get("state") == "streaming":
        return part | {"state": "done"}
    if part.get("state") == "input-available":
        return part | {"state": "output-error", "errorText": reason}
    if part.get("preliminary"):
        final = {name: value for name, value in part.items() if name != "preliminary"}
        return final | {"output": part["output"] | {"waiting_for": []}}
    return part


def text_of(parts: list[Part]) -> str:
    """The text parts of a message, separated by blank lines."""
    return "\n\n".join(
        part["text"].strip() for part in parts if part["type"] == "text" and part["text"].strip()
    )


def clean(value: Any) -> Any:
    """``value`` without what a database or a browser refuses: NUL and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
    return value
