"""How well the words of a query fit the words of hits.

BM25 over the stems of title, tags and description (Robertson & Zaragoza, "The Probabilistic Relevance
Framework", 2009, with weighted fields as in BM25F), computed over the hits at hand. A word that none of them
has counts as those that it may be a misspelling of; words that very many datasets have count half. Words that
stand side by side in the query and close together in a hit count more (Rasolofo & Savoy, "Term Proximity
Scoring for Keyword-Based Retrieval Systems", ECIR 2003), and so do hits that have more of the query's words.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import chain

from dataferry.core.types import DatasetSummary
from dataferry.sources.language import FILLER, label_stems, name_stems, stems
from dataferry.sources.languages import language_names
from dataferry.sources.query_plan import COMMON_WORDS
from dataferry.sources.vocabulary import english_for, meanings_of

FIELD_WEIGHTS = {"title": 2.0, "tags": 1.0, "description": 1.0}
#: BM25's saturation of repeated words and its correction for long texts.
K1, B = 1.2, 0.75
#: Words of at least so many letters may be misspelt: so similar is what they may mean, and counts so much.
MISSPELT_LENGTH, MISSPELT_CUTOFF, MISSPELT_WEIGHT = 5, 0.8, 0.8
#: What a word counts that very many datasets have, such as "images".
COMMON_WEIGHT = 0.5
#: The share of a score that goes with how much of the query a hit has.
COVERAGE = 0.3
#: What neighbours in the query count that are neighbours in a hit; less by their distance in words.
PROXIMITY, PROXIMITY_WINDOW = 0.2, 3
#: The share of a query's subject that a dataset must have to be about it.
ABOUT_SHARE = 2 / 3
#: A language counts as a word of a hit that states no more of them than this.
_FEW_LANGUAGES = 3
_SMALL_WORDS = """
am as at be been being but by each every few from had has how if into it its less many more most much no not
only or other our out over own per so such than their them then they those through under until up very was
were when while who why will without
"""
_KINDS_IN_WORDS = {"timeseries": "time series", "3d": "3d point cloud", "geospatial": "geospatial map"}


#: The stems of a dataset's text, in order, by the fields of ``FIELD_WEIGHTS``.
TextFields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A whole catalogue: how many ``datasets`` it has, the ``mean_length`` of their texts
    (``weighted_length``), and in how many each stem is that a query asks for."""

    datasets: int
    mean_length: float
    frequencies: Mapping[str, int]


def text_fields(summary: DatasetSummary) -> TextFields:
    """The stems of each field that a query is compared with."""
    # A name often repeats the title, so the two are one set of words, not a count.
    title = dict.fromkeys((*name_stems(summary.title), *name_stems(summary.id)))
    tags = [word for tag in summary.tags for word in label_stems(tag)]
    tags += dict.fromkeys(word for word in _stated(summary) if word not in tags)
    return {"title": tuple(title), "tags": tags, "description": stems(summary.description)}


def weighted_length(fields: TextFields) -> float:
    """How long a dataset's text is, in stems, each field by its weight."""
    return sum(FIELD_WEIGHTS[name] * len(found) for name, found in fields.items())


class HitText:
    """What a query is compared with: a hit's stems in order, all of them as a set, and what each counts."""

    __slots__ = ("fields", "length", "stems")

    def __init__(self, fields: TextFields) -> None:
        self.fields = fields
        self.length = weighted_length(fields)
        self.stems = frozenset(chain.from_iterable(fields.values()))

    def weight(self, stem: str) -> float:
        """How often it has ``stem``, each time by the weight of the field."""
        # Most hits have few of the stems that a query may mean, so that counting all in advance is slower.
        if stem not in self.stems:
            return 0.0
        return sum(FIELD_WEIGHTS[name] * found.count(stem) for name, found in self.fields.items())


def _stated(summary: DatasetSummary) -> Iterator[str]:
    """The words of what a hit states beside its text: kinds of content, its task, its languages if few."""
    for kind in summary.modalities:
        yield from label_stems(_KINDS_IN_WORDS.get(kind, kind))
    yield from label_stems(summary.task or "")
    if len(summary.languages) <= _FEW_LANGUAGES:
        for code in summary.languages:
            yield from label_stems(language_names(code)[0])


@cache
def common_stems() -> frozenset[str]:
    """The stems of words that tell little alone: kinds of content, of tasks and of files, and filler."""
    return frozenset(stem for word in (*COMMON_WORDS, *FILLER, *_SMALL_WORDS.split()) for stem in stems(word))


@lru_cache(maxsize=256)
def subject_words(query: str) -> tuple[str, ...]:
    """The words of ``query``, as they were typed, that say what it is about: not "pictures of", which say
    what kind of data it wants, in whatever language."""
    english = english_for(query)
    whole = set(stems(english or query)) - common_stems()
    return tuple(
        word for word in query.split() if _names_subject(word, whole, translated=english is not None)
    )


def _names_subject(word: str, whole: set[str], *, translated: bool) -> bool:
    english = english_for(word) if translated else None
    return bool(whole & set(stems(english or word)))


@lru_cache(maxsize=256)
def subject_stems(query: str) -> frozenset[str]:
    """The stems of ``subject_words`` and of their English."""
    english = stems(english_for(query) or query)
    typed = [stem for word in subject_words(query) for stem in stems(word)]
    return frozenset((*english, *typed)) - common_stems()


