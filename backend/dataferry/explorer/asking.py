"""Questions to the tables of a dataset: in SQL, or in words that become SQL, which is always shown."""

import asyncio
import re
import threading
from collections.abc import Sequence
from typing import BinaryIO

from dataferry.core.errors import Conflict, InvalidInput, ModelError, NotFound, Unreadable
from dataferry.core.threads import in_thread, in_thread_until_cancelled
from dataferry.core.types import Viewer
from dataferry.explorer.catalog import KnownTable
from dataferry.explorer.charts import chart_for
from dataferry.explorer.folders import read_statistics
from dataferry.explorer.question_reading import NotUnderstood
from dataferry.explorer.ready_questions import ready_questions
from dataferry.explorer.service import NOT_PREPARED, Tables
from dataferry.explorer.sql_names import SqlTable, sql_tables, written
from dataferry.explorer.sql_processes import ExportFormat, SqlProcesses
from dataferry.explorer.sql_views import AskableColumn, AskableTable, AskableTables, QueryAnswer, TableAnswer
from dataferry.explorer.sql_writing import FailedSql, SqlWriter, told_tables
from dataferry.explorer.statistics_views import ColumnStatistics
from dataferry.explorer.typed_questions import write_by_rules

#: Of one answer.
MAX_ROWS = 10_000
#: Of a table, in the list of what can be asked.
_LISTED_COLUMNS = 500
_LISTED_TABLES = 100
_LOOK_S = 0.3
_SQL = re.compile(
    r"\s*(?:/\*|--|\(*\s*select\s|with\s+(?:recursive\s+)?[\w\"]+(?:\s*\([^)]*\))?\s+as\s"
    r"|from\s+[\w\"'.]+\s*(?:$|;|\s(?:select|where|group|order|limit)\s)"
    r"|(?:describe|summarize)\s+[\w\"'.]+\s*;?\s*$|(?:pivot|unpivot|values)\s)",
    re.IGNORECASE,
)
_OTHER_WORDS = (
    "Name columns and values as they stand in the table, take one of the ready questions, or write SQL."
)
_WITH_A_MODEL = "With a language model, which an admin can set, other questions are answered too."


class Asking:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(self, tables: Tables, processes: SqlProcesses, writer: SqlWriter) -> None:
        self._tables = tables
        self._processes = processes
        self._writer = writer

    async def prepare(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, wait_s: float
    ) -> bool:
        """Have the tables made readable, once for all; whether they are after ``wait_s``.

        Errors: ``NotFound`` until the dataset is here.
        """
        state = await self._tables.prepare(viewer, key_or_alias, revision)
        until = asyncio.get_running_loop().time() + wait_s
        while state.preparing and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(_LOOK_S)
            state = await self._tables.list(viewer, key_or_alias, revision)
        return state.prepared or not state.preparing

    async def askable(
        self, viewer: Viewer, key_or_alias: str, table: str | None = None, revision: str | None = None
    ) -> AskableTables:
        """What can be asked of a table. Errors: ``NotFound``, ``Conflict`` until it is prepared."""
        tables, statistics = await self._open(viewer, key_or_alias, table, revision)
        return AskableTables(
            tables=tuple(map(_askable, tables[:_LISTED_TABLES])),
            questions=tuple(ready_questions(tables[0], statistics)),
            model=await self._writer.model(),
        )

    async def ask(
        self,
        viewer: Viewer,
        key_or_alias: str,
        table: str | None,
        question: str,
        revision: str | None = None,
        *,
        limit: int = 1_000,
    ) -> TableAnswer:
        """The answer to a question in words: by SQL of the language model's, or by rules where none is set or
        it cannot be asked. What is SQL already is run as it is.

        Errors: those of ``query``; ``InvalidInput`` for a question that is not understood.
        """
        tables, statistics = await self._open(viewer, key_or_alias, table, revision)
        if is_sql(question):
            answer = await self._run(viewer, question, tables, limit)
            return TableAnswer(**dict(answer), question=question, why="", written_by="you")
        model = await self._writer.model()
        notice = None
        if model is not None:
            try:
                return await self._ask_model(viewer, model, question, tables, statistics, limit)
            except ModelError as error:
                notice = f"{error.detail} Rules wrote the SQL instead."
        try:
            written_sql = write_by_rules(question, tables[0], statistics)
        except NotUnderstood as why:
            step = _OTHER_WORDS if model is not None else f"{_OTHER_WORDS} {_WITH_A_MODEL}"
            raise InvalidInput(f"{f'{notice} ' if notice else ''}{why}", next_step=step) from why
        answer = await self._run(viewer, written_sql.sql, tables, limit)
        return TableAnswer(
            **dict(answer), question=question, why=written_sql.why, written_by="rules", notice=notice
        )

    async def _ask_model(
        self,
        viewer: Viewer,
        model: str,
        question: str,
        tables: Sequence[SqlTable],
        statistics: Sequence[ColumnStatistics] | None,
        limit: int,
    ) -> TableAnswer:
        """SQL that fails is written once more, with what DuckDB says of it."""
        told = told_tables(tables, statistics)
        failed: FailedSql | None = None
        while True:
            found = await self._writer.write(question, told, failed)
            if found.sql is None:
                raise InvalidInput(f"The model has no query for it: {found.why}", next_step=_OTHER_WORDS)
            try:
                answer = await self._run(viewer, found.sql, tables, limit)
            except InvalidInput as error:
                if failed is not None:
                    raise InvalidInput(
                        f"The model's SQL fails: {error.detail}", next_step=_OTHER_WORDS
                    ) from error
                failed = FailedSql(found.answer, f"{error.detail} {error.next_step}")
                continue
            return TableAnswer(
                **dict(answer),
                question=question,
                why=found.why,
                written_by=model,
                repaired=failed is not None,
            )

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
        tables, _ = await self._open(viewer, key_or_alias, table, revision)
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
        tables, _ = await self._open(viewer, key_or_alias, table, revision)

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
    ) -> tuple[list[SqlTable], Sequence[ColumnStatistics] | None]:
        """The dataset's tables that are ready, the one that is meant first (by its id, its file or its name;
        by default the first), and the statistics of that one."""
        known = await self._tables.known(viewer, key_or_alias, revision)
        meant = _meant(known, table)
        found = sql_tables(known)
        first = next((one for one in found if one.id == meant.view.id), None)
        if first is not None:
            kept = await in_thread("disk", read_statistics, meant.statistics) if meant.statistics else None
            others = (one for one in found if one is not first)
            return [first, *others], kept.columns if kept is not None else None
        if meant.view.state == "absent":
            raise Conflict("The table is not prepared yet.", next_step=NOT_PREPARED.format(key=key_or_alias))
        raise Unreadable(
            f"{meant.view.label} cannot be asked. {meant.view.problem}",
            next_step="Open the file with a tool of its own.",
        )


def is_sql(text: str) -> bool:
    """Whether a text is SQL and no question in words."""
    return _SQL.match(text) is not None


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
