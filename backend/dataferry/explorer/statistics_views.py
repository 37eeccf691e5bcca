"""Statistics of a table, as they are kept and as the API shows them."""

from datetime import datetime

from dataferry.core.types import View
from dataferry.explorer.stored import Kind


class Bin(View):
    """Of a histogram: values from ``start`` up to ``end``, which belongs to the last one alone; numbers or
    dates as text."""

    start: str
    end: str
    count: int


class Bar(View):
    """A value, of which a long one's beginning is shown, and in how many rows it is."""

    value: str
    count: int


class ColumnStatistics(View):
    """One column. ``min``, ``max``: as text, for a JSON number would not hold a large one. NaN and infinite
    numbers are counted, and are in no other figure. ``nulls``: rows without a value; where the file keeps
    text, those with a word for it too, such as ``NA``.

    ``quantiles``: by level (``0.25``); approximate. ``distinct``: approximate unless ``distinct_exact``; None
    where it is not counted. ``min_size`` …: of texts in characters, of bytes in bytes, of lists in entries.
    """

    name: str
    dtype: str
    kind: Kind
    rows: int
    nulls: int
    nan: int = 0
    infinite: int = 0
    distinct: int | None = None
    distinct_exact: bool = False
    min: str | None = None
    max: str | None = None
    mean: float | None = None
    std: float | None = None
    quantiles: dict[str, float] | None = None
    min_size: int | None = None
    max_size: int | None = None
    mean_size: float | None = None
    #: Of numbers and dates.
    histogram: tuple[Bin, ...] | None = None
    #: Of texts that repeat: the most frequent first.
    top: tuple[Bar, ...] | None = None


class StoredStatistics(View):
    """``files``: SHA-256 of the files that the table is made of, in its order."""

    made_at: datetime
    files: tuple[str, ...]
    columns: tuple[ColumnStatistics, ...]
