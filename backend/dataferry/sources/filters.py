"""Filters, applied to every hit alike, whatever a source's own search was able to narrow.

What a source does not tell is a doubt, not a refusal: such a hit stays, below those that surely fit,
and says so. A licence is the exception, since "unknown" is no permission.
"""

import re

from dataferry.core.types import DatasetSummary
from dataferry.sources.base import SearchFilters
from dataferry.sources.language import words

#: The first pattern that matches a licence's name (in lower case, ``-`` for anything odd) names its
#: family. The hubs write one licence in many ways: "CC0: Public Domain", "cc0-1.0".
_FAMILIES = tuple(
    (re.compile(pattern), family)
    for pattern, family in (
        (r"\bpddl\b|odc-public-domain", "pddl"),
        (r"\bcc-?0\b|\bcc-zero\b|public-domain", "cc0"),
        (r"\bodc-by\b|odc-attribution", "odc-by"),
        (r"\bodbl\b|open-database", "odbl"),
        (r"cdla-permissive|community-data-license-agreement-permissive", "cdla-permissive"),
        (r"cdla-sharing|community-data-license-agreement-sharing", "cdla-sharing"),
        (r"\bagpl|affero", "agpl"),
        (r"\blgpl|lesser", "lgpl"),
        (r"\bgfdl\b|free-documentation", "gfdl"),
        (r"\bgpl|general-public", "gpl"),
        (r"\bapache\b", "apache"),
        (r"\bmit\b", "mit"),
        (r"\bbsd\b", "bsd"),
        (r"\bunlicense\b", "unlicense"),
    )
)
_CREATIVE_COMMONS = re.compile(r"\bcc-by((?:-(?:nc|sa|nd))*)\b")
_UNTOLD = ("", "unknown", "other", "unspecified", "none", "other-specified-in-description")


def license_family(name: str | None) -> str | None:
    """``cc-by-sa`` for "CC BY-SA 4.0"; ``cc`` for Creative Commons of no stated kind; None where the
    name tells nothing."""
    plain = re.sub(r"[^a-z0-9.]+", "-", (name or "").lower()).strip("-")
    if plain in _UNTOLD:
        return None
    if match := _CREATIVE_COMMONS.search(plain):
        return "cc-by" + match.group(1)
    for pattern, family in _FAMILIES:
        if pattern.search(plain):
            return family
    return "cc" if plain == "cc" or "creative-commons" in plain else plain


def license_matches(wanted: str, name: str | None) -> bool:
    """Same family, and the same version where both sides name one."""
    family, asked = license_family(name), license_family(wanted)
    if family is None or asked is None:
        return False
    if asked == "cc":
        return family == "cc" or family.startswith(("cc-by", "cc0"))
    versions = {_version(wanted), _version(name or "")} - {None}
    return family == asked and len(versions) < 2


def _version(name: str) -> float | None:
    match = re.search(r"(?<![a-z])\d+(?:\.\d+)?", name.lower())
    return float(match.group()) if match else None


def doubts(summary: DatasetSummary, filters: SearchFilters) -> tuple[str, ...] | None:
    """What cannot be told of a hit under ``filters``, in words; None for a hit that does not pass."""
    if filters.license and not license_matches(filters.license, summary.license):
        return None
    unsure: list[str] = []
    if filters.min_bytes is not None or filters.max_bytes is not None:
        if summary.size_bytes is None:
            unsure.append("size not stated")
        elif not _within(summary.size_bytes, filters):
            return None
    for wanted, stated, doubt in (
        (filters.format, summary.formats, "format not stated"),
        (filters.task, (summary.task,) if summary.task else (), "task not stated"),
    ):
        if not wanted or _names(wanted, (*stated, *summary.tags)):
            continue
        if stated:
            return None
        unsure.append(doubt)
    return tuple(unsure)


def _within(size: int, filters: SearchFilters) -> bool:
    low, high = filters.min_bytes, filters.max_bytes
    return (low is None or size >= low) and (high is None or size <= high)


def _names(wanted: str, labels: tuple[str, ...]) -> bool:
    """Whether one label holds every word of ``wanted``: ``image`` is in ``modality:images``."""
    asked = set(words(wanted))
    return bool(asked) and any(asked <= set(words(label)) for label in labels)
