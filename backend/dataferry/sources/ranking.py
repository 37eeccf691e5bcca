"""One ranking over the hits of several hubs.

Hubs count downloads differently (Kaggle since the beginning, HuggingFace over 30 days), so popularity is the
logarithm of a hit's downloads relative to that of the most downloaded hit of the same source. It decides
between hits that fit alike, and makes up for no word that is missing.

    score = (relevance ⁄ best relevance · (1 + 0.1 · popularity)  +  0.3 for the exact name) · weaknesses
            +  0.02 · popularity  +  0.02 · completeness and freshness

``relevance`` is that of the words (``sources.relevance``); ``weaknesses`` push down advertisements and what
is no data (``sources.quality``). Hits that leave a filter in doubt come below all others; samples come last.
Equal scores keep the order of the hub, then of the reference, so that the same hits always rank the same.

A hit that shares only words such as "images" or "classification" with the query is left out where others are
about its subject. One that shows no word of the query stays: its source has found it by what is not shown.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dataferry.core.types import SOURCE_LABELS, DatasetSummary, FilterName, SourceName
from dataferry.sources import quality
from dataferry.sources.base import SearchFilters
from dataferry.sources.filters import doubts, left_out_by
from dataferry.sources.language import stems
from dataferry.sources.relevance import (
    Corpus,
    HitText,
    Relevance,
    TextFields,
    subject_stems,
    subject_words,
    text_fields,
)
from dataferry.sources.vocabulary import meanings_of

POPULARITY_FACTOR, POPULARITY_SHARE, NAME_BONUS = 0.1, 0.02, 0.3
#: A source's best hit counts as fully popular only above this number of downloads.
POPULAR_DOWNLOADS = 1000
#: The part of a first page that samples may take when hubs answered too: one in four.
SAMPLE_SHARE = 4
#: Words of at least so many letters count as a hit's subject inside a longer word of its name too.
_PART_LENGTH = 4


@dataclass(frozen=True, slots=True)
class _Hit:
    summary: DatasetSummary
    text: HitText
    position: int
    #: None for a hit that the filters leave out.
    doubts: tuple[str, ...] | None
    #: See ``quality.weaknesses``.
    weaknesses: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RankedHit:
    """``summary`` as its source gave it. ``asked``: the stems of the query, ``meant``: what a hit may have in
    their place."""

    summary: DatasetSummary
    asked: frozenset[str]
    meant: frozenset[str]
    _hit: _Hit

    def explained(self) -> DatasetSummary:
        """The summary with its ``why``, which takes a while and is of use only where it is shown."""
        return self.summary.model_copy(update={"why": _why(self._hit, self.asked, self.meant)})


@dataclass(frozen=True, slots=True)
class Ranking:
    """``hits``, best first. ``about_subject``: one is about what the query names, left out or not.
    ``left_out``: by ref, the filters that leave it out."""

    hits: list[RankedHit]
    about_subject: bool = True
    left_out: Mapping[str, tuple[FilterName, ...]] = field(default_factory=dict)


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
    return [hit.explained() for hit in ranking_of(found, text, filters, corpus, known).hits]


def ranking_of(
    found: Mapping[SourceName, Sequence[DatasetSummary]],
    text: str,
    filters: SearchFilters,
    corpus: Corpus | None = None,
    known: Mapping[str, TextFields] | None = None,
    *,
    only_subject: bool = False,
) -> Ranking:
    """The same, with what was left out. ``only_subject``: hits about the subject are known already, so that
    those about nothing of it are left out even if no other is here."""
    asked = frozenset(stems(text))
    hits = _unique(found, filters, asked, known or {})
    relevance = Relevance(text, [hit.text for hit in hits], corpus)
    about = [
        fits or _named_after(hit.summary, text) for fits, hit in zip(relevance.on_subject, hits, strict=True)
    ]
    names_subject = bool(subject_stems(text))
    about_subject = any(about) or not names_subject
    strict = names_subject and (about_subject or only_subject)
    keep = [
        hit.doubts is not None and (about[n] or not strict or relevance.scores[n] == 0)
        for n, hit in enumerate(hits)
    ]
    scores = _scores(hits, relevance.scores, asked)

    def order(n: int) -> tuple[bool, int, float, int, str]:
        hit = hits[n]
        sample = hit.summary.source == "builtin"
        value = _sort_value(hit, scores[n], filters)
        return sample, len(hit.doubts or ()), -value, hit.position, hit.summary.ref

    meant = frozenset(word for words in meanings_of(text).values() for word in words)
    ordered = sorted((n for n in range(len(hits)) if keep[n]), key=order)
    left_out = {
        hit.summary.ref: left_out_by(hit.summary, filters)
        for n, hit in enumerate(hits)
        if hit.doubts is None and (about[n] or not about_subject)
    }
    ranked = [RankedHit(hits[n].summary, asked, meant, hits[n]) for n in ordered]
    return Ranking(ranked, about_subject, left_out)


def missing_subject(text: str) -> str:
    """What a query is about, as it was typed."""
    return " ".join(subject_words(text))


def _named_after(summary: DatasetSummary, text: str) -> bool:
    """Whether a word of the subject stands inside the hit's name, as ``bird`` does in ``birdcalls``."""
    name = f"{summary.id} {summary.title}".casefold()
    return any(len(stem) >= _PART_LENGTH and stem in name for stem in subject_stems(text))


