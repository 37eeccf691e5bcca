"""Filters, applied to every hit alike, whatever a source's own search was able to narrow.

What a source does not tell is a doubt, not a refusal: such a hit stays, below those that surely fit,
and says so. A licence is the exception, since "unknown" is no permission.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from dataferry.core.types import DatasetSummary, FilterName
from dataferry.sources.base import SearchFilters
from dataferry.sources.language import label_set
from dataferry.sources.licences import COMMERCIAL, commercial_use, license_matches
from dataferry.sources.metadata import modality_name


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one filter says of a hit. ``doubt``: in words, why it may not fit though it passes."""

    name: FilterName
    passes: bool
    doubt: str = ""


def doubts(summary: DatasetSummary, filters: SearchFilters) -> tuple[str, ...] | None:
    """Which filters a hit leaves in doubt, in words; None for a hit that does not pass."""
    outcomes = list(_outcomes(summary, filters))
    if not all(outcome.passes for outcome in outcomes):
        return None
    return tuple(outcome.doubt for outcome in outcomes if outcome.doubt)


def left_out_by(summary: DatasetSummary, filters: SearchFilters) -> tuple[FilterName, ...]:
    """The names of the filters that a hit does not pass."""
    return tuple(outcome.name for outcome in _outcomes(summary, filters) if not outcome.passes)


def _outcomes(summary: DatasetSummary, filters: SearchFilters) -> Iterator[_Outcome]:
    if filters.license:
        yield _Outcome("license", license_matches(filters.license, summary.license))
    if filters.commercial:
        permission = commercial_use(summary.license)
        doubt = "commercial use with conditions" if permission == "conditions" else ""
        yield _Outcome("commercial", permission in COMMERCIAL, doubt)
    if filters.gated is not None:
        yield _Outcome("gated", summary.gated is filters.gated)
    if filters.min_bytes is not None or filters.max_bytes is not None:
        yield _size(summary.size_bytes, filters)
    if filters.updated_after is not None:
        changed = summary.updated_at
        fits = changed is None or changed.date() >= filters.updated_after
        yield _Outcome("updated_after", fits, "" if changed else "date not stated")
    if filters.language:
        yield _stated("language", filters.language, summary.languages, "language")
    if filters.modality:
        yield _stated("modality", filters.modality, summary.modalities, "kind of content")
    if filters.format:
        yield _label("format", filters.format, (*summary.formats, *summary.modalities), summary)
    if filters.task:
        yield _label("task", filters.task, (summary.task,) if summary.task else (), summary)


def _size(size: int | None, filters: SearchFilters) -> _Outcome:
    low, high = filters.min_bytes, filters.max_bytes
    name: FilterName = "max_bytes" if high is not None else "min_bytes"
    if size is None:
        return _Outcome(name, True, "size not stated")
    if low is not None and size < low:
        return _Outcome("min_bytes", False)
    return _Outcome(name, high is None or size <= high)


def _stated(name: FilterName, wanted: str, told: tuple[str, ...], subject: str) -> _Outcome:
    if not told:
        return _Outcome(name, True, f"{subject} not stated")
    return _Outcome(name, wanted in told)


def _label(name: FilterName, wanted: str, told: tuple[str, ...], summary: DatasetSummary) -> _Outcome:
    """A filter by words that a hit's labels may have."""
    asked = label_set(wanted)
    labels = [label_set(label) for label in (*told, *summary.tags)]
    if any(asked <= label for label in labels) or modality_name(wanted) in told:
        return _Outcome(name, True)
    if len(asked) > 1 and asked.issubset(chain.from_iterable(labels)):
        return _Outcome(name, True, f"{name} by several tags")
    return _Outcome(name, not told, "" if told else f"{name} not stated")
