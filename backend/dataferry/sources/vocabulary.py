"""Other words for what a query names: English for those of other languages, and synonyms.

The words are data, a file for each language in ``topics``: hubs' names and descriptions are mostly English,
and say "insolvency" where a person asks for bankruptcy.
"""

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from dataferry.sources.language import FILLER, in_unspaced_script, stem_with, stems

_FOLDER = Path(__file__).with_name("topics")
_STEMMERS = {
    "de": "german",
    "es": "spanish",
    "fr": "french",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
    "ru": "russian",
    "ar": "arabic",
}
#: Languages that join words into one.
_COMPOUNDING = ("de", "nl")
_UNSPACED = ("zh", "ja")
_SPACED = sorted({path.stem for path in _FOLDER.glob("*.toml")} - {"en", *_UNSPACED})
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
#: The longest name of a subject, in words.
_LONGEST = 4
#: What joins the parts of a compound.
_JOINTS = ("", "s", "n", "en", "es")
_SHORTEST_PART = 4
#: What a synonym counts beside the word itself.
SYNONYM_WEIGHT = 0.6


@dataclass(frozen=True)
class Language:
    """What a file says: small words, and the English for subjects."""

    name: str
    small: frozenset[str]
    topics: Mapping[str, str]

    @cached_property
    def by_stems(self) -> Mapping[str, str]:
        """The English of each; of two words with the same stem, that of the first."""
        return {self.key(word): english for word, english in reversed(list(self.topics.items()))}

    @cached_property
    def as_listed(self) -> Mapping[str, str]:
        return {_plain(word): english for word, english in self.topics.items()}

    @cached_property
    def _first_words(self) -> frozenset[str]:
        return frozenset(key.split(" ", 1)[0] for key in self.by_stems if " " in key)

    def begins_phrase(self, word: str) -> bool:
        """Whether a subject of several words may begin with ``word``."""
        return self.key(word) in self._first_words

    def _look_up(self, phrase: str) -> str | None:
        """The English of the very words, or else of their stems: "Wetter" is no "Wetten"."""
        return self.as_listed.get(_plain(phrase)) or self.by_stems.get(self.key(phrase))

    def key(self, phrase: str) -> str:
        """A phrase as it is looked up: without accents, case and endings."""
        words = (_plain(word) for word in _WORD.findall(phrase))
        stemmer = _STEMMERS.get(self.name)
        return " ".join(stem_with(stemmer, word) if stemmer else word for word in words)

    def english_of(self, phrase: str) -> str | None:
        """English for a word, a compound or a name of several words; empty for a small word."""
        if _plain(phrase) in self.small:
            return ""
        compound = self.name in _COMPOUNDING and " " not in phrase
        return self._look_up(phrase) or (self._of_compound(phrase) if compound else None)

    def _of_compound(self, word: str) -> str | None:
        for end in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            first = self._look_up(word[:end])
            for joint in _JOINTS if first else ():
                rest = word[end:].removeprefix(joint)
                second = "" if _plain(rest) in self.small else self._look_up(rest)
                if word[end:].startswith(joint) and second is not None:
                    return f"{first} {second}".strip()
        return None


@lru_cache(maxsize=256)
def english_for(text: str) -> str | None:
    """``text`` in English, as far as its words are known; None where it is English, or nothing is known.

    Words without an English one, such as names, stay.
    """
    if in_unspaced_script(text):
        return _english_of_unspaced(text)
    words = _WORD.findall(text)
    best, most = None, sum(_is_english(word) for word in words)
    for name in _SPACED:
        translated, known, subjects = _translate(words, _language(name))
        if subjects and known > most:
            best, most = translated, known
    return best


def _translate(words: Sequence[str], language: Language) -> tuple[str, int, int]:
    """The English, how many of the words the language knows, and how many subjects it found."""
    told: list[str] = []
    place = known = subjects = 0
    while place < len(words):
        longest = _LONGEST if language.begins_phrase(words[place]) else 1
        for length in range(min(longest, len(words) - place), 0, -1):
            english = language.english_of(" ".join(words[place : place + length]))
            if english is not None:
                told.append(english)
                known += length
                subjects += bool(english)
                break
        else:
            length = 1
            told.append(words[place])
        place += length
    return " ".join(filter(None, told)), known, subjects


