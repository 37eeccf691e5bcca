"""What of a dataset is compared with others, to tell whether they are the same data."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from unicodedata import combining, normalize

from dataferry.core.lazily import lazily
from dataferry.core.types import DatasetSummary
from dataferry.sources.language import FILLER, in_unspaced_script, stem_with, word_count, words
from dataferry.sources.languages import stated_languages
from dataferry.sources.query_plan import COMMON_WORDS
from dataferry.sources.relevance import TextFields

_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: Where letters and digits of one word meet: ``recipes88k`` is ``recipes 88k``, ``v2`` stays.
_LETTERS_THEN_DIGITS = re.compile(r"(?<=[^\W\d_]{2})(?=\d)")
_NUMBER = re.compile(
    r"(?<![\w.,-])(\d{1,3}(?:[,.\u2009\u202f]\d{3})+|\d+(?:\.\d+)?)[ -]?"
    r"([kK]\b|M\b|thousand\b|mill?i\w+|billion\b)?"
)
_DIGIT = re.compile(r"\d")
_GROUPED = re.compile(r"\d{1,3}([,.\u2009\u202f]\d{3})+")
_MILLIONS_IN_NAME = re.compile(r"(?<!\d)(\d+)m(?![^\W_])", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
_VERSION = re.compile(r"(?:^|[\W_])v(?:er|ersion)?[ ._-]?(\d+(?:\.\d+)*)(?![^\W_])", re.IGNORECASE)
_PAPER = re.compile(
    r"arxiv[.:/\sa-z]*(\d{4}\.\d{4,5})|\b(10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;)])", re.IGNORECASE
)
_HYPHENATED = re.compile(r"[^\W_][\w-]{4,}")
_CLAUSE_END = re.compile(r"[,.;:()]")
_MULTIPLIERS = {"k": 1e3, "t": 1e3, "m": 1e6, "b": 1e9}
#: How many words behind a number may be what it counts, and within how many letters they stand.
_COUNTED_WORDS, _COUNTED_CHARS = 3, 40
#: So many datasets' traits are remembered: paging and like searches meet the same ones again.
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words and phrases of ``folding.toml``, as stems where nothing else is said."""

    #: Words, not stems, that say that something is a part, another edition, or made from something else.
    markers: frozenset[str]
    formats: frozenset[str]
    common: frozenset[str]
    media: frozenset[str]
    derived_phrases: re.Pattern[str]
    copy_phrases: re.Pattern[str]
    numbered: re.Pattern[str]
    language_codes: frozenset[str]


def traits_of(hit: DatasetSummary, known: TextFields | None = None) -> "Traits":
    """The traits of a hit, remembered for as long as it is met again. ``known``: its text, where it has been
    taken apart before."""
    told = (hit.source, hit.id, hit.title, hit.description, hit.tags, hit.formats, hit.task, hit.languages)
    updated = hit.updated_at.toordinal() if hit.updated_at else None
    counted = (hit.size_bytes or 0, hit.file_count or 0, hit.row_count or 0)
    traits = _traits(*told, hit.modalities, hit.license, updated, *counted)
    if known is not None:
        traits.take_stems(known["description"])
    return traits


