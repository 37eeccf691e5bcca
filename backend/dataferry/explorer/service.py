"""The tables of the datasets that are here, whole: pages, filters, sorts and statistics of all their rows."""

import base64
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import Conflict, InvalidInput, NotFound, Unreadable
from dataferry.core.job_types import JobView
from dataferry.core.threads import in_thread, in_thread_until_cancelled
from dataferry.core.types import Viewer
from dataferry.explorer.catalog import KnownTable, TableCatalog, listed, table_files
from dataferry.explorer.folders import TableFolders, read_statistics
from dataferry.explorer.media import Media, media_type
from dataferry.explorer.queries import (
    CELL_CHARS,
    Selection,
    column_of,
    condition,
    count_query,
    page_queries,
    rows_at,
    sorted_keys,
    text_cells,
)
from dataferry.explorer.query_processes import QueryProcesses
from dataferry.explorer.sources import TableSource
from dataferry.explorer.statistics import all_statistics
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.table_groups import TableFile
from dataferry.explorer.text_columns import quoted
from dataferry.explorer.views import TableList, TableRows, TableStatistics, TableView
from dataferry.jobs.service import Jobs
from dataferry.library import file_rows, rows
from dataferry.library.access import Access
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.preview_views import CutCell
from dataferry.library.previews import no_tables

_Counted = tuple[tuple[str, ...], str | None, Selection]
"""What files a table is made of, its name in them, and which of its rows."""

#: Of one answer: rows times columns.
MAX_CELLS = 50_000
MAX_ROWS = 500
#: Columns of an answer, unless others are named.
FIRST_COLUMNS = 100
#: A picture or a sound that is larger is not sent.
_MAX_MEDIA_BYTES = 32 << 20
_KEPT_COUNTS = 256
NOT_PREPARED = "Prepare the dataset's tables first: POST /api/datasets/{key}/tables."


