"""Commands about datasets that are known: download, cancel, delete, compare, details.

A command is the person's consent, so that it is read strictly: see ``grammar.closed``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dataferry.chat import grammar
from dataferry.chat.addresses import mentioned_sources, without_refs
from dataferry.chat.cards import title_words
from dataferry.chat.conversation import Conversation
from dataferry.chat.grammar import Message
from dataferry.chat.lexicon import FACTS, SUPERLATIVES
from dataferry.chat.reading import Token
from dataferry.chat.references import (
    Phrase,
    References,
    compared_by,
    positions_in,
    refers,
    resolve_references,
)
from dataferry.chat.table_wishes import asks_of_rows, without_pointers
from dataferry.core.types import SourceName

Kind = Literal[
    "search",
    "more",
    "details",
    "compare",
    "query",
    "download",
    "status",
    "cancel",
    "delete",
    "library",
    "help",
    "greeting",
    "thanks",
    "declined",
    "order",
    "vague",
    "which",
    "models",
    "elsewhere",
    "rules",
    "secret",
    "accept",
    "settings",
    "competition",
    "model_page",
    "other_page",
]

_FACT_ROLES = tuple(f"about_{fact}" for fact in FACTS)
#: Of a message whose command is in a later sentence.
_MAX_SENTENCES_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Intent:
    """``query``, ``sources`` and ``filters`` for a search; ``references`` for what acts on datasets."""

    kind: Kind
    query: str = ""
    sources: tuple[SourceName, ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)
    #: What is to be said of what is found: the key of a sentence.
    caveat: str = ""
    references: References = field(default_factory=References)
    #: The words beside the verb.
    phrase: str = ""
    #: The code of the message's language.
    language: str = "en"
    #: The property by which datasets are compared.
    compared_by: str | None = None
    #: Of the datasets' details their first rows are wanted.
    rows: bool = False


def read_act(message: Message, conversation: Conversation) -> Intent | None:
    """What a message asks to be done with datasets; None where it asks for no such thing."""
    return (
        _act(message, conversation)
        or _later_act(message, conversation)
        or table_question(message, conversation)
        or _compare(message, conversation)
        or _details(message, conversation)
    )


def _later_act(message: Message, conversation: Conversation) -> Intent | None:
    """ "The first is too big. Download the second one." Only what refers to something shown: a ref in
    the middle of a message may come from a text that was pasted."""
    first, *later = message.sentences or [message]
    if len(message.text) > _MAX_SENTENCES_CHARACTERS or any(t.plays("search") for t in first.head[:1]):
        return None
    for index, sentence in enumerate(later):
        if without_refs(sentence.text) != sentence.text or any(t.plays("search") for t in sentence.head[:1]):
            return None
        found = _act(sentence, conversation)
        if found is not None and found.kind in ("download", "cancel"):
            taken_back = any(one.plays("retraction") for one in later[index + 1 :])
            return None if taken_back else found
    return _cancel_after_a_reason(message, conversation)


def _cancel_after_a_reason(message: Message, conversation: Conversation) -> Intent | None:
    """ "It fills my disk, stop the download": the last clause alone, where no word before it is of a
    condition, a negation, a command or a wish for data."""
    comma = max((t.end for t in message.all_tokens if t.mark and t.text == ","), default=0)
    reason, clause = message.part(0, comma), message.part(comma)
    forbidden = ("condition", "advice", "search", "wish", "noun", *grammar.ACTS)
    if not comma or not clause.plays("cancel", "stop") or reason.plays(*forbidden):
        return None
    if any(t.plays("negation") and not t.plays("retreat") for t in reason.tokens) or message.asked:
        return None
    return _act(clause, conversation) if grammar.closed(clause, ("retreat",)) else None


def _act(message: Message, conversation: Conversation) -> Intent | None:
    if grammar.negated(message):
        return None
    if message.plays("delete"):
        return _delete(message)
    if message.plays("cancel", "stop"):
        return _cancel(message, conversation)
    if message.plays("download", "take"):
        return _download(message, conversation)
    return None


def _delete(message: Message) -> Intent | None:
    opens = any(t.plays("delete") for t in message.head[:1])
    pointed = message.plays("my", "here", "library", *grammar.POINTING)
    all_data = message.plays("noun") and len(message.unknown) <= 1
    if grammar.closed(message) or (opens and (pointed or all_data or len(message.head) == 2)):
        return Intent("delete")
    return None


def _cancel(message: Message, conversation: Conversation) -> Intent | None:
    strong = message.plays("cancel")
    named = [t for t in message.tokens if not t.roles]
    alone = all(t.plays("cancel", "stop", "retreat", "polite", "filler") for t in message.head)
    # "stop the download" in one phrase says what it aims at.
    phrase_of_its_own = any(" " in t.folded for t in message.head[:1] if t.plays("cancel", "stop"))
    aims = alone or phrase_of_its_own or message.plays("status", "one", *grammar.POINTING)
    closed = grammar.closed(message, ("retreat",))
    opens = any(t.plays("cancel", "stop") for t in message.head[:1])
    if (
        not (closed and (strong or aims))
        and not (opens and aims and len(named) <= 3)
        and not (opens and strong and len(named) == 1 and len(message.head) == 2)
    ):
        return None
    if (grammar.blocked(message) and not closed) or message.plays("condition", "advice"):
        return None
    phrase = _without_verbs(message, "cancel", "stop")
    references = resolve_references(phrase, conversation, message.language)
    return Intent("cancel", references=references, phrase=phrase)


def _download(message: Message, conversation: Conversation) -> Intent | None:
    """A download of what is known; a question, a condition or a part shows it first."""
    strong = message.plays("download")
    head = message.head
    asks_how = any(t.plays("asks") and not t.plays("search", "pointer", "take", "filler") for t in head[:1])
    if asks_how:
        return None
    if (
        any(t.plays("download") for t in head[:1])
        and any(t.plays("part") for t in head[1:2])
        and len(head) <= 3
    ):
        return Intent("help")
    phrase = _without_verbs(message, "download", "take")
    references = resolve_references(phrase, conversation, message.language)
    known = bool(references.refs) or references.unresolved in ("which_source", "out_of_range")
    known = known or (references.explicit and references.unresolved == "which")
    closed = grammar.closed(message, ("part", "condition", "advice", "property"))
    names = Phrase.of(phrase, message.language)
    closed = closed or (known and references.explicit and not names.plays("several"))
    if not (closed or (strong and _points_at_once(head) and known)):
        return None
    pointed = refers(names) and (known or not names.names)
    if not (
        pointed
        or (strong and not names.names and not names.plays("several") and not mentioned_sources(phrase))
    ):
        return None
    asks = message.asked and not message.plays("asked_politely")
    if asks or (grammar.blocked(message) and _is_held_back(message, references, conversation)):
        # No command for the whole of it: show what it is, and let the person decide.
        return Intent("details", references=references, phrase=phrase)
    if not opens_act(message) and not grammar.closed(message):
        return None
    return Intent("download", references=references, phrase=phrase)


def opens_act(message: Message) -> bool:
    """Whether a verb of taking stands first, or after what it takes."""
    tokens = message.head
    return any(t.plays("download", "take") for t in tokens[:1]) or any(t.plays("ref") for t in tokens[:1])


def _points_at_once(head: Sequence[Token]) -> bool:
    """ "download the second one": what is meant follows the verb, whatever comes after it."""
    after = [t for t in head[1:] if not t.plays("plain", "filler", "number") or t.plays("ordinal", "ref")]
    return any(t.plays("download") for t in head[:1]) and any(
        t.plays("ordinal", "ref", "digits") for t in after[:1]
    )


def _is_held_back(message: Message, references: References, conversation: Conversation) -> bool:
    """A word of the dataset's own title holds nothing back: "download the samples one"."""
    if message.plays("condition", "advice"):
        return True
    refs = set(map(str, references.refs))
    titles = {w for card in conversation.shown if card.ref in refs for w in title_words(card.title)}
    return any(token.folded not in titles for token in message.tokens if token.plays("part"))


