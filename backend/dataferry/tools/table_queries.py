"""Questions to the tables of a dataset that is here, with as much of the answer as a chat has room for."""

from dataferry.core.errors import Conflict
from dataferry.core.types import DatasetRef, Viewer
from dataferry.explorer.sql_views import TableAnswer
from dataferry.tools.inputs import QueryInput
from dataferry.tools.outputs import QueryOutput
from dataferry.tools.services import LocalServices

#: The dataset's own screen has more of them.
ROWS, COLUMNS, CELL_CHARS = 50, 30, 300
_TABLES = 20
_TABLE_COLUMNS = 100
#: Below the deadline of a tool.
_PREPARING_S = 40.0


async def query_table(
    local: LocalServices | None, viewer: Viewer, ref: DatasetRef, asked: QueryInput
) -> QueryOutput:
    """The answer to SQL or to a question; without both, what can be asked.

    Errors: ``NotFound`` for what is not here; ``Conflict`` while its tables are prepared; those of
    ``AskingService.ask``.
    """
    if local is None:
        raise Conflict("Tables cannot be asked here.", next_step="Ask on the dataset's own screen.")
    asking = local.asking
    if not await asking.prepare(viewer, ref.key, asked.revision, wait_s=_PREPARING_S):
        raise Conflict("Its tables are being prepared, once.", next_step="Ask again in a minute.")
    askable = await asking.askable(viewer, ref.key, asked.table, asked.revision)
    tables = tuple(
        table.model_copy(update={"columns": table.columns[:_TABLE_COLUMNS]})
        for table in askable.tables[:_TABLES]
    )
    question = asked.sql or asked.question
    answer = None
    if question:
        found = await asking.ask(viewer, ref.key, tables[0].id, question, asked.revision, limit=ROWS)
        answer = _shortened(found)
    return QueryOutput(ref=str(ref), key=ref.key, table=tables[0].id, tables=tables, answer=answer)


def _shortened(answer: TableAnswer) -> TableAnswer:
    result = answer.result
    rows = tuple(
        tuple(cell[:CELL_CHARS] if cell is not None else None for cell in row[:COLUMNS])
        for row in result.rows
    )
    chart = answer.chart
    if chart is not None and max(chart.x, chart.y or 0) >= COLUMNS:
        chart = None
    shown = result.model_copy(update={"columns": result.columns[:COLUMNS], "rows": rows})
    return answer.model_copy(update={"result": shown, "chart": chart})