def is_about(query: str, fields: TextFields) -> bool:
    """Whether a dataset has most of what ``query`` is about, in its words or in their English."""
    meanings = meanings_of(query)
    has = {stem for found in fields.values() for stem in found}
    typed = [stem for word in subject_words(query) for stem in stems(word)]
    for asked in (stems(english_for(query) or query), typed):
        subject = [meanings[stem].keys() for stem in asked if stem in meanings and stem not in common_stems()]
        covered = sum(not has.isdisjoint(meant) for meant in subject)
        if subject and covered >= ABOUT_SHARE * len(subject):
            return True
    return False


class Relevance:
    """``scores`` of ``texts`` for a query, each ≥ 0, in their order.

    ``corpus``: what the texts are a part of, where that is known; how rare a word is, is counted there.
    """

    def __init__(self, query: str, texts: Sequence[HitText], corpus: Corpus | None = None) -> None:
        self._texts = texts
        self._corpus = corpus
        lengths = [text.length for text in texts]
        mean = (corpus.mean_length if corpus else sum(lengths) / max(1, len(texts))) or 1.0
        self._room = [K1 * (1 - B + B * length / mean) for length in lengths]
        self._meanings = _meanings_in(texts, query)
        self._rarity: dict[str, float] = {}
        self._covered = [0.0] * len(texts)
        self._subject = subject_stems(query)
        #: Whether each of them has a word of what the query is about.
        self.on_subject = [False] * len(texts)
        self.scores = [0.0] * len(texts)
        for word in sorted(self._meanings):
            self._add_word(word)
        self._add_pairs(stems(english_for(query) or query))
        whole = sum(self._rarity.values()) or 1.0
        for n, covered in enumerate(self._covered):
            self.scores[n] *= 1 - COVERAGE + COVERAGE * covered / whole

    def _add_word(self, word: str) -> None:
        meant = self._meanings[word].items()
        weights = [
            max(share * text.weight(one) for one, share in meant) if meant else 0.0 for text in self._texts
        ]
        rarity = self._rarity_of(word, weights)
        self._rarity[word] = rarity
        for n, weight in enumerate(weights):
            if weight > 0:
                self.scores[n] += rarity * weight * (K1 + 1) / (weight + self._room[n])
                self._covered[n] += rarity
                self.on_subject[n] |= word in self._subject

    def _rarity_of(self, word: str, weights: Sequence[float]) -> float:
        """What a word tells: the fewer datasets have it, or what is meant by it, the more."""
        holders, everything = sum(weight > 0 for weight in weights), len(weights)
        if self._corpus is not None:
            frequencies = self._corpus.frequencies
            holders = max(holders, *(frequencies.get(stem, 0) for stem in self._meanings[word]))
            everything = max(self._corpus.datasets, everything)
        rarity = math.log(1 + (everything - holders + 0.5) / (holders + 0.5))
        return rarity * COMMON_WEIGHT if word in common_stems() else rarity

    def _add_pairs(self, asked: Sequence[str]) -> None:
        """Count the query's neighbours that are neighbours in a hit."""
        places: dict[str, list[int]] = {}
        for place, word in enumerate(asked):
            for one, share in self._meanings.get(word, {}).items():
                if share >= 0.5:
                    places.setdefault(one, []).append(place)
        for n, text in enumerate(self._texts):
            nearest: dict[int, int] = {}
            for name in ("title", "description"):
                for place, distance in _neighbours(text.fields[name], places):
                    nearest[place] = min(distance, nearest.get(place, distance))
            for place, distance in nearest.items():
                rarity = min(self._rarity[word] for word in asked[place : place + 2])
                self.scores[n] += PROXIMITY * rarity / distance


def _neighbours(run: Sequence[str], places: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Each place of the query whose word stands near the next one's in ``run``, and how many words apart."""
    last: dict[int, int] = {}
    asked = [(position, word) for position, word in enumerate(run) if word in places]
    for position, word in asked:
        for place in places[word]:
            for pair, other in ((place - 1, place - 1), (place, place + 1)):
                distance = position - last.get(other, -PROXIMITY_WINDOW - 1)
                if 0 < distance <= PROXIMITY_WINDOW:
                    yield pair, distance
            last[place] = position


def _meanings_in(texts: Sequence[HitText], query: str) -> dict[str, dict[str, float]]:
    """What a hit may have for each stem of ``query``, and what that counts."""
    meanings = {word: dict(meant) for word, meant in meanings_of(query).items()}
    absent = [word for word in meanings if not any(word in text.stems for text in texts)]
    vocabulary = frozenset().union(*(text.stems for text in texts)) if absent else frozenset()
    for word in absent:
        meanings[word].update(_may_mean(word, vocabulary))
    return meanings


def _may_mean(word: str, vocabulary: Collection[str]) -> dict[str, float]:
    """The words that ``word`` may be a misspelling of, each with what it counts."""
    if len(word) < MISSPELT_LENGTH or not word.isalpha():
        return {}
    # The first letter is seldom wrong, and comparing is slow.
    near = [one for one in vocabulary if one[0] == word[0] and abs(len(one) - len(word)) <= 2]
    return dict.fromkeys(get_close_matches(word, sorted(near), 3, MISSPELT_CUTOFF), MISSPELT_WEIGHT)
