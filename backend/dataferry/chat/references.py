"""Reference resolution: which datasets a person's words mean, by refs and URLs, ordinals, "it", titles.

No model takes part, so the result can be taken as what the person asks for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from dataferry.chat.conversation import Conversation
from dataferry.chat.lexicon import (
    EXCEPT,
    PROPERTIES,
    QUERY_STOP_WORDS,
    SUPERLATIVE_ONE,
    SUPERLATIVES,
    words,
)
from dataferry.core.errors import InvalidInput
from dataferry.core.hub_addresses import read_address
from dataferry.core.link_secrets import hide_link_secrets
from dataferry.core.types import DatasetRef, SourceName
from dataferry.library.views import DatasetCard

Unresolved = Literal["which", "nothing_shown", "out_of_range", "which_source"]

_URL = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_REF = re.compile(r"\b(kaggle|hugging\s?face|hf|built-?in)\s?:\s?([\w.-]+(?:/[\w.-]+)?)", re.IGNORECASE)
_BARE_ID = re.compile(r"(?<![\w./:@-])([A-Za-z0-9_][\w.-]*/[\w.-]*\w)(?![\w/])")
_SOURCE = re.compile(r"\b(kaggle|hugging\s?face|hf|built-?in)\b", re.IGNORECASE)

_NUMBERS = {
    word: number
    for number, forms in enumerate(
        (
            "one first 1st",
            "two second 2nd",
            "three third 3rd",
            "four fourth 4th",
            "five fifth 5th",
            "six sixth 6th",
            "seven seventh 7th",
            "eight eighth 8th",
            "nine ninth 9th",
            "ten tenth 10th",
        ),
        start=1,
    )
    for word in forms.split()
}
_CARDINAL = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten)"
_ORDINAL = re.compile(
    r"\b(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\d{1,2}(?:st|nd|rd|th))\b"
    rf"|(?:#\s?|\b(?:number|no\.?|nr\.?|option|result|dataset)\s)({_CARDINAL})\b",
    re.IGNORECASE,
)
_FIRST_N = re.compile(rf"\b(?:first|top)\s+({_CARDINAL})\b", re.IGNORECASE)
_BARE_NUMBERS = re.compile(r"(?:\d{1,2}(?:\s*(?:,|and|&|\+)\s*(?:and\s+)?|$))+", re.IGNORECASE)
_LAST = re.compile(r"\blast\s+(?:one|dataset|result)\b|\bthe last$", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|both|every(?:thing| one)?|them|these|those)\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:it|this|that)\b|\b(?:this|that|the) (?:one|dataset|data set|set)\b(?! (?:on|about|from|of|with))",
    re.IGNORECASE,
)
#: "diabetes datasets" is a wish to look for some, not a title.
_SEVERAL = re.compile(r"\b(?:data\s?sets|some|any)\b", re.IGNORECASE)
_ONE = re.compile(r"\bone\b", re.IGNORECASE)
_STOP_WORDS = words(
    """a about all an and any at both by can dataset datasets data dear do for from get hub i in is it
    its just kindly link me my now of ok on one ones only page please pls set that the them then these
    this those thanks thank to version with you your yes"""
)


@dataclass(frozen=True, slots=True)
class References:
    """``refs`` in the order they were named; ``unresolved`` says why there are none."""

    refs: tuple[DatasetRef, ...] = ()
    unresolved: Unresolved | None = None
    #: Ids given as owner/name without a source.
    bare_ids: tuple[str, ...] = ()
    #: The words name the datasets themselves, whatever was shown before.
    explicit: bool = False


def resolve_references(phrase: str, conversation: Conversation) -> References:
    """What ``phrase``, the words after a verb, refers to; without what it excepts."""
    exception = EXCEPT.search(_URL.sub(_spaces, _REF.sub(_spaces, phrase)))
    if exception is None:
        return _resolve(phrase, conversation)
    references = _resolve(phrase[: exception.start()], conversation)
    left_out = _resolve(phrase[exception.end() :], conversation)
    if not left_out.refs:
        return References(unresolved="which" if conversation.shown else "nothing_shown")
    return replace(references, refs=tuple(ref for ref in references.refs if ref not in left_out.refs))


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _resolve(phrase: str, conversation: Conversation) -> References:
    written = tuple(written_refs(phrase, conversation.shown))
    if written:
        return References(written, explicit=True)
    bare = tuple(match.group(1) for match in _BARE_ID.finditer(phrase))
    if bare:
        return _by_id(bare, phrase, conversation)
    for find in (_by_comparison, _by_position):
        found = find(phrase, conversation)
        if found is not None:
            return found
    titled = _by_title(phrase, conversation.shown)
    if titled is not None:
        return References((DatasetRef.parse(titled.ref),), explicit=True)
    named = _by_name_at_source(phrase)
    if named is not None:
        return References((named,), explicit=True)
    if _PRONOUN.search(phrase) or not content_words(phrase):
        return _focused(conversation)
    return References()


def written_refs(text: str, shown: Iterable[DatasetCard] = ()) -> Iterator[DatasetRef]:
    """Every ref and URL in ``text``, each once. A hub's own page becomes that hub's ref."""
    pages = {card.url.rstrip("/"): card.ref for card in shown if card.url}
    seen: set[str] = set()
    spans: list[tuple[int, DatasetRef]] = []
    for match in _URL.finditer(text):
        url = match.group().rstrip(".,;:!?)]}")
        ref = DatasetRef.parse(pages[url.rstrip("/")]) if url.rstrip("/") in pages else _ref_of_url(url)
        if ref is not None:
            spans.append((match.start(), ref))
    for match in _REF.finditer(_URL.sub(_spaces, text)):
        source = source_of_word(match.group(1))
        try:
            spans.append((match.start(), DatasetRef.make(source, match.group(2).rstrip("."))))
        except InvalidInput:
            continue
    for _start, ref in sorted(spans, key=lambda span: span[0]):
        if str(ref) not in seen:
            seen.add(str(ref))
            yield ref


def without_refs(text: str) -> str:
    """``text`` without the refs, URLs and ids that are written in it."""
    return _BARE_ID.sub(" ", _REF.sub(" ", _URL.sub(" ", text)))


def without_secrets(text: str) -> str:
    """``text`` with every URL that carries a query or a password written as its ref, which shows
    neither. A model gets this text."""
    return hide_link_secrets(text, str)


def refers_to_all(phrase: str) -> bool:
    return _ALL.search(phrase) is not None


def refers_to_position(phrase: str) -> bool:
    return any(pattern.search(phrase) for pattern in (SUPERLATIVE_ONE, _ORDINAL, _FIRST_N, _LAST))


def source_of_word(word: str) -> SourceName:
    """The source that a person means by ``word``."""
    word = re.sub(r"[\s-]", "", word.lower())
    return "kaggle" if word == "kaggle" else "builtin" if word == "builtin" else "huggingface"


def mentioned_sources(text: str) -> tuple[SourceName, ...]:
    return tuple(dict.fromkeys(source_of_word(match.group()) for match in _SOURCE.finditer(text)))


def content_words(text: str) -> list[str]:
    """The words that say something, lower case."""
    found = re.findall(r"[^\W_]+(?:[-'.][^\W_]+)*", text.lower())
    return [word for word in found if word not in _STOP_WORDS]


def _is_url(url: str) -> bool:
    try:
        DatasetRef.make("url", url)
    except InvalidInput:
        return False
    return True


def _ref_of_url(url: str) -> DatasetRef | None:
    """A hub's dataset page as that hub's ref, any other URL as a file; None for a hub's other pages."""
    if not _is_url(url):
        return None
    if "resolve" in urlsplit(url).path.split("/"):
        return DatasetRef.make("url", url)
    try:
        return read_address(url).ref
    except InvalidInput:
        return None


