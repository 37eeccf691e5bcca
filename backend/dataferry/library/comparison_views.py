"""Datasets side by side, as the API, the page, the shell and the agent show them."""

from typing import Literal

from dataferry.core.problems import ProblemView
from dataferry.core.types import View
from dataferry.library.card_views import DatasetCard

FactName = Literal[
    "source",
    "license",
    "commercial",
    "training",
    "access",
    "size",
    "files",
    "rows",
    "columns",
    "splits",
    "formats",
    "updated",
    "downloads",
    "here",
]

FACT_LABELS: dict[FactName, str] = {
    "source": "From",
    "license": "Licence",
    "commercial": "Commercial use",
    "training": "Training models",
    "access": "Access",
    "size": "Size",
    "files": "Files",
    "rows": "Rows",
    "columns": "Columns",
    "splits": "Splits",
    "formats": "Formats",
    "updated": "Changed",
    "downloads": "Downloads",
    "here": "On this machine",
}


class ComparedDataset(View):
    """One of the datasets. ``card`` is None where ``problem`` says why nothing is known of it.

    ``table``: the file or the config that the columns are of; ``tables``: how many configs there are, where
    there are several. ``row_count``: of all splits where the source tells it, else of that table.
    ``read_rows``: so many of its first rows were read to count empty cells, None where none was.
    ``table_problem``: why there are no columns.
    """

    ref: str
    card: DatasetCard | None = None
    problem: ProblemView | None = None
    table: str | None = None
    tables: int | None = None
    row_count: int | None = None
    read_rows: int | None = None
    table_problem: str | None = None


class ComparedFact(View):
    """One property of every dataset, in words and in their order; None where it is not known. ``differs``:
    two of them are known to have different ones."""

    name: FactName
    label: str
    values: tuple[str | None, ...]
    differs: bool


class ComparedColumn(View):
    """A column by its name. ``types``: None where a dataset has no such column. ``empty``: empty cells among
    the ``read_rows`` of each, None where none were read. ``differs``: not all have it with the same type."""

    name: str
    types: tuple[str | None, ...]
    empty: tuple[int | None, ...]
    differs: bool


class Comparison(View):
    """Two to six datasets side by side. ``columns``: of all their tables, aligned by name in the order of the
    first that has each; ``more_columns``: how many are not listed."""

    datasets: tuple[ComparedDataset, ...]
    facts: tuple[ComparedFact, ...]
    columns: tuple[ComparedColumn, ...]
    more_columns: int = 0
