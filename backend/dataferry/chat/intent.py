"""What a message asks for, read without a model.

The planner acts on it, and the tools that cost or destroy ask it whether the person's own words
allow them (``asked_refs``, ``refs_to_cancel``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from dataferry.chat import lexicon
from dataferry.chat.conversation import Conversation
from dataferry.chat.filters import take_filters
from dataferry.chat.references import (
    Pointed,
    content_words,
    point,
    points_at_all,
    points_at_position,
    without_refs,
    written_refs,
)
from dataferry.core.types import JobView, SourceName

Kind = Literal[
    "search",
    "more",
    "details",
    "download",
    "status",
    "cancel",
    "delete",
    "library",
    "help",
    "greeting",
    "thanks",
    "declined",
    "vague",
]

_SMALL_TALK = (
    (lexicon.GREETING, "greeting"),
    (lexicon.THANKS, "thanks"),
    (lexicon.HELP, "help"),
    (lexicon.DECLINED, "declined"),
)
_QUESTIONS = ((lexicon.STATUS, "status"), (lexicon.LIBRARY, "library"), (lexicon.MORE, "more"))
_MISSPELLABLE = ("download", "search", "dataset", "datasets", "kaggle", "huggingface", "library", "progress")
_QUERY_WORDS = 12
#: Longer messages are stories: what they say in passing is not taken as an order.
_ORDER_LENGTH = 400
_SHORT = 200


@dataclass(frozen=True, slots=True)
class Intent:
    """``query``, ``sources`` and ``filters`` for a search; ``pointed`` for what acts on datasets."""

    kind: Kind
    query: str = ""
    sources: tuple[SourceName, ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)
    #: What a search was asked and cannot do, as a sentence.
    caveat: str = ""
    pointed: Pointed = field(default_factory=Pointed)
    #: The words after the verb.
    phrase: str = ""


def read(conversation: Conversation) -> Intent:
    """What the person's last message asks for."""
    text = _own_words(conversation.last)
    return _answer_to_question(text, _read(text, conversation), conversation)


def asked_refs(conversation: Conversation) -> frozenset[str]:
    """The refs whose download the person's own last message asks for, in plain words."""
    intent = read(conversation)
    return frozenset(map(str, intent.pointed.refs)) if intent.kind == "download" else frozenset()


def refs_to_cancel(conversation: Conversation, active: Sequence[JobView]) -> tuple[str, ...]:
    """The refs among ``active`` downloads that the person's own last message asks to cancel.

    "it" may be the only one that runs; "all" are those that run, not those that were shown; a title
    may be that of a download that was started elsewhere.
    """
    intent = read(conversation)
    if intent.kind != "cancel":
        return ()
    running = tuple(dict.fromkeys(job.ref for job in active))
    words = set(content_words(intent.phrase)) - {"download", "downloads", "running", "every", "everything"}
    if not words and points_at_all(intent.phrase):
        return running
    named = tuple(ref for ref in map(str, intent.pointed.refs) if ref in running)
    if named:
        return named
    if words and not intent.pointed.refs:
        titled = {job.ref for job in active if words <= set(content_words(f"{job.title} {job.ref}"))}
        return tuple(titled) if len(titled) == 1 else ()
    pronoun = not words and not points_at_position(intent.phrase)
    return running if len(running) == 1 and pronoun else ()


def _read(text: str, conversation: Conversation) -> Intent:
    plain = _fix_spelling(text)
    order = lexicon.POLITE.sub("", plain).strip() or plain
    said = lexicon.first_match(_SMALL_TALK, plain, order) or lexicon.first_match(_QUESTIONS, order)
    if said is not None:
        return Intent(cast(Kind, said))
    if len(text) <= _ORDER_LENGTH:
        if _only_refs(text):
            return Intent("details", pointed=point(text, conversation))
        ordered = _order(plain, order, conversation) or _order_in_a_later_sentence(plain, conversation)
        if ordered is not None:
            return ordered
    return _search(order, conversation)