def _by_id(ids: tuple[str, ...], phrase: str, conversation: Conversation) -> References:
    """owner/name: one of the shown cards, or at the source that is named beside it."""
    sources = mentioned_sources(_BARE_ID.sub(" ", phrase))
    refs: list[DatasetRef] = []
    for dataset_id in ids:
        cards = [card for card in conversation.shown if card.id.lower() == dataset_id.lower()]
        candidates = [DatasetRef.parse(card.ref) for card in cards]
        if not candidates:
            candidates = [ref for source in sources if (ref := _valid_ref(source, dataset_id)) is not None]
        candidates = [ref for ref in candidates if not sources or ref.source in sources]
        if len(candidates) != 1:
            return References(unresolved="which_source", bare_ids=ids, explicit=True)
        refs += candidates
    return References(tuple(refs), explicit=True)


def _by_comparison(phrase: str, conversation: Conversation) -> References | None:
    """ "the smaller one", "the newest of these": the one shown card that it can be; None where the phrase
    compares nothing, or names a subject."""
    compared = SUPERLATIVE_ONE.search(phrase)
    remaining = set(content_words(SUPERLATIVE_ONE.sub(" ", phrase)))
    if compared is None or remaining - PROPERTIES - QUERY_STOP_WORDS:
        return None
    if not conversation.shown:
        return References(unresolved="nothing_shown")
    name = next(
        name for ways, name in SUPERLATIVES if re.search(rf"\b(?:{ways})\b", compared.group(), re.IGNORECASE)
    )
    known = [(value, card) for card in conversation.shown if (value := _compared(card, name)) is not None]
    best = max((value for value, _card in known), default=0.0)
    fitting = [card for value, card in known if value == best]
    if len(fitting) != 1:
        return References(unresolved="which")
    return References((DatasetRef.parse(fitting[0].ref),))


