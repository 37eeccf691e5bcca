"""Tables as the API shows them."""

from datetime import datetime
from typing import Literal

from dataferry.core.job_types import JobView
from dataferry.core.types import View
from dataferry.explorer.statistics_views import ColumnStatistics
from dataferry.explorer.stored import Kind
from dataferry.library.preview_views import CutCell

TableState = Literal["absent", "ready", "unreadable"]


class TableColumn(View):
    """``dtype`` in the file's own words, or in ours where it has none; ``kind``: what it can be asked."""

    name: str
    dtype: str
    kind: Kind


class TableView(View):
    """One table. ``state``: ``absent`` until it is prepared; ``unreadable`` with a ``problem``."""

    id: str
    label: str
    #: Of the sheet, or of the table in a database.
    name: str | None = None
    config: str | None = None
    split: str | None = None
    #: The first of its files, and how many there are.
    path: str
    file_count: int
    size_bytes: int
    state: TableState
    problem: str | None = None
    row_count: int | None = None
    #: Of all, though the list of them here ends after 200.
    column_count: int | None = None
    columns: tuple[TableColumn, ...] = ()
    notes: tuple[str, ...] = ()


class TableList(View):
    """The tables of a dataset. ``prepared``: all of them are ready, or cannot be read. ``job``: what prepares
    them now, or why that failed; None where it is nobody's of yours."""

    tables: tuple[TableView, ...]
    prepared: bool
    preparing: bool = False
    job: JobView | None = None
    #: Where there is no table: why, and what can be done.
    reason: str | None = None
    next_step: str | None = None
    #: Files beyond those that are listed.
    more_files: int = 0


class TableRows(View):
    """A page of a table. Cells are untrusted text, as the file has it; None where there is no value.

    ``row_count``: of the rows that were asked for, in all. ``columns``: their places, in the order of the
    cells. ``cut``: cells of which only the beginning is here.
    """

    offset: int
    row_count: int
    columns: tuple[int, ...]
    rows: tuple[tuple[str | None, ...], ...]
    cut: tuple[CutCell, ...] = ()


class TableStatistics(View):
    """``made_at``: when they were computed, of the ``files`` with these SHA-256. ``filtered``: of the rows
    that were asked for only. ``columns`` by their places in the table."""

    made_at: datetime
    files: tuple[str, ...]
    row_count: int
    filtered: bool
    columns: dict[int, ColumnStatistics]
