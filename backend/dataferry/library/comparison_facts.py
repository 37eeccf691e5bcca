"""What is shown of datasets side by side, made of what was found out of each."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dataferry.core.problems import ProblemView
from dataferry.core.sizes import readable_bytes, readable_count
from dataferry.core.specs import SOURCES
from dataferry.library.card_views import DatasetCard
from dataferry.library.comparison_views import (
    FACT_LABELS,
    ComparedColumn,
    ComparedDataset,
    ComparedFact,
    Comparison,
    FactName,
)
from dataferry.library.licence_views import NONE_STATED, Topic, licence_verdict
from dataferry.library.preview.table import is_missing
from dataferry.library.preview_views import Preview
from dataferry.sources.declared_tables import DeclaredTable

MAX_COLUMNS = 500
_MAX_SPLITS, _MAX_FORMATS = 8, 6
_NOT_HERE = "Its columns are known once it is here."
#: Kinds of types: what one file calls BIGINT another calls number.
_KINDS = (
    ("number", re.compile(r"u?int|float|double|decimal|number|numeric|bigint|smallint|real", re.IGNORECASE)),
    ("text", re.compile(r"string|text|varchar|char|utf8|object|json", re.IGNORECASE)),
    ("truth", re.compile(r"bool", re.IGNORECASE)),
    ("time", re.compile(r"date|time", re.IGNORECASE)),
)


@dataclass(slots=True)
class Findings:
    """What was found out of one dataset. ``unread``: why there is no ``preview``."""

    ref: str
    card: DatasetCard | None = None
    problem: ProblemView | None = None
    declared: tuple[DeclaredTable, ...] = ()
    preview: Preview | None = None
    unread: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Types by name: the publisher's own, else those of the file that was looked into."""
        declared = next((table.columns for table in self.declared if table.columns), ())
        if declared:
            return {column.name: column.dtype for column in declared}
        if self.preview is None:
            return {}
        return {one.name: one.dtype or ("number" if one.numeric else "text") for one in self.preview.columns}

    @property
    def column_count(self) -> int | None:
        if self.preview is not None and not any(table.columns for table in self.declared):
            return self.preview.column_count
        return len(self.columns) or (self.card.column_count if self.card else None)

    @property
    def row_count(self) -> int | None:
        """Of all splits, else of the one table that was read to its end."""
        told = self.declared[0].row_count if self.declared else None
        if told is None and self.card is not None:
            told = self.card.row_count
        return told if told is not None else self.preview.row_count if self.preview else None

    @property
    def empty(self) -> Mapping[str, int]:
        """Empty cells of each column among the rows that were read."""
        if self.preview is None:
            return {}
        cells = zip(*self.preview.rows, strict=False) if self.preview.rows else ()
        names = (column.name for column in self.preview.columns)
        return {name: sum(map(is_missing, column)) for name, column in zip(names, cells, strict=False)}


def comparison(found: Sequence[Findings]) -> Comparison:
    """The datasets, their facts and their columns side by side."""
    columns = _columns(found)
    return Comparison(
        datasets=tuple(map(_dataset, found)),
        facts=tuple(_fact(name, found) for name in FACT_LABELS),
        columns=tuple(columns[:MAX_COLUMNS]),
        more_columns=max(0, len(columns) - MAX_COLUMNS),
    )


def _dataset(one: Findings) -> ComparedDataset:
    config = one.declared[0].config if one.declared else None
    declared = any(table.columns for table in one.declared)
    return ComparedDataset(
        ref=one.ref,
        card=one.card,
        problem=one.problem,
        table=config if declared else one.preview.path if one.preview else None,
        tables=len(one.declared) if len(one.declared) > 1 else None,
        row_count=one.row_count,
        read_rows=len(one.preview.rows) if one.preview else None,
        table_problem=None if one.columns or one.problem else one.unread or _NOT_HERE,
    )


# -- facts ---------------------------------------------------------------------------------------------


def _fact(name: FactName, found: Sequence[Findings]) -> ComparedFact:
    values = tuple(_FACTS[name](one, one.card) if one.card is not None else None for one in found)
    known = {value for value in values if value is not None}
    return ComparedFact(name=name, label=FACT_LABELS[name], values=values, differs=len(known) > 1)


