"""Filters said in words: "on Kaggle", "under 100 MB", "CC0", "images", "most downloaded"."""

import re
from dataclasses import dataclass, field
from typing import Any

from dataferry.chat.references import source_of_word
from dataferry.core.types import LARGEST_COUNT, SOURCE_NAMES, SourceName

_UNITS = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}
_SIZE = (
    r"(\d+(?:[.,]\d+)?)\s*"
    r"(kilobytes?|megabytes?|gigabytes?|terabytes?|gigs?|megs?|[kmgt]i?b)\b"
)
_AT_MOST = (
    r"(?:under|below|less than|smaller than|no more than|not more than|at most|up to|max(?:imum)?|within"
    r"|<=?|≤)"
)
_AT_LEAST = r"(?:over|above|more than|larger than|bigger than|greater than|at least|min(?:imum)?|>=?|≥)"
_BETWEEN = re.compile(rf"\bbetween\s+{_SIZE}\s+and\s+{_SIZE}", re.IGNORECASE)
_MAX = re.compile(rf"(?:\bof |\bsize )?(?<!\w){_AT_MOST}\s*(?:of\s+)?{_SIZE}(?: in size)?", re.IGNORECASE)
_MIN = re.compile(rf"(?:\bof |\bsize )?(?<!\w){_AT_LEAST}\s*(?:of\s+)?{_SIZE}(?: in size)?", re.IGNORECASE)
#: "small" is a wish about size only before the word for a dataset: "small molecules" is a subject.
_SMALL = re.compile(
    r"\b(?:small|tiny|little)(?:er)?(?=\s+(?:[\w-]+\s+){0,3}(?:data\s?sets?|sets?|ones?|tables?|files?)\b)"
    r"|\bsmall(?:er)?(?=[\s!.?]*$)|\bsmaller ones?\b",
    re.IGNORECASE,
)
_SMALL_BYTES = 100_000_000

_SOURCE = r"(kaggle|hugging\s?face|hf(?: hub)?|built-?in|sample)"
_NOT_SOURCE = re.compile(
    rf"\b(?:not|except|without|excluding|but not)\s+(?:on|from|at|in|for)?\s*{_SOURCE}\b", re.IGNORECASE
)
_ON_SOURCE = re.compile(
    rf"\b(?:and |or )?(?:only |just )?(?:(?:on|from|at|in|via|using|by)\s+)?(?:the\s+)?{_SOURCE}\b"
    r"(?:'s)?(?: hub)?(?: only)?",
    re.IGNORECASE,
)

_LICENSES: tuple[tuple[str, str], ...] = (
    (r"cc[- ]?0(?:[- ]1\.0)?|public[- ]domain", "cc0"),
    (r"cc[- ]by[- ]nc(?:[- ](?:sa|nd))?(?:[- ]\d\.\d)?", "cc-by-nc"),
    (r"cc[- ]by[- ]sa(?:[- ]\d\.\d)?", "cc-by-sa"),
    (r"cc[- ]by(?:[- ]\d\.\d)?", "cc-by"),
    (r"apache[- ]?2(?:\.0)?|apache(?=[- ]licen[cs])", "apache-2.0"),
    (r"mit(?=[- ]licen[cs])|(?<=under )mit\b(?!-)|(?<=licen[cs]ed )mit\b", "mit"),
    (r"bsd(?=[- ]licen[cs])|bsd-[23](?:-clause)?", "bsd"),
    (r"odbl|open database licen[cs]e", "odbl"),
    (r"gpl(?:[- ]?v?[23](?:\.0)?)?", "gpl"),
)
_PERMISSIVE_WORDS = (
    r"(?:open|free|permissive|liberal)(?:ly)?(?=[- ]licen[cs])|permissive"
    r"|(?:free )?for commercial use|commercial(?:ly)? (?:use|usable)"
)


def _license_pattern(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:licen[cs]ed\s+)?(?:(?:with|under|has|have|in)\s+)?(?:an? |the )?(?:{words})"
        r"(?:[- ]?licen[cs](?:es?|ed|ing))?(?![\w-])",
        re.IGNORECASE,
    )


_LICENSE = [(_license_pattern(words), name) for words, name in _LICENSES]
#: A kind of licence, not one: nothing can be narrowed to it, but it says nothing of the subject.
_PERMISSIVE = _license_pattern(_PERMISSIVE_WORDS)

_FORMATS: tuple[tuple[str, str], ...] = (
    (r"csvs?", "csv"),
    (r"tsv", "tsv"),
    (r"jsonl|json lines", "jsonl"),
    (r"json", "json"),
    (r"parquet", "parquet"),
    (r"arrow", "arrow"),
    (r"excel|xlsx", "xlsx"),
    (r"hdf5|h5", "hdf5"),
    (r"sqlite", "sqlite"),
    # "image classification" is a task, and says what the data is for.
    (
        r"(?:images?|pictures?|photos?|photographs?)"
        r"(?!\s+(?:classif|segment|caption|generat|recogni|retriev|restor|translat|net))",
        "image",
    ),
    (r"audio(?!\s+(?:classif|generat|recogni))|sound recordings?", "audio"),
    (r"videos?(?!\s+(?:classif|generat|caption))", "video"),
    (r"tabular|tables?", "tabular"),
)
_FORMAT = [
    (
        re.compile(
            rf"\b(?:(?:only|as|in|with)\s+)?(?:a )?(?<![-\w])(?:{words})\b(?![-'])"
            r"(?:[ -](?:formatted|format|files?|data(?!\s?sets?)|only|ones?))*",
            re.IGNORECASE,
        ),
        name,
    )
    for words, name in _FORMATS
]

