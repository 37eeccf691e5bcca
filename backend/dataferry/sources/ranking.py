"""One ranking over the hits of several hubs.

Text relevance is BM25 over the stems of title, tags and description (Robertson & Zaragoza, "The
Probabilistic Relevance Framework", 2009, with weighted fields as in BM25F), computed over the hits at
hand; a word that none of them has counts as those that it may be a misspelling of. Hubs count downloads
differently (Kaggle since the beginning, HuggingFace over 30 days), so popularity is the logarithm of a
hit's downloads relative to that of the most downloaded hit of the same source. It decides between hits
that fit alike, and makes up for no word that is missing.

    score = BM25 ⁄ best BM25 · (1 + 0.1 · popularity)  +  0.02 · popularity  +  0.3 for the exact name

Hits that leave a filter in doubt come below all others; samples come last. Equal scores keep the
order of the hub, then of the reference, so that the same hits always rank the same.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from dataferry.core.types import SOURCE_LABELS, DatasetSummary, SourceName
from dataferry.sources.base import SearchFilters
from dataferry.sources.filters import doubts
from dataferry.sources.language import name_stems, stems
from dataferry.sources.vocabulary import meanings_of

FIELD_WEIGHTS = {"title": 2.0, "tags": 1.0, "description": 1.0}
#: BM25's saturation of repeated words and its correction for long texts.
K1, B = 1.2, 0.75
POPULARITY_FACTOR, POPULARITY_SHARE, NAME_BONUS = 0.1, 0.02, 0.3
#: Words of at least so many letters may be misspelt: so similar is what they may mean, and counts so much.
MISSPELT_LENGTH, MISSPELT_CUTOFF, MISSPELT_WEIGHT = 5, 0.8, 0.8
#: A source's best hit counts as fully popular only above this number of downloads.
POPULAR_DOWNLOADS = 1000
#: The part of a first page that samples may take when hubs answered too: one in four.
SAMPLE_SHARE = 4


#: The stems of a dataset's text, by the fields of ``FIELD_WEIGHTS``.
TextFields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A whole catalogue: how many ``datasets`` it has, the ``mean_length`` of their texts
    (``weighted_length``), and in how many each stem is that a query asks for."""

    datasets: int
    mean_length: float
    frequencies: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Hit:
    summary: DatasetSummary
    fields: Mapping[str, Counter[str]]
    position: int
    doubts: tuple[str, ...]


def rank(
    found: Mapping[SourceName, Sequence[DatasetSummary]],
    text: str,
    filters: SearchFilters,
    corpus: Corpus | None = None,
    known: Mapping[str, TextFields] | None = None,
) -> list[DatasetSummary]:
    """The hits of all sources that pass ``filters``, best first, each once, each with its ``why``.

    ``found`` has every source's hits in that source's own order; the order of the sources is of no
    consequence. ``corpus``: what the hits are a part of, where that is known. ``known``: the text of hits by
    their ``ref``, where it has been taken apart before.
    """
    hits = _unique(found, filters, known or {})
    asked = set(stems(text))
    meanings = meanings_of(text)
    meant = {word for words in meanings.values() for word in words}
    relevance = _bm25(meanings, hits, corpus)
    best = max(relevance, default=0.0) or 1.0
    popularity = _popularity(hits)
    scores = [
        relevance[n] / best * (1 + POPULARITY_FACTOR * popularity[n])
        + POPULARITY_SHARE * popularity[n]
        + _name_bonus(hit, asked)
        for n, hit in enumerate(hits)
    ]

    def order(n: int) -> tuple[bool, int, float, int, str]:
        hit = hits[n]
        sample = hit.summary.source == "builtin"
        return sample, len(hit.doubts), -_sort_value(hit, scores[n], filters), hit.position, hit.summary.ref

    ordered = sorted(range(len(hits)), key=order)
    return [hits[n].summary.model_copy(update={"why": _why(hits[n], asked, meant)}) for n in ordered]


