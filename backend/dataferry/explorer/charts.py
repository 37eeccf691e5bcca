"""Which chart suits a result."""

from itertools import pairwise

from dataferry.explorer.sql_views import Chart, QueryRows

#: More bars than these are no picture.
_MAX_BARS = 60
_LEAST_VALUES = 6
_NUMBERS = ("number", "integer")
_TIMES = ("date", "time")


def chart_for(result: QueryRows) -> Chart | None:
    """None where a table says more: of one row, or without numbers."""
    if len(result.rows) < 2:
        return None
    kinds = [column.kind for column in result.columns]
    numbers = [place for place, kind in enumerate(kinds) if kind in _NUMBERS]
    if not numbers:
        return None
    if len(kinds) == 1:
        return Chart(kind="histogram", x=0) if len(result.rows) >= _LEAST_VALUES else None
    times = [place for place, kind in enumerate(kinds) if kind in _TIMES]
    if times:
        return Chart(kind="line", x=times[0], y=numbers[0])
    if kinds[0] in ("text", "boolean"):
        return Chart(kind="bar", x=0, y=numbers[0]) if len(result.rows) <= _MAX_BARS else None
    if len(numbers) < 2 or kinds[0] not in _NUMBERS:
        return None
    if kinds[0] == "integer" and _rises(result) and len(result.rows) <= _MAX_BARS:
        return Chart(kind="bar", x=numbers[0], y=numbers[1])
    return Chart(kind="scatter", x=numbers[0], y=numbers[1])


def _rises(result: QueryRows) -> bool:
    """The first column has each value once, the least first."""
    values = [int(row[0]) for row in result.rows if row[0] is not None]
    return all(before < after for before, after in pairwise(values))
