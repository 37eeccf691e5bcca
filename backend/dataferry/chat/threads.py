"""Stored messages as the API shows them, their cards as they stand now."""

from collections.abc import Iterable, Sequence
from typing import Any

from dataferry.chat.conversation import (
    merged_cards,
    merged_models,
    merged_problems,
    stored_cards,
    tool_outputs,
)
from dataferry.chat.models import Message
from dataferry.chat.stream import Part
from dataferry.chat.views import MessageView, ToolCall
from dataferry.chat.withheld import WITHHELD, ReadMessage, shown_whole
from dataferry.core.specs import SOURCES
from dataferry.core.types import Viewer
from dataferry.library.card_views import DatasetCard
from dataferry.tools.services import LibraryService

_NOTICES = ("data-notice", WITHHELD)
#: ``state`` and ``path`` are what ``local_status`` and ``file_path`` are called elsewhere.
_LIVE_FIELDS = ("local_status", "state", "job_id", "file_path", "path")
_TOOL_STATES = {"input-available": "running", "output-available": "done", "output-error": "failed"}


async def thread_views(
    messages: Sequence[Message], viewer: Viewer, library: LibraryService
) -> list[MessageView]:
    """Views of ``messages``; every card in them says what is on this machine as of now."""
    return await message_views([shown_whole(message) for message in messages], viewer, library)


async def message_views(
    messages: Sequence[ReadMessage], viewer: Viewer, library: LibraryService
) -> list[MessageView]:
    """The same of messages as somebody may see them."""
    cards = {card.ref: card for message in messages for card in merged_cards(message.parts)}
    fresh = await library.refresh_cards(viewer, list(cards.values())) if cards else []
    live = {card.ref: card for card in fresh}
    return [_message_view(message, live) for message in messages]


def _message_view(read: ReadMessage, live: dict[str, DatasetCard]) -> MessageView:
    message = read.message
    parts = [_with_live_cards(part, live) for part in read.parts]
    cards = tuple(merged_cards(parts))
    searches = [
        arguments.get("query") for tool, arguments, _out in tool_outputs(parts) if tool == "search_datasets"
    ]
    metadata = None
    if searches or cards:
        stored = [card.model_dump(mode="json") for card in cards]
        metadata = {"queries": searches, "downloadable_datasets": stored}
    return MessageView(
        id=message.id,
        chat_id=message.chat_id,
        role=message.role,
        content=read.content,
        timestamp=message.created_at,
        status=message.status,
        downloadable_datasets=cards if metadata is not None else None,
        models=merged_models(parts),
        dataset_metadata=metadata,
        source_errors=tuple(merged_problems(parts)),
        tool_calls=tuple(_tool_calls(parts)),
        parts=tuple(parts),
        model=message.model,
        notice=next((part["data"]["text"] for part in parts if part["type"] in _NOTICES), None),
        withheld=read.withheld,
    )


def _with_live_cards(part: Part, live: dict[str, DatasetCard]) -> Part:
    if not isinstance(part.get("output"), dict):
        return part

    def refreshed(stored: dict[str, Any]) -> dict[str, Any]:
        card = live.get(stored.get("ref", ""))
        if card is None:
            return stored
        copies = [copy.model_dump(mode="json") for copy in card.copies]
        return stored | {name: getattr(card, name) for name in _LIVE_FIELDS} | {"copies": copies}

    output = dict(part["output"])
    if output.get("downloadable_datasets"):
        output["downloadable_datasets"] = [refreshed(stored) for stored in stored_cards(part["output"])]
    elif isinstance(output.get("card"), dict):
        output["card"] = refreshed(output["card"])
    return part | {"output": output}


def _tool_calls(parts: Iterable[Part]) -> Iterable[ToolCall]:
    for part in parts:
        if part["type"].startswith("tool-"):
            outage = _outage(part)
            state = "running" if part.get("preliminary") else _TOOL_STATES[part["state"]]
            yield ToolCall(
                id=part["toolCallId"],
                name=part["type"].removeprefix("tool-"),
                input=part["input"],
                state="failed" if outage else state,
                error=outage or part.get("errorText"),
            )


def _outage(part: Part) -> str | None:
    """What a search's hubs said where every one of them failed and nothing was found elsewhere."""
    output = part.get("output") or {}
    problems = output.get("source_errors") or ()
    found = output.get("downloadable_datasets") or output.get("models")
    if part["type"] not in ("tool-search_datasets", "tool-search_models") or found or not problems:
        return None
    of_models = part["type"] == "tool-search_models"
    asked = ("huggingface",) if of_models else part["input"].get("sources") or SOURCES
    hubs = {name for name in asked if name in SOURCES and SOURCES[name].hub}
    failed = {problem["source"] for problem in problems}
    return " ".join(problem["detail"] for problem in problems) if hubs and hubs <= failed else None