class Tables:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(
        self,
        database: Database,
        store: Store,
        jobs: Jobs,
        access: Access,
        folders: TableFolders,
        processes: QueryProcesses,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._access = access
        self._catalog = TableCatalog(store, folders)
        self._processes = processes
        #: Of a selection that is scrolled through, the number of rows is counted once.
        self._counts: OrderedDict[_Counted, int] = OrderedDict()

    # -- what there is -----------------------------------------------------------------------------

    async def list(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> TableList:
        """The dataset's tables, and whether they can be read yet. Reading it starts nothing.

        Errors: ``NotFound`` until the dataset is here.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, _Files, JobView | None, bool]:
            dataset = rows.downloaded(session, viewer, key_or_alias, revision)
            files = _files(session, dataset)
            job = self._jobs.newest(session, _job_key(dataset.id), kind="tables")
            mine = job is not None and viewer.user_id in self._jobs.requesters(session, job.id)
            return dataset, files, job, mine

        dataset, files, job, mine = await self._database.run_read(read)
        if not files.tables:
            why = no_tables(files.others, dataset.file_count or 0)
            return TableList(tables=(), prepared=True, reason=why.reason, next_step=why.next_step)
        found = await in_thread("disk", self._catalog.tables, Path(dataset.local_path or ""), files.tables)
        prepared = all(table.view.state != "absent" for table in found)
        told = job is not None and mine and (job.active or (job.state == "failed" and not prepared))
        return TableList(
            tables=tuple(listed(table) for table in found),
            prepared=prepared,
            preparing=job is not None and job.active,
            job=job if told else None,
            more_files=files.more,
        )

    async def prepare(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> TableList:
        """Start the job that makes the tables readable, or join it; what is ready stays as it is.

        Errors: ``NotFound`` until the dataset is here.
        """
        before = await self.list(viewer, key_or_alias, revision)
        unreadable = any(table.state == "unreadable" for table in before.tables)
        if not before.tables or (before.prepared and not unreadable):
            return before

        def submit(session: Session) -> str:
            dataset = rows.downloaded(session, viewer, key_or_alias, revision)
            key = _job_key(dataset.id)
            job_id, _created = self._jobs.submit(
                session,
                kind="tables",
                ref=rows.ref_of(dataset),
                title=f"Tables of {dataset.title}",
                dataset_id=key,
                params={"dataset_id": dataset.id},
                requester_id=viewer.user_id,
                single_flight_key=key,
                revision=dataset.revision,
            )
            return job_id

        self._jobs.wake(await self._database.run(submit))
        return await self.list(viewer, key_or_alias, revision)

    async def get(
        self, viewer: Viewer, key_or_alias: str, table: str, revision: str | None = None
    ) -> TableView:
        """One table, with all its columns. Errors: ``NotFound``."""
        return (await self._find(viewer, key_or_alias, table, revision)).view

    async def known(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None
    ) -> Sequence[KnownTable]:
        """All of the dataset's tables. Errors: ``NotFound`` until it is here."""
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[str | None, Sequence[TableFile]]:
            dataset = rows.downloaded(session, viewer, key_or_alias, revision)
            return dataset.local_path, table_files(session, dataset)[0]

        tree, files = await self._database.run_read(read)
        return await in_thread("disk", self._catalog.tables, Path(tree or ""), files)

    async def _find(self, viewer: Viewer, key_or_alias: str, table: str, revision: str | None) -> KnownTable:
        for one in await self.known(viewer, key_or_alias, revision):
            if one.view.id == table:
                return one
        raise NotFound(
            f"The dataset has no table {table[:80]!r}.", next_step="Choose one of its list of tables."
        )

    async def _open(
        self, viewer: Viewer, key_or_alias: str, table: str, revision: str | None
    ) -> tuple[KnownTable, TableSource]:
        """Errors: ``NotFound``; ``Conflict`` until it is prepared; ``Unreadable``."""
        found = await self._find(viewer, key_or_alias, table, revision)
        if found.source is not None:
            return found, found.source
        if found.view.state == "absent":
            raise Conflict("The table is not prepared yet.", next_step=NOT_PREPARED.format(key=key_or_alias))
        raise Unreadable(
            f"{found.view.label} cannot be shown as a table. {found.view.problem}",
            next_step="Open the file with a tool of its own.",
        )

    # -- rows --------------------------------------------------------------------------------------

    async def rows(
        self,
        viewer: Viewer,
        key_or_alias: str,
        table: str,
        selection: Selection,
        revision: str | None = None,
        *,
        offset: int = 0,
        limit: int = 100,
        columns: Sequence[int] | None = None,
        chars: int = CELL_CHARS,
    ) -> TableRows:
        """A page of the rows of a selection. ``columns``: their places; by default the first ones.

        Errors: those of opening it; ``InvalidInput``; ``QueryTooLarge``.
        """
        known, source = await self._open(viewer, key_or_alias, table, revision)
        places, shown = _chosen(source, columns)
        rows_most = min(limit, max(1, MAX_CELLS // max(1, len(shown))))

        def read(cancel: threading.Event) -> TableRows:
            total = self._count(known, source, selection, cancel)
            cells = text_cells(shown, chars)
            found = self._page(source, selection, cells, offset, rows_most, cancel)
            return _rows_view(offset, total, places, found)

        return await in_thread_until_cancelled("table", read)

    def _page(
        self,
        source: TableSource,
        selection: Selection,
        cells: str,
        offset: int,
        limit: int,
        cancel: threading.Event,
    ) -> Sequence[Sequence[Any]]:
        """Rows of a page. Where they are sorted, only the column that they are sorted by is read of all."""
        if selection.sort is None:
            queries = page_queries(source, selection, cells, offset=offset, limit=limit)
            return [row for sql, given in queries for row in self._processes.run(sql, given, cancel)]
        keys = self._processes.run(*sorted_keys(source, selection, offset=offset, limit=limit), cancel)
        found: dict[tuple[str, int], Sequence[Any]] = {}
        for path in dict.fromkeys(path for path, _ in keys):
            places = [place for other, place in keys if other == path]
            for place, *row in self._processes.run(*rows_at(path, places, cells), cancel):
                found[path, place] = row
        return [found[path, place] for path, place in keys]

    def _count(
        self, known: KnownTable, source: TableSource, selection: Selection, cancel: threading.Event
    ) -> int:
        if selection.all_rows:
            return source.rows
        unsorted = selection.model_copy(update={"sort": None, "descending": False})
        key = known.digests, known.view.name, unsorted
        count = self._counts.get(key)
        if count is None:
            sql, given = count_query(source, unsorted)
            count = self._counts[key] = int(self._processes.run(sql, given, cancel)[0][0])
            while len(self._counts) > _KEPT_COUNTS:
                self._counts.popitem(last=False)
        return count

    # -- statistics --------------------------------------------------------------------------------

    async def statistics(
        self,
        viewer: Viewer,
        key_or_alias: str,
        table: str,
        selection: Selection,
        revision: str | None = None,
        *,
        columns: Sequence[int] | None = None,
    ) -> TableStatistics:
        """Statistics of columns, by default of the first ones: those that are kept, or those of the rows of a
        selection, computed now.

        Errors: those of ``rows``.
        """
        known, source = await self._open(viewer, key_or_alias, table, revision)
        places, shown = _chosen(source, columns)
        if selection.all_rows and known.statistics is not None:
            kept = await in_thread("disk", read_statistics, known.statistics)
            if kept is not None:
                return TableStatistics(
                    made_at=kept.made_at,
                    files=kept.files,
                    row_count=source.rows,
                    filtered=False,
                    columns={place: kept.columns[place] for place in places},
                )
        where, given = condition(source, selection)

        def compute(cancel: threading.Event) -> TableStatistics:
            def run(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
                return [tuple(row) for row in self._processes.run(sql, values, cancel)]

            found = all_statistics(run, lambda _: source.sql(), shown, where, given)
            return TableStatistics(
                made_at=datetime.now(UTC),
                files=known.digests,
                row_count=found[0].rows if found else 0,
                filtered=not selection.all_rows,
                columns=dict(zip(places, found, strict=True)),
            )

        return await in_thread_until_cancelled("table", compute)

    # -- pictures and sounds -----------------------------------------------------------------------

    async def media(
        self,
        viewer: Viewer,
        key_or_alias: str,
        table: str,
        selection: Selection,
        revision: str | None = None,
        *,
        row: int,
        column: int,
    ) -> Media:
        """The bytes of one cell. ``row``: its place in the selection.

        Errors: those of ``rows``; ``NotFound`` for a cell without bytes; ``InvalidInput`` for a column that
        has none.
        """
        _, source = await self._open(viewer, key_or_alias, table, revision)
        shown = column_of(source, column)
        if shown.kind not in ("media", "binary"):
            raise InvalidInput("The column has no bytes.", next_step="Choose one of pictures or sounds.")

        def read(cancel: threading.Event) -> Media:
            found = self._page(source, selection, _base64(shown), row, 1, cancel)
            if not found or found[0][0] is None:
                raise NotFound("The cell has no bytes, or too many.", next_step="Choose another one.")
            data = base64.b64decode(found[0][0])
            return Media(data, media_type(data))

        return await in_thread_until_cancelled("table", read)


def _chosen(source: TableSource, asked: Sequence[int] | None) -> tuple[list[int], list[StoredColumn]]:
    """The places of the columns of an answer, by default of the first ones, and the columns. Errors:
    ``InvalidInput``."""
    places = list(range(min(len(source.columns), FIRST_COLUMNS))) if asked is None else list(asked)
    return places, [column_of(source, place) for place in places]


def _base64(column: StoredColumn) -> str:
    """The bytes of a cell, in SQL; NULL where there are too many."""
    field = quoted(column.text) + (".bytes" if column.kind == "media" else "")
    return f"CASE WHEN octet_length({field}) <= {_MAX_MEDIA_BYTES} THEN to_base64({field}) END"


def _rows_view(offset: int, total: int, places: Sequence[int], found: Sequence[Sequence[Any]]) -> TableRows:
    cells, cut = [], []
    for number, row in enumerate(found):
        cells.append(tuple(row[::2]))
        for place, chars in enumerate(row[1::2]):
            if chars is not None:
                cut.append(CutCell(row=number, column=place, chars=chars))
    return TableRows(offset=offset, row_count=total, columns=tuple(places), rows=tuple(cells), cut=tuple(cut))


@dataclass(frozen=True, slots=True)
class _Files:
    """``tables``: those that may be tables; ``more``: beyond them; ``others``: the first paths and sizes
    where there is none."""

    tables: Sequence[TableFile]
    more: int
    others: Sequence[tuple[str, int]]


def _files(session: Session, dataset: Dataset) -> _Files:
    found, more = table_files(session, dataset)
    if found:
        return _Files(found, more, ())
    first = file_rows.page(session, dataset.id, after=None, limit=file_rows.PAGE_SIZE)
    return _Files((), 0, [(file.path, file.size) for file in first])


def _job_key(dataset_id: str) -> str:
    """Where a job has the id of its dataset: this one changes nothing of the dataset, and waits for none."""
    return f"tables-{dataset_id}"
