"""An answer on the wire: the AI SDK's UI message stream, version 1, over server-sent events.

The parts of a message are the truth; the stream is the difference between what a reader has seen of
them and what they are now (``Cursor``). So a replay, a late reader and a slow one need no queue of
their own, and a reader of another process can follow the stored parts.

    start · ( start-step · ( tool-input-available · tool-output-available… | tool-output-error
                           | text-start · text-delta… · text-end
                           | data-notice )… · finish-step )… · finish | abort | error · [DONE]

A tool that has some of its output sends it as ``preliminary``; the final one replaces it.
The union is closed and ``exclude_none`` holds, for clients that refuse unknown types and nulls.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from dataferry.chat.views import MessageStatus
from dataferry.core.types import View

HEADERS = {
    "x-vercel-ai-ui-message-stream": "v1",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}
DONE = "data: [DONE]\n\n"
KEEP_ALIVE = ": keep-alive\n\n"

Part = dict[str, Any]


class _Chunk(View):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class MessageMetadata(View):
    """What the page knows of an answer beside its parts."""

    chat_id: str
    status: MessageStatus
    model: str | None = None


class Start(_Chunk):
    type: Literal["start"] = "start"
    message_id: str
    message_metadata: MessageMetadata


class StartStep(_Chunk):
    type: Literal["start-step"] = "start-step"


class FinishStep(_Chunk):
    type: Literal["finish-step"] = "finish-step"


class TextStart(_Chunk):
    type: Literal["text-start"] = "text-start"
    id: str


class TextDelta(_Chunk):
    type: Literal["text-delta"] = "text-delta"
    id: str
    delta: str


class TextEnd(_Chunk):
    type: Literal["text-end"] = "text-end"
    id: str


class ToolInputAvailable(_Chunk):
    type: Literal["tool-input-available"] = "tool-input-available"
    tool_call_id: str
    tool_name: str
    input: dict[str, Any]


class ToolOutputAvailable(_Chunk):
    type: Literal["tool-output-available"] = "tool-output-available"
    tool_call_id: str
    output: dict[str, Any]
    preliminary: Literal[True] | None = None


class ToolOutputError(_Chunk):
    type: Literal["tool-output-error"] = "tool-output-error"
    tool_call_id: str
    error_text: str


class NoticeText(View):
    kind: str
    text: str
    screen: str | None = None


class Notice(_Chunk):
    type: Literal["data-notice"] = "data-notice"
    data: NoticeText


class Metadata(_Chunk):
    type: Literal["message-metadata"] = "message-metadata"
    message_metadata: MessageMetadata


class Finish(_Chunk):
    type: Literal["finish"] = "finish"
    message_metadata: MessageMetadata


class Abort(_Chunk):
    """The person stopped the answer."""

    type: Literal["abort"] = "abort"
    reason: str


class Error(_Chunk):
    """The answer ended without an end; what is there stays."""

    type: Literal["error"] = "error"
    error_text: str


Chunk = Annotated[
    Start
    | StartStep
    | FinishStep
    | TextStart
    | TextDelta
    | TextEnd
    | ToolInputAvailable
    | ToolOutputAvailable
    | ToolOutputError
    | Notice
    | Metadata
    | Finish
    | Abort
    | Error,
    Field(discriminator="type"),
]


def encode(chunk: Chunk) -> str:
    """One server-sent event."""
    return f"data: {chunk.model_dump_json(by_alias=True, exclude_none=True)}\n\n"


class Cursor:
    """How much of a message's parts one reader has been sent."""

    def __init__(self) -> None:
        #: For each part: its tool state, or the length of its text; "done" when nothing can follow.
        self._seen: list[str | int] = []
        #: The preliminary outputs that the reader has, by the index of their parts.
        self._preliminary: dict[int, dict[str, Any]] = {}
        self._in_step = False

    def advance(self, parts: Sequence[Part]) -> Iterator[Chunk]:
        """The chunks that bring the reader from what it has seen to ``parts``."""
        for index, part in enumerate(parts):
            if index == len(self._seen):
                self._seen.append("")
            if self._seen[index] == "done":
                continue
            if part["type"] == "text":
                yield from self._text(index, part)
            elif part["type"].startswith("tool-"):
                yield from self._tool(index, part)
            else:
                self._seen[index] = "done"
                if part["type"] == "step-start":
                    yield from self.close()
                    self._in_step = True
                    yield StartStep()
                elif part["type"] == "data-notice":
                    yield Notice(data=NoticeText.model_validate(part["data"]))

    def close(self) -> Iterator[Chunk]:
        """End the open step."""
        if self._in_step:
            self._in_step = False
            yield FinishStep()

    def _text(self, index: int, part: Part) -> Iterator[Chunk]:
        name = f"text-{index}"
        seen = self._seen[index]
        if seen == "":
            yield TextStart(id=name)
        sent = seen if isinstance(seen, int) else 0
        if len(part["text"]) > sent:
            yield TextDelta(id=name, delta=part["text"][sent:])
        self._seen[index] = len(part["text"])
        if part["state"] == "done":
            self._seen[index] = "done"
            yield TextEnd(id=name)

    def _tool(self, index: int, part: Part) -> Iterator[Chunk]:
        call = part["toolCallId"]
        if self._seen[index] == "":
            self._seen[index] = part["state"]
            name = part["type"].removeprefix("tool-")
            yield ToolInputAvailable(tool_call_id=call, tool_name=name, input=part["input"])
        if part.get("preliminary"):
            if self._preliminary.get(index) != part["output"]:
                self._preliminary[index] = part["output"]
                yield ToolOutputAvailable(tool_call_id=call, output=part["output"], preliminary=True)
        elif part["state"] == "output-available":
            self._seen[index] = "done"
            yield ToolOutputAvailable(tool_call_id=call, output=part["output"])
        elif part["state"] == "output-error":
            self._seen[index] = "done"
            yield ToolOutputError(tool_call_id=call, error_text=part["errorText"])


_ERROR_TEXTS = {
    "interrupted": "The answer was interrupted. What is there is kept; you can have it made again.",
    "failed": "The answer could not be finished. What is there is kept; you can have it made again.",
}


def final_chunks(metadata: MessageMetadata) -> Iterator[Chunk]:
    """The last chunks of a stream, by the status that the answer ended with."""
    if metadata.status == "complete":
        yield Finish(message_metadata=metadata)
        return
    yield Metadata(message_metadata=metadata)
    if metadata.status == "stopped":
        yield Abort(reason="stopped")
    else:
        yield Error(error_text=_ERROR_TEXTS.get(metadata.status, _ERROR_TEXTS["failed"]))
