"""Follow-ups: what a message changes of the search before it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from dataferry.chat.characters import fold
from dataferry.chat.conversation import Conversation
from dataferry.chat.filters import ParsedFilters, parse_filters
from dataferry.chat.grammar import Message
from dataferry.chat.lexicon import SUPERLATIVES
from dataferry.chat.topic import topic_of
from dataferry.core.specs import SOURCES
from dataferry.core.types import SourceName
from dataferry.sources.query_plan import COMMON_WORDS
from dataferry.sources.vocabulary import english_for, same_kind

_NOT_INHERITED = frozenset({"query", "sources", "offset"})
#: Words that say that the last search is meant.
_NARROWING = ("only", "pointer", "all", "same", "instead")
#: Words that speak of a limit, and of no subject.
_OF_LIMITS = (
    *("small", "story", "condition", "polite", "size_limit", "more", *SUPERLATIVES),
    *("advice", "asked_politely", "property", "negation", "frame", "search", "retreat", "asks"),
)
_FORMAT_WORDS = ("image", "audio", "video", "tabular")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is for. ``None`` in ``filters`` takes one away."""

    query: str
    sources: tuple[SourceName, ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)
    caveat: str = ""


def last_wanted(conversation: Conversation) -> Wanted | None:
    """The search before the message: the newest that was made, or else what the person asked for last."""
    last = conversation.last_search
    if last is not None:
        asked = wanted_of(Message.of(str(last.input["query"])))
        filters = {name: value for name, value in last.input.items() if name not in _NOT_INHERITED}
        sources = tuple(last.input.get("sources") or asked.sources)
        query = asked.query or str(last.input["query"])
        return Wanted(query, sources, {n: v for n, v in (asked.filters | filters).items() if v is not None})
    before = conversation.before_last
    if before is None:
        return None
    asked = wanted_of(Message.of(before.last))
    return asked if asked.query else None


def wanted_of(message: Message) -> Wanted:
    """What a message looks for by itself; the query is empty where it names no subject."""
    parsed = parse_filters(message.text, message.language)
    query = topic_of(parsed.remaining_text, message.language)
    return Wanted(query, parsed.sources, parsed.arguments, parsed.caveat)


def follow_up(message: Message, last: Wanted) -> Wanted | None:
    """The search before, changed as the message says; None for a message that changes nothing."""
    if message.plays("both_hubs"):
        return _changed(last, wanted_of(message.part(0)), query=last.query, everywhere=True)
    if message.plays("other_hub") and len(last.sources) == 1:
        others = tuple(name for name, spec in SOURCES.items() if spec.hub and name not in last.sources)
        return replace(last, sources=others)
    kept, _, dropped = _split_instead(message)
    new = wanted_of(kept)
    filters = dict(new.filters)
    if (filters or new.sources) and _says_no_subject(new.query, message):
        new = replace(new, query="")
    if message.plays("no_limit") and message.plays("size_limit") and not filters:
        return _without_limits(message, last)
    if (
        not new.query
        and message.plays("dataset", "wish")
        and "format" in filters
        and not message.plays(*_NARROWING)
    ):
        return None  # "image datasets" are a wish of their own.
    replaced = _replaced(kept, new, last, dropped)
    if replaced is not None:
        return _changed(last, new, query=replaced)
    if not new.query and (filters or new.sources):
        return _changed(last, new, query=last.query)
    return None


def _says_no_subject(query: str, message: Message) -> bool:
    """ "anything smaller, say below 20 MB": what is left of it is of the limit."""
    tokens = message.language.read(query)
    return all(t.plays(*_OF_LIMITS) for t in tokens)


def _changed(last: Wanted, new: Wanted, *, query: str, everywhere: bool = False) -> Wanted:
    sources = () if everywhere else new.sources or last.sources
    filters = {name: value for name, value in (last.filters | new.filters).items() if value is not None}
    if "language" not in new.filters and new.query:
        # "the same in Spanish" takes the place of what was to be in German alone.
        filters.pop("language", None)
    return Wanted(query, sources, filters, new.caveat)