def _compared(card: DatasetCard, name: str) -> float | None:
    """The value by which ``card`` is the first of ``SUPERLATIVES``'s ``name``; None where it is not known."""
    sign = -1 if name in ("smallest", "oldest") else 1
    if name in ("smallest", "largest"):
        return None if card.size_bytes is None else sign * float(card.size_bytes)
    if name in ("newest", "oldest"):
        return None if card.updated_at is None else sign * card.updated_at.timestamp()
    return float(card.downloads)


def _by_position(phrase: str, conversation: Conversation) -> References | None:
    """Ordinals, "the first two", "all", "the last one"; None where the phrase has none of them."""
    first = _FIRST_N.search(phrase)
    if first:
        return _shown_at(range(1, _parse_number(first.group(1)) + 1), conversation)
    positions = [_parse_number(match.group(1) or match.group(2)) for match in _ORDINAL.finditer(phrase)]
    bare = phrase.strip(" .!?,")
    if not positions and _BARE_NUMBERS.fullmatch(bare):
        positions = [int(number) for number in re.findall(r"\d+", bare)]
    if positions:
        return _shown_at(positions, conversation)
    if _LAST.search(phrase):
        # Only where the whole list is in sight is it plain which one is the last.
        if len(conversation.shown) > 5:
            return References(unresolved="which")
        return _shown_at([len(conversation.shown)], conversation)
    if _ALL.search(phrase) and not set(content_words(phrase)) - {"every", "everything"}:
        if "both" in phrase.lower() and len(conversation.shown) != 2:
            return References(unresolved="which" if conversation.shown else "nothing_shown")
        return _shown_at(range(1, len(conversation.shown) + 1), conversation)
    return None


def _shown_at(positions: Iterable[int], conversation: Conversation) -> References:
    shown = conversation.shown
    if not shown:
        return References(unresolved="nothing_shown")
    wanted = list(dict.fromkeys(positions))
    if any(not 1 <= position <= len(shown) for position in wanted):
        return References(unresolved="out_of_range")
    return References(tuple(DatasetRef.parse(shown[position - 1].ref) for position in wanted))


def _by_title(phrase: str, shown: tuple[DatasetCard, ...]) -> DatasetCard | None:
    """The one shown card that has every word of the phrase in its title, id or source."""
    wanted = set(content_words(_SOURCE.sub(" ", phrase)))
    sources = set(mentioned_sources(phrase))
    if _SEVERAL.search(phrase) or not (wanted or (sources and _ONE.search(phrase))):
        return None

    def fits(card: DatasetCard) -> bool:
        source = DatasetRef.parse(card.ref).source
        known = set(content_words(f"{card.title} {re.sub(r'[/_-]', ' ', card.id)} {card.id}"))
        return wanted <= known and (not sources or source in sources)

    fitting = [card for card in shown if fits(card)]
    exact = [card for card in fitting if set(content_words(card.title)) == wanted]
    best = exact if len(exact) == 1 else fitting
    return best[0] if len(best) == 1 else None


def _by_name_at_source(phrase: str) -> DatasetRef | None:
    """ "imdb from huggingface", "the built-in iris": one name and one source that needs no owner."""
    sources = mentioned_sources(phrase)
    names = [
        name for name in re.findall(r"[\w.-]+", _SOURCE.sub(" ", phrase)) if name.lower() not in _STOP_WORDS
    ]
    if len(sources) != 1 or len(names) != 1 or sources[0] == "kaggle":
        return None
    return _valid_ref(sources[0], names[0].strip("."))


def _focused(conversation: Conversation) -> References:
    if conversation.focus is not None:
        return References((DatasetRef.parse(conversation.focus.ref),))
    return References(unresolved="which" if conversation.shown else "nothing_shown")


def _valid_ref(source: SourceName, dataset_id: str) -> DatasetRef | None:
    try:
        return DatasetRef.make(source, dataset_id)
    except InvalidInput:
        return None


def _parse_number(word: str) -> int:
    word = word.lower()
    return _NUMBERS[word] if word in _NUMBERS else int(re.sub(r"\D", "", word))
