"""What a person calls the tables and columns of a dataset in SQL."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from dataferry.core.types import View
from dataferry.explorer.catalog import KnownTable
from dataferry.explorer.sources import TableSource
from dataferry.explorer.stored import Kind, StoredColumn
from dataferry.explorer.table_groups import SHARD
from dataferry.explorer.text_columns import quoted

_NO_NAME = re.compile(r"[^\w]+")
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
#: Words that DuckDB takes for its own where a name is to stand.
_RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    default deferrable desc describe distinct do else end except false fetch for foreign from group having in
    initially intersect into lambda lateral leading limit not null offset on only or order pivot placing
    primary qualify references returning select show some summarize symmetric table then to trailing true
    union unique unpivot using variadic when where window with
    """.split()  # noqa: SIM905 - as a list it takes a screen
)


class SqlColumn(View):
    """``name``: as SQL has it, without quotes: the file's own, unless another column has it too."""

    name: str
    kind: Kind
    dtype: str
    stored: StoredColumn


class SqlTable(View):
    """A table that can be asked. ``names``: the first is shown; the others mean it too."""

    id: str
    names: tuple[str, ...]
    label: str
    columns: tuple[SqlColumn, ...]
    source: TableSource

    @property
    def name(self) -> str:
        return self.names[0]

    def query(self) -> str:
        """Its rows under the names of its columns, in SQL."""
        cells = ", ".join(f"{quoted(one.stored.value)} AS {quoted(one.name)}" for one in self.columns)
        return f"SELECT {cells} FROM {self.source.sql()}"  # noqa: S608


def sql_tables(tables: Iterable[KnownTable]) -> list[SqlTable]:
    """The tables that are ready, each under a name of its own."""
    taken: set[str] = set()
    found = []
    for table in tables:
        if table.source is None:
            continue
        name = _free(_table_name(table), taken)
        others = _paths(table, taken)
        found.append(
            SqlTable(
                id=table.view.id,
                names=(name, *others),
                label=table.view.label,
                columns=_columns(table.source.columns),
                source=table.source,
            )
        )
    return found


def written(name: str) -> str:
    """An identifier as it is written in SQL: with quotes only where it needs them."""
    return name if _PLAIN.fullmatch(name) and name not in _RESERVED else quoted(name)


def _table_name(table: KnownTable) -> str:
    """``data/train-00000-of-00002.parquet`` → ``train``; a sheet, or a database's table, by its own name."""
    view = table.view
    stem = PurePosixPath(view.path).name.lstrip(".").partition(".")[0]
    shard = SHARD.fullmatch(stem)
    if view.name and view.label.endswith(f": {view.name}"):
        stem = view.name
    elif shard is not None:
        stem = shard["base"]
    elif view.split and view.file_count > 1:
        stem = view.split
    name = _NO_NAME.sub("_", stem).strip("_").lower()
    if not name:
        return "data"
    return f"t_{name}" if name[0].isdigit() else name


def _paths(table: KnownTable, taken: set[str]) -> tuple[str, ...]:
    """The file's path and name, which people write after FROM too."""
    if table.view.file_count > 1 or table.view.label != table.view.path:
        return ()
    path = table.view.path
    names = tuple(dict.fromkeys((path, PurePosixPath(path).name)))
    free = tuple(name for name in names if name.lower() not in taken)
    taken.update(name.lower() for name in free)
    return free


def _columns(columns: Sequence[StoredColumn]) -> tuple[SqlColumn, ...]:
    taken: set[str] = set()
    return tuple(
        SqlColumn(
            name=_free(column.name.replace("\0", "").strip() or f"column_{place + 1}", taken),
            kind=column.kind,
            dtype=column.dtype,
            stored=column,
        )
        for place, column in enumerate(columns)
    )


def _free(name: str, taken: set[str]) -> str:
    """``name``, or with a number behind it: SQL does not tell ``Id`` from ``ID``."""
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free.lower())
    return free
