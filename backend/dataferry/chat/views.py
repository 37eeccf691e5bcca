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
    #: Shown above the answer, e.g. that the model failed and keyword search answered, or why something of it
    #: is not shown.
    notice: str | None = None
    #: Somebody else's, of which something is not shown: it tells of a dataset that you may not see, or of
    #: what is theirs alone. A part of the type ``data-withheld`` stands there.
    withheld: bool = False


class ChatQuery(BaseModel):
    """Which of a person's chats are wanted, in which order."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="Words that the title or a message must contain")
    shared: bool = Field(False, description="Chats that others share with you, in place of your own")
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
    #: Whose it is, where somebody shares it with you; None for your own.
    owner: str | None = None
    #: Yours, and others may read it.
    shared: bool = False


class ChatThread(ChatView):
    """A chat with its newest messages."""

    messages: tuple[MessageView, ...]


class ThreadReader(View):
    """``email``: who may read it; None for everybody who has an account here."""

    email: str | None
    shared_at: datetime


class ThreadSharing(View):
    """Who reads a chat beside its owner. ``owner``: its owner's address, for whoever reads it; they are told
    of what they have it by alone."""

    owner: str | None = None
    readers: tuple[ThreadReader, ...] = ()
