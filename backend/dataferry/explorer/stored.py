"""What a converted file is on disk."""

from datetime import datetime
from typing import Literal

from dataferry.core.types import View

#: Of what is written: another one is made anew.
FORMAT = 1
MANIFEST_NAME = "table.json"

Kind = Literal["number", "integer", "boolean", "date", "time", "text", "nested", "binary", "media"]
"""What a column can be asked. ``media``: pictures or sounds, as bytes with or without a path."""


class StoredColumn(View):
    """``text``: the column of the Parquet files that has the values as they are written, or else typed;
    ``value``: the one that is compared, sorted and counted, of DuckDB's type ``sql``. ``dtype`` in the file's
    own words, or in ours where it has none."""

    name: str
    dtype: str
    kind: Kind
    text: str
    value: str
    sql: str


class StoredPart(View):
    """``file``: a name in the folder; None for the dataset's own file."""

    file: str | None
    rows: int


class StoredTable(View):
    """One table of a file. ``name``: of a sheet or of a database's table; None where a file is a table."""

    name: str | None = None
    columns: tuple[StoredColumn, ...]
    parts: tuple[StoredPart, ...]
    #: What was guessed or could not be kept, a sentence each.
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)


class StoredFile(View):
    """``problem``: why there is no table in it."""

    format: int = FORMAT
    sha256: str
    made_at: datetime
    tables: tuple[StoredTable, ...] = ()
    problem: str | None = None
