"""What a request to the fake model says of the chat so far: who said what, and what the tools returned."""

import re
from datetime import UTC, datetime
from typing import Any

from dataferry.chat.conversation import ChatMessage, Conversation
from dataferry.chat.stream import Part
from dataferry.core.types import DatasetRef
from dataferry.library.card_views import DatasetCard

Body = dict[str, Any]

#: ``prompts/results/dataset.md``, as it is filled in.
_DATASET = re.compile(
    r"ref: (?P<ref>\S+) \| «(?P<title>[^»]*)» \| size: (?P<size>[^|]+?) \| files: (?P<files>[^|]+?)"
    r" \| licence: «(?P<license>[^»]*)» \| downloads: (?P<downloads>\d+) \| formats: «[^»]*»"
    r" \| gated: (?P<gated>yes|no) \| updated: (?P<updated>\S+) \| on this machine: (?P<here>\w+)"
)
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def remembered(body: Body) -> Conversation:
    """The chat up to the person's last message; their earlier ones and what tools returned."""
    messages: list[ChatMessage] = []
    parts: list[Part] = []
    for content in body["contents"]:
        text = "".join(part.get("text", "") for part in content["parts"] if not part.get("thought"))
        results = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        if content["role"] == "user" and not results:
            if parts:
                messages.append(ChatMessage("assistant", "", parts))
                parts = []
            messages.append(ChatMessage("user", text.strip(), []))
        for part in content["parts"]:
            if "functionCall" in part:
                parts.append(_called(part["functionCall"]))
        for result in results:
            _end(parts, result)
    return Conversation(messages)


def newest_results(body: Body) -> list[Body]:
    """What the tools of the newest step returned; none where the person has just spoken."""
    newest = body["contents"][-1]
    return [part["functionResponse"] for part in newest["parts"] if "functionResponse" in part]


def told(result: Body) -> str:
    """The words of a tool's result."""
    return str(result["response"].get("output", result["response"]))


def cards_in(text: str) -> list[DatasetCard]:
    """The datasets that a tool's result lists, as far as it tells of them."""
    return [_card(found) for found in _DATASET.finditer(text)]


def _called(call: Body) -> Part:
    return {
        "type": f"tool-{call['name']}",
        "toolCallId": "",
        "state": "input-available",
        "input": dict(call.get("args") or {}),
    }


def _end(parts: list[Part], result: Body) -> None:
    """Give the oldest call of that tool that has no output its output."""
    kind = f"tool-{result['name']}"
    part = next((p for p in parts if p["type"] == kind and p["state"] == "input-available"), None)
    if part is None:
        return
    text = told(result)
    cards = [card.model_dump(mode="json") for card in cards_in(text)]
    part["state"] = "output-available"
    if kind == "tool-search_datasets":
        more = "More on a further page: yes" in text
        part["output"] = {"downloadable_datasets": cards, "more": more}
    else:
        part["output"] = {"card": cards[0]} if len(cards) == 1 else {}


def _card(found: re.Match[str]) -> DatasetCard:
    ref = DatasetRef.parse(found["ref"])
    updated = None
    if found["updated"] != "unknown":
        updated = datetime.strptime(found["updated"], "%Y-%m-%d").replace(tzinfo=UTC)
    return DatasetCard(
        id=ref.id,
        title=found["title"],
        source=ref.label,
        url="",
        downloads=int(found["downloads"]),
        ref=str(ref),
        key=ref.key,
        download_endpoint="",
        size_bytes=_bytes(found["size"]),
        file_count=int(found["files"]) if found["files"].isdecimal() else None,
        license=None if found["license"].startswith("no licence stated") else found["license"],
        gated=found["gated"] == "yes",
        updated_at=updated,
        local_status="downloaded" if found["here"] == "downloaded" else "absent",
    )


def _bytes(size: str) -> int | None:
    number, _, unit = size.partition(" ")
    return round(float(number) * _UNITS[unit]) if unit in _UNITS else None