def _term(topic: Topic) -> Callable[[Findings, DatasetCard], str | None]:
    """What the licence says on a topic, in plain words; None where that is not known."""

    def told(_one: Findings, card: DatasetCard) -> str | None:
        term = next(one for one in licence_verdict(card.license).terms if one.topic == topic)
        return None if term.verdict == "unknown" else term.words

    return told


def _files(_one: Findings, card: DatasetCard) -> str | None:
    return None if card.file_count is None else readable_count(card.file_count, more=card.more_files)


def _rows(one: Findings, card: DatasetCard) -> str | None:
    declared = one.declared[0].row_count if one.declared else None
    told = declared if declared is not None else card.row_count
    if told is not None:
        return f"{told:,}"
    if one.preview is None:
        return card.row_range
    of_one = "" if card.file_count == 1 else f" in {one.preview.path}"
    least, about = one.preview.least_row_count, one.preview.about_row_count
    if one.preview.row_count is not None:
        return f"{one.preview.row_count:,}{of_one}"
    if about:
        return f"about {about:,}{of_one}"
    return f"at least {least:,}{of_one}" if least else card.row_range


def _splits(one: Findings, _card: DatasetCard) -> str | None:
    splits = one.declared[0].splits if one.declared else ()
    told = [f"{s.name} {s.row_count:,}" if s.row_count is not None else s.name for s in splits[:_MAX_SPLITS]]
    more = [f"{len(splits) - _MAX_SPLITS} more"] if len(splits) > _MAX_SPLITS else []
    return " · ".join([*told, *more]) or None


def _here(_one: Findings, card: DatasetCard) -> str | None:
    coming = card.local_status in ("queued", "running", "waiting", "paused")
    return "yes" if card.local_status == "downloaded" else "on its way" if coming else "no"


def _downloads(_one: Findings, card: DatasetCard) -> str | None:
    return f"{card.downloads:,}" if SOURCES[card.source_name].hub else None


_FACTS: dict[FactName, Callable[[Findings, DatasetCard], str | None]] = {
    "source": lambda _one, card: card.source,
    "license": lambda _one, card: card.license or NONE_STATED,
    "commercial": _term("commercial"),
    "training": _term("training"),
    "access": lambda _one, card: "terms to accept" if card.gated else "open",
    "size": lambda _one, card: None if card.size_bytes is None else readable_bytes(card.size_bytes),
    "files": _files,
    "rows": _rows,
    "columns": lambda one, _card: None if one.column_count is None else f"{one.column_count:,}",
    "splits": _splits,
    "formats": lambda _one, card: ", ".join(card.formats[:_MAX_FORMATS]) or None,
    "updated": lambda _one, card: f"{card.updated_at:%Y-%m-%d}" if card.updated_at else None,
    "downloads": _downloads,
    "here": _here,
}


# -- columns -------------------------------------------------------------------------------------------


def _columns(found: Sequence[Findings]) -> list[ComparedColumn]:
    """Every column once, in the order of the first dataset that has it."""
    named = [{_plain(name): name for name in one.columns} for one in found]
    order = dict.fromkeys(plain for names in named for plain in names)
    return [_column(plain, found, named) for plain in order]


def _column(plain: str, found: Sequence[Findings], named: Sequence[Mapping[str, str]]) -> ComparedColumn:
    own = [names.get(plain) for names in named]
    shown = next(name for name in own if name is not None)
    types = tuple(
        None if name is None else _type(one.columns[name], name, shown)
        for one, name in zip(found, own, strict=True)
    )
    # Of those whose columns are not known nothing can be said.
    kinds = {
        None if name is None else _kind(one.columns[name])
        for one, name in zip(found, own, strict=True)
        if one.columns
    }
    return ComparedColumn(
        name=shown,
        types=types,
        empty=tuple(one.empty.get(name) if name else None for one, name in zip(found, own, strict=True)),
        differs=len(kinds) > 1,
    )


def _type(dtype: str, name: str, shown: str) -> str:
    return dtype if name == shown else f"{dtype} (“{name}”)"


def _plain(name: str) -> str:
    """A column's name as it is compared: "Blood Pressure" and "blood_pressure" are one."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def _kind(dtype: str) -> str:
    return next((kind for kind, pattern in _KINDS if pattern.match(dtype)), dtype.casefold())