def _order_in_a_later_sentence(plain: str, conversation: Conversation) -> Intent | None:
    """ "The first is too big. Download the second one." Only what points at something shown: a ref in
    the middle of a message may come from a text that was pasted."""
    first, *later = re.split(r"(?<=[.!?])\s+", plain)
    if len(plain) > _SHORT or lexicon.LOOK_FOR.match(lexicon.POLITE.sub("", first)):
        return None
    for index, sentence in enumerate(later):
        if without_refs(sentence) != sentence or lexicon.LOOK_FOR.match(sentence):
            return None
        ordered = _order(sentence, lexicon.POLITE.sub("", sentence).strip(), conversation)
        if ordered is not None and ordered.kind in ("download", "cancel"):
            taken_back = any(map(lexicon.RETRACTION.search, later[index + 1 :]))
            return None if taken_back else ordered
    return None


def _order(plain: str, order: str, conversation: Conversation) -> Intent | None:
    """An order about datasets that are known: download, cancel, delete, details."""
    for pattern, kind in ((lexicon.CANCEL, "cancel"), (lexicon.DELETE, "delete")):
        verb = pattern.match(order)
        if verb:
            phrase = order[verb.end() :]
            return Intent(cast(Kind, kind), pointed=point(phrase, conversation), phrase=phrase)
    for pattern in (lexicon.START, lexicon.TAKE):
        verb = pattern.match(order)
        if verb:
            download = _download(pattern is lexicon.START, plain, order[verb.end() :], conversation)
            if download is not None:
                return download
    return _details(order, conversation)


def _download(strong: bool, plain: str, phrase: str, conversation: Conversation) -> Intent | None:
    if lexicon.ABOUT_DOWNLOADING.match(phrase):
        return Intent("help")
    pointed = point(phrase, conversation)
    bare_order = strong and not content_words(phrase)
    known = pointed.refs or pointed.unclear == "which_source"
    if not (known or _points(phrase) or bare_order):
        return None
    asks = plain.rstrip().endswith("?") and not lexicon.ASKED_POLITELY.search(plain)
    if asks or lexicon.CONDITION.search(phrase) or _wants_a_part(phrase, pointed, conversation):
        # No order for the whole of it: show what it is, and let the person decide.
        return Intent("details", pointed=pointed, phrase=phrase)
    return Intent("download", pointed=pointed, phrase=phrase)


def _wants_a_part(phrase: str, pointed: Pointed, conversation: Conversation) -> bool:
    """ "the readme of the first one"; a word of the dataset's own title is none."""
    refs = set(map(str, pointed.refs))
    titles = {word for card in conversation.shown if card.ref in refs for word in content_words(card.title)}
    parts = lexicon.PARTIAL.findall(without_refs(phrase))
    return any(part.lower() not in titles for part in parts)


def _details(order: str, conversation: Conversation) -> Intent | None:
    verb = lexicon.DETAILS.match(order)
    phrase = order[verb.end() :] if verb else order
    if not phrase.strip(" ?!."):
        return None
    pointed = point(phrase, conversation)
    if not pointed.refs and pointed.unclear is None:
        return None
    if verb and (pointed.explicit or _points(phrase)):
        return Intent("details", pointed=pointed, phrase=phrase)
    short = len(content_words(order)) <= 3 and not lexicon.SEARCH.match(order)
    if short and (pointed.explicit or _points(order)):
        return Intent("details", pointed=pointed, phrase=phrase)
    return None


def _points(text: str) -> bool:
    """The words point at something shown, whether or not there is such a thing. A pointer counts only
    where nothing else is named: "this" in "data like this topic" is none."""
    if lexicon.POINTER.search(text) is None:
        return False
    rest = set(content_words(lexicon.POINTER.sub(" ", text)))
    return not rest - lexicon.PROPERTIES - lexicon.QUERY_FILLER


