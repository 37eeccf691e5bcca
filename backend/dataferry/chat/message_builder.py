"""Builds an answer's message: events become the AI SDK's UI message parts."""

from typing import Any

from dataferry.chat.events import AnswerEvent, ModelChosen, NoticeAdded, StepStarted, TextDelta
from dataferry.chat.stream import Part
from dataferry.tools.events import ToolDone, ToolFailed, ToolStarted


class MessageBuilder:
    """Appends to ``parts``; a tool's part also changes its state when the tool has ended."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.model: str | None = None

    @property
    def content(self) -> str:
        return text_of(self.parts)

    def apply(self, event: AnswerEvent) -> None:
        match event:
            case ModelChosen(model=model):
                self.model = model
            case StepStarted():
                self._append({"type": "step-start"})
            case TextDelta(text=text):
                self._append_text(clean(text))
            case ToolStarted(call_id=call_id, name=name, input=arguments):
                part = {"type": f"tool-{name}", "toolCallId": call_id, "state": "input-available"}
                self._append(part | {"input": clean(arguments)})
            case ToolDone(call_id=call_id, output=output):
                self._end_tool(
                    call_id, state="output-available", output=clean(output.model_dump(mode="json"))
                )
            case ToolFailed(call_id=call_id, error=error):
                self._end_tool(call_id, state="output-error", errorText=clean(error))
            case NoticeAdded(kind=kind, text=text, screen=screen):
                data = {"kind": kind, "text": clean(text)} | ({"screen": screen} if screen else {})
                self._append({"type": "data-notice", "data": data})

    def close(self, reason: str) -> None:
        """End the parts that are still open; a tool that was running fails for ``reason``."""
        self._close_text()
        for part in self.parts:
            if part.get("state") == "input-available":
                self._end_tool(part["toolCallId"], state="output-error", errorText=reason)

    def _append(self, part: Part) -> None:
        self._close_text()
        self.parts.append(part)

    def _append_text(self, text: str) -> None:
        if not text:
            return
        if not self.parts or self.parts[-1].get("state") != "streaming":
            self.parts.append({"type": "text", "text": "", "state": "streaming"})
        self.parts[-1]["text"] += text

    def _close_text(self) -> None:
        if self.parts and self.parts[-1].get("state") == "streaming":
            self.parts[-1]["state"] = "done"

    def _end_tool(self, call_id: str, **changes: Any) -> None:
        for index, part in enumerate(self.parts):
            if part.get("toolCallId") == call_id:
                self.parts[index] = part | changes


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
