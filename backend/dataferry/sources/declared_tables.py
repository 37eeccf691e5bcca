"""The tables that a dataset's card on HuggingFace declares: columns, their types, and splits.

``dataset_info`` is one table, or a list of them, one for each config::

    dataset_info:
      features: [{name: text, dtype: string}, {name: label, dtype: {class_label: {names: {'0': no}}}}]
      splits: [{name: train, num_examples: 25000}, {name: test, num_examples: 25000}]

It is written by whoever publishes the dataset, so that any of it may be missing, or be something else.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef, SourceName
from dataferry.sources.base import Source
from dataferry.sources.cache import TtlCache
from dataferry.sources.dispatcher import Dispatcher
from dataferry.sources.metadata import one_line
from dataferry.sources.shared_calls import SharedCalls

MAX_COLUMNS, MAX_SPLITS, MAX_TABLES = 1_000, 50, 200
_NAME_CHARS = 120


@dataclass(frozen=True, slots=True)
class DeclaredColumn:
    """``dtype`` in the publisher's words: ``string``, ``class label``, ``list of float32``."""

    name: str
    dtype: str


@dataclass(frozen=True, slots=True)
class DeclaredSplit:
    """``row_count``: None where it is not told."""

    name: str
    row_count: int | None


@dataclass(frozen=True, slots=True)
class DeclaredTable:
    """One config of a dataset. ``columns`` is empty where they are not told."""

    config: str | None
    columns: tuple[DeclaredColumn, ...]
    splits: tuple[DeclaredSplit, ...]

    @property
    def row_count(self) -> int | None:
        """Of all splits together; None where one of them does not tell."""
        counts = [split.row_count for split in self.splits]
        return sum(n for n in counts if n is not None) if counts and None not in counts else None


def declared_tables(card: Any) -> tuple[DeclaredTable, ...]:
    """What a card declares; the config that is called ``default`` first, else in the card's order."""
    told = getattr(card, "dataset_info", None)
    entries = told if isinstance(told, list) else [told]
    found = [_table(entry) for entry in entries[:MAX_TABLES] if isinstance(entry, Mapping)]
    telling = [table for table in found if table.columns or table.splits]
    return tuple(sorted(telling, key=lambda table: table.config not in (None, "default")))


def _table(entry: Mapping[str, Any]) -> DeclaredTable:
    config = entry.get("config_name")
    return DeclaredTable(
        _name(config) if isinstance(config, str) else None,
        tuple(_columns(entry.get("features")))[:MAX_COLUMNS],
        tuple(_splits(entry.get("splits")))[:MAX_SPLITS],
    )


def _columns(features: Any) -> Iterable[DeclaredColumn]:
    for feature in features if isinstance(features, list) else ():
        if isinstance(feature, Mapping) and isinstance(feature.get("name"), str):
            yield DeclaredColumn(_name(feature["name"]), _dtype(feature))


def _dtype(feature: Mapping[str, Any]) -> str:
    """The type that a feature tells, in a few words."""
    dtype = feature.get("dtype")
    if isinstance(dtype, str):
        return _name(dtype)
    if isinstance(dtype, Mapping):
        return _name(" ".join(dtype)).replace("_", " ")
    for kind in ("sequence", "list", "large_list"):
        inner = feature.get(kind)
        if isinstance(inner, str):
            return _name(f"list of {inner}")
        if inner is not None:
            return f"list of {_dtype(inner)}" if isinstance(inner, Mapping) else "list"
    return "struct" if "struct" in feature else "not told"


def _splits(splits: Any) -> Iterable[DeclaredSplit]:
    for split in splits if isinstance(splits, list) else ():
        if isinstance(split, Mapping) and isinstance(split.get("name"), str):
            rows = split.get("num_examples")
            known = isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0
            yield DeclaredSplit(_name(split["name"]), rows if known else None)


def _name(text: str) -> str:
    return one_line(text, _NAME_CHARS)


@runtime_checkable
class _Declaring(Protocol):
    """A source whose datasets may declare their tables."""

    def declared_tables(
        self, ref: DatasetRef, revision: str | None, credential: Credential
    ) -> tuple[DeclaredTable, ...]: ...


class DeclaredTables:
    """Asks sources for the tables that their datasets declare, and remembers the answers for a while."""

    def __init__(
        self,
        sources: Mapping[SourceName, Source],
        dispatcher: Dispatcher,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources: Mapping[SourceName, object] = sources
        self._dispatcher = dispatcher
        self._deadline_s = settings.describe_timeout_s
        self._known = TtlCache[tuple[DeclaredTable, ...]](settings.search_cache_s, 256, clock)
        self._running = SharedCalls[tuple[DeclaredTable, ...]]()

    async def find(
        self, ref: DatasetRef, revision: str | None, credential: Credential
    ) -> tuple[DeclaredTable, ...]:
        """None where the source knows of no such thing. Errors: those of ``Source``."""
        source = self._sources.get(ref.source)
        if not isinstance(source, _Declaring):
            return ()
        key = (str(ref), revision, credential.fingerprint)
        found = self._known.get(key)
        if found is None:
            found = await self._running.share(
                key,
                lambda: self._dispatcher.call(
                    ref.source, credential, self._deadline_s, source.declared_tables, ref, revision
                ),
            )
            self._known.put(key, found)
        return found
