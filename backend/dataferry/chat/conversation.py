"""The state of a conversation: its messages, the cards that a person can refer to, the last search."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from dataferry.chat.stream import Part
from dataferry.core.model_cards import ModelCard
from dataferry.core.problems import SourceProblem
from dataferry.library.card_views import CardCopy, DatasetCard

_CARD_FIELDS = frozenset(DatasetCard.model_fields)


def parse_card(stored: Mapping[str, Any]) -> DatasetCard | None:
    """A stored card; None where an older version stored something that no longer is one."""
    try:
        return DatasetCard.model_validate({k: v for k, v in stored.items() if k in _CARD_FIELDS})
    except ValidationError:
        return None


def stored_cards(output: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The cards inside one tool's output, as stored."""
    yield from output.get("downloadable_datasets") or ()
    if isinstance(output.get("card"), dict):
        yield output["card"]
    for compared in (output.get("comparison") or {}).get("datasets") or ():
        if isinstance(compared.get("card"), dict):
            yield compared["card"]


def refs_in(output: Mapping[str, Any]) -> Iterator[str]:
    """The refs that one tool's output, as stored, is about."""
    for found in (*stored_cards(output), *(output.get("datasets") or ()), *(output.get("jobs") or ())):
        for offer in (found, *(found.get("copies") or ())):
            if isinstance(ref := offer.get("ref"), str):
                yield ref


def tool_outputs(parts: Iterable[Part]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """``(tool, input, output)`` of every call that succeeded, oldest first."""
    for part in parts:
        if part["type"].startswith("tool-") and part.get("state") == "output-available":
            yield part["type"].removeprefix("tool-"), part["input"], part["output"]


def merged_cards(parts: Iterable[Part]) -> list[DatasetCard]:
    """The cards of all tool calls of an answer, each dataset once, in the order they came."""
    cards: dict[str, DatasetCard] = {}
    copies: set[str] = set()
    for tool, _input, output in tool_outputs(parts):
        for card in map(parse_card, stored_cards(output)):
            # A further search may find first what an earlier one told of as a copy.
            if card is not None and not (tool == "search_datasets" and card.ref in copies):
                cards.setdefault(card.ref, card)
                copies.update(copy.ref for copy in card.copies)
    return list(cards.values())


def merged_models(parts: Iterable[Part]) -> tuple[ModelCard, ...] | None:
    """The models of all searches of an answer, each once; None where it searched for none."""
    outputs = [output for tool, _input, output in tool_outputs(parts) if tool == "search_models"]
    models: dict[str, ModelCard] = {}
    for stored in (one for output in outputs for one in output.get("models") or ()):
        with suppress(ValidationError):
            models.setdefault(stored["id"], ModelCard.model_validate(stored))
    return tuple(models.values()) if outputs else None


def merged_problems(parts: Iterable[Part]) -> list[SourceProblem]:
    """The problems of sources while the answer was generated, each source's problem once."""
    problems: dict[tuple[str, str], SourceProblem] = {}
    for _tool, _input, output in tool_outputs(parts):
        for stored in output.get("source_errors") or ():
            with suppress(ValidationError):
                problem = SourceProblem.model_validate(stored)
                problems.setdefault((problem.source, problem.code), problem)
    return list(problems.values())


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a chat."""

    role: str
    content: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class LastSearch:
    """The newest search, so that it can be narrowed or continued."""

    input: dict[str, Any]
    count: int
    more: bool


@dataclass(frozen=True)
class Conversation:
    """The messages of a chat, oldest first; the last is the person's that is being answered."""

    messages: Sequence[ChatMessage]

    @property
    def last(self) -> str:
        """The person's own last message."""
        return self.messages[-1].content

    @cached_property
    def before_last(self) -> "Conversation | None":
        """The conversation that ends with the person's message before the last; None where there is none."""
        for index in range(len(self.messages) - 2, -1, -1):
            if self.messages[index].role == "user":
                return Conversation(self.messages[: index + 1])
        return None

    @cached_property
    def shown(self) -> tuple[DatasetCard, ...]:
        """The cards that "the second one" counts: those of the newest answer that listed several, or
        the newest single card."""
        newest: tuple[DatasetCard, ...] = ()
        for cards in self._card_lists():
            known = {card.ref for card in newest}
            if len(cards) != 1 or any(card.ref not in known for card in cards):
                newest = cards
        return newest

    @cached_property
    def copies(self) -> tuple[CardCopy, ...]:
        """What the shown cards say that is the same data elsewhere."""
        return tuple(copy for card in self.shown for copy in card.copies)

    @cached_property
    def focus(self) -> DatasetCard | None:
        """The one card that "it" can mean: the newest that was shown alone."""
        newest: DatasetCard | None = None
        for cards in self._card_lists():
            newest = cards[0] if len(cards) == 1 else None
        return newest

    @cached_property
    def returned_refs(self) -> frozenset[str]:
        """Every ref that a tool has returned to this chat."""
        return frozenset(
            ref
            for message in self.messages
            for _tool, _input, output in tool_outputs(message.parts)
            for ref in refs_in(output)
        )

    @cached_property
    def last_search(self) -> LastSearch | None:
        found = None
        for message in self.messages:
            for tool, arguments, output in tool_outputs(message.parts):
                if tool == "search_datasets":
                    count = len(output.get("downloadable_datasets") or ())
                    found = LastSearch(arguments, count, bool(output.get("more")))
        return found

    @cached_property
    def last_models(self) -> dict[str, Any] | None:
        """The arguments of the newest search where that was one of models; None where it was one of
        datasets."""
        found = None
        for message in self.messages:
            for tool, arguments, _output in tool_outputs(message.parts):
                if tool in ("search_models", "search_datasets"):
                    found = arguments if tool == "search_models" else None
        return found

    @cached_property
    def shown_models(self) -> frozenset[str]:
        """The ids of all models that a tool has returned to this chat."""
        found = (merged_models(message.parts) or () for message in self.messages)
        return frozenset(model.id for models in found for model in models)

    def _card_lists(self) -> Iterator[tuple[DatasetCard, ...]]:
        """The cards of each answer's searches, then those it showed one by one; oldest first."""
        for message in self.messages:
            searched: dict[str, DatasetCard] | None = None
            single: dict[str, DatasetCard] = {}
            for tool, _input, output in tool_outputs(message.parts):
                if tool == "search_models":
                    yield ()  # "the second one" is a model now, and no dataset
                cards = {card.ref: card for card in map(parse_card, stored_cards(output)) if card is not None}
                if tool == "search_datasets":
                    searched = cards if searched is None else searched | cards
                else:
                    single |= cards
            if searched is not None:
                yield tuple(searched.values())
            if single:
                yield tuple(single.values())
