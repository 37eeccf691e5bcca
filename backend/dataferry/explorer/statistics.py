"""Statistics of a table's columns, computed by DuckDB over all rows, or over those of a filter."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from dataferry.explorer.statistics_views import Bar, Bin, ColumnStatistics
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.text_columns import quoted

Run = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Executes SQL with parameters."""

BINS = 20
TOP = 10
#: Columns that are read at once.
_AT_A_TIME = 40
#: Fewer different values are counted exactly.
_COUNTED_DISTINCT = 10_000
#: Values are not listed where there are more different ones.
_MOST_GROUPS = 100_000
_VALUE_CHARS = 200
_LARGE = 1e150
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def all_statistics(
    run: Run,
    source_of: Callable[[Sequence[StoredColumn]], str],
    columns: Sequence[StoredColumn],
    where: str = "true",
    given: Sequence[Any] = (),
) -> list[ColumnStatistics]:
    """Of each column, in the rows for which ``where`` holds with the parameters ``given``. ``source_of``: the
    table in SQL, with these columns at least."""
    found: list[ColumnStatistics] = []
    for start in range(0, len(columns), _AT_A_TIME):
        some = columns[start : start + _AT_A_TIME]
        source = source_of(some)
        asked = [_Summary(column) for column in some]
        cells = ", ".join(cell for one in asked for cell in one.cells)
        row = run(f"SELECT count(*), {cells} FROM {source} WHERE {where}", given)[0]  # noqa: S608
        rows, place = int(row[0]), 1
        for one in asked:
            summary = one.read(rows, row[place : place + len(one.cells)])
            place += len(one.cells)
            found.append(_with_shape(run, source, where, given, one.column, summary))
    return found


class _Summary:
    """What one scan tells of a column: the SQL of it, and how it is read."""

    def __init__(self, column: StoredColumn) -> None:
        self.column = column
        self._value = value = quoted(column.value)
        self._floating = column.sql in ("FLOAT", "DOUBLE")
        self._finite = f" FILTER (WHERE isfinite({value}))" if self._has_infinite else ""
        self.cells = [f"count({value})"]
        match column.kind:
            case "number" | "integer":
                self.cells += self._of_numbers()
            case "date" | "time":
                self.cells += self._of_times()
            case "text" | "boolean":
                length = f"length({value})" if column.kind == "text" else "NULL"
                self.cells += [f"approx_count_distinct({value})"]
                self.cells += [f"{each}({length})" for each in ("min", "max", "avg")]
            case _:
                self.cells += [f"{each}({self._size()})" for each in ("min", "max", "avg")]

    @property
    def _has_infinite(self) -> bool:
        sql = self.column.sql
        return self._floating or sql == "DATE" or sql.startswith("TIMESTAMP")

    def _of_numbers(self) -> list[str]:
        value, finite = self._value, self._finite
        number = f"CAST({value} AS DOUBLE)"
        nan = f"count(*) FILTER (WHERE isnan({value}))" if self._floating else "0"
        infinite = f"count(*) FILTER (WHERE isinf({value}))" if self._floating else "0"
        levels = ", ".join(map(str, _QUANTILES))
        return [
            f"approx_count_distinct({value})",
            f"CAST(min({value}){finite} AS VARCHAR)",
            f"CAST(max({value}){finite} AS VARCHAR)",
            f"avg({number}){finite}",
            # Of larger ones the squares are no numbers any more, which is an error.
            f"stddev_pop({number}) FILTER (WHERE abs({number}) < {_LARGE})",
            f"approx_quantile({number}, [{levels}]){finite}",
            nan,
            infinite,
        ]

    def _of_times(self) -> list[str]:
        value, finite = self._value, self._finite
        return [
            f"approx_count_distinct({value})",
            f"CAST(min({value}){finite} AS VARCHAR)",
            f"CAST(max({value}){finite} AS VARCHAR)",
        ]

    def _size(self) -> str:
        match self.column.kind:
            case "binary":
                return f"octet_length({self._value})"
            case "media":
                return f"octet_length({self._value}.bytes)"
        if self.column.sql.endswith("]") and not self.column.sql.startswith("MAP"):
            return f"len({self._value})"
        return "NULL"

    def read(self, rows: int, cells: Sequence[Any]) -> ColumnStatistics:
        present = int(cells[0])
        base = ColumnStatistics(
            name=self.column.name,
            kind=self.column.kind,
            dtype=self.column.dtype,
            rows=rows,
            nulls=rows - present,
        )
        match self.column.kind:
            case "number" | "integer":
                _, distinct, least, most, mean, deviation, quantiles, nan, infinite = cells
                return base.model_copy(
                    update={
                        "distinct": min(distinct, present),
                        "min": least,
                        "max": most,
                        "mean": finite(mean),
                        "std": finite(deviation),
                        "quantiles": _quantiles(quantiles),
                        "nan": nan,
                        "infinite": infinite,
                    }
                )
            case "date" | "time":
                update = {"distinct": min(cells[1], present), "min": cells[2], "max": cells[3]}
                return base.model_copy(update=update)
            case "text" | "boolean":
                lengths = {"min_size": cells[2], "max_size": cells[3], "mean_size": finite(cells[4])}
                return base.model_copy(update={"distinct": min(cells[1], present), **lengths})
        sizes = {"min_size": cells[1], "max_size": cells[2], "mean_size": finite(cells[3])}
        return base.model_copy(update=sizes)


