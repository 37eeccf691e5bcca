"""Runs the planner over the requests of the development set, each in the thread that is given with it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from dataferry.chat.consent import MessageConsent
from dataferry.chat.conversation import ChatMessage, Conversation
from dataferry.chat.message_builder import MessageBuilder
from dataferry.chat.planner import Planner
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, Progress
from dataferry.library.card_views import DatasetCard
from dataferry.tools.outputs import SearchOutput
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Toolbox
from tests.evals import score
from tests.support.chat import ANNA, MemoryLibrary, card

_STATES = {"done": "succeeded", "finished": "succeeded", "stopped": "cancelled"}


def answer_all(requests: str = "requests.jsonl", catalogue: str = "catalogue.jsonl") -> list[dict[str, Any]]:
    """The calls, the words and the acts of the answer to each request of a file."""
    return asyncio.run(_answer_all(requests, catalogue))


async def _answer_all(requests: str, catalogue: str) -> list[dict[str, Any]]:
    cards = [_card(row) for row in score.load(catalogue)]
    return [await _answer(row, cards) for row in score.load(requests)]


async def _answer(row: Mapping[str, Any], cards: Sequence[DatasetCard]) -> dict[str, Any]:
    given = row.get("given", {})
    library = MemoryLibrary(*cards)
    _give_jobs(library, given)
    conversation = Conversation([*_thread_before(given, library), _said(row["text"])])
    toolbox = Toolbox(
        ANNA,
        MessageConsent(conversation),
        library,
        library.jobs,
        Settings(_env_file=None),
        Prompts(),
    )
    answer = MessageBuilder()
    async for event in Planner().answer(conversation, toolbox):
        answer.apply(event)
    answer.close("")
    calls = [{"tool": outcome.name, "args": outcome.input} for outcome in toolbox.outcomes]
    return {"id": row["id"], "calls": calls, "reply": answer.content, "acts": []}


def _thread_before(given: Mapping[str, Any], library: MemoryLibrary) -> list[ChatMessage]:
    """What was asked before, and the cards that answered it."""
    asked = given.get("asked")
    if asked is None and not given.get("cards"):
        return []
    shown = tuple(library.cards[one["ref"]] for one in given.get("cards", []))
    output = SearchOutput(query=asked or "", downloadable_datasets=shown, more=True)
    found = {
        "type": "tool-search_datasets",
        "toolCallId": "call_given",
        "state": "output-available",
        "input": {"query": asked or ""},
        "output": output.model_dump(mode="json"),
    }
    return [_said(asked or ""), ChatMessage("assistant", "", [found] if shown else [])]


def _said(text: str) -> ChatMessage:
    return ChatMessage("user", text, [{"type": "text", "text": text}])


def _give_jobs(library: MemoryLibrary, given: Mapping[str, Any]) -> None:
    for one in given.get("library", []):
        library.jobs.add(ANNA, one["ref"], one["title"], "succeeded")
    for one in given.get("jobs", []):
        total = one.get("bytes_total") or 0
        done = total * (one.get("progress") or 0) // 100
        title = library.cards[one["ref"]].title
        state = _STATES.get(one["state"], one["state"])
        library.jobs.add(
            ANNA, one["ref"], title, state, progress=Progress(bytes_done=done, bytes_total=total or None)
        )


def _card(row: Mapping[str, Any]) -> DatasetCard:
    fields = {
        name: row[name]
        for name in ("description", "license", "downloads", "updated_at", "file_count")
        if row.get(name) is not None
    }
    ref = DatasetRef.parse(row["ref"])
    return card(
        str(ref),
        row["title"],
        row["size_bytes"],
        license=row["license"],
        formats=tuple(row["formats"]),
        **{name: value for name, value in fields.items() if name != "license"},
    )