def _search(order: str, conversation: Conversation) -> Intent:
    # Nothing starts before the person has seen what it is.
    narrowing = take_filters(lexicon.THEN_DOWNLOAD.sub("", order))
    query = _query(narrowing.rest)
    last = conversation.last_search
    # "I need images": the kind of data is all there is to look for.
    kind = str(narrowing.values.get("format") or "")
    anew = bool(kind) and lexicon.DATASET.search(order) is not None
    if not query and not anew and (narrowing.values or narrowing.sources) and last is not None:
        kept = {name: value for name, value in last.input.items() if name not in _NOT_KEPT}
        sources = narrowing.sources or tuple(last.input.get("sources") or ())
        filters = {name: value for name, value in (kept | narrowing.values).items() if value is not None}
        return Intent("search", str(last.input["query"]), sources, filters)
    query = query or kind
    if not query:
        return Intent("vague")
    return Intent("search", query, narrowing.sources, narrowing.values, narrowing.caveat)


_NOT_KEPT = frozenset({"query", "sources", "offset"})


def _query(text: str) -> str:
    """The words to search for: quoted ones whole, the others without what only holds a sentence up."""
    quoted = re.findall(r"[\"“”]([^\"“”]{2,80})[\"“”]", text)
    if quoted:
        return " ".join(" ".join(quoted).split())
    text, previous = text.strip(), None
    while previous != text:
        previous = text
        text = lexicon.SEARCH.sub("", lexicon.POLITE.sub("", text)).strip()
    words = re.findall(r"[^\W_]+(?:[-+.'/_&][^\W_]+)*\+*", text)
    kept = [
        word
        for word in words
        if word.lower() not in lexicon.QUERY_FILLER and not _misspells(word.lower(), "dataset")
    ]
    return " ".join(kept[:_QUERY_WORDS])


def _answer_to_question(text: str, intent: Intent, conversation: Conversation) -> Intent:
    """ "Which one?" – "the second": a bare pointer takes up the order that had no target."""
    bare = _points(text) and not lexicon.DETAILS.match(text) and not lexicon.SEARCH.match(text)
    before = conversation.before_last
    if intent.kind not in ("search", "vague", "details") or not bare or before is None:
        return intent
    earlier = _read(_own_words(before.last), before)
    if earlier.kind in ("download", "cancel", "details") and not earlier.pointed.refs:
        return replace(earlier, pointed=point(text, conversation), phrase=text)
    return intent


def _own_words(text: str) -> str:
    """The message without what it quotes: code blocks and lines that begin with ``>``."""
    text = re.sub(r"```.*?(?:```|$)", " ", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(">")]
    return " ".join(" ".join(lines).split()).replace("’", "'").replace("‘", "'")


def _only_refs(text: str) -> bool:
    """Nothing but refs or links."""
    rest = re.sub(r"https?://\S+|\b\w+\s?:\s?[\w./-]+", " ", text)
    return any(written_refs(text)) and not content_words(rest)


def _fix_spelling(text: str) -> str:
    """Command words with one slip of the finger ("donwload"), mended; nothing inside refs."""

    def mended(match: re.Match[str]) -> str:
        word = match.group().lower()
        right = next((right for right in _MISSPELLABLE if _misspells(word, right)), None)
        return match.group() if right is None or word in (right, right + "s") else right

    return re.sub(r"(?<![\w/:.#-])[A-Za-z]{5,}(?![\w/:-]|\.\w)", mended, text)


def _misspells(word: str, right: str) -> bool:
    """``word`` is ``right``, its plural, or one letter added, dropped, changed or swapped away."""
    if word in (right, right + "s"):
        return True
    if len(word) < 5 or abs(len(word) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(word), len(right)) and word[start] == right[start]:
        start += 1
    rest, wanted = word[start:], right[start:]
    swapped = rest[:2] == wanted[:2][::-1] and rest[2:] == wanted[2:]
    return swapped or rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]
