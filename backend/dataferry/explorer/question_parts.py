"""The parts of a question to a table, by what they are for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dataferry.explorer.question_reading import Item, NotUnderstood
from dataferry.explorer.question_words import Role
from dataferry.explorer.sql_names import SqlColumn, SqlTable, written
from dataferry.explorer.statistics_views import ColumnStatistics
from dataferry.explorer.text_columns import literal

NUMBERS = ("number", "integer")
TIMES = ("date", "time")
_COMPARED: dict[Role, str] = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "="}
_UNITS: tuple[Role, ...] = ("year", "quarter", "month", "week", "day", "hour")


@dataclass(slots=True)
class Asked:
    """The parts of a question by what they are."""

    table: SqlTable
    statistics: Sequence[ColumnStatistics] | None
    roles: list[Role] = field(default_factory=list)
    #: After a word such as "by".
    groups: list[SqlColumn] = field(default_factory=list)
    columns: list[SqlColumn] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    number: int | None = None
    unit: Role | None = None

    def has(self, *roles: Role) -> bool:
        return any(role in self.roles for role in roles)

    @property
    def source(self) -> str:
        where = f"\nWHERE {' AND '.join(self.filters)}" if self.filters else ""
        return f"FROM {written(self.table.name)}{where}"

    @property
    def only(self) -> str:
        return f", of the rows where {' and '.join(self.told)}" if self.told else ""

    def of_kind(self, *kinds: str) -> list[SqlColumn]:
        return [column for column in self.columns if column.kind in kinds]

    def figures_of(self, column: SqlColumn) -> ColumnStatistics | None:
        if self.statistics is None:
            return None
        return self.statistics[self.table.columns.index(column)]


def parts_of(items: Sequence[Item], table: SqlTable, statistics: Sequence[ColumnStatistics] | None) -> Asked:
    """Errors: ``NotUnderstood``."""
    asked = Asked(table, statistics)
    place = 0
    while place < len(items):
        item = items[place]
        after = items[place + 1] if place + 1 < len(items) else None
        if item.role == "between" and asked.has("relation", "correlation"):
            place += 1
            continue
        if item.role in (*_COMPARED, "between"):
            place += _comparison(items, place, asked)
            continue
        if item.value is not None and item.column is not None:
            _equals(asked, item.column, item.value)
        elif item.column is not None and after is not None and (after.quoted is not None):
            _equals(asked, item.column, after.quoted)
            place += 1
        elif item.column is not None and items[place - 1].role == "by" and place > 0:
            asked.groups.append(item.column)
        elif item.column is not None:
            asked.columns.append(item.column)
        elif item.number is not None:
            if asked.number is not None or not item.number.isdigit():
                raise NotUnderstood(f"What {item.text} is for cannot be told from the question.")
            asked.number = int(item.number)
        elif item.quoted is not None:
            raise NotUnderstood(f"Which column is to be “{item.quoted[:40]}”? Write its name before it.")
        elif item.role in _UNITS:
            asked.unit = item.role
        elif item.role is not None:
            asked.roles.append(item.role)
        place += 1
    return asked


def _equals(asked: Asked, column: SqlColumn, value: str) -> None:
    asked.filters.append(f"{written(column.name)} = {literal(value)}")
    asked.told.append(f"{column.name} is {value}")


def _comparison(items: Sequence[Item], place: int, asked: Asked) -> int:
    """How many items a comparison takes: of the column before it with the number, or text, after it."""
    role = items[place].role
    assert role is not None
    needed = 4 if role == "between" else 2
    given = items[place + 1 : place + needed]
    values = [one.number or one.quoted for one in given if one.role != "and"]
    column = asked.columns[-1] if asked.columns else None
    if len(given) < needed - 1 or None in values or len(values) != (2 if role == "between" else 1):
        raise NotUnderstood(f"Behind “{items[place].text}” there is no number to compare with.")
    if column is None or items[place - 1].column is not column:
        raise NotUnderstood(f"Which column is “{items[place].text}” about? Write its name before it.")
    asked.columns.pop()
    name = written(column.name)
    literals = [_literal(column, str(value)) for value in values]
    told = f"{items[place].text} {' and '.join(map(str, values))}"
    if role == "between":
        asked.filters.append(f"{name} BETWEEN {literals[0]} AND {literals[1]}")
    else:
        asked.filters.append(f"{name} {_COMPARED[role]} {literals[0]}")
    asked.told.append(f"{column.name} is {told}")
    return needed


def _literal(column: SqlColumn, value: str) -> str:
    if column.kind in TIMES:
        return literal(f"{value}-01-01" if value.isdigit() and len(value) == 4 else value)
    if column.kind in NUMBERS and value.replace(".", "", 1).isdigit():
        return value
    return literal(value)