_TASKS = (
    "image classification|text classification|object detection|image segmentation|semantic segmentation"
    "|sentiment analysis|question answering|summarization|translation|regression|classification"
    "|named entity recognition|token classification|speech recognition|time series forecasting"
    "|image captioning|text generation"
)
_TASK = re.compile(rf"\bfor (?:an? |some )?({_TASKS})\b(?: tasks?)?", re.IGNORECASE)

_SORTS: tuple[tuple[str, str], ...] = (
    (
        r"(?:the )?(?:most|more) (?:downloaded|popular|used)|popular"
        r"|(?:(?:sort|order|rank)(?:ed)? )?by (?:downloads|popularity)",
        "downloads",
    ),
    (
        r"(?:the )?(?:newest|latest|freshest|most recent(?:ly updated)?)|recently updated|recent"
        r"|(?:(?:sort|order|rank)(?:ed)? )?by (?:the )?(?:date|age|(?:last )?updated?)",
        "updated",
    ),
    (r"(?:the )?(?:largest|biggest)|(?:(?:sort|order|rank)(?:ed)? )?by size", "size"),
)
_SORT = [
    (
        re.compile(rf"\b(?:{words})\b(?:(?: ones?)?(?: first| (?:at|on|to) (?:the )?top)\b)?", re.IGNORECASE),
        name,
    )
    for words, name in _SORTS
]

_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LIMIT = re.compile(
    rf"\b(?:top |best )?(\d{{1,2}}|{'|'.join(_COUNTS)})"
    r"(?= (?:[\w-]+ ){0,3}?(?:data\s?sets?|results?)\b)"
    r"|\btop (\d{1,2})\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class ParsedFilters:
    """What a message asks of a search beside its words. ``arguments`` are fields of ``search_datasets``."""

    remaining_text: str
    sources: tuple[SourceName, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    #: What was asked and cannot be narrowed to, as a sentence.
    caveat: str = ""


def parse_filters(text: str) -> ParsedFilters:
    """Read the filters in ``text``; ``remaining_text`` is what is left of it."""
    parsed = ParsedFilters(text)
    _sources(parsed)
    _sizes(parsed)
    for patterns, name in ((_LICENSE, "license"), (_FORMAT, "format"), (_SORT, "sort")):
        for pattern, value in patterns:
            if name not in parsed.arguments and pattern.search(parsed.remaining_text):
                parsed.arguments[name] = value
                parsed.remaining_text = pattern.sub(" ", parsed.remaining_text)
    if _PERMISSIVE.search(parsed.remaining_text):
        parsed.caveat = "I cannot tell permissive licences apart; each card names its own."
        parsed.remaining_text = _PERMISSIVE.sub(" ", parsed.remaining_text)
    task = _TASK.search(parsed.remaining_text)
    if task:
        parsed.arguments["task"] = task.group(1).lower().replace(" ", "-")
        parsed.remaining_text = _TASK.sub(" ", parsed.remaining_text)
    limit = _LIMIT.search(parsed.remaining_text)
    if limit:
        word = (limit.group(1) or limit.group(2)).lower()
        parsed.arguments["limit"] = max(1, min(20, _COUNTS.index(word) + 1 if word in _COUNTS else int(word)))
        parsed.remaining_text = _LIMIT.sub(" ", parsed.remaining_text)
    return parsed


def _sources(parsed: ParsedFilters) -> None:
    without = {_source(match.group(1)) for match in _NOT_SOURCE.finditer(parsed.remaining_text)}
    parsed.remaining_text = _NOT_SOURCE.sub(" ", parsed.remaining_text)
    wanted = [
        _source(match.group(1)) for match in _ON_SOURCE.finditer(parsed.remaining_text) if _is_source(match)
    ]
    parsed.remaining_text = _ON_SOURCE.sub(
        lambda match: " " if _is_source(match) else match.group(), parsed.remaining_text
    )
    if without:
        # A search never asks the "url" source: it has no catalogue.
        wanted = [name for name in SOURCE_NAMES if name not in without and name != "url"]
    parsed.sources = tuple(dict.fromkeys(wanted))


def _is_source(match: re.Match[str]) -> bool:
    """ "sample" is a source only as in "sample datasets"."""
    return match.group(1).lower() != "sample" or bool(
        re.match(r"\s+data\s?sets?\b", match.string[match.end() :], re.IGNORECASE)
    )


def _source(word: str) -> SourceName:
    word = word.lower().removesuffix(" hub")
    return "builtin" if word == "sample" else source_of_word(word)


def _sizes(parsed: ParsedFilters) -> None:
    between = _BETWEEN.search(parsed.remaining_text)
    if between:
        parsed.arguments["min_bytes"] = _bytes(between.group(1), between.group(2))
        parsed.arguments["max_bytes"] = _bytes(between.group(3), between.group(4))
        parsed.remaining_text = _BETWEEN.sub(" ", parsed.remaining_text)
    for pattern, name in ((_MAX, "max_bytes"), (_MIN, "min_bytes")):
        match = pattern.search(parsed.remaining_text)
        if match:
            parsed.arguments[name] = _bytes(match.group(1), match.group(2))
            parsed.remaining_text = pattern.sub(" ", parsed.remaining_text)
    if _SMALL.search(parsed.remaining_text):
        parsed.arguments.setdefault("max_bytes", _SMALL_BYTES)
        parsed.remaining_text = _SMALL.sub(" ", parsed.remaining_text)


def _bytes(number: str, unit: str) -> int:
    factor = _UNITS[unit[0].lower()]
    if unit[1:2].lower() == "i":
        factor = 1024 ** ("kmgt".index(unit[0].lower()) + 1)
    return int(min(float(number.replace(",", ".")) * factor, LARGEST_COUNT))
