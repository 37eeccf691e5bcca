"""What of another person's messages a reader may see: their own rights decide, not those of the chat's owner.

What a tool has brought of a dataset that the reader may not see is left out, and so is the text of that
answer and of those that follow: a text cannot be told apart from what it quotes, and whoever wrote it had
read all that stood before. What is the owner's alone (their downloads, the state of their library, what
their accounts at the hubs allow) is left out too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dataferry.chat.conversation import parse_card, stored_cards, tool_outputs
from dataferry.chat.models import Message
from dataferry.chat.stream import Part
from dataferry.library.card_views import DatasetCard
from dataferry.library.visible import Sight

WITHHELD = "data-withheld"

_WORDS = {
    "dataset": "A dataset that you may not see. Whoever has access to it can share it with you on its page in"
    " the library; or get access at its source, and add your own key under Settings, Sources.",
    "answer": "This answer may tell of a dataset that you may not see, so its text is not shown to you.",
    "owner": "Downloads and the library of whoever shares this chat are theirs: yours are under Downloads and"
    " Library.",
}
#: What these tools bring is in the data; the others tell what a source tells everybody.
_OF_CONTENTS = frozenset(
    {"preview_dataset", "query_table", "compare_datasets", "dataset_health", "dataset_versions"}
)
_OF_THE_OWNER = frozenset({"download_status", "cancel_download", "list_library"})
_RESET = {"local_status": "absent", "job_id": None, "file_path": None, "dataset_id": None}


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message as its reader may see it. ``withheld``: something of it is left out."""

    message: Message
    parts: list[Part]
    content: str
    withheld: bool


def shown_whole(message: Message) -> ReadMessage:
    """A message as its own person sees it."""
    return ReadMessage(message, message.parts, message.content, False)


def refs_of(messages: Iterable[Message]) -> set[str]:
    """Every ref that the tools of these messages were asked for or told of."""
    return {ref for message in messages for part in message.parts for ref in _refs(_told(part))}


