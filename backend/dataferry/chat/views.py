"""What the chat service returns."""

from datetime import datetime
from typing import Any, Literal

from dataferry.core.types import SourceProblem, View
from dataferry.library.views import DatasetCard

MessageStatus = Literal["complete", "generating", "interrupted", "stopped", "failed"]


class ToolCall(View):
    """One call of a tool while an answer was made."""

    id: str
    name: str
    input: dict[str, Any]
    state: Literal["running", "done", "failed"]
    error: str | None = None


class MessageView(View):
    """A message. ``parts`` are the AI SDK's UI message parts, as streamed; ``content`` their text."""

    id: str
    chat_id: str
    role: Literal["user", "assistant"]
    content: str
    timestamp: datetime
    status: MessageStatus = "complete"
    downloadable_datasets: tuple[DatasetCard, ...] | None = None
    dataset_metadata: dict[str, Any] | None = None
    #: Models found on HuggingFace; never downloadable.
    models: tuple[dict[str, Any], ...] | None = None
    source_errors: tuple[SourceProblem, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    parts: tuple[dict[str, Any], ...] = ()
    #: ``planner`` or ``provider:model``.
    model: str | None = None
    #: Shown above the answer, e.g. that the model failed and keyword search answered.
    notice: str | None = None


class ChatView(View):
    """A chat, without its messages."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    #: The id of the answer being written, if one is.
    generating: str | None = None


class ChatThread(ChatView):
    """A chat with its newest messages."""

    messages: tuple[MessageView, ...]
