"""What a language model is told to write SQL, and what it answers; who asks one is injected."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dataferry.explorer.sql_names import SqlTable, written
from dataferry.explorer.statistics_views import ColumnStatistics

#: Of a table, and of a dataset: what is more is not told.
_MAX_COLUMNS = 200
_MAX_TABLES = 20
_SAMPLES = 3
_SAMPLE_CHARS = 40


@dataclass(frozen=True, slots=True)
class ToldColumn:
    """``name`` as it is written in SQL. ``samples``: some of its values, untrusted."""

    name: str
    kind: str
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldTable:
    name: str
    rows: int
    columns: tuple[ToldColumn, ...]


@dataclass(frozen=True, slots=True)
class FailedSql:
    """``answer``: the model's own words with the SQL; ``error``: what DuckDB said of it."""

    answer: str
    error: str


@dataclass(frozen=True, slots=True)
class ModelSql:
    """``sql``: None where the model says that there is no answer, and ``why``. ``answer``: all its words."""

    sql: str | None
    why: str
    answer: str


class SqlWriter(Protocol):
    """Asks the language model that is set."""

    async def model(self) -> str | None:
        """Its name; None where none is set."""
        ...

    async def write(
        self, question: str, tables: Sequence[ToldTable], failed: FailedSql | None = None
    ) -> ModelSql:
        """Errors: the ``ModelError`` family."""
        ...


def told_tables(tables: Sequence[SqlTable], statistics: Sequence[ColumnStatistics] | None) -> list[ToldTable]:
    """The tables as a model is told of them; ``statistics``: of the first."""
    told = []
    for place, table in enumerate(tables[:_MAX_TABLES]):
        known = statistics if place == 0 else None
        columns = [
            ToldColumn(written(one.name), one.kind, _samples(known[number]) if known else ())
            for number, one in enumerate(table.columns[:_MAX_COLUMNS])
        ]
        told.append(ToldTable(written(table.name), table.source.rows, tuple(columns)))
    return told


def _samples(one: ColumnStatistics) -> tuple[str, ...]:
    if one.top:
        return tuple(bar.value[:_SAMPLE_CHARS] for bar in one.top[:_SAMPLES])
    return tuple(value[:_SAMPLE_CHARS] for value in (one.min, one.max) if value is not None)