def _scores(hits: Sequence[_Hit], relevance: Sequence[float], asked: frozenset[str]) -> list[float]:
    best = max(relevance, default=0.0) or 1.0
    popularity = _popularity(hits)
    now = datetime.now(UTC)
    scores: list[float] = []
    for n, hit in enumerate(hits):
        fit = relevance[n] / best * (1 + POPULARITY_FACTOR * popularity[n]) + _name_bonus(hit, asked)
        factor = math.prod(hit.weaknesses.values())
        scores.append(fit * factor + POPULARITY_SHARE * popularity[n] + quality.bonus(hit.summary, now))
    return scores


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
    asked: frozenset[str],
    known: Mapping[str, TextFields],
) -> list[_Hit]:
    hits: dict[str, _Hit] = {}
    for source in sorted(found):
        for position, summary in enumerate(found[source]):
            if summary.ref.casefold() not in hits:
                text = HitText(known.get(summary.ref) or text_fields(summary))
                weak = quality.weaknesses(summary, text, asked)
                hit = _Hit(summary, text, position, doubts(summary, filters), weak)
                hits[summary.ref.casefold()] = hit
    return list(hits.values())


def _popularity(hits: Sequence[_Hit]) -> list[float]:
    """0 to 1 for each hit, comparable between sources."""
    most: dict[SourceName, int] = {}
    for hit in hits:
        source = hit.summary.source
        most[source] = max(most.get(source, POPULAR_DOWNLOADS), hit.summary.downloads)
    return [math.log1p(max(0, hit.summary.downloads)) / math.log1p(most[hit.summary.source]) for hit in hits]


def _name_bonus(hit: _Hit, asked: frozenset[str]) -> float:
    return NAME_BONUS if _is_name(hit, asked) else 0.0


def _is_name(hit: _Hit, asked: frozenset[str]) -> bool:
    if not asked or not asked <= hit.text.stems:
        return False
    name = hit.summary.id.rpartition("/")[2]
    return asked in (set(stems(name)), set(stems(hit.summary.title)))


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


def _why(hit: _Hit, asked: frozenset[str], meant: frozenset[str]) -> str:
    summary = hit.summary
    matches = {
        "exact name": _is_name(hit, asked),
        "title matches": not meant.isdisjoint(hit.text.fields["title"]),
        "tags match": not meant.isdisjoint(hit.text.fields["tags"]),
        "description matches": not meant.isdisjoint(hit.text.fields["description"]),
    }
    found_by = f"found by {SOURCE_LABELS[summary.source]}"
    reasons = [next((reason for reason, holds in matches.items() if holds), found_by)]
    if summary.source == "builtin":
        reasons.append("built-in sample")
    elif summary.downloads:
        reasons.append(f"{_short(summary.downloads)} downloads")
    reasons += hit.weaknesses
    return " · ".join([*reasons, *(hit.doubts or ())])


def _short(count: int) -> str:
    """812345 → ``812k``, 4200000 → ``4.2M``."""
    for size, letter in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            value = count / size
            return f"{value:.0f}{letter}" if value >= 10 else f"{value:.1f}".removesuffix(".0") + letter
    return str(count)