def _without_verbs(message: Message, *roles: str) -> str:
    """The text without the verb and the politeness before it."""
    text = message.text
    for token in message.tokens:
        if token.plays(*roles) and not token.plays("pointer"):
            text = text[: token.start] + " " * (token.end - token.start) + text[token.end :]
    return text


def _compare(message: Message, conversation: Conversation) -> Intent | None:
    """Several side by side, or which of those that were shown is the first by a property."""
    phrase = Phrase.of(message.text, message.language)
    name = next((n for n in SUPERLATIVES if message.plays(n)), None)
    rest = _without_verbs(message, "compare", "asks")
    references = resolve_references(rest, conversation, message.language)
    if references.explicit and message.plays("compare") and not message.unknown:
        several = len(references.refs) > 1 or len(references.bare_ids) > 1
        if several:
            return Intent("compare", references=references, phrase=message.text, compared_by=name)
    shown = conversation.shown
    if message.unknown or len(shown) < 2:
        return None
    asks_which = message.asked or any(t.plays("asks") for t in message.head[:1])
    if not message.plays("compare") and not (
        asks_which
        and (name or grammar.asked_fact(message))
        and (_of_several(phrase) or (name and len(shown) == 2))
    ):
        return None
    if len(references.refs) < 2:
        references = resolve_references("all", conversation)
    return Intent("compare", references=references, phrase=message.text, compared_by=name)


def table_question(message: Message, conversation: Conversation) -> Intent | None:
    """ "average price by city in it": what the rows of one dataset answer, which is named or was shown."""
    if not asks_of_rows(without_refs(message.text)):
        return None
    references = resolve_references(_without_verbs(message, "search"), conversation, message.language)
    if len(references.refs) != 1 or not (references.explicit or message.plays(*grammar.POINTING)):
        return None
    return Intent("query", references=references, phrase=without_pointers(message))


def _of_several(phrase: Phrase) -> bool:
    return phrase.plays("all", "both") or (phrase.plays("one") and not phrase.plays("ordinal"))


def _details(message: Message, conversation: Conversation) -> Intent | None:
    phrase = Phrase.of(message.text, message.language)
    if not phrase.tokens:
        return None
    verb = message.plays("details", "asks")
    references = resolve_references(_without_verbs(message, "search"), conversation, message.language)
    if not references.refs and references.unresolved is None:
        return None
    pointed = refers_to_shown(message) or references.explicit
    opens = any(t.plays("details", "asks", *_FACT_ROLES) for t in message.head[:1])
    searched = any(t.plays("search") and not t.plays("details", "asks") for t in message.head[:1])
    short = len(message.unknown) <= 1 and len(phrase.names) <= 3 and not searched
    if pointed and (opens or (verb and short) or short or message.asked):
        return Intent("details", references=references, phrase=message.text, rows=message.plays("rows"))
    return None


def refers_to_shown(message: Message) -> bool:
    """Whether the words refer to something shown, if there is such a thing. A referring word counts only
    where nothing else is named: "this" in "data like this topic" is none."""
    phrase = Phrase.of(message.text, message.language)
    refers_to = phrase.plays("pointer", "all", "both", "last") or bool(positions_in(phrase))
    return (
        (refers_to or compared_by(phrase) is not None)
        and not phrase.names
        and not mentioned_sources(message.text)
    )