def arrange(ranked: Sequence[DatasetSummary], page: int) -> list[DatasetSummary]:
    """``ranked`` with a first page of ``page`` hits on which every source is to be seen.

    Samples close the first page instead of standing behind a hub's hundreds; a hub whose best hit
    would miss the page takes the place of the lowest hit of one that has several.
    """
    samples = [summary for summary in ranked if summary.source == "builtin"]
    hub_hits = [summary for summary in ranked if summary.source != "builtin"]
    if len(ranked) <= page or not hub_hits:
        return list(ranked)
    samples = samples[: max(page // SAMPLE_SHARE, page - len(hub_hits))]
    first = hub_hits[: page - len(samples)]
    for source in sorted({summary.source for summary in hub_hits} - {summary.source for summary in first}):
        counts = Counter(summary.source for summary in first)
        crowded = [n for n, summary in enumerate(first) if counts[summary.source] > 1]
        if crowded:
            del first[crowded[-1]]
            first.append(next(summary for summary in hub_hits if summary.source == source))
    shown = {summary.ref for summary in (*first, *samples)}
    return [*first, *samples, *(summary for summary in ranked if summary.ref not in shown)]


def _unique(
    found: Mapping[SourceName, Sequence[DatasetSummary]],
    filters: SearchFilters,
    known: Mapping[str, TextFields],
) -> list[_Hit]:
    hits: dict[str, _Hit] = {}
    for source in sorted(found):
        for position, summary in enumerate(found[source]):
            unsure = doubts(summary, filters)
            if unsure is not None and summary.ref.casefold() not in hits:
                fields = _counted(known.get(summary.ref) or text_fields(summary))
                hits[summary.ref.casefold()] = _Hit(summary, fields, position, unsure)
    return list(hits.values())


def text_fields(summary: DatasetSummary) -> TextFields:
    """The stems of each field that a query is compared with."""
    # A name often repeats the title, so the two are one set of words, not a count.
    title = dict.fromkeys((*name_stems(summary.title), *name_stems(summary.id)))
    return {
        "title": tuple(title),
        "tags": [word for tag in summary.tags for word in stems(tag)],
        "description": stems(summary.description),
    }


def weighted_length(fields: TextFields) -> float:
    """How long a dataset's text is, in stems, each field by its weight."""
    return sum(FIELD_WEIGHTS[name] * len(found) for name, found in fields.items())


def _counted(fields: TextFields) -> Mapping[str, Counter[str]]:
    return {name: Counter(found) for name, found in fields.items()}


def _bm25(
    asked: Mapping[str, Mapping[str, float]], hits: Sequence[_Hit], corpus: Corpus | None
) -> list[float]:
    """One score for each hit, ≥ 0."""
    if not hits:
        return []
    lengths = [
        sum(FIELD_WEIGHTS[name] * counts.total() for name, counts in hit.fields.items()) for hit in hits
    ]
    mean = (corpus.mean_length if corpus else sum(lengths) / len(hits)) or 1.0
    vocabulary = {word for hit in hits for counts in hit.fields.values() for word in counts}
    scores = [0.0] * len(hits)
    for word in sorted(asked):
        meant = dict(asked[word])
        if word not in vocabulary:
            meant |= _may_mean(word, vocabulary)
        weights = [
            max((share * _weight(hit, one) for one, share in meant.items()), default=0.0) for hit in hits
        ]
        rarity = _rarity(meant, weights, corpus)
        for n, weight in enumerate(weights):
            scores[n] += rarity * weight * (K1 + 1) / (weight + K1 * (1 - B + B * lengths[n] / mean))
    return scores


def _rarity(meant: Mapping[str, float], weights: Sequence[float], corpus: Corpus | None) -> float:
    """What a word tells: the fewer datasets have it, or what is meant by it, the more. Counted over the whole
    catalogue where that is known, else over the hits."""
    holders, everything = sum(weight > 0 for weight in weights), len(weights)
    if corpus is not None:
        holders = max(holders, max((corpus.frequencies.get(stem, 0) for stem in meant), default=0))
        everything = max(corpus.datasets, everything)
    return math.log(1 + (everything - holders + 0.5) / (holders + 0.5))


def _weight(hit: _Hit, word: str) -> float:
    return sum(FIELD_WEIGHTS[name] * counts[word] for name, counts in hit.fields.items())


def _may_mean(word: str, vocabulary: Collection[str]) -> dict[str, float]:
    """The words that ``word`` may be a misspelling of, each with what it counts."""
    if len(word) < MISSPELT_LENGTH or not word.isalpha():
        return {}
    # The first letter is seldom wrong, and comparing is slow.
    near = [one for one in vocabulary if one[0] == word[0] and abs(len(one) - len(word)) <= 2]
    return dict.fromkeys(get_close_matches(word, sorted(near), 3, MISSPELT_CUTOFF), MISSPELT_WEIGHT)


def _popularity(hits: Sequence[_Hit]) -> list[float]:
    """0 to 1 for each hit, comparable between sources."""
    most: dict[SourceName, int] = {}
    for hit in hits:
        source = hit.summary.source
        most[source] = max(most.get(source, POPULAR_DOWNLOADS), hit.summary.downloads)
    return [math.log1p(max(0, hit.summary.downloads)) / math.log1p(most[hit.summary.source]) for hit in hits]


def _name_bonus(hit: _Hit, asked: set[str]) -> float:
    return NAME_BONUS if _is_name(hit, asked) else 0.0


def _is_name(hit: _Hit, asked: set[str]) -> bool:
    name = hit.summary.id.rpartition("/")[2]
    return bool(asked) and asked in (set(stems(name)), set(stems(hit.summary.title)))


def _sort_value(hit: _Hit, score: float, filters: SearchFilters) -> float:
    summary = hit.summary
    match filters.sort:
        case "downloads":
            return float(summary.downloads)
        case "updated":
            return summary.updated_at.timestamp() if summary.updated_at else 0.0
        case "size":
            return float(summary.size_bytes or 0)
        case "relevance":
            return score


def _why(hit: _Hit, asked: set[str], meant: set[str]) -> str:
    summary = hit.summary
    matches = {
        "exact name": _is_name(hit, asked),
        "title matches": meant & hit.fields["title"].keys(),
        "tags match": meant & hit.fields["tags"].keys(),
        "description matches": meant & hit.fields["description"].keys(),
    }
    found_by = f"found by {SOURCE_LABELS[summary.source]}"
    reasons = [next((reason for reason, holds in matches.items() if holds), found_by)]
    if summary.source == "builtin":
        reasons.append("built-in sample")
    elif summary.downloads:
        reasons.append(f"{_short(summary.downloads)} downloads")
    return " · ".join([*reasons, *hit.doubts])


def _short(count: int) -> str:
    """812345 → ``812k``, 4200000 → ``4.2M``."""
    for size, letter in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            value = count / size
            return f"{value:.0f}{letter}" if value >= 10 else f"{value:.1f}".removesuffix(".0") + letter
    return str(count)
