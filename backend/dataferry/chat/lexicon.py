"""The lexicon: the words of each language and the roles that they play in a message.

``prompts/planner/lexicon/<language>.toml`` holds, for every role of ``ROLES``, the words and phrases that
play it, separated by ``|``. The grammar (``grammar``) knows roles only, so a language is one file.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from dataferry.chat.characters import ACCENTED, HAN, KANA, TOKEN, fold, normalized
from dataferry.tools.prompts import Prompts

ENGLISH = "en"
SUPERLATIVES = ("smallest", "largest", "newest", "oldest", "popular", "freest", "most_rows")
FORMATS = ("image", "audio", "video", "tabular")
SORTS = ("updated", "downloads", "size")
FACTS = ("terms", "licence", "files", "size", "date")
#: Every file has each of them, in this order. What each is for stands in docs/adding-a-language.md.
ROLES = (
    *("greeting", "thanks", "help", "polite", "asked_politely", "more"),
    *("download", "take", "cancel", "stop", "retreat", "delete", "search"),
    *("negation", "except", "condition", "retraction", "advice"),
    *(
        "running",
        "done",
        "status",
        "library",
        "here",
        "have",
        "i_have",
        "already_have",
        "mine",
        "my",
        "noun",
        "dataset",
        "asks",
        "plain",
    ),
    *(
        "details",
        "rows",
        "compare",
        "part",
        "property",
        "pointer",
        "all",
        "both",
        "one",
        "several",
        "last",
        "other",
    ),
    *SUPERLATIVES,
    *(
        "filler",
        "frame",
        "lead_in",
        "story",
        "wish",
        "only",
        "same",
        "instead",
        "no_limit",
        "size_limit",
        "both_hubs",
        "other_hub",
        "meant",
    ),
    *("what_about", "similar", "accept", "gate", "secret", "settings", "rules", "model", "elsewhere"),
    *("model_use", "no_model", "purpose", "serving"),
    *("at_source", "at_source_after", "at_most", "at_least", "at_most_after", "at_least_after"),
    *("between", "and", "small", "first", "by", "counter", "number", "number_after"),
    *(f"sort_{name}" for name in SORTS),
    *(f"by_{name}" for name in SORTS),
    *FORMATS,
    *("licence", "public_domain", "permissive", "not_gated", "since", "since_after", "this_year"),
    *(f"about_{fact}" for fact in FACTS),
)
_OTHER_WORDS = frozenset({"ill", "well", "were", "shell", "hell", "wed", "id", "shed"})
#: Tables of a file: 1 to 10 as numbers and as ordinals, units by their letter, names of languages by code.
TABLES = ("numbers", "ordinals", "units", "languages")


@dataclass(frozen=True)
class Lexicon:
    """The words of one language."""

    code: str
    words: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    ordinals: Mapping[str, int]
    units: Mapping[str, str]
    languages: Mapping[str, str]
    prefixes: tuple[str, ...]
    particles: frozenset[str]
    #: The letters with accents that the language is written with.
    letters: frozenset[str]

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)

        def by_word(name: str) -> dict[str, str]:
            return {fold(word): key for key, ways in table[name].items() for word in split(ways)}

        def counted(name: str) -> dict[str, int]:
            return {word: int(key) for word, key in by_word(name).items()}

        words = {role: tuple(map(fold, split(table.get(role, "")))) for role in ROLES}
        return cls(
            path.stem,
            words,
            counted("numbers"),
            counted("ordinals"),
            by_word("units"),
            by_word("languages"),
            tuple(map(fold, split(table.get("prefixes", "")))),
            frozenset(map(fold, split(table.get("particles", "")))),
            frozenset(ACCENTED.findall(text.lower())),
        )

    @cached_property
    def phrases(self) -> dict[str, frozenset[str]]:
        """The roles of each phrase, its words separated by one space."""
        found: dict[str, set[str]] = {}
        named = {"number_word": self.numbers, "ordinal": self.ordinals, "language": self.languages}
        roles = [*self.words.items(), *((role, tuple(table)) for role, table in named.items())]
        for role, phrases in roles:
            for phrase in phrases:
                for key in self._spellings(_key(phrase)):
                    found.setdefault(key, set()).add(role)
        return {phrase: frozenset(roles) for phrase, roles in found.items()}

    def _spellings(self, key: str) -> tuple[str, ...]:
        """A phrase, and in English without its apostrophes, where that is no other word: "whats", "dont"."""
        bare = key.replace("'", "")
        left_out = self.code == ENGLISH and bare != key and bare not in _OTHER_WORDS
        return (key, bare) if left_out else (key,)

    @cached_property
    def words_of_phrases(self) -> frozenset[str]:
        """The words of longer phrases whose slips of the finger are mended."""
        roles = ("search", "wish", "frame", "download", "cancel", "status", "running", "library")
        words = {
            word for role in roles for phrase in self.words[role] if " " in phrase for word in phrase.split()
        }
        return frozenset(word for word in words if len(word) >= 5 and re.fullmatch(r"[a-z]+", word))

    @cached_property
    def openers(self) -> frozenset[str]:
        """The first words of all phrases."""
        return frozenset(phrase.partition(" ")[0] for phrase in self.phrases)

    @cached_property
    def longest_run(self) -> int:
        return max(
            (len(phrase) for phrase in self.phrases if re.fullmatch(rf"[{KANA}{HAN}]+", phrase)), default=0
        )

    @cached_property
    def misspellable(self) -> frozenset[str]:
        """The words whose slips of the finger are mended."""
        mended = {"download", "cancel", "search", "noun", "ordinal", "only", "library", "take"}
        return frozenset(
            phrase
            for phrase, roles in self.phrases.items()
            if ((roles & mended and len(phrase) >= 4) or (roles & {"filler", "frame"} and len(phrase) >= 5))
            and re.fullmatch(r"[a-z]+", phrase)
        )

    def known(self, phrase: str) -> str | None:
        """The phrase as it is listed, which may stand behind one of the language's prefixes."""
        if phrase in self.phrases:
            return phrase
        rests = (phrase.removeprefix(prefix) for prefix in self.prefixes if phrase.startswith(prefix))
        return next((rest for rest in rests if len(rest) > 2 and rest in self.phrases), None)


def _key(phrase: str) -> str:
    """The words of a folded phrase as they are read, separated by one space. "qu'" stands before a word."""
    elided = phrase.endswith("'")
    words = [match.group() for match in TOKEN.finditer(f"{phrase}a" if elided else phrase)]
    return " ".join(words[:-1] if elided else words)


def split(phrases: str) -> list[str]:
    return [" ".join(normalized(phrase).split()) for phrase in phrases.split("|") if phrase.strip()]


@cache
def lexicons() -> dict[str, Lexicon]:
    """All languages by their codes, English first."""
    folder = Prompts().folder / "planner" / "lexicon"
    found = [Lexicon.load(path) for path in sorted(folder.glob("*.toml"))]
    return {one.code: one for one in sorted(found, key=lambda one: (one.code != ENGLISH, one.code))}
