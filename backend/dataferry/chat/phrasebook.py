"""The phrasebook: messages in several languages that are about this machine and say nothing else.

``prompts/planner/lexicon/<language>.toml`` sorts the everyday words of a language into classes. A message
all of whose words are known names no subject to look for, so that the classes of its words tell what it
asks: "what do I have downloaded?" is ``asks mine have library``. With a word that is not known it is a
search, and the words of its language that only hold the sentence up are left out of the query.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from dataferry.tools.prompts import Prompts

Topic = Literal["status", "library", "more", "help", "thanks", "greeting"]

#: Where a phrase stands in several, the first counts.
_TOPIC_CLASSES = (
    "running",
    "status",
    "library",
    "here",
    "i_have",
    "have",
    "mine",
    "my",
    "noun",
    "asks",
    "plain",
)
_WHOLE_MESSAGES: tuple[Topic, ...] = ("more", "help", "thanks", "greeting")
_FILLER_CLASSES = ("search", "filler", "noun", "asks", "plain", "mine", "my", "have", "i_have")
#: Nouns that do not tell which language a message is in.
_INTERNATIONAL = frozenset({"data", "dataset", "datasets", "file"})
#: Longer messages are never only about this machine.
_MAX_CHARACTERS = 120
_MAX_QUERY_CHARACTERS = 400


def topic(text: str) -> Topic | None:
    """What a message is about that names no subject; None for every other message."""
    if len(text) > _MAX_CHARACTERS:
        return None
    folded = _fold(text)
    found = (language.topic(folded) for language in _languages())
    return next((one for one in found if one is not None), None)


def without_filler(query: str) -> str:
    """``query`` without what only holds a sentence up in its language; as it is where nothing is left."""
    if len(query) > _MAX_QUERY_CHARACTERS:
        return query
    for language in _languages():
        if language.asks_to_search(query):
            return language.without_filler(query) or query
    return query


@dataclass(frozen=True)
class _Phrases:
    """Phrases with the class of each, found longest first."""

    classes: dict[str, str]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, classes: dict[str, str], *, spaced: bool) -> "_Phrases":
        ways = (_bounded(phrase) if spaced else re.escape(phrase) for phrase in _longest_first(classes))
        return cls(classes, re.compile("|".join(ways) or r"(?!)"))

    def read(self, folded: str) -> set[str] | None:
        """The classes of all words; None where a word is not known."""
        if _LETTER.search(self.pattern.sub(" ", folded)):
            return None
        return {self.classes[match.group()] for match in self.pattern.finditer(folded)}


@dataclass(frozen=True)
class _Language:
    topics: _Phrases
    whole_messages: _Phrases
    searching: re.Pattern[str]
    filler: re.Pattern[str]

    @classmethod
    def load(cls, path: Path) -> "_Language":
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        spaced = bool(table["spaced"])

        def phrases(names: tuple[str, ...]) -> _Phrases:
            # Reversed, so that the first class of a phrase is the one that stays.
            pairs = [(_fold(phrase), name) for name in names for phrase in table.get(name, ())]
            return _Phrases.of(dict(reversed(pairs)), spaced=spaced)

        def words(names: tuple[str, ...], without: frozenset[str] = frozenset()) -> re.Pattern[str]:
            found = {phrase for name in names for phrase in table.get(name, ())} - without
            ways = (_bounded(phrase) if spaced else re.escape(phrase) for phrase in _longest_first(found))
            return re.compile("|".join(ways) or r"(?!)", re.IGNORECASE)

        return cls(
            phrases(_TOPIC_CLASSES),
            phrases(_WHOLE_MESSAGES),
            words(("search", "noun"), _INTERNATIONAL) if "search" in table else re.compile(r"(?!)"),
            words(_FILLER_CLASSES),
        )

    def topic(self, folded: str) -> Topic | None:
        said = self.whole_messages.read(folded)
        if said:
            return next(name for name in _WHOLE_MESSAGES if name in said)
        classes = self.topics.read(folded)
        return _topic_of(classes, asked="?" in folded) if classes else None

    def asks_to_search(self, text: str) -> bool:
        return self.searching.search(text) is not None

    def without_filler(self, text: str) -> str:
        return " ".join(self.filler.sub(" ", text).split())


def _topic_of(classes: set[str], *, asked: bool) -> Topic | None:
    """ "what is downloading" · "my downloads" · "downloaded?" · "my datasets" · "what do I have" · "what is
    here"; but neither "progress data" nor "I have data"."""
    asked = asked or "asks" in classes
    if "running" in classes and (asked or "status" in classes or "noun" not in classes):
        return "status"
    if "library" in classes:
        return "library"
    if "status" in classes:
        return "status"
    if {"my", "noun"} <= classes:
        return "library"
    here = "here" in classes or "i_have" in classes or {"have", "mine"} <= classes
    return "library" if asked and here else None


@cache
def _languages() -> tuple[_Language, ...]:
    folder = Prompts().folder / "planner" / "lexicon"
    return tuple(_Language.load(path) for path in sorted(folder.glob("*.toml")))


_LETTER = re.compile(r"[^\W_]")


def _longest_first(phrases: "set[str] | dict[str, str]") -> list[str]:
    return sorted(phrases, key=lambda phrase: (-len(phrase), phrase))


def _bounded(phrase: str) -> str:
    """The phrase as whole words; "qu'" may be followed by one."""
    after = r"(?![^\W_])" if phrase[-1:].isalnum() else ""
    return rf"(?<![^\W_]){re.escape(phrase)}{after}"


def _fold(text: str) -> str:
    """Lower case, without accents, with plain apostrophes and question marks."""
    text = unicodedata.normalize("NFKD", text.replace("’", "'").replace("؟", "?").casefold())
    return "".join(character for character in text if not unicodedata.combining(character))