def _without_limits(message: Message, last: Wanted) -> Wanted:
    sizes = ("max_bytes", "min_bytes")
    kinds = {"licence": "license"}
    gone = [name for role, name in kinds.items() if message.plays(role)]
    return Wanted(
        last.query, last.sources, {n: v for n, v in last.filters.items() if n not in (gone or sizes)}
    )


def _split_instead(message: Message) -> tuple[Message, str, str]:
    """ "photos instead of sound": what is wanted, and what it takes the place of."""
    token = next((t for t in message.tokens if t.plays("instead") and not t.plays("negation")), None)
    if token is None:
        return message, "", ""
    after = message.text[token.end :]
    if after.strip(" .,!?"):
        return message.part(0, token.start), token.text, after
    return message.part(0, token.start), token.text, ""


def _replaced(message: Message, new: Wanted, last: Wanted, dropped: str) -> str | None:
    """The query with what the message puts in place of a part of it; None where it is a search of its own."""
    read = [t for t in message.language.read(new.query) if not t.mark]
    only_language = bool(read) and all(t.plays("language") for t in read)
    joins = message.plays("same", "meant", "what_about") or bool(dropped)
    if not joins and not (only_language and message.plays("only")):
        return None
    query = _without_words(last.query, _words_of(dropped, message))
    if not new.query:
        return query if (new.filters or new.sources or dropped) else None
    if message.plays("meant"):
        return f"{query} {new.query}"
    swapped = _swapped(query, new.query, message)
    if swapped is not None:
        return swapped
    named = (
        new.query[:1].isupper() and message.language.code != "de" and not message.text.startswith(new.query)
    )
    if (
        message.plays("what_about")
        and not message.plays("same")
        and not dropped
        and not (named or only_language)
    ):
        return new.query
    if message.plays("same", "instead") and not dropped and _is_another_subject(new.query, message):
        return new.query
    return f"{query} {new.query}"


def _is_another_subject(words: str, message: Message) -> bool:
    """Whether words are a subject of their own, and no place, name, year, language or property that is to be
    added: "the same for kayaks"."""
    if message.language.code != "de" and any(word[:1].isupper() for word in words.split()):
        return False
    english = english_for(words) or words
    return not any(
        word.isdecimal() or word.casefold() in COMMON_WORDS or same_kind(word, "japan")
        for word in english.split()
    )


def _swapped(query: str, new: str, message: Message) -> str | None:
    """ "German" takes the place of "Spanish", a name that of a name."""
    language = message.language
    if any(t.plays("language") for t in language.read(new)):
        old = [w for w in query.split() if any(t.plays("language") for t in language.read(w))]
        return f"{_without_words(query, map(fold, old))} {new}".strip()
    alike = [old for old in query.split() if any(same_kind(old, word) for word in new.split())]
    if alike and not any(word in alike for word in new.split()):
        return f"{_without_words(query, map(fold, alike), '')} {new}".strip()
    names = [word for word in query.split() if word[:1].isupper()]
    if new[:1].isupper() and names and language.code != "de":
        return f"{_without_words(query, map(fold, names))} {new}".strip()
    return None


def _words_of(text: str, message: Message) -> set[str]:
    parsed: ParsedFilters = parse_filters(text, message.language)
    words = {token.folded for token in message.language.read(text) if not token.mark}
    kind = parsed.arguments.get("format")
    if kind in _FORMAT_WORDS:
        words |= set(message.language.words(kind))
    return words


def _without_words(query: str, words: Iterable[str], otherwise: str | None = None) -> str:
    """``query`` without some words; ``otherwise``, by default itself, where nothing is left."""
    gone = set(words)
    left = " ".join(word for word in query.split() if fold(word) not in gone)
    return left or (query if otherwise is None else otherwise)
