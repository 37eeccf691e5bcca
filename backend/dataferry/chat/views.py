"""What the chat service returns, and the outputs of the agent's tools as the page sees them."""

from datetime import datetime
from typing import Any, Literal

from dataferry.core.types import JobView, SourceProblem, View
from dataferry.library.views import DatasetCard, DatasetView, DownloadTicket

MessageStatus = Literal["complete", "generating", "interrupted", "stopped", "failed"]


class ToolCall(View):
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
    #: Said above the answer, e.g. that the model failed and keyword search answered.
    notice: str | None = None


class ChatView(View):
    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    #: The id of the answer being written, if one is.
    generating: str | None = None


class ChatThread(ChatView):
    messages: tuple[MessageView, ...]


class SearchOutput(View):
    """Output of ``search_datasets``."""

    query: str
    downloadable_datasets: tuple[DatasetCard, ...]
    source_errors: tuple[SourceProblem, ...] = ()
    more: bool = False
    offset: int = 0


class DetailsOutput(View):
    """Output of ``dataset_details``. ``readme`` is the dataset's own, untrusted text, shortened."""

    card: DatasetCard
    readme: str = ""


class StartOutput(View):
    """Output of ``start_download``. Without a ``ticket`` nothing started: ``reason`` says why it waits
    for the person's click on ``card``."""

    card: DatasetCard
    ticket: DownloadTicket | None = None
    reason: str | None = None


class JobsOutput(View):
    """Output of ``download_status`` and ``cancel_download``. ``reason``: why nothing was cancelled;
    it waits for the person's own word or click."""

    jobs: tuple[JobView, ...]
    reason: str | None = None


class LibraryOutput(View):
    """Output of ``list_library``."""

    datasets: tuple[DatasetView, ...]
    total: int
