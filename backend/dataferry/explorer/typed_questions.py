"""A question in words becomes SQL by rules, where no model writes it: counts, averages, groups, the most
frequent, histograms, trends. What is not understood is said."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dataferry.explorer.question_parts import NUMBERS, TIMES, Asked, parts_of
from dataferry.explorer.question_reading import NotUnderstood, read_question
from dataferry.explorer.question_words import Role
from dataferry.explorer.sql_names import SqlColumn, SqlTable, written
from dataferry.explorer.statistics_views import ColumnStatistics
from dataferry.explorer.text_columns import literal

_FIGURES: dict[Role, str] = {
    "avg": "the average",
    "sum": "the sum",
    "median": "the median",
    "min": "the least",
    "max": "the greatest",
}
_TOP = 10
_BINS = 20
_MAX_GROUPS = 1_000
_MAX_POINTS = 2_000
_MAX_CHECKED = 50


@dataclass(frozen=True, slots=True)
class WrittenSql:
    """``why``: what it does, in a sentence."""

    sql: str
    why: str


def write_by_rules(
    question: str, table: SqlTable, statistics: Sequence[ColumnStatistics] | None
) -> WrittenSql:
    """Errors: ``NotUnderstood``."""
    asked = parts_of(read_question(question, table, statistics), table, statistics)
    for plan in _PLANS:
        found = plan(asked)
        if found is not None:
            _check_all_used(asked, found.sql)
            return found
    raise NotUnderstood("What is to be counted, or shown, cannot be told from the question.")


def _check_all_used(asked: Asked, sql: str) -> None:
    """An answer to a part of the question would look like one to the whole. Errors: ``NotUnderstood``."""
    for column in (*asked.columns, *asked.groups):
        if written(column.name) not in sql:
            raise NotUnderstood(f"What {column.name} is for cannot be told from the question.")
    if asked.number is not None and not sql.endswith(f"LIMIT {asked.number}"):
        raise NotUnderstood(f"What {asked.number} is for cannot be told from the question.")
    if asked.unit is not None and f"date_trunc('{asked.unit}'" not in sql:
        raise NotUnderstood(f"Which column has the {asked.unit}? Write its name after “by”.")


def _missing(asked: Asked) -> WrittenSql | None:
    if not asked.has("missing"):
        return None
    columns = (asked.columns or list(asked.table.columns))[:_MAX_CHECKED]
    parts = [
        f"SELECT {literal(one.name)} AS column_name, count(*) - count({written(one.name)}) AS missing\n"
        f"{asked.source}"
        for one in columns
    ]
    sql = "\nUNION ALL\n".join(parts)
    return WrittenSql(
        f"FROM (\n{sql}\n)\nORDER BY missing DESC",
        f"Counts the rows without a value in each column{asked.only}.",
    )


def _duplicates(asked: Asked) -> WrittenSql | None:
    if not asked.has("duplicates"):
        return None
    cells = ", ".join(written(one.name) for one in asked.columns) or "*"
    different = f"SELECT count(*) FROM (SELECT DISTINCT {cells} {asked.source})"  # noqa: S608
    sql = f"SELECT count(*) - ({different}) AS duplicates"
    return WrittenSql(f"{sql}\n{asked.source}", f"Counts the rows that an earlier one equals{asked.only}.")


def _correlation(asked: Asked) -> WrittenSql | None:
    numbers = [*asked.of_kind(*NUMBERS), *(one for one in asked.groups if one.kind in NUMBERS)]
    if not asked.has("relation", "correlation") or len(numbers) < 2:
        return None
    x, y = (written(one.name) for one in numbers[:2])
    names = f"{numbers[0].name} and {numbers[1].name}"
    if asked.has("correlation"):
        return WrittenSql(
            f"SELECT corr({x}, {y}) AS correlation\n{asked.source}",
            f"Pearson's correlation of {names}{asked.only}.",
        )
    sql = f"SELECT {x}, {y}\n{asked.source}\nLIMIT {_MAX_POINTS}"
    return WrittenSql(sql, f"Shows {names} of the first {_MAX_POINTS:,} rows{asked.only}.")


def _trend(asked: Asked) -> WrittenSql | None:
    times = [*(one for one in asked.groups if one.kind in TIMES), *asked.of_kind(*TIMES)]
    if not times and (asked.unit or asked.has("trend")):
        times = [one for one in asked.table.columns if one.kind in TIMES]
        if len(times) != 1:
            raise NotUnderstood("Which column has the time? Write its name.")
    if not times or not (asked.unit or asked.has("trend") or times[0] in asked.groups):
        return None
    time, unit = times[0], asked.unit or _unit_of(asked, times[0])
    figure, told = _figure(asked, without=(time,))
    name = written(time.name)
    sql = (
        f"SELECT CAST(date_trunc('{unit}', {name}) AS {'TIMESTAMP' if unit == 'hour' else 'DATE'}) AS {unit},"
        f" {figure}\n{_where(asked, f'{name} IS NOT NULL')}\nGROUP BY 1\nORDER BY 1"
    )
    return WrittenSql(sql, f"Shows {told} for each {unit} of {time.name}{asked.only}.")


def _where(asked: Asked, term: str) -> str:
    return f"{asked.source}{' AND' if asked.filters else chr(10) + 'WHERE'} {term}"


def _unit_of(asked: Asked, time: SqlColumn) -> str:
    """So that there are a few dozen points."""
    one = asked.figures_of(time)
    years = [text[:4] for text in (one.min, one.max) if text] if one else []
    if len(years) == 2 and all(year.isdigit() for year in years):
        span = int(years[1]) - int(years[0])
        return (
            "year"
            if span > 5
            else "month"
            if span > 0 or str(one and one.min)[:7] != str(one and one.max)[:7]
            else "day"
        )
    return "month"


def _histogram(asked: Asked) -> WrittenSql | None:
    if not asked.has("histogram") or asked.groups:
        return None
    columns = asked.columns
    if len(columns) != 1:
        return None
    column = columns[0]
    name = written(column.name)
    one = asked.figures_of(column)
    if column.kind in NUMBERS and one is not None and one.min is not None and one.max is not None:
        step = _step(float(one.min), float(one.max), whole=column.kind == "integer")
        sql = (
            f"SELECT floor({name} / {step}) * {step} AS from_value, count(*) AS rows\n"
            f"{_where(asked, f'isfinite(CAST({name} AS DOUBLE))')}\nGROUP BY 1\nORDER BY 1"
        )
        return WrittenSql(sql, f"Counts the rows in steps of {step} of {column.name}{asked.only}.")
    if column.kind in TIMES:
        asked.groups.append(column)
        return _trend(asked)
    return _most_frequent(asked, column, 50)


def _step(least: float, most: float, *, whole: bool) -> str:
    """A readable width of some twenty bins."""
    width = (most - least) / _BINS
    if width <= 0 or not math.isfinite(width):
        return "1"
    power = 10.0 ** math.floor(math.log10(width))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= width * 0.999)
    return f"{max(step, 1.0) if whole else step:.12g}"


def _most_frequent(asked: Asked, column: SqlColumn, count: int, *, rarest: bool = False) -> WrittenSql:
    name = written(column.name)
    direction = "ASC" if rarest else "DESC"
    order = f"GROUP BY 1\nORDER BY rows {direction}, 1\nLIMIT {count}"
    sql = f"SELECT {name}, count(*) AS rows\n{asked.source}\n{order}"
    which = "rarest" if rarest else "most frequent"
    return WrittenSql(sql, f"The {count} {which} values of {column.name}, with their rows{asked.only}.")


def _top(asked: Asked) -> WrittenSql | None:
    if not asked.has("top", "bottom"):
        return None
    rarest = asked.has("bottom")
    count = min(asked.number or _TOP, _MAX_GROUPS)
    if asked.columns and not asked.groups and not asked.has(*_FIGURES):
        return _most_frequent(asked, asked.columns[0], count, rarest=rarest)
    if len(asked.groups) == 1 and asked.groups[0].kind in (*NUMBERS, *TIMES):
        return _ordered(asked, asked.groups[0], count, least=rarest)
    if asked.columns and asked.has(*_FIGURES) and len(asked.columns) == 2:
        # "top 5 cities by average price"
        first, second = asked.columns
        asked.groups, asked.columns = [first], [second]
        return _grouped(asked, count, least=rarest)
    return None


def _ordered(asked: Asked, by: SqlColumn, count: int, *, least: bool) -> WrittenSql:
    shown = [one for one in asked.columns if one is not by]
    cells = ", ".join(written(one.name) for one in [*shown, by]) if shown else "*"
    name, direction = written(by.name), "ASC" if least else "DESC"
    sql = (
        f"SELECT {cells}\n{_where(asked, f'{name} IS NOT NULL')}\nORDER BY {name} {direction}\nLIMIT {count}"
    )
    return WrittenSql(
        sql, f"The {count} rows with the {'least' if least else 'greatest'} {by.name}{asked.only}."
    )


def _best_row(asked: Asked) -> WrittenSql | None:
    """ "which city has the highest price" """
    if not asked.has("min", "max") or asked.groups or asked.has("avg", "sum", "median", "count"):
        return None
    numbers = asked.of_kind(*NUMBERS, *TIMES)
    if len(numbers) == 1 and len(asked.columns) > 1:
        return _ordered(asked, numbers[0], asked.number or _TOP, least=asked.has("min"))
    return None


def _grouped_figures(asked: Asked) -> WrittenSql | None:
    if asked.groups:
        return _grouped(asked, None, least=asked.has("min") and asked.has("avg", "sum", "median", "count"))
    texts = [one for one in asked.columns if one.kind in ("text", "boolean")]
    if asked.has("most") and texts and not asked.of_kind(*NUMBERS):
        return _most_frequent(asked, texts[0], asked.number or _TOP)
    # "which species has the highest average sepal length"
    if len(texts) == 1 and asked.has("avg", "sum", "median") and asked.of_kind(*NUMBERS):
        asked.groups = texts
        asked.columns = [one for one in asked.columns if one is not texts[0]]
        return _grouped(asked, asked.number, least=asked.has("min"))
    return None


def _grouped(asked: Asked, count: int | None, *, least: bool) -> WrittenSql:
    figure, told = _figure(asked, without=tuple(asked.groups))
    names = ", ".join(written(one.name) for one in asked.groups)
    ordered = asked.has("min", "max", "most") or count is not None
    order = f"{len(asked.groups) + 1} {'ASC' if least else 'DESC'} NULLS LAST" if ordered else "ALL"
    end = f"GROUP BY ALL\nORDER BY {order}\nLIMIT {count or _MAX_GROUPS}"
    sql = f"SELECT {names}, {figure}\n{asked.source}\n{end}"
    by = " and ".join(one.name for one in asked.groups)
    return WrittenSql(sql, f"Shows {told} for each {by}{asked.only}.")


def _figure(asked: Asked, *, without: Sequence[SqlColumn] = ()) -> tuple[str, str]:
    """What is computed, in SQL and in words; the number of rows where nothing else is said."""
    columns = [one for one in asked.columns if one not in without]
    if asked.has("share"):
        return "round(100 * count(*) / sum(count(*)) OVER (), 2) AS percent", "the share of the rows"
    if asked.has("distinct") and columns:
        name = written(columns[0].name)
        return f"count(DISTINCT {name}) AS different", f"how many different {columns[0].name} there are"
    averaging: tuple[Role, ...] = ("avg", "sum", "median")
    role = next((one for one in averaging if asked.has(one)), None) or next(
        (one for one in ("min", "max") if asked.has(one)), None
    )
    if role is None and columns and not asked.has("count", "most"):
        raise NotUnderstood(f"What of {columns[0].name}? Say average, sum, least, greatest or how many.")
    if role is None:
        if columns:
            raise NotUnderstood(f"What {columns[0].name} is for cannot be told from the question.")
        return "count(*) AS rows", "how many rows there are"
    if not columns:
        raise NotUnderstood(f"{_FIGURES[role].capitalize()} of which column?")
    wrong = [one for one in columns if one.kind not in NUMBERS]
    if wrong and role in averaging:
        raise NotUnderstood(f"{wrong[0].name} has no numbers, so it has no {_FIGURES[role].split()[-1]}.")
    cells = [f"{role}({written(one.name)}) AS {written(f'{role}_{one.name}')}" for one in columns]
    return ", ".join(cells), f"{_FIGURES[role]} of {' and '.join(one.name for one in columns)}"


def _single(asked: Asked) -> WrittenSql | None:
    if not asked.has("count", "distinct", "share", *_FIGURES):
        return None
    if asked.has("share"):
        if not asked.filters:
            return _most_frequent(asked, asked.columns[0], 50) if asked.columns else None
        these = f"count(*) FILTER (WHERE {' AND '.join(asked.filters)})"
        sql = f"SELECT round(100 * {these} / count(*), 2) AS percent"
        return WrittenSql(
            f"{sql}\nFROM {written(asked.table.name)}",
            f"The share of the rows where {' and '.join(asked.told)}.",
        )
    if asked.has("count") and len(asked.columns) == 1 and not asked.has("distinct", *_FIGURES):
        column = asked.columns[0]
        if column.kind == "boolean":
            return WrittenSql(
                f"SELECT count(*) AS rows\n{_where(asked, written(column.name))}",
                f"Counts the rows where {column.name} is true{asked.only}.",
            )
        name = written(column.name)
        return WrittenSql(
            f"SELECT count(DISTINCT {name}) AS different, count({name}) AS with_a_value\n{asked.source}",
            f"Counts the different values of {column.name}, and the rows that have one{asked.only}.",
        )
    figure, told = _figure(asked)
    return WrittenSql(f"SELECT {figure}\n{asked.source}", f"Shows {told}{asked.only}.")


def _rows(asked: Asked) -> WrittenSql | None:
    if asked.roles and not asked.has("rows"):
        return None
    if not (asked.has("rows") or asked.filters or asked.columns):
        return None
    cells = ", ".join(written(one.name) for one in asked.columns) or "*"
    count = min(asked.number or 20, _MAX_GROUPS)
    return WrittenSql(
        f"SELECT {cells}\n{asked.source}\nLIMIT {count}", f"Shows the first {count} rows{asked.only}."
    )


_PLANS: tuple[Callable[[Asked], WrittenSql | None], ...] = (
    _missing,
    _duplicates,
    _correlation,
    _trend,
    _histogram,
    _top,
    _best_row,
    _grouped_figures,
    _single,
    _rows,
)
