"""The tables that a dataset has, as far as its files are converted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session

from dataferry.explorer.declared_groups import groups_of
from dataferry.explorer.folders import TableFolders, read_stored, statistics_path
from dataferry.explorer.sources import SourcePart, TableSource
from dataferry.explorer.stored import MANIFEST_NAME, StoredColumn, StoredFile, StoredTable
from dataferry.explorer.table_groups import FileGroup, TableFile, table_id
from dataferry.explorer.views import TableColumn, TableState, TableView
from dataferry.library import file_rows
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.preview.suffixes import DATABASES, DOCUMENTS, TABLES

#: Of one dataset; the others are counted.
MAX_FILES = 1_000
#: In a list of tables.
_LISTED_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class KnownTable:
    """``source``: its rows, once they can be read; ``tree``: the dataset's own folder."""

    view: TableView
    files: tuple[TableFile, ...]
    columns: tuple[StoredColumn, ...] = ()
    source: TableSource | None = None
    #: Where its statistics are kept.
    statistics: Path | None = None

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of its files, in the order of its rows."""
        return tuple(file.sha256 for file in self.files)


def table_files(session: Session, dataset: Dataset) -> tuple[list[TableFile], int]:
    """The files of a dataset that may be tables, training tables first, and how many more there are. JSON
    documents are more often something about a dataset, and count where there is nothing else."""
    for suffixes in ((*TABLES, *DATABASES), DOCUMENTS):
        paths = file_rows.tables(session, dataset.id, suffixes, limit=MAX_FILES + 1)
        if paths:
            found = file_rows.of_paths(session, dataset.id, paths[:MAX_FILES])
            more = (dataset.file_count or 0) - len(found) if len(paths) > MAX_FILES else 0
            return [TableFile(file.path, file.size, file.sha256) for file in found], more
    return [], 0


class TableCatalog:
    """Reads what is converted. Blocks: for worker threads."""

    def __init__(self, store: Store, folders: TableFolders) -> None:
        self._store = store
        self.folders = folders

    def tables(self, tree: Path, files: Sequence[TableFile]) -> list[KnownTable]:
        """Of the dataset in the folder ``tree``."""
        return [table for one in groups_of(tree, files) for table in self._of_group(tree, one)]

    def stored(self, file: TableFile) -> StoredFile | None:
        """What a file was converted to; None until it is."""
        manifest = self.folders.of(file.sha256, file.path) / MANIFEST_NAME
        try:
            return _read(manifest.parent, manifest.stat().st_mtime_ns)
        except OSError:
            return None

    def _of_group(self, tree: Path, one: FileGroup) -> Iterator[KnownTable]:
        found = [self.stored(file) for file in one.files]
        stored = [each for each in found if each is not None]
        if len(stored) < len(found):
            yield _known(one, "absent")
        elif len(one.files) == 1:
            yield from self._of_file(tree, one, stored[0])
        elif _alike(stored):
            yield self._ready(tree, one, [each.tables[0] for each in stored], None)
        else:
            for file in one.files:
                yield from self._of_group(tree, _alone(one, file))

    def _of_file(self, tree: Path, one: FileGroup, stored: StoredFile) -> Iterator[KnownTable]:
        if stored.problem is not None:
            yield _known(one, "unreadable", problem=stored.problem)
        for table in stored.tables:
            inner = table.name if len(stored.tables) > 1 else None
            yield self._ready(tree, one, [table], inner)

    def _ready(
        self, tree: Path, one: FileGroup, tables: Sequence[StoredTable], inner: str | None
    ) -> KnownTable:
        columns = _common_columns(tables)
        parts = []
        for file, table in zip(one.files, tables, strict=True):
            folder = self.folders.of(file.sha256, file.path)
            for part in table.parts:
                path = folder / part.file if part.file else self._store.file(tree, file.path, file.size)
                if path is None:
                    problem = f"{file.path} is not on the disk as it was downloaded."
                    return _known(one, "unreadable", problem=problem)
                parts.append(SourcePart(path=str(path), rows=part.rows))
        source = TableSource(columns=columns, parts=tuple(parts))
        first = self.folders.of(one.files[0].sha256, one.files[0].path)
        digests = [file.sha256 for file in one.files]
        shown = tuple(TableColumn(name=each.name, dtype=each.dtype, kind=each.kind) for each in columns)
        notes = tuple(dict.fromkeys(note for table in tables for note in table.notes))
        view = _view(one, "ready").model_copy(
            update={
                "id": one.id if inner is None else table_id(one.id, inner),
                "label": one.label if inner is None else f"{one.label}: {inner}",
                "name": tables[0].name,
                "row_count": source.rows,
                "column_count": len(columns),
                "columns": shown,
                "notes": notes,
            }
        )
        return KnownTable(view, one.files, columns, source, statistics_path(first, digests, tables[0].name))


def listed(table: KnownTable) -> TableView:
    """As a list of tables has it."""
    return table.view.model_copy(update={"columns": table.view.columns[:_LISTED_COLUMNS]})


@lru_cache(maxsize=2_000)
def _read(folder: Path, _mtime_ns: int) -> StoredFile | None:
    return read_stored(folder)


def _alike(stored: Sequence[StoredFile]) -> bool:
    """Whether they are shards of one table: they have the same columns."""
    if any(len(each.tables) != 1 for each in stored):
        return False
    first = [(column.name, column.text) for column in stored[0].tables[0].columns]
    return all([(column.name, column.text) for column in each.tables[0].columns] == first for each in stored)


def _common_columns(tables: Sequence[StoredTable]) -> tuple[StoredColumn, ...]:
    """Where shards differ in a column's type, it is what all can be: text."""
    columns = list(tables[0].columns)
    for table in tables[1:]:
        for place, other in enumerate(table.columns):
            mine = columns[place]
            if mine.sql == other.sql and mine.value == other.value:
                continue
            update = {"dtype": "text", "kind": "text", "value": mine.text, "sql": "VARCHAR"}
            columns[place] = mine.model_copy(update=update)
    return tuple(columns)


def _alone(one: FileGroup, file: TableFile) -> FileGroup:
    return FileGroup(table_id(one.id, file.path), file.path, one.config, one.split, (file,))


def _known(one: FileGroup, state: TableState, problem: str | None = None) -> KnownTable:
    return KnownTable(_view(one, state).model_copy(update={"problem": problem}), one.files)


def _view(one: FileGroup, state: TableState) -> TableView:
    return TableView(
        id=one.id,
        label=one.label,
        config=one.config,
        split=one.split,
        path=one.files[0].path,
        file_count=len(one.files),
        size_bytes=one.size,
        state=state,
    )