class Traits:
    """What is compared of one dataset, found when it is asked for. Words are stems. ``updated``: in days
    since the year 1. ``size``, ``file_count`` and
    ``row_count`` are 0 where they are not known."""

    def __init__(
        self,
        source: str,
        dataset_id: str,
        title: str,
        description: str,
        tags: tuple[str, ...],
        formats: tuple[str, ...],
        task: str | None,
        languages: tuple[str, ...],
        modalities: tuple[str, ...],
        license: str | None,
        updated: int | None,
        size: int,
        file_count: int,
        row_count: int,
    ) -> None:
        owner, _, self._slug = dataset_id.rpartition("/")
        self._title = title if title != self._slug else ""
        self._description = description
        self._tags = tags
        self._stated_languages = languages
        self._stated_formats = frozenset(formats)
        self.source = source
        self.owner = owner.casefold()
        self.license = license
        self.size = size
        self.file_count = file_count
        self._row_count = row_count
        self.updated = updated
        self.modalities = frozenset(modalities)
        self.tasks = frozenset(text_tokens(task or ""))
        self._stems: Sequence[str] | None = None

    def take_stems(self, stems: Sequence[str]) -> None:
        """Use what ``language.stems`` has made of the description, which takes the most time."""
        self._stems = stems

    # -- the name ---------------------------------------------------------------------------------

    @lazily
    def slug(self) -> tuple[str, ...]:
        return name_tokens(self._slug)

    @lazily
    def title(self) -> tuple[str, ...]:
        return name_tokens(self._title)

    @lazily
    def phrases(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Slug and title, each with how it stands in another's ``told`` where that names it."""
        return tuple((words, _between_blanks(words)) for words in (self.slug, self.title) if words)

    @lazily
    def name(self) -> frozenset[str]:
        """The words of slug and title but formats."""
        return frozenset((*self.slug, *self.title)) - lexicon().formats

    @lazily
    def initials(self) -> frozenset[str]:
        """The first letters of the words of slug and title."""
        return frozenset(word[0] for word in (*self.slug, *self.title))

    @lazily
    def telling_name(self) -> frozenset[str]:
        """Those of ``name`` that say what it is about."""
        return frozenset(stem for stem in self.name if not is_common(stem) and not stem[0].isdigit())

    @lazily
    def names_format(self) -> bool:
        return not lexicon().formats.isdisjoint((*self.slug, *self.title))

    @lazily
    def markers(self) -> frozenset[str]:
        """Words of the name that say that it is a part, an edition, or made from something else."""
        return _markers(self._slug) | _markers(self._title)

    @lazily
    def name_numbers(self) -> frozenset[float]:
        if _DIGIT.search(self._slug) is None and _DIGIT.search(self._title) is None:
            return frozenset()
        spoken = _numbers(f"{_apart(self._slug).replace('-', ' ')} . {self._title}")
        shortened = _MILLIONS_IN_NAME.findall(self._slug)  # elsewhere ``5m`` is five metres
        return frozenset(value for value, _ in spoken) | frozenset(
            float(digits) * 1e6 for digits in shortened
        )

    @lazily
    def name_years(self) -> frozenset[str]:
        return frozenset(_YEAR.findall(f"{self._slug} {self._title}"))

    @lazily
    def name_languages(self) -> frozenset[str]:
        named = stated_languages(words(f"{self._slug} {self._title}"))
        return lexicon().language_codes.intersection(words(self._slug)).union(named)

    # -- the description --------------------------------------------------------------------------

    @lazily
    def _told_words(self) -> tuple[str, ...]:
        stems, self._stems = self._stems, None
        if stems is None or not self._is_told_by(stems):
            return name_tokens(self._description)
        apart = _apart(self._description)
        if apart == self._description:
            return tuple(stems)
        known = dict(zip(words(self._description), stems, strict=True))
        return tuple([known.get(word) or stem_with("english", word) for word in words(apart)])

    def _is_told_by(self, stems: Sequence[str]) -> bool:
        """Whether each of ``stems`` is of a word of the description: in scripts without spaces none is, and a
        search may know a newer description than those are of."""
        text = self._description
        return len(stems) == word_count(text) and (text.isascii() or not in_unspaced_script(text))

    @lazily
    def told(self) -> str:
        """The words of the description in order, between blanks."""
        return _between_blanks(self._told_words)

    @lazily
    def described(self) -> frozenset[str]:
        return frozenset(self._told_words) - FILLER

    @lazily
    def tags(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(map(text_tokens, self._tags)))

    @lazily
    def about_text(self) -> frozenset[str]:
        """The telling words of the description."""
        return frozenset(stem for stem in self.described if not is_common(stem) and not stem.isdigit())

    @lazily
    def telling(self) -> frozenset[str]:
        """The telling words of name and description."""
        return self.about_text | self.telling_name

    @lazily
    def about(self) -> frozenset[str]:
        """The same with those of the tags."""
        return self.about_text.union(stem for stem in self.tags if not is_common(stem))

    @lazily
    def is_ascii(self) -> bool:
        return self._description.isascii()

    @lazily
    def _text(self) -> str:
        """The description in lower case without accents."""
        lower = self._description.casefold()
        if lower.isascii():
            return lower
        return "".join(char for char in normalize("NFKD", lower) if not combining(char))

    @lazily
    def spelled(self) -> frozenset[str]:
        """Words of the description with their hyphens, as owners are called."""
        return frozenset(_HYPHENATED.findall(self._text))

    def spells(self, owner: str) -> bool:
        """Whether ``owner`` is one of the ``spelled`` words."""
        # Most texts are seen to have no such name before their words are told apart.
        return owner in self._text and owner in self.spelled

    @lazily
    def says_copied(self) -> bool:
        return lexicon().copy_phrases.search(self._text) is not None

    @lazily
    def says_derived(self) -> bool:
        return lexicon().derived_phrases.search(self._text) is not None

    # -- both -------------------------------------------------------------------------------------

    @lazily
    def _everything(self) -> str:
        return f"{self._slug} {self._title} {self._description}"

    @lazily
    def _counted(self) -> list[tuple[float, str]]:
        return _numbers(f"{self._title}. {self._description}")

    @lazily
    def numbers(self) -> frozenset[float]:
        """Those that are named, and the count of rows, which another may name."""
        rows = (float(self._row_count),) if self._row_count else ()
        return self.name_numbers.union((value for value, _ in self._counted), rows)

    @lazily
    def keys(self) -> frozenset[object]:
        """What two datasets may have in common that makes them worth comparing."""
        counted = [("files", self.file_count)] if self.file_count else []
        return frozenset[object]().union(
            self.described, self.tags, self.name, self.numbers, self.papers, counted
        )

    @lazily
    def counts(self) -> Mapping[str, frozenset[float]]:
        """What is counted, and how many there are of it."""
        counts: dict[str, set[float]] = {}
        for value, behind in self._counted:
            for stem in text_tokens(behind)[:_COUNTED_WORDS]:
                if not stem.isdigit() and stem not in FILLER:
                    counts.setdefault(stem, set()).add(value)
        return {stem: frozenset(values) for stem, values in counts.items()}

    @lazily
    def ordinals(self) -> Mapping[str, frozenset[str]]:
        """Parts and editions by number: ``{"part": {"2"}}``."""
        found: dict[str, set[str]] = {}
        for label, number in lexicon().numbered.findall(self._everything):
            found.setdefault(label.lower(), set()).add(number.lstrip("0") or "0")
        for number in _VERSION.findall(self._everything):
            found.setdefault("version", set()).add(number)
        return {label: frozenset(numbers) for label, numbers in found.items()}

    @lazily
    def years(self) -> frozenset[str]:
        return frozenset(_YEAR.findall(self._everything))

    @lazily
    def languages(self) -> frozenset[str]:
        told = stated_languages(words(f"{' '.join(self._tags)} {self._description}"))
        return self.name_languages.union(self._stated_languages, told)

    @lazily
    def papers(self) -> frozenset[str]:
        if "arxiv" not in self._text and "10." not in self._text:
            return frozenset()
        return frozenset(arxiv or doi.lower() for arxiv, doi in _PAPER.findall(self._description))

    @lazily
    def formats(self) -> frozenset[str]:
        told = lexicon().formats.intersection((*self.slug, *self.title, *self.described))
        return self._stated_formats or told


_traits = lru_cache(_REMEMBERED)(Traits)


def _between_blanks(stems: Iterable[str]) -> str:
    joined = " ".join(stems)
    return f" {joined} " if joined else ""


@lru_cache(_REMEMBERED)
def name_tokens(name: str) -> tuple[str, ...]:
    """The stems of a name, in order, where joined words and numbers are taken apart."""
    return text_tokens(_apart(name))


def _apart(name: str) -> str:
    # Looking for where words meet takes longer than looking for a capital letter, or for a digit.
    name = name.replace("_", " ")
    if not name.islower():
        name = _CAMEL_CASE.sub(" ", name)
    return _LETTERS_THEN_DIGITS.sub(" ", name) if _DIGIT.search(name) else name


@lru_cache(_REMEMBERED)
def text_tokens(text: str) -> tuple[str, ...]:
    """The stems of a text, in order."""
    return tuple([stem_with("english", word) for word in words(text)])


@lru_cache(1 << 16)
def is_common(stem: str) -> bool:
    """Whether a word says little of what a dataset is about."""
    return stem in _common_stems() or len(stem) < 2


@lru_cache(_REMEMBERED)
def _markers(name: str) -> frozenset[str]:
    """What stands behind "with" and "by" is what a dataset has: ``games-with-evals`` is no split of it."""
    told = words(_apart(name))
    end = min((told.index(word) for word in ("with", "by") if word in told), default=None)
    return frozenset(stem_with("english", word) for word in told[:end] if word in lexicon().markers)


def _numbers(text: str) -> list[tuple[float, str]]:
    """Each number of a text but years, ``1.1 million`` as 1,100,000, with the clause that follows it."""
    found: list[tuple[float, str]] = []
    if _DIGIT.search(text) is None:  # as in most, and quickly seen
        return found
    for match in _NUMBER.finditer(text):
        digits, unit = match[1], match[2]
        if unit is not None or not _YEAR.fullmatch(digits):
            behind = text[match.end() : match.end() + _COUNTED_CHARS]
            found.append((_value(digits, unit), _CLAUSE_END.split(behind, 1)[0]))
    return found


def _value(digits: str, unit: str | None) -> float:
    if unit is None and _GROUPED.fullmatch(digits):
        return float(re.sub(r"\D", "", digits))
    return round(float(digits.replace(",", "")) * (_MULTIPLIERS[unit[0].lower()] if unit else 1))


@cache
def _common_stems() -> frozenset[str]:
    stems = {stem_with("english", word) for word in (*COMMON_WORDS, *FILLER)}
    return frozenset(stems | lexicon().common)


@cache
def lexicon() -> Lexicon:
    """``folding.toml``, read once."""
    read = tomllib.loads(Path(__file__).with_name("folding.toml").read_text(encoding="utf-8"))

    def stems(*names: str) -> frozenset[str]:
        return frozenset(stem for name in names for stem in (*text_tokens(read[name]), *read[name].split()))

    numbered = "|".join(read["numbered"].split())
    return Lexicon(
        markers=frozenset(word for name in ("parts", "editions", "derived") for word in words(read[name])),
        formats=stems("formats"),
        common=stems("common"),
        media=stems("media"),
        derived_phrases=re.compile("|".join(read["derived_phrases"])),
        copy_phrases=re.compile("|".join(read["copy_phrases"])),
        numbered=re.compile(rf"(?<![^\W_])({numbered})[\s_#-]*(\d+)", re.IGNORECASE),
        language_codes=frozenset(read["language_codes"].split()),
    )
