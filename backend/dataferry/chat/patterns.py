"""Patterns of what is written about datasets whatever the language: sizes, licences, formats, tasks; and
patterns made of a language's words."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from dataferry.chat.lexicon import FORMATS, SORTS, lexicons
from dataferry.chat.reading import Language
from dataferry.core.types import LARGEST_COUNT

_NEVER = r"(?!)"
_UNITS = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}

#: A pattern of a licence's name, and the licence.
LICENCES: tuple[tuple[str, str], ...] = (
    (r"cc[- ]?0(?:[- ]1\.0)?|creative commons zero", "cc0"),
    (r"cc[- ]by[- ]nc(?:[- ](?:sa|nd))?(?:[- ]\d\.\d)?", "cc-by-nc"),
    (r"cc[- ]by[- ]sa(?:[- ]\d\.\d)?", "cc-by-sa"),
    (r"cc[- ]by[- ]nd(?:[- ]\d\.\d)?", "cc-by-nd"),
    (r"cc[- ]by(?:[- ]\d\.\d)?|creative commons attribution", "cc-by"),
    (r"creative commons", "cc"),
    (r"apache[- ]?2(?:\.0)?", "apache-2.0"),
    (r"bsd-[23](?:-clause)?", "bsd"),
    (r"odbl|open database licen[cs]e", "odbl"),
    (r"pddl", "pddl"),
    (r"a?gpl(?:[- ]?v?[23](?:\.0)?)?", "gpl"),
)
#: Names that are plain words too, and count beside a word for licence.
_NAMED = (("apache", "apache-2.0"), ("mit", "mit"), ("bsd", "bsd"), ("cc", "cc"))
FILE_FORMATS: tuple[tuple[str, str], ...] = (
    (r"csvs?", "csv"),
    (r"tsv", "tsv"),
    (r"jsonl|json lines", "jsonl"),
    (r"json", "json"),
    (r"parquet", "parquet"),
    (r"arrow", "arrow"),
    (r"excel|xlsx", "xlsx"),
    (r"hdf5|h5", "hdf5"),
    (r"sqlite", "sqlite"),
    (r"jpe?gs?|pngs?|tiffs?", "image"),
    (r"wavs?|mp3s?|flac", "audio"),
    (r"mp4s?", "video"),
)
#: "image classification" is a task, and says what the data is for.
_TASK_WORDS = r"(?!\s+(?:classif|segment|caption|generat|recogni|retriev|restor|translat|net))"
TASK = re.compile(
    r"\bfor (?:an? |some )?(image classification|text classification|object detection|image segmentation"
    r"|semantic segmentation|sentiment analysis|question answering|summarization|translation|regression"
    r"|classification|named entity recognition|token classification|speech recognition"
    r"|time series forecasting|image captioning|text generation)\b(?: tasks?)?"
)
_SOURCE = (
    r"(kaggle|kagle|kaggel|hugging\s?face|huggingfase|hugginface|h[ua]ggin ?face|hf(?: hub)?"
    r"|built-?in|sample|كاجل|كاغل|كاقل|كيجل|ه[ا]?[جغق]ي?ن[جغق] ?فيس"
    r"|ハギング・?フェイス|ハギング・?フェース|カグル|カッグル|抱抱脸|抱脸)"
)
#: Kaggle's name in other scripts.
KAGGLE_ABROAD = ("كاجل", "كاغل", "كاقل", "كيجل", "カグル", "カッグル")


@cache
def ways(phrases: tuple[str, ...]) -> str:
    """A pattern of any of the folded ``phrases`` as whole words, the longest first."""
    found = (_bounded(phrase) for phrase in sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase)))
    return "|".join(found) or _NEVER


def _bounded(phrase: str) -> str:
    before = r"(?<![^\W_])" if phrase[:1].isalnum() and phrase[0] < "\u3000" else ""
    after = r"(?![^\W_])" if phrase[-1:].isalnum() and phrase[-1] < "\u3000" else ""
    return before + re.escape(phrase).replace(r"\ ", r"\s+") + after


@cache
def unit_words() -> dict[str, str]:
    return {word: unit for one in lexicons().values() for word, unit in one.units.items()}


def _size() -> str:
    words = "|".join(sorted(map(re.escape, unit_words()), key=len, reverse=True))
    return rf"(\d+(?:[.,]\d+)?)\s*({words}|[kmgt]i?[bo](?![a-z])|[kmgt](?![^\W_\u3000-\uffff]|\s*[a-z]))"


def size_in_bytes(number: str, unit: str) -> int:
    letter = unit_words().get(unit, unit[0])
    factor = 1024 ** ("kmgt".index(letter) + 1) if unit[1:2] == "i" else _UNITS[letter]
    return int(min(float(number.replace(",", ".")) * factor, LARGEST_COUNT))


@dataclass(frozen=True)
class Patterns:
    """The patterns of one language over folded text."""

    between: re.Pattern[str]
    at_most: tuple[re.Pattern[str], ...]
    at_least: tuple[re.Pattern[str], ...]
    small: re.Pattern[str]
    without_source: re.Pattern[str]
    at_source: re.Pattern[str]
    licences: tuple[tuple[re.Pattern[str], str], ...]
    permissive: re.Pattern[str]
    not_gated: re.Pattern[str]
    #: A year in its first or second group, or none: this year.
    since: re.Pattern[str]
    #: A language, by its name in a group.
    only_language: tuple[re.Pattern[str], ...]
    formats: tuple[tuple[re.Pattern[str], str], ...]
    sorts: tuple[tuple[re.Pattern[str], str], ...]
    limit: re.Pattern[str]


@cache
def patterns_of(language: Language) -> Patterns:
    def words(*roles: str) -> str:
        return f"(?:{ways(language.words(*roles))})"

    def anywhere(role: str) -> str:
        return f"(?:{ways(tuple(word for one in lexicons().values() for word in one.words[role]))})"

    size, small, noun = _size(), words("small"), words("noun")
    joined = rf"(?:{anywhere('and')}|[-–~])"
    ends = r"(?![^\W_\u3000-\uffff])"
    return Patterns(
        between=re.compile(rf"{anywhere('between')}?\s*(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)?\s*{joined}\s*{size}"),
        at_most=tuple(_limits(size, anywhere("at_most"), anywhere("at_most_after"))),
        at_least=tuple(_limits(size, anywhere("at_least"), anywhere("at_least_after"))),
        small=re.compile(rf"{small}(?=\s*(?:[\w-]+\s+){{0,3}}{noun})|{noun}\s+{small}|{small}(?=[\s!.?]*$)"),
        without_source=re.compile(
            rf"(?:{ways(_denials(language))})\s*(?:{words('at_source')}\s*)?{_SOURCE}{ends}"
        ),
        at_source=re.compile(
            rf"(?:{words('and', 'only')}\s*)*(?:{words('at_source')}\s*)*(?<![a-z0-9]){_SOURCE}"
            rf"{ends}(?:\s?hub(?![a-z]))?(?:\s*{words('at_source_after', 'only')})*"
        ),
        licences=tuple(_licences(words("licence"), words("public_domain"))),
        permissive=re.compile(words("permissive")),
        not_gated=re.compile(words("not_gated")),
        since=re.compile(
            rf"{words('since')}\s*(20\d\d)(?!\d)|(20\d\d)年?\s*{words('since_after')}|{words('this_year')}"
        ),
        only_language=tuple(_only_language(words, ways(tuple(language.languages)))),
        formats=(*_FILE_FORMATS, *_contents(words)),
        sorts=tuple(_sorts(words)),
        limit=re.compile(
            rf"(?<![a-z\d.,#第])(?:top |best )?(\d{{1,2}}|{ways(language.numbers)})(?![.,]?\d|\s*[kmgt]i?b)"
            rf"(?=\s*{words('counter')}|\s+(?:[\w-]+\s+){{0,3}}?{words('several')})"
            r"|(?<!\w)top (\d{1,2})(?!\w)"
        ),
    )


def _denials(language: Language) -> tuple[str, ...]:
    """Words that leave a source out: "not"; but not the "no" that is "on the" in Portuguese."""
    own = language.lexicons[0]
    return tuple(word for word in language.words("negation", "except") if word not in own.words["at_source"])


def _limits(size: str, before: str, after: str) -> Iterable[re.Pattern[str]]:
    yield re.compile(rf"{before}\s*(?:of\s+|de\s+|von\s+)?{size}(?: in size)?")
    yield re.compile(rf"{size}\s*{after}")


def _only_language(words: Callable[..., str], names: str) -> Iterable[re.Pattern[str]]:
    """ "only in German", "German ones only"; "only German hospitals" is a subject."""
    only, between = words("only"), words("at_source", "noun", "pointer", "all", "several", "one")
    end = rf"(?=\s*(?:{words('noun', 'several', 'one')}\s*)?(?:[.,;!?]|$))"
    yield re.compile(rf"{only}\s*(?:{between}\s*){{0,3}}({names}){end}")
    yield re.compile(rf"({names})\s*(?:{between}\s*)?{only}{end}")


def _licences(word: str, public_domain: str) -> Iterable[tuple[re.Pattern[str], str]]:
    yield re.compile(public_domain), "cc0"
    for name, licence in LICENCES:
        beside = rf"(?:{word}[-\s:]*(?:[^\W\d]{{1,6}}\s+){{0,2}})?"
        yield re.compile(rf"{beside}(?<![a-z0-9-])(?:{name})(?:[-\s]*{word}|(?![a-z0-9-]))"), licence
    for name, licence in _NAMED:
        before = rf"(?<![a-z0-9-]){name}[-\s]*{word}|{word}[-\s:]*(?:\w{{1,5}}\s)?{name}(?![a-z0-9-])"
        yield re.compile(rf"{before}|(?<=under ){name}(?![\w-])"), licence


_FILE_FORMATS = tuple(
    (re.compile(rf"(?<![a-z0-9-])(?:{name})(?![a-z0-9]|[-'][a-z])"), kind) for name, kind in FILE_FORMATS
)


def _contents(words: Callable[..., str]) -> Iterable[tuple[re.Pattern[str], str]]:
    for kind in FORMATS:
        yield re.compile(rf"(?<!-){words(kind)}{_TASK_WORDS}(?![-'][a-z])"), kind


def _sorts(words: Callable[..., str]) -> Iterable[tuple[re.Pattern[str], str]]:
    first = rf"(?:(?:\s*{words('noun')})?\s*{words('first')})?"
    for name in SORTS:
        by = rf"{words('by')}\s*(?:the\s+)?{words(f'by_{name}')}"
        yield re.compile(rf"{by}|{words(f'sort_{name}')}{first}"), name
