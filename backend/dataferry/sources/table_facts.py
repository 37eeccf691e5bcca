"""Rows and columns, as a HuggingFace card and its tags tell them.

``dataset_info`` of a card is one table, or a list of them, one for each config::

    dataset_info:
      config_name: default
      features: [{name: text, dtype: string}, {name: label, dtype: int64}]
      splits: [{name: train, num_examples: 25000}, {name: test, num_examples: 25000}]

https://huggingface.co/docs/datasets/repository_structure, and the tag ``size_categories:10K<n<100K``
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from dataferry.core.types import LARGEST_COUNT

_DEFAULT = "default"
_RANGE = re.compile(r"(?:(\d+)([KMBT]?)<)?n([<>])(\d+)([KMBT]?)")
_SCALES = {"": "", "K": ",000", "M": " million", "B": " billion", "T": " trillion"}


class TableFacts(NamedTuple):
    """None where the source does not tell."""

    rows: int | None = None
    columns: int | None = None
    row_range: str | None = None


def table_facts(card: Any, size_categories: Iterable[str] = ()) -> TableFacts:
    """Of the only config or the one named ``default``; others may be the same rows again. ``card``: its data,
    of any shape; ``size_categories``: values of that tag."""
    told = getattr(card, "dataset_info", None)
    configs = [one for one in (told if isinstance(told, list) else [told]) if isinstance(one, Mapping)]
    named = [one for one in configs if one.get("config_name", _DEFAULT) == _DEFAULT]
    config = configs[0] if len(configs) == 1 else next(iter(named), {})
    rows = _rows(config.get("splits"))
    ranges = (words for label in size_categories if (words := _range(label)))
    return TableFacts(rows, _columns(config.get("features")), next(ranges, None) if rows is None else None)


def _rows(splits: Any) -> int | None:
    """Of all splits together; None unless each tells its own."""
    if isinstance(splits, Mapping):
        splits = list(splits.values())
    if not isinstance(splits, list) or not splits:
        return None
    told = [one.get("num_examples") if isinstance(one, Mapping) else None for one in splits]
    counts = [count for count in told if isinstance(count, int) and count >= 0]
    return sum(counts) if len(counts) == len(told) and sum(counts) <= LARGEST_COUNT else None


def _columns(features: Any) -> int | None:
    return len(features) if isinstance(features, list | Mapping) and features else None


@lru_cache(maxsize=256)
def _range(label: str) -> str | None:
    """``10,000 to 100,000 rows`` for ``10K<n<100K``."""
    match = _RANGE.fullmatch(label.strip())
    if match is None:
        return None
    low, low_scale, sign, high, high_scale = match.groups()
    most = f"{high}{_SCALES[high_scale]} rows"
    if low is None:
        return f"{'fewer' if sign == '<' else 'more'} than {most}"
    return f"{low}{_SCALES[low_scale]} to {most}"
