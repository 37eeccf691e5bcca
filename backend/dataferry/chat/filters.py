"""Filters said in words: "on Kaggle", "under 100 MB", "CC0", "images", "most downloaded"."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dataferry.chat.addresses import source_of_word
from dataferry.chat.characters import fold, normalized
from dataferry.chat.patterns import KAGGLE_ABROAD, TASK, Patterns, patterns_of, size_in_bytes, unit_words
from dataferry.chat.reading import Language, language
from dataferry.core.types import SourceName

#: What is left where a hub is not wanted.
HUBS: tuple[SourceName, ...] = ("kaggle", "huggingface")
_SMALL_BYTES = 100_000_000
#: As a name alone it is a licence in capitals at the end of a clause; "lectures from MIT" are none.
_MIT_ALONE = re.compile(r"(?<!from )(?<!at )(?<!by )(?<!of )(?<![\w-])MIT(?=\s*(?:[.,;!?)]|$))")


@dataclass(slots=True)
class ParsedFilters:
    """What a message asks of a search beside its words. ``arguments`` are fields of ``search_datasets``."""

    remaining_text: str
    sources: tuple[SourceName, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    #: What is to be said of what is found: the key of a sentence.
    caveat: str = ""


def parse_filters(text: str, spoken: Language | None = None) -> ParsedFilters:
    """Read the filters in ``text``; ``remaining_text`` is what is left of it."""
    return _Reader(normalized(text), spoken or language("en")).read()


class _Reader:
    """Takes one filter after the other out of a text."""

    def __init__(self, text: str, spoken: Language) -> None:
        self._text = text
        self._folded = fold(text)
        self._patterns: Patterns = patterns_of(spoken)
        self._language = spoken
        self._parsed = ParsedFilters(text)

    def read(self) -> ParsedFilters:
        arguments = self._parsed.arguments
        self._sources()
        self._sizes()
        self._dates()
        if "license" not in arguments and (alone := _MIT_ALONE.search(self._text)):
            arguments["license"] = "mit"
            self._blank(alone)
        for patterns, name in (
            (self._patterns.licences, "license"),
            (self._patterns.formats, "format"),
            (self._patterns.sorts, "sort"),
        ):
            for pattern, value in patterns:
                if name not in arguments and self._take_all(pattern):
                    arguments[name] = value
        self._languages()
        if self._take_all(self._patterns.not_gated):
            arguments["gated"] = False
        if self._take_all(self._patterns.permissive):
            arguments["commercial"] = True
            self._parsed.caveat = "permissive"
        if task := self._take(TASK):
            arguments["task"] = task.group(1).replace(" ", "-")
        self._limit()
        self._parsed.remaining_text = self._text
        return self._parsed

    def _blank(self, match: re.Match[str]) -> None:
        start, end = match.span()
        blank = " " * (end - start)
        self._text = self._text[:start] + blank + self._text[end:]
        self._folded = self._folded[:start] + blank + self._folded[end:]

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.search(self._folded)
        if match:
            self._blank(match)
        return match

    def _take_all(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        found = list(pattern.finditer(self._folded))
        for match in found:
            self._blank(match)
        return found

    def _sources(self) -> None:
        without = {_source(match.group(1)) for match in self._take_all(self._patterns.without_source)}
        found = [match for match in self._patterns.at_source.finditer(self._folded) if _is_source(match)]
        wanted = [_source(match.group(1)) for match in found]
        for match in found:
            self._blank(match)
        if without:
            wanted = [name for name in HUBS if name not in without]
        self._parsed.sources = tuple(dict.fromkeys(wanted))

    def _sizes(self) -> None:
        arguments = self._parsed.arguments
        between = self._patterns.between.search(self._folded)
        if between and (
            between[2] is None or between[2] in unit_words() or re.fullmatch("[kmgt]i?[bo]?", between[2])
        ):
            arguments["min_bytes"] = size_in_bytes(between[1], between[2] or between[4])
            arguments["max_bytes"] = size_in_bytes(between[3], between[4])
            self._blank(between)
        for patterns, name in ((self._patterns.at_most, "max_bytes"), (self._patterns.at_least, "min_bytes")):
            for pattern in patterns:
                if name not in arguments and (match := self._take(pattern)):
                    arguments[name] = size_in_bytes(match[1], match[2])
        if "max_bytes" not in arguments and self._take(self._patterns.small):
            arguments["max_bytes"] = _SMALL_BYTES
        elif "max_bytes" in arguments:
            self._take(self._patterns.small)

    def _dates(self) -> None:
        """ "since 2024": what is about that time was changed then or later too."""
        found = self._take(self._patterns.since)
        if found:
            this_year = datetime.now(UTC).year
            year = int(found[1] or found[2] or this_year)
            if year <= this_year:
                self._parsed.arguments["updated_after"] = f"{year}-01-01"

    def _languages(self) -> None:
        """ "only in German": it stays a word of the search too, since few datasets state theirs."""
        for pattern in self._patterns.only_language:
            found = pattern.search(self._folded)
            if found:
                self._parsed.arguments["language"] = self._language.languages[found[1]]

    def _limit(self) -> None:
        limit = self._take(self._patterns.limit)
        number = self._language.number(limit[1] or limit[2]) if limit else None
        # "一个" and "1つ" are articles.
        if number is not None and (number > 1 or limit is None or limit.group().isascii()):
            self._parsed.arguments["limit"] = max(1, min(20, number))


def _is_source(match: re.Match[str]) -> bool:
    """ "sample" is a source only as in "sample datasets"."""
    return match.group(1) != "sample" or bool(re.match(r"\s+data\s?sets?\b", match.string[match.end() :]))


def _source(word: str) -> SourceName:
    word = word.removesuffix(" hub")
    if word == "sample":
        return "builtin"
    return "kaggle" if word[0] == "k" or word in KAGGLE_ABROAD else source_of_word(word)