def _quantiles(found: Sequence[float] | None) -> dict[str, float] | None:
    if not found:
        return None
    told = {f"{level:g}": finite(one) for level, one in zip(_QUANTILES, found, strict=True)}
    return {level: one for level, one in told.items() if one is not None}


def finite(number: Any) -> float | None:
    """A number that JSON has."""
    return float(number) if number is not None and math.isfinite(number) else None


def _with_shape(
    run: Run, source: str, where: str, given: Sequence[Any], column: StoredColumn, known: ColumnStatistics
) -> ColumnStatistics:
    """With its histogram or its most frequent values, and the exact number of different ones where that is
    small."""
    value = quoted(column.value)
    update: dict[str, Any] = {}
    distinct = known.distinct
    if distinct is not None and distinct <= _COUNTED_DISTINCT and column.kind not in ("text", "boolean"):
        sql = f"SELECT count(DISTINCT {value}) FROM {source} WHERE {where}"  # noqa: S608
        update |= {"distinct": run(sql, given)[0][0], "distinct_exact": True}
    if column.kind in ("number", "integer") and known.min is not None:
        number = f"CAST({value} AS DOUBLE)"
        whole = column.kind == "integer"
        update["histogram"] = histogram(run, source, where, given, number, whole=whole, edge=_number_edge)
    elif column.kind in ("date", "time") and known.min is not None and not column.sql.startswith("TIME_"):
        if column.sql == "DATE" or column.sql.startswith("TIMESTAMP"):
            number = f"CASE WHEN isfinite({value}) THEN epoch({value}) END"
            update["histogram"] = histogram(run, source, where, given, number, whole=False, edge=_time_edge)
    elif distinct is not None and 0 < distinct <= _MOST_GROUPS and _repeats(distinct, known):
        sql = (
            f"SELECT left(CAST({value} AS VARCHAR), {_VALUE_CHARS}), count(*) AS n, count(*) OVER ()"  # noqa: S608
            f" FROM {source} WHERE ({where}) AND {value} IS NOT NULL GROUP BY {value}"
            f" ORDER BY n DESC, 1 LIMIT {TOP}"
        )
        bars = run(sql, given)
        update["top"] = tuple(Bar(value=text, count=count) for text, count, _ in bars)
        if bars:
            update |= {"distinct": bars[0][2], "distinct_exact": True}
    return known.model_copy(update=update)


def _repeats(distinct: int, known: ColumnStatistics) -> bool:
    """Its values are worth listing: there are few, or each comes twice on the average."""
    return distinct <= TOP or 2 * distinct <= known.rows - known.nulls


def histogram(
    run: Run,
    source: str,
    where: str,
    given: Sequence[Any],
    number: str,
    *,
    whole: bool,
    edge: Callable[[float], str],
) -> tuple[Bin, ...]:
    """Bins of the finite values of ``number`` (SQL). ``whole``: they are whole numbers; ``edge``: as text."""
    inside = f"FROM (SELECT {number} AS x FROM {source} WHERE {where}) WHERE isfinite(x)"  # noqa: S608
    ((least, most),) = run(f"SELECT min(x), max(x) {inside}", given)
    if least is None:
        return ()
    count = BINS
    if whole and most - least < BINS:
        count, width = int(most - least) + 1, 1.0
    else:
        # The half of each: their difference may be more than a number can be.
        width = (most / BINS - least / BINS) or 1.0
        count = BINS if most > least else 1
    bins = f"least({count - 1}, CAST(floor(x / {width!r} - {least!r} / {width!r}) AS INTEGER))"
    found: dict[int, int] = dict(run(f"SELECT {bins} AS b, count(*) {inside} GROUP BY b", given))
    return tuple(
        Bin(
            start=edge(least + place * width),
            end=edge(least + (place + 1) * width if place < count - 1 or (whole and width == 1.0) else most),
            count=found.get(place, 0),
        )
        for place in range(count)
    )


def _number_edge(number: float) -> str:
    return f"{number:.6g}" if abs(number) < 1e15 and not number.is_integer() else f"{number:.15g}"


def _time_edge(seconds: float) -> str:
    """As a date, or as a number of years where there is no such date."""
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return f"year {1970 + seconds / 31_556_952:,.0f}"
    return moment.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00").removesuffix(" 00:00:00")
