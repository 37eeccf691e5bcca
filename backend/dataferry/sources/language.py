"""The words of a query and of a dataset's text, made comparable."""

import re
import threading
import unicodedata
from functools import lru_cache
from itertools import chain, pairwise

from Stemmer import Stemmer

from dataferry.core.errors import InvalidInput

#: What people wrap a wish for a dataset in. It says nothing of the dataset, and a hub that matches
#: names finds nothing for "find diabetes datasets".
_FILLER_WORDS = """
a about all also an and any anything are available can collection concerning containing corpus could data
database databases dataset datasets do download find finding for from get give have help i im in involving
is kind latest like list look looking me my need of on or please popular regarding related relevant search
searching see set sets show some something that the there these to training use using want we what where
which with would you your
"""
FILLER = frozenset(_FILLER_WORDS.split())
#: A query that is longer than this is a text, not a search.
MAX_QUERY_CHARS = 400

#: Scripts without spaces between words: two characters that stand side by side count as a word.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_stemmers: dict[str, Stemmer] = {}
_stemmer_lock = threading.Lock()

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
#: All that is not a letter or a digit of ASCII, as a blank; capital letters small.
_ASCII_WORDS = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: What a terminal or a page would take for an instruction: a colour, a tag.
_INSTRUCTION = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|</?[A-Za-z][^<>]{0,200}>")
#: Signs that stand in no name of a subject; "C++", "R&D", "covid-19" and "owner/name" keep theirs.
_SIGNS = re.compile(r"[*{}\[\]()<>|\\^~=$%\"]+")
_PUNCTUATION = " \t\r\n.,;:!?\"'()[]{}<>„“”‘’«»"


def search_text(query: str) -> str:
    """``query`` without its filler, in the words' own spelling and order: what a hub is asked.

    A query of nothing but filler is kept as it is. Errors: ``InvalidInput`` for a query without a
    letter or a digit, or one that is too long to be a search.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise InvalidInput(
            f"The search has {len(query):,} characters; at most {MAX_QUERY_CHARS} can be used.",
            next_step="Name the subject in a few words.",
        )
    typed = [
        word for part in _visible(query).split() if (word := part.strip(_PUNCTUATION)) and _WORD.search(word)
    ]
    if not typed:
        raise InvalidInput(
            "There is nothing to search for in that.",
            next_step="Name a subject, for example: diabetes.",
        )
    telling = [word for word in typed if word.casefold().replace("'", "").replace("’", "") not in FILLER]
    return " ".join(telling or typed)


def _visible(text: str) -> str:
    """``text`` without what is no word: markup, signs, characters that control a terminal or a direction."""
    plain = _SIGNS.sub(" ", _INSTRUCTION.sub(" ", text))
    kinds = ((char, unicodedata.category(char)) for char in plain)
    return "".join(" " if kind == "Cc" else char for char, kind in kinds if kind not in ("Cf", "Cs"))


def words(text: str) -> list[str]:
    """Lower-case words without accents and plural endings, in order."""
    return [_singular(word) for word in _plain_words(text)]


def word_count(text: str) -> int:
    """How many ``words`` a text has."""
    return len(_plain_words(text))


def _plain_words(text: str) -> list[str]:
    if text.isascii():
        return text.translate(_ASCII_WORDS).split()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(char for char in decomposed if not unicodedata.combining(char)))


def name_words(name: str) -> list[str]:
    """``words`` of a name, where ``ImageNet`` counts as ``imagenet`` and as ``image net``."""
    parts = _camel_case_parts(name)
    return words(name) if parts == name else [*words(name), *words(parts)]


def _camel_case_parts(name: str) -> str:
    # Looking for boundaries takes longer than looking for a capital letter.
    return name if name.islower() else _CAMEL_CASE.sub(" ", name)


def stems(text: str) -> list[str]:
    """``words`` without their endings: ``charging`` and ``charged`` are both ``charg``."""
    return list(chain.from_iterable(map(_stems_of, _plain_words(text))))


@lru_cache(maxsize=1 << 17)
def _stems_of(word: str) -> tuple[str, ...]:
    """Most texts are made of the same words."""
    return tuple(stem_with("english", part) for part in _parts(_singular(word)))


@lru_cache(maxsize=1 << 14)
def label_stems(label: str) -> tuple[str, ...]:
    """``stems`` of a tag, a task or a kind of content: short texts that many datasets share."""
    return tuple(stems(label))


@lru_cache(maxsize=1 << 14)
def label_words(label: str) -> tuple[str, ...]:
    """``words`` of such a text."""
    return tuple(words(label))


@lru_cache(maxsize=1 << 14)
def label_set(label: str) -> frozenset[str]:
    """The same as a set."""
    return frozenset(words(label))


def name_stems(name: str) -> list[str]:
    """``name_words`` without their endings."""
    parts = _camel_case_parts(name)
    return stems(name) if parts == name else [*stems(name), *stems(parts)]


def in_unspaced_script(text: str) -> bool:
    """Whether it has words of a script without spaces, such as Chinese."""
    return _UNSPACED.search(text) is not None


def _parts(word: str) -> list[str]:
    """The word, or what stands for words in a script that has no spaces."""
    if not _UNSPACED.search(word):
        return [word]
    runs = _UNSPACED.findall(word)
    return [part for run in runs for part in (map("".join, pairwise(run)) if len(run) > 1 else [run])]


@lru_cache(maxsize=1 << 16)
def stem_with(language: str, word: str) -> str:
    """A word without its ending, by Snowball's rules of ``language`` (``english``, ``german`` …)."""
    with _stemmer_lock:  # a stemmer keeps the word that it works on
        if language not in _stemmers:
            _stemmers[language] = Stemmer(language, maxCacheSize=0)
        return str(_stemmers[language].stemWord(word))


def _singular(word: str) -> str:
    """A plural's singular, roughly: both sides of a comparison go through here."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1]
