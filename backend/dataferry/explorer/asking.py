"""Questions to the tables of a dataset: in SQL, or in words that become SQL, which is always shown."""

import threading
from collections.abc import Sequence
from typing import BinaryIO

from dataferry.core.errors import Conflict, NotFound, Unreadable
from dataferry.core.threads import in_thread_until_cancelled
from dataferry.core.types import Viewer
from dataferry.explorer.catalog import KnownTable
from dataferry.explorer.charts import chart_for
from dataferry.explorer.service import NOT_PREPARED, Tables
from dataferry.explorer.sql_names import SqlTable, sql_tables, written
from dataferry.explorer.sql_processes import ExportFormat, SqlProcesses
from dataferry.explorer.sql_views import AskableColumn, AskableTable, AskableTables, QueryAnswer

#: Of one answer.
MAX_ROWS = 10_000
#: Of a table, in the list of what can be asked.
_LISTED_COLUMNS = 500
_LISTED_TABLES = 100


class Asking:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(self, tables: Tables, processes: SqlProcesses) -> None:
        self._tables = tables
        self._processes = processes

    async def askable(
        self, viewer: Viewer, key_or_alias: str, table: str | None = None, revision: str | None = None
    ) -> AskableTables:
        """What can be asked of a table. Errors: ``NotFound``, ``Conflict`` until it is prepared."""
        tables = await self._open(viewer, key_or_alias, table, revision)
        return AskableTables(tables=tuple(map(_askable, tables[:_LISTED_TABLES])), questions=())

    async def query(
        self,
        viewer: Viewer,
        key_or_alias: str,
        table: str | None,
        sql: str,
        revision: str | None = None,
        *,
        limit: int = 1_000,
    ) -> QueryAnswer:
        """The first rows of a query of the dataset's tables.

        Errors: those of ``askable``; ``InvalidInput`` for SQL that is refused or fails; ``QueryTooLarge``.
        """
        tables = await self._open(viewer, key_or_alias, table, revision)
        return await self._run(viewer, sql, tables, limit)

    async def export(
        self,
        viewer: Viewer,
        key_or_alias: str,
        table: str | None,
        sql: str,
        format: ExportFormat,
        revision: str | None = None,
    ) -> BinaryIO:
        """All rows of a query as an open file, which has no name any more. Errors: as above."""
        tables = await self._open(viewer, key_or_alias, table, revision)

        def write(cancel: threading.Event) -> BinaryIO:
            with self._processes.exported(viewer.user_id, sql, tables, cancel, format) as file:
                return file.open("rb")

        return await in_thread_until_cancelled("query", write)

    async def _run(self, viewer: Viewer, sql: str, tables: Sequence[SqlTable], limit: int) -> QueryAnswer:
        result = await in_thread_until_cancelled(
            "query",
            lambda cancel: self._processes.rows(viewer.user_id, sql, tables, cancel, limit=limit),
        )
        return QueryAnswer(sql=sql.strip(), result=result, chart=chart_for(result))

    async def _open(
        self, viewer: Viewer, key_or_alias: str, table: str | None, revision: str | None
    ) -> list[SqlTable]:
        """The dataset's tables that are ready, the one that is meant first: by its id, its file or its name;
        by default the first."""
        known = await self._tables.known(viewer, key_or_alias, revision)
        meant = _meant(known, table)
        found = sql_tables(known)
        first = next((one for one in found if one.id == meant.view.id), None)
        if first is not None:
            return [first, *(one for one in found if one is not first)]
        if meant.view.state == "absent":
            raise Conflict("The table is not prepared yet.", next_step=NOT_PREPARED.format(key=key_or_alias))
        raise Unreadable(
            f"{meant.view.label} cannot be asked. {meant.view.problem}",
            next_step="Open the file with a tool of its own.",
        )


def _meant(known: Sequence[KnownTable], table: str | None) -> KnownTable:
    """Errors: ``NotFound``."""
    if table is None:
        ready = [one for one in known if one.source is not None]
        if known:
            return (ready or list(known))[0]
        raise NotFound("There is no table in it.", next_step="Look at its list of files.")
    for one in known:
        if table in (one.view.id, one.view.path, one.view.name, one.view.label):
            return one
    raise NotFound(f"The dataset has no table {table[:80]!r}.", next_step="Choose one of its list of tables.")


def _askable(table: SqlTable) -> AskableTable:
    return AskableTable(
        id=table.id,
        name=written(table.name),
        label=table.label,
        row_count=table.source.rows,
        columns=tuple(
            AskableColumn(name=one.name, written=written(one.name), kind=one.kind, dtype=one.dtype)
            for one in table.columns[:_LISTED_COLUMNS]
        ),
    )
