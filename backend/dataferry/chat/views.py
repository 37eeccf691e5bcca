"""What the chat service returns."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dataferry.core.model_cards import ModelCard
from dataferry.core.problems import SourceProblem
from dataferry.core.types import View
from dataferry.library.card_views import DatasetCard

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
    #: Models found on HuggingFace; never downloadable. None where none were searched for.
    models: tuple[ModelCard, ...] | None = None
    source_errors: tuple[SourceProblem, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    parts: tuple[dict[str, Any], ...] = ()
    #: ``planner`` or ``provider:model``.
    model: str | None = None
    #: Shown above the answer, e.g. that the model failed and keyword search answered.
    notice: str | None = None


class ChatQuery(BaseModel):
    """Which of a person's chats are wanted, in which order."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="Words that the title or a message must contain")
    sort: Literal["-updated_at", "updated_at", "-created_at", "created_at", "title", "-title"] = "-updated_at"
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10**6, description="Older than `cursor`; new rows shift it")
    cursor: str | None = Field(None, max_length=8000, description="From the `Link` header of the page before")


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
