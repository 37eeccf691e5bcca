"""A table's rows in SQL: its columns, and the Parquet files that they are in."""

from collections.abc import Sequence
from pathlib import Path

from dataferry.core.types import View
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.text_columns import literal
from dataferry.library.preview.parquet import literally


class SourcePart(View):
    """A Parquet file, and its rows."""

    path: str
    rows: int


class TableSource(View):
    """The columns, and the files in the order of their rows."""

    columns: tuple[StoredColumn, ...]
    parts: tuple[SourcePart, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def sql(self, *, numbered: bool = False) -> str:
        """All rows; ``numbered``: with ``filename`` and ``file_row_number``, which tell their order."""
        return parquet_sql([part.path for part in self.parts], numbered=numbered)


def parquet_sql(paths: Sequence[str | Path], *, numbered: bool = False) -> str:
    """The rows of Parquet files; a folder named ``year=2024`` adds no column."""
    listed = ", ".join(literal(literally(str(Path(path).absolute()))) for path in paths)
    options = ["hive_partitioning = false"]
    if len(paths) > 1:
        options.append("union_by_name = true")
    if numbered:
        options.append("file_row_number = true")
    return f"read_parquet([{listed}], {', '.join(options)})"