def is_subject(word: str, language: str) -> bool:
    """Whether ``word`` is known as the name of a subject in ``language``, a code such as ``de``."""
    if language == "en":
        return any(stem in _english_stems() or stem in _kinds() for stem in stems(word))
    if language in _UNSPACED:
        return word in _language(language).topics
    return language in _SPACED and bool(_language(language).english_of(word))


@cache
def unspaced_subjects(language: str) -> Collection[str]:
    """The names of subjects in a language that is written without spaces; of others none."""
    return frozenset(_language(language).topics) if language in _UNSPACED else frozenset()


def _english_of_unspaced(text: str) -> str | None:
    """The English of the subjects that stand in ``text``, the longest first at each place."""
    names = ("ja", "zh") if _KANA.search(text) else _UNSPACED
    topics = {word: english for name in reversed(names) for word, english in _language(name).topics.items()}
    longest = max(map(len, topics))
    told: list[str] = []
    place = 0
    while place < len(text):
        found = next(
            (text[place:end] for end in range(place + longest, place, -1) if text[place:end] in topics), ""
        )
        if found:
            told.append(topics[found])
        elif latin := re.match(r"[A-Za-z0-9][\w.-]*", text[place:]):
            found = latin[0]
            told.append(found)
        place += len(found) or 1
    return " ".join(told) or None


def synonyms_in(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name of a subject in English ``text`` that has synonyms, in order, with these."""
    words = stems(text)
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            phrase = " ".join(words[place : place + length])
            if phrase in _synonyms():
                yield phrase, _synonyms()[phrase]
                break
        place += 1


@lru_cache(maxsize=256)
def meanings_of(text: str) -> Mapping[str, Mapping[str, float]]:
    """Each stem that a query asks for, its English included, with what a dataset may have in its place and
    what that counts, from 0 to 1. The first call of a process reads the words of all languages, four
    tenths of a second; the same text is remembered."""
    english = english_for(text)
    meant = {stem: {stem: 1.0} for stem in (*stems(text), *stems(english or ""))}
    for phrase, others in synonyms_in(english or text):
        for stem in phrase.split():
            for other in others:
                parts = stems(other)
                for part in parts:
                    meant[stem].setdefault(part, SYNONYM_WEIGHT / len(parts))
    return meant


@cache
def _synonyms() -> Mapping[str, tuple[str, ...]]:
    """The other words of each, by its stems."""
    others: dict[str, dict[str, None]] = {}
    for group in _read("en")["synonyms"]:
        for word in group:
            known = others.setdefault(" ".join(stems(word)), {})
            known |= {other: None for other in group if other != word}
    return {word: tuple(found) for word, found in others.items()}


@cache
def _english_stems() -> Collection[str]:
    translated = {stem for english in _language("zh").topics.values() for stem in stems(english)}
    return translated.union(stem for phrase in _synonyms() for stem in phrase.split())


def _is_english(word: str) -> bool:
    plain = word.casefold()
    return plain in FILLER or plain in _homographs() or any(stem in _english_stems() for stem in stems(plain))


@cache
def _homographs() -> Collection[str]:
    return frozenset(_read("en")["homographs"].split())


@cache
def _kinds() -> Mapping[str, frozenset[int]]:
    """The groups of ``kinds`` that each name of a subject is in, by its stems."""
    found: dict[str, set[int]] = {}
    for index, group in enumerate(_read("en")["kinds"]):
        for name in group:
            found.setdefault(" ".join(stems(name)), set()).add(index)
    return {name: frozenset(groups) for name, groups in found.items()}


def same_kind(one: str, other: str) -> bool:
    """Whether two words, of any language, name subjects of one kind, such as two instruments."""
    return not _kinds_of(one).isdisjoint(_kinds_of(other))


def _kinds_of(word: str) -> frozenset[int]:
    told = stems(english_for(word) or word)
    names = (*told, *map(" ".join, pairwise(told)))
    return frozenset().union(*(_kinds().get(name, frozenset()) for name in names))


@cache
def _language(name: str) -> Language:
    read = _read(name)
    return Language(name, frozenset(map(_plain, read["small_words"].split())), read["topics"])


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _plain(word: str) -> str:
    folded = word.casefold().replace("ß", "ss")
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(char for char in decomposed if not unicodedata.combining(char))
