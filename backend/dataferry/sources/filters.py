"""Filters, applied to every hit alike, whatever a source's own search was able to narrow.

What a source does not tell is a doubt, not a refusal: such a hit stays, below those that surely fit,
and says so. A licence is the exception, since "unknown" is no permission.
"""

import re

from dataferry.core.types import DatasetSummary
from dataferry.sources.base import SearchFilters
from dataferry.sources.language import words
from dataferry.sources.metadata import license_name

_VERSION = re.compile(r"-v?(\d+(?:\.\d+)?)(?=-clause$|$)")
#: Families by the names that people call them.
_FAMILY_ALIASES = {"public-domain": "cc0", "creative-commons": "cc", "gnu": "gpl"}


def license_family(name: str | None) -> str | None:
    """``cc-by-sa`` for "CC BY-SA 4.0"; None where the name tells nothing."""
    plain = re.sub(r"[^a-z0-9.]+", "-", (license_name(name) or "").lower()).strip("-")
    if plain in ("", "other"):
        return None
    return _FAMILY_ALIASES.get(plain) or _VERSION.sub("", plain).removesuffix("-clause")


def license_matches(wanted: str, name: str | None) -> bool:
    """Same family, and the same version where both sides name one."""
    family, asked = license_family(name), license_family(wanted)
    if family is None or asked is None:
        return False
    if asked == "cc":
        return family == "cc" or family.startswith(("cc-by", "cc0"))
    versions = {_version(wanted), _version(name)} - {None}
    return family == asked and len(versions) < 2


def _version(name: str | None) -> float | None:
    match = _VERSION.search((license_name(name) or "").lower())
    return float(match[1]) if match else None


def doubts(summary: DatasetSummary, filters: SearchFilters) -> tuple[str, ...] | None:
    """Which filters a hit leaves in doubt, in words; None for a hit that does not pass."""
    if filters.license and not license_matches(filters.license, summary.license):
        return None
    unsure: list[str] = []
    if filters.min_bytes is not None or filters.max_bytes is not None:
        if summary.size_bytes is None:
            unsure.append("size not stated")
        elif not _within(summary.size_bytes, filters):
            return None
    for wanted, stated, subject in (
        (filters.format, summary.formats, "format"),
        (filters.task, (summary.task,) if summary.task else (), "task"),
    ):
        if not wanted:
            continue
        asked = set(words(wanted))
        labels = [set(words(label)) for label in (*stated, *summary.tags)]
        if any(asked <= label for label in labels):
            continue
        if asked <= set().union(*labels):
            unsure.append(f"{subject} by several tags")
        elif stated:
            return None
        else:
            unsure.append(f"{subject} not stated")
    return tuple(unsure)


def _within(size: int, filters: SearchFilters) -> bool:
    low, high = filters.min_bytes, filters.max_bytes
    return (low is None or size >= low) and (high is None or size <= high)
