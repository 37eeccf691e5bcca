"""One ranking over the hits of several hubs.

Text relevance is BM25 over title, tags and description (Robertson & Zaragoza, "The Probabilistic
Relevance Framework", 2009, with weighted fields as in BM25F), computed over the hits at hand. Hubs
count downloads differently (Kaggle since the beginning, HuggingFace over 30 days), so popularity is
the logarithm of a hit's downloads relative to that of the most downloaded hit of the same source.

    score = 0.65 · BM25 ⁄ best BM25  +  0.35 · popularity  +  0.3 where the name is the query itself

Hits that leave a filter in doubt come below all others; samples come last. Equal scores keep the
order of the hub, then of the reference, so that the same hits always rank the same.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dataferry.core.types import SOURCE_LABELS, DatasetSummary, SourceName
from dataferry.sources.base import SearchFilters
from dataferry.sources.filters import doubts
from dataferry.sources.language import name_words, words

FIELD_WEIGHTS = {"title": 3.0, "tags": 2.0, "description": 1.0}
#: BM25's saturation of repeated words and its correction for long texts.
K1, B = 1.2, 0.5
TEXT_SHARE, POPULARITY_SHARE, NAME_BONUS = 0.65, 0.35, 0.3
#: A source's best hit counts as fully popular only above this number of downloads.
POPULAR_DOWNLOADS = 1000
#: The part of a first page that samples may take when hubs answered too: one in four.
SAMPLE_SHARE = 4


@dataclass(frozen=True, slots=True)
class _Hit:
    summary: DatasetSummary
    fields: Mapping[str, Counter[str]]
    position: int
    doubts: tuple[str, ...]


def rank(
    found: Mapping[SourceName, Sequence[DatasetSummary]], text: str, filters: SearchFilters
) -> list[DatasetSummary]:
    """The hits of all sources that pass ``filters``, best first, each once, each with its ``why``.

    ``found`` has every source's hits in that source's own order; the order of the sources is of no
    consequence.
    """
    hits = _unique(found, filters)
    asked = set(words(text))
    relevance = _bm25(asked, hits)
    best = max(relevance, default=0.0) or 1.0
    popularity = _popularity(hits)
    scores = [
        TEXT_SHARE * relevance[n] / best + POPULARITY_SHARE * popularity[n] + _name_bonus(hit, asked)
        for n, hit in enumerate(hits)
    ]

    def order(n: int) -> tuple[bool, int, float, int, str]:
        hit = hits[n]
        sample = hit.summary.source == "builtin"
        return sample, len(hit.doubts), -_sort_value(hit, scores[n], filters), hit.position, hit.summary.ref

    ordered = sorted(range(len(hits)), key=order)
    return [hits[n].summary.model_copy(update={"why": _why(hits[n], asked)}) for n in ordered]


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


def _unique(found: Mapping[SourceName, Sequence[DatasetSummary]], filters: SearchFilters) -> list[_Hit]:
    hits: dict[str, _Hit] = {}
    for source in sorted(found):
        for position, summary in enumerate(found[source]):
            unsure = doubts(summary, filters)
            if unsure is not None and summary.ref.casefold() not in hits:
                hits[summary.ref.casefold()] = _Hit(summary, _fields(summary), position, unsure)
    return list(hits.values())


def _fields(summary: DatasetSummary) -> Mapping[str, Counter[str]]:
    # A name often repeats the title, so the two are one set of words, not a count.
    title = set(name_words(summary.title)) | set(name_words(summary.id))
    return {
        "title": Counter(title),
        "tags": Counter(word for tag in summary.tags for word in words(tag)),
        "description": Counter(words(summary.description)),
    }


def _bm25(asked: set[str], hits: Sequence[_Hit]) -> list[float]:
    """One score for each hit, ≥ 0."""
    if not hits:
        return []
    lengths = [
        sum(FIELD_WEIGHTS[name] * counts.total() for name, counts in hit.fields.items()) for hit in hits
    ]
    mean = sum(lengths) / len(hits) or 1.0
    scores = [0.0] * len(hits)
    for word in sorted(asked):
        weights = [
            sum(FIELD_WEIGHTS[name] * counts[word] for name, counts in hit.fields.items()) for hit in hits
        ]
        holders = sum(weight > 0 for weight in weights)
        rarity = math.log(1 + (len(hits) - holders + 0.5) / (holders + 0.5))
        for n, weight in enumerate(weights):
            scores[n] += rarity * weight * (K1 + 1) / (weight + K1 * (1 - B + B * lengths[n] / mean))
    return scores


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
    return bool(asked) and asked in (set(words(name)), set(words(hit.summary.title)))


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


def _why(hit: _Hit, asked: set[str]) -> str:
    summary = hit.summary
    matches = {
        "exact name": _is_name(hit, asked),
        "title matches": asked & hit.fields["title"].keys(),
        "tags match": asked & hit.fields["tags"].keys(),
        "description matches": asked & hit.fields["description"].keys(),
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
