"""The topic of a search: the words that tell what the data is about, without what only holds them up."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

from dataferry.chat.lexicon import ENGLISH
from dataferry.chat.reading import Language, Token
from dataferry.sources.vocabulary import is_subject

_MAX_WORDS = 12
#: Longer texts are stories, in which one sentence says what is wanted.
_STORY_CHARACTERS = 160
#: Left out wherever it stands.
_FILLER = frozenset(
    {
        "all",
        "other",
        "one",
        "counter",
        "filler",
        "frame",
        "noun",
        "pointer",
        "wish",
        "only",
        "similar",
        "same",
        "meant",
        "what_about",
    }
)
#: Left out at the beginning, and at the end where verbs stand there.
_EDGE = frozenset(
    {
        "search",
        "take",
        "asks",
        "polite",
        "greeting",
        "details",
        "have",
        "download",
        "first",
        "by",
        "thanks",
        "more",
        "lead_in",
    }
)
#: Languages whose verbs stand first.
_VERB_FIRST = frozenset({"en"})
_QUOTED = re.compile(r"\"([^\"]{2,80})\"")
_SENTENCE_ENDS = frozenset(".!?\n;")


def topic_of(text: str, language: Language) -> str:
    """The words to search for in a ``normalized`` text without its filters: quoted ones whole, of a story
    those of the sentence that says what is wanted. Empty where there are none."""
    quoted = _QUOTED.findall(text)
    if quoted:
        return " ".join(" ".join(quoted).split())
    sentences = [s for s in sentences_of(language.read(text)) if any(not token.mark for token in s)]
    if len(text) < _STORY_CHARACTERS and len(sentences) < 3:
        words = [w for s in sentences for w in _words(s, text, language)]
        return _joined(words)
    return _topic_of_story(sentences, text, language)


def sentences_of(tokens: Iterable[Token]) -> list[list[Token]]:
    sentences: list[list[Token]] = [[]]
    for token in tokens:
        if token.mark and token.text in _SENTENCE_ENDS:
            sentences.append([])
        else:
            sentences[-1].append(token)
    return [sentence for sentence in sentences if sentence]


def _topic_of_story(sentences: Sequence[list[Token]], text: str, language: Language) -> str:
    """What follows a wish, the last of a sentence that something follows: of the first sentence that names
    a known subject there, or else of the first that has one."""
    for roles in (("wish",), ("search", "noun")):
        wished = [words for s in sentences if (words := _after_wish(s, roles, text, language))]
        named = (words for words in wished if any(is_subject(word, language.code) for word, _ in words))
        if wished:
            return _joined(next(named, wished[0]))
    everything = [word for s in sentences for word in _words(s, text, language) if not word[1]]
    return _joined(everything)


def _after_wish(
    sentence: Sequence[Token], roles: tuple[str, ...], text: str, language: Language
) -> list[tuple[str, bool]]:
    """The telling words between a wish of a sentence and the next: of the first that names a known subject
    there, or else of the last that any follow."""
    wishes = [index for index, token in enumerate(sentence) if token.plays(*roles)]
    found: list[list[tuple[str, bool]]] = []
    for index, following in pairwise([*wishes, len(sentence)]):
        words = _words(sentence[index + 1 : following], text, language)
        telling = [word for word in words if not word[1]]
        found += [telling] if telling else []
    named = (words for words in found if any(is_subject(word, language.code) for word, _ in words))
    return next(named, found[-1] if found else [])


def _joined(words: Sequence[tuple[str, bool]]) -> str:
    return " ".join(dict.fromkeys(word for word, _story in words[:_MAX_WORDS]))


def _words(tokens: Sequence[Token], text: str, language: Language) -> list[tuple[str, bool]]:
    """The words that tell something, as they are written; each with whether it is one that stories are
    made of. Compounds stay whole."""
    first, last = _without_edges([token for token in tokens if not token.mark], language)
    first = max(first, _after_frame(tokens, language))
    my = [[word] for word in language.words("my")]
    compounds: list[list[Token]] = []
    for index, token in enumerate(tokens):
        if token.mark:
            continue
        if token.glued and compounds and compounds[-1] and compounds[-1][-1] is tokens[index - 1]:
            compounds[-1].append(token)
        elif index and token.plays("story") and tokens[index - 1].folded.split()[-1:] in my:
            compounds.append([])  # "for my thesis"
        elif first <= token.start < last and not token.plays(*_FILLER):
            compounds.append([token])
        else:
            compounds.append([])
    return [
        (text[parts[0].start : parts[-1].end], all(part.plays("story") for part in parts))
        for parts in compounds
        if parts
    ]


#: Words that make what stands before "data on" a sentence, not a part of the subject.
_OF_SENTENCES = ("search", "wish", "asks", "mine", "polite", "asked_politely", "frame", "have", "condition")
_AFTER_VERBS = ("with", "on", "about", "into")


def _after_frame(tokens: Sequence[Token], language: Language) -> int:
    """Where the subject may begin: after what leads to "a dataset of" or to "I'd like to play around with".
    What stands between the sentence's words and "data on" stays: "I need train delay data for Europe"."""
    begin = 0
    for index, token in enumerate(tokens):
        if index and token.plays("wish") and any(word in token.folded for word in _nouns(language)):
            before = tokens[:index]
            framing = [t for t in before if t.plays(*_OF_SENTENCES)]
            if not framing or any(is_subject(t.folded, language.code) for t in before if not t.roles):
                continue
            begin = before[-1].end if before[-1].plays("filler", "frame") else framing[-1].end
        elif language.code == ENGLISH and token.plays("search", "wish", "mine") and _wishes_to(tokens, index):
            used = [t for t in tokens[index + 1 : index + 5] if t.folded in _AFTER_VERBS]
            begin = used[0].end if used else begin
    return begin


def _wishes_to(tokens: Sequence[Token], index: int) -> bool:
    """Whether a verb follows a wish: "I'd like to work"."""
    said = " ".join(token.folded for token in tokens[index : index + 2])
    return said.endswith(" to") or tokens[index].folded.endswith(" to")


@cache
def _nouns(language: Language) -> frozenset[str]:
    return frozenset(language.words("dataset"))


def _without_edges(tokens: Sequence[Token], language: Language) -> tuple[int, int]:
    """The positions in the text between which the topic stands."""
    dropped = _EDGE | _FILLER
    remaining = list(tokens)
    while remaining and remaining[0].plays(*dropped):
        remaining.pop(0)
    if language.code in _VERB_FIRST:
        dropped = _FILLER | {"polite", "thanks", "lead_in"}
    while remaining and remaining[-1].plays(*dropped):
        remaining.pop()
    return (remaining[0].start, remaining[-1].end) if remaining else (0, 0)
