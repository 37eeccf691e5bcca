"""Questions that a table answers by itself, made of its columns."""

from collections.abc import Sequence

from dataferry.explorer.question_parts import TIMES
from dataferry.explorer.question_reading import NotUnderstood
from dataferry.explorer.sql_names import SqlColumn, SqlTable
from dataferry.explorer.sql_views import ReadyQuestion
from dataferry.explorer.statistics_views import ColumnStatistics
from dataferry.explorer.typed_questions import write_by_rules


def ready_questions(table: SqlTable, statistics: Sequence[ColumnStatistics] | None) -> list[ReadyQuestion]:
    """Questions that the rules answer, made of the table's columns."""
    group = next((one for one in table.columns if _has_few_values(one, table, statistics)), None)
    number = next((one for one in table.columns if one.kind == "number"), None) or next(
        (one for one in table.columns if one.kind == "integer" and not _is_id(one)), None
    )
    time = next((one for one in table.columns if one.kind in TIMES), None)
    other = next((one for one in table.columns if one.kind == "number" and one is not number), None)
    wanted = []
    if group is not None:
        wanted.append(f"How many rows for each {group.name}?")
    if group is not None and number is not None:
        wanted.append(f"Average {number.name} by {group.name}")
    if number is not None:
        wanted.append(f"Histogram of {number.name}")
    if time is not None:
        wanted.append(f"How many rows over time by {time.name}?")
    if number is not None and other is not None:
        wanted.append(f"Scatter of {number.name} against {other.name}")
    wanted += ["How many rows are there?", "Which columns have missing values?"]
    found = []
    for question in wanted:
        try:
            sql = write_by_rules(question, table, statistics).sql
        except NotUnderstood:  # two columns of one word
            continue
        found.append(ReadyQuestion(question=question, sql=sql))
    return found


def _has_few_values(
    column: SqlColumn, table: SqlTable, statistics: Sequence[ColumnStatistics] | None
) -> bool:
    if column.kind == "boolean":
        return True
    if column.kind != "text" or statistics is None:
        return False
    one = statistics[table.columns.index(column)]
    return bool(one.top) and 1 < (one.distinct or 0) <= 50


def _is_id(column: SqlColumn) -> bool:
    return column.name.lower().replace("_", " ").split()[-1:] in (["id"], ["index"], ["key"])