def read_by_others(
    messages: Sequence[Message], sights: Mapping[str, Sight], *, from_the_middle: bool = False
) -> list[ReadMessage]:
    """A thread from its beginning as a reader with these ``sights`` of all its refs may see it.
    ``from_the_middle``: what stood before these messages is not known, and they may quote it."""
    reader = _Reader(sights, _Evidence.of(messages), tainted=from_the_middle)
    return [reader.read(message) for message in messages]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What cards tell of datasets at hubs: that their source shows them to everybody, and whether it gives
    everybody their files. A card of an older version tells nothing."""

    shown: frozenset[str]
    given: frozenset[str]

    @classmethod
    def of(cls, messages: Iterable[Message]) -> "_Evidence":
        cards = [card for message in messages for card in _offers(message) if _is_of_hub(card)]
        hidden = {card["ref"] for card in cards if card.get("private") is not False}
        gated = {card["ref"] for card in cards if card.get("gated")}
        shown = {card["ref"] for card in cards} - hidden
        return cls(frozenset(shown), frozenset(shown - gated))


@dataclass(slots=True)
class _Reader:
    """Reads a thread from its beginning on. ``tainted``: whoever wrote on has read what must not be seen."""

    sights: Mapping[str, Sight]
    evidence: _Evidence
    tainted: bool = field(default=False)

    def read(self, message: Message) -> ReadMessage:
        if message.role == "user":
            return ReadMessage(message, list(message.parts), message.content, False)
        parts = [shown for part in message.parts if (shown := self._part(part)) is not None]
        if self.tainted:
            parts = _without_text(parts)
        content = "\n\n".join(part["text"].strip() for part in parts if part["type"] == "text")
        return ReadMessage(message, parts, content, any(part["type"] == WITHHELD for part in parts))

    def _part(self, part: Part) -> Part | None:
        """The part as the reader may see it; None where there is nothing to see."""
        if part["type"] in ("text", "step-start"):
            return part
        if not part["type"].startswith("tool-"):
            return part if part["type"] == WITHHELD else None
        tool = part["type"].removeprefix("tool-")
        unseen = {ref for ref in _refs(_told(part)) if not self._sees(ref, contents=tool in _OF_CONTENTS)}
        self.tainted = self.tainted or bool(unseen)
        if part.get("state") == "output-error":
            return _withheld("dataset") if unseen else None
        if tool in _OF_THE_OWNER:
            return _withheld("dataset" if unseen else "owner")
        if part.get("state") != "output-available":
            return _withheld("dataset") if unseen else part
        return self._output(tool, part, unseen)

    def _output(self, tool: str, part: Part, unseen: set[str]) -> Part:
        output = part["output"]
        if tool == "search_datasets":
            cards = [card for seen in self._seen_cards(output) if (card := _card(seen)) is not None]
            if unseen and not cards:
                return _withheld("dataset")
            found: dict[str, Any] = {"downloadable_datasets": cards, "source_errors": []}
            return part | {"output": output | found}
        if unseen:
            return _withheld("dataset")
        if tool == "search_models":
            return part | {"output": output | {"source_errors": []}}
        if tool in ("dataset_details", "start_download"):
            told = {"card": _card(output["card"]), "readme": output.get("readme", ""), "verdict": None}
            return part | {"type": "tool-dataset_details", "output": told}
        if tool == "compare_datasets":
            return part | {"output": {"comparison": _comparison(output["comparison"])}}
        if tool == "dataset_health":  # the job that computes it is the owner's
            return part | {"output": output | {"report": output["report"] | {"job": None}}}
        return part if tool in _OF_CONTENTS else _withheld("owner")

    def _seen_cards(self, output: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for card in output.get("downloadable_datasets") or ():
            if self._sees(card["ref"]):
                copies = [copy for copy in card.get("copies") or () if self._sees(copy["ref"])]
                yield card | {"copies": copies}

    def _sees(self, ref: str, *, contents: bool = False) -> bool:
        sight = self.sights.get(ref, "unseen")
        if sight == "seen":
            return True
        if contents:
            return sight == "unknown" and ref in self.evidence.given
        # Anybody finds its card at its source: that the library has it for others changes nothing.
        return ref in self.evidence.shown


def _told(part: Part) -> tuple[Any, ...]:
    return (part.get("input"), part.get("output")) if part["type"].startswith("tool-") else ()


def _refs(told: Any) -> Iterator[str]:
    """Every ref in what a tool was given, or gave."""
    if isinstance(told, Mapping):
        for name, value in told.items():
            if name == "ref" and isinstance(value, str):
                yield value
            elif name == "refs":
                yield from (ref for ref in value if isinstance(ref, str))
            else:
                yield from _refs(value)
    elif isinstance(told, list | tuple):
        for value in told:
            yield from _refs(value)


def _offers(message: Message) -> Iterator[Mapping[str, Any]]:
    for _tool, _input, output in tool_outputs(message.parts):
        for card in stored_cards(output):
            yield card
            yield from card.get("copies") or ()


def _is_of_hub(card: Mapping[str, Any]) -> bool:
    """Not a link, which is known to those who were given it."""
    return not str(card["ref"]).startswith("url:")


def _card(stored: Mapping[str, Any]) -> dict[str, Any] | None:
    """A stored card without what its person has of the dataset; None where it no longer is one."""
    card = parse_card(stored)
    if card is None:
        return None
    copies = tuple(copy.model_copy(update=_RESET) for copy in card.copies)
    return _reset(card, copies).model_dump(mode="json")


def _reset(card: DatasetCard, copies: tuple[Any, ...]) -> DatasetCard:
    return card.model_copy(update={**_RESET, "copies": copies})


def _comparison(stored: Mapping[str, Any]) -> dict[str, Any]:
    datasets = [
        one | ({"card": _card(one["card"])} if isinstance(one.get("card"), dict) else {})
        for one in stored.get("datasets") or ()
    ]
    return {**stored, "datasets": datasets}


def _without_text(parts: Iterable[Part]) -> list[Part]:
    """The parts without their words, which one sentence stands for."""
    kept = [part for part in parts if part["type"] != "text"]
    return [*kept, _withheld("answer")]


def _withheld(kind: str) -> Part:
    return {"type": WITHHELD, "data": {"kind": kind, "text": _WORDS[kind]}}
