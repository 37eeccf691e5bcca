"""Reference resolution: which datasets a person's words mean, by refs and URLs, ordinals, "it", titles.

No model takes part, so the result can be taken as what the person asks for.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from dataferry.chat.addresses import (
    bare_ids,
    masked,
    mentioned_sources,
    valid_ref,
    without_sources,
    written_refs,
)
from dataferry.chat.cards import best_by, is_named, is_of, title_words
from dataferry.chat.conversation import Conversation
from dataferry.chat.filters import parse_filters
from dataferry.chat.lexicon import FACTS, SORTS, SUPERLATIVES
from dataferry.chat.reading import Language, Token, language
from dataferry.core.link_secrets import hide_link_secrets
from dataferry.core.types import DatasetRef
from dataferry.library.card_views import OfferedDataset

Unresolved = Literal["which", "nothing_shown", "out_of_range", "which_source"]

#: Words of these roles name no dataset.
_UNNAMING = frozenset(
    {
        "filler",
        "frame",
        "lead_in",
        "retreat",
        "plain",
        "noun",
        "one",
        "pointer",
        "polite",
        "all",
        "both",
        "last",
        "ordinal",
        "number",
    }
    | {
        "take",
        "download",
        "cancel",
        "stop",
        "status",
        "and",
        "here",
        "mine",
        "my",
        "details",
        "asks",
        "several",
    }
    | {
        "property",
        "counter",
        "have",
        "first",
        *(f"about_{fact}" for fact in FACTS),
        "part",
        "compare",
        "number_after",
        "at_source",
        "number_word",
        "digits",
        "ref",
        "other",
        "other_hub",
    }
    | {
        "greeting",
        "thanks",
        "only",
        "running",
        "done",
        "advice",
        "condition",
        "asked_politely",
        "negation",
        "except",
        *SUPERLATIVES,
    }
)
#: Words before "first" that make it an order.
_SORTED = tuple(f"sort_{name}" for name in SORTS)
_LAST_IN_SIGHT = 5


@dataclass(frozen=True, slots=True)
class References:
    """``refs`` in the order they were named; ``unresolved`` says why there are none."""

    refs: tuple[DatasetRef, ...] = ()
    unresolved: Unresolved | None = None
    #: Ids given as owner/name without a source.
    bare_ids: tuple[str, ...] = ()
    #: The words name the datasets themselves, whatever was shown before.
    explicit: bool = False


@dataclass(frozen=True)
class Phrase:
    """Words that refer to datasets."""

    text: str
    tokens: tuple[Token, ...]
    language: Language

    @classmethod
    def of(cls, text: str, spoken: Language) -> "Phrase":
        return cls(text, tuple(t for t in spoken.read(masked(text)) if not t.mark), spoken)

    def plays(self, *roles: str) -> bool:
        return any(token.plays(*roles) for token in self.tokens)

    @cached_property
    def names(self) -> list[str]:
        """The folded words that may be of a name or title."""
        named = self.language.read(without_sources(masked(self.text)))
        return [token.folded for token in named if not token.mark and not token.plays(*_UNNAMING)]


def resolve_references(phrase: str, conversation: Conversation, spoken: Language | None = None) -> References:
    """What ``phrase``, the words beside a verb, refers to; without what it excepts."""
    read = Phrase.of(phrase, spoken or language("en"))
    exception = next((token for token in read.tokens if token.plays("except")), None)
    if exception is None:
        return _at_the_hub_that_is_named(_resolve(read, conversation), read, conversation)
    before = Phrase.of(phrase[: exception.start], read.language)
    references = _resolve(before, conversation)
    left_out = _resolve(Phrase.of(phrase[exception.end :], read.language), conversation)
    if not left_out.refs or not refers(before):
        return References(unresolved="which" if conversation.shown else "nothing_shown")
    return replace(references, refs=tuple(ref for ref in references.refs if ref not in left_out.refs))


def _at_the_hub_that_is_named(
    references: References, phrase: Phrase, conversation: Conversation
) -> References:
    """ "it, but from Kaggle", "the second one from the other hub": the copy there of a shown card."""
    sources = mentioned_sources(phrase.text)
    shown = {card.ref: card for card in conversation.shown}
    if not sources and not phrase.plays("other_hub"):
        return references

    def at_the_hub(ref: DatasetRef) -> DatasetRef:
        card = shown.get(str(ref))
        if card is None or ref.source in sources:
            return ref
        copies = [DatasetRef.parse(copy.ref) for copy in card.copies]
        return next((copy for copy in copies if copy.source in sources or not sources), ref)

    return replace(references, refs=tuple(map(at_the_hub, references.refs)))


def refers(phrase: Phrase) -> bool:
    """Whether the words refer to a dataset by themselves."""
    roles = ("ref", "pointer", "all", "both", "last", "ordinal", "digits", "number_word", *SUPERLATIVES)
    return phrase.plays(*roles) or bool(phrase.names)


def _resolve(phrase: Phrase, conversation: Conversation) -> References:
    written = tuple(written_refs(phrase.text, (*conversation.shown, *conversation.copies)))
    if written:
        return References(written, explicit=True)
    bare = bare_ids(phrase.text)
    if bare:
        return _by_id(bare, phrase.text, conversation)
    for find in (_by_comparison, _by_position, _by_kind):
        found = find(phrase, conversation)
        if found is not None:
            return found
    titled = _by_title(phrase, conversation.shown) or _by_title(phrase, conversation.copies)
    if titled is not None:
        return References((DatasetRef.parse(titled.ref),), explicit=True)
    named = _by_name_at_source(phrase)
    if named is not None:
        return References((named,), explicit=True)
    if phrase.plays("pointer") or not (phrase.names or mentioned_sources(phrase.text)):
        return _focused(conversation)
    return References()


def without_secrets(text: str) -> str:
    """``text`` with every URL that carries a query or a password written as its ref, which shows
    neither. A model gets this text."""
    return hide_link_secrets(text, str)


def _by_id(ids: tuple[str, ...], phrase: str, conversation: Conversation) -> References:
    """owner/name: one of the shown cards, or at the source that is named beside it."""
    sources = mentioned_sources(re.sub("|".join(map(re.escape, ids)), " ", phrase))
    refs: list[DatasetRef] = []
    for dataset_id in ids:
        offers = (*conversation.shown, *conversation.copies)
        cards = [card for card in offers if card.id.lower() == dataset_id.lower()]
        candidates = [DatasetRef.parse(card.ref) for card in cards]
        if not candidates:
            candidates = [ref for source in sources if (ref := valid_ref(source, dataset_id)) is not None]
        candidates = [ref for ref in candidates if not sources or ref.source in sources]
        if len(candidates) != 1:
            return References(unresolved="which_source", bare_ids=ids, explicit=True)
        refs += candidates
    return References(tuple(refs), explicit=True)


def compared_by(phrase: Phrase) -> str | None:
    """The property of ``SUPERLATIVES`` by which the words choose one dataset, as in "the smaller one"; None
    where they choose several ("the newest ones"), an order ("newest first") or a subject."""
    if phrase.names or phrase.plays("several"):
        return None
    for index, token in enumerate(phrase.tokens):
        name = next((name for name in SUPERLATIVES if token.plays(name)), None)
        following = phrase.tokens[index + 1 : index + 2]
        alone = len(phrase.tokens) == 1
        if name and not alone and not any(one.plays("first") for one in following):
            return name
    return None


def _by_comparison(phrase: Phrase, conversation: Conversation) -> References | None:
    """ "the smaller one", "the newest of these": the one shown card that it can be."""
    name = compared_by(phrase)
    if name is None:
        return None
    if not conversation.shown:
        return References(unresolved="nothing_shown")
    fitting = best_by(name, conversation.shown)
    return (
        References((DatasetRef.parse(fitting[0].ref),))
        if len(fitting) == 1
        else References(unresolved="which")
    )


def _by_position(phrase: Phrase, conversation: Conversation) -> References | None:
    """Ordinals, "the first two", "all", "the last one"; None where the phrase has none of them."""
    positions = positions_in(phrase)
    if positions:
        return _shown_at(positions, conversation)
    shown = conversation.shown
    if phrase.plays("last"):
        # Only where the whole list is in sight is it plain which one is the last.
        if len(shown) > _LAST_IN_SIGHT:
            return References(unresolved="which")
        return _shown_at([len(shown)], conversation)
    if phrase.plays("all", "both") and not phrase.names:
        counted = next((n for t in phrase.tokens if (n := _cardinal(t, phrase.language)) is not None), None)
        count = 2 if phrase.plays("both") else counted
        if count is not None and count != len(shown):
            return References(unresolved="which" if shown else "nothing_shown")
        return _shown_at(range(1, len(shown) + 1), conversation)
    return None


def _by_kind(phrase: Phrase, conversation: Conversation) -> References | None:
    """ "the parquet one", "the CC0 one": the one shown card of that format or licence."""
    one = any(token.plays("one") and not token.plays("pointer") for token in phrase.tokens)
    if phrase.plays("several") or not one:
        return None
    parsed = parse_filters(phrase.text, phrase.language)
    kind, licence = parsed.arguments.get("format"), parsed.arguments.get("license")
    if not (kind or licence) or Phrase.of(parsed.remaining_text, phrase.language).names:
        return None
    fitting = [card for card in conversation.shown if is_of(card, kind, licence)]
    if len(fitting) != 1:
        return References(unresolved="which", explicit=True) if conversation.shown else None
    return References((DatasetRef.parse(fitting[0].ref),), explicit=True)


def positions_in(phrase: Phrase) -> list[int]:
    """The places in a list that the words name, from 1."""
    tokens, number = phrase.tokens, phrase.language.number
    positions: list[int] = []
    for index, token in enumerate(tokens):
        before, after = tokens[index - 1 : index], tokens[index + 1 : index + 2]
        if (
            token.plays("ordinal")
            and token.plays("first")
            and any(one.plays("several", *SUPERLATIVES, *_SORTED) for one in before)
        ):
            continue  # "popular ones first" is an order.
        if token.plays("ordinal"):
            place = number(token.folded) or 0
            count = _count_beside(before, after, phrase.language) if place == 1 else None
            positions += range(1, count + 1) if count else [place]
        elif (value := _cardinal(token, phrase.language)) is not None:
            marked = phrase.text[: token.start].rstrip()[-1:] in ("#", "№") or _named(before)
            marked = marked or any(one.plays("number_after") for one in after)
            positions += [value] if marked else []
    if not positions and phrase.plays("digits") and _only_numbers(tokens):
        positions = [int(token.folded) for token in tokens if token.plays("digits") and len(token.folded) < 3]
    return positions


def _count_beside(before: Sequence[Token], after: Sequence[Token], spoken: Language) -> int | None:
    """How many of the first are meant: "the first two", "die ersten beiden", "los dos primeros"."""
    if any(token.plays("both") for token in (*before, *after)):
        return 2
    counts = [_cardinal(token, spoken) for token in (*after, *before)]
    return next((count for count in counts if count is not None and count > 1), None)


def _named(tokens: Sequence[Token]) -> bool:
    return any(token.plays("number") for token in tokens)


def _only_numbers(tokens: Sequence[Token]) -> bool:
    """ "1 and 3" beside verbs and words that hold a sentence up."""
    return all(token.plays("digits", *_UNNAMING) and not token.plays("all") for token in tokens)


def _cardinal(token: Token, spoken: Language) -> int | None:
    return spoken.number(token.folded) if token.plays("digits", "number_word") else None


def _shown_at(positions: Iterable[int], conversation: Conversation) -> References:
    shown = conversation.shown
    if not shown:
        return References(unresolved="nothing_shown")
    wanted = list(dict.fromkeys(positions))
    if any(not 1 <= position <= len(shown) for position in wanted):
        return References(unresolved="out_of_range")
    return References(tuple(DatasetRef.parse(shown[position - 1].ref) for position in wanted))


def _by_title(phrase: Phrase, shown: Sequence[OfferedDataset]) -> OfferedDataset | None:
    """The one of ``shown`` that has every word of the phrase in its title, id or source."""
    wanted = set(phrase.names)
    sources = set(mentioned_sources(phrase.text))
    at_a_hub = bool(sources) or phrase.plays("other_hub")
    if phrase.plays("several") or not (wanted or (at_a_hub and phrase.plays("one"))):
        return None
    fitting = [
        card
        for card in shown
        if all(is_named(word, title_words(card.title, card.id)) for word in wanted)
        and (not sources or DatasetRef.parse(card.ref).source in sources)
    ]
    exact = [card for card in fitting if title_words(card.title) == wanted]
    best = exact if len(exact) == 1 else fitting
    return best[0] if len(best) == 1 else None


def _by_name_at_source(phrase: Phrase) -> DatasetRef | None:
    """ "imdb from huggingface", "the built-in iris": one name and one source that needs no owner."""
    sources = mentioned_sources(phrase.text)
    plain = Phrase.of(without_sources(phrase.text), phrase.language)
    if len(sources) != 1 or len(plain.names) != 1 or sources[0] == "kaggle":
        return None
    written = next(token for token in plain.tokens if token.folded == plain.names[0])
    return valid_ref(sources[0], written.text)


def _focused(conversation: Conversation) -> References:
    if conversation.focus is not None:
        return References((DatasetRef.parse(conversation.focus.ref),))
    return References(unresolved="which" if conversation.shown else "nothing_shown")
