"""Questions to tables and their answers, as the API shows them."""

from typing import Literal

from dataferry.core.types import View
from dataferry.explorer.stored import Kind

ChartKind = Literal["bar", "line", "histogram", "scatter"]


class QueryColumn(View):
    """``dtype``: DuckDB's."""

    name: str
    dtype: str
    kind: Kind


class QueryRows(View):
    """Rows of a query, at most as many as were asked for; ``more``: there are others. Cells are untrusted
    text, and None where there is no value; of a long one the beginning."""

    columns: tuple[QueryColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    more: bool = False
    seconds: float = 0.0


class Chart(View):
    """How a result is drawn: places of its columns. Of a histogram ``x`` alone."""

    kind: ChartKind
    x: int
    y: int | None = None


class QueryAnswer(View):
    """``chart``: the one that suits it; None where a table says more."""

    sql: str
    result: QueryRows
    chart: Chart | None = None


class TableAnswer(QueryAnswer):
    """The answer to a question in words. ``why``: what the SQL does, in a sentence; ``written_by``: a model's
    name, or ``rules``. ``repaired``: the model's first SQL failed. ``notice``: why the model did not
    write it."""

    question: str
    why: str
    written_by: str
    repaired: bool = False
    notice: str | None = None


class ReadyQuestion(View):
    """A question that this table answers, and its SQL."""

    question: str
    sql: str


class AskableColumn(View):
    """``written``: its name as it is written in SQL, in quotes where it needs them."""

    name: str
    written: str
    kind: Kind
    dtype: str


class AskableTable(View):
    """``name``: as it is written in SQL."""

    id: str
    name: str
    label: str
    row_count: int
    columns: tuple[AskableColumn, ...]


class AskableTables(View):
    """What can be asked of a table: ``tables`` begins with it, and has the dataset's others; ``model``: the
    name of the one that writes SQL, None where rules do."""

    tables: tuple[AskableTable, ...]
    questions: tuple[ReadyQuestion, ...]
    model: str | None = None


def kind_of(dtype: str) -> Kind:
    """What a column of DuckDB's type can be asked."""
    if dtype.endswith("]") or dtype.startswith(("STRUCT", "MAP", "UNION", "JSON", "VARIANT")):
        return "nested"
    if dtype.startswith("DECIMAL") or dtype in ("FLOAT", "DOUBLE"):
        return "number"
    if dtype.endswith(("INT", "INTEGER")) or dtype == "BIGNUM":
        return "integer"
    if dtype.startswith("TIME"):
        return "time"
    plain: dict[str, Kind] = {"BOOLEAN": "boolean", "DATE": "date", "BLOB": "binary"}
    return plain.get(dtype, "text")
