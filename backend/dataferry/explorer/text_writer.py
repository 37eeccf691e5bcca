"""A table that a file keeps as text, written as Parquet."""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dataferry.explorer.parts import PART_BYTES, PART_ROWS, Report, part_name, write_part
from dataferry.explorer.records import Record, TextTable
from dataferry.explorer.sources import parquet_sql
from dataferry.explorer.stored import Kind, StoredColumn, StoredPart, StoredTable
from dataferry.explorer.text_columns import TYPES, TextType, likely_type, prove_types, typed
from dataferry.library.preview.table import NotATable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PROGRESS_NAME = "progress.json"
_BATCH_ROWS = 8_192
_BATCH_BYTES = 32 << 20
#: In which the types of columns are looked for; for all rows they are proved.
_SAMPLE_ROWS, _LEAST_SAMPLE_ROWS, _SAMPLE_CELLS = 5_000, 200, 200_000
_COLUMNS_AT_A_TIME = 200
_BY_SQL = {found.sql: found for found in TYPES}


class WriteProgress:
    """The rows of each part that is written of a file's tables, and the columns' types in them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tables: dict[str, tuple[list[int], list[str | None]]] = {}
        with suppress(OSError, ValueError):
            self._tables = json.loads(path.read_text(encoding="utf-8"))

    def of(self, table: int) -> tuple[list[int], list[TextType | None]]:
        parts, types = self._tables.get(str(table), ([], []))
        return list(parts), [_BY_SQL.get(one or "") for one in types]

    def record(self, table: int, parts: list[int], types: list[TextType | None]) -> None:
        self._tables[str(table)] = parts, [one.sql if one is not None else None for one in types]
        partial = self._path.with_suffix(".new")
        partial.write_text(json.dumps(self._tables), encoding="utf-8")
        partial.rename(self._path)


class TextWriter:
    """Writes the records of one table as text, with typed columns beside it where the first rows have a type;
    once all are written, those types are proved, and mended."""

    def __init__(
        self,
        connection: "DuckDBPyConnection",
        table: TextTable,
        folder: Path,
        number: int,
        progress: WriteProgress,
        report: Report,
    ) -> None:
        self._connection = connection
        self._table = table
        self._folder = folder
        self._number = number
        self._progress = progress
        self._report = report
        self._parts, self._types = progress.of(number)
        self._width = self._rows = self._bytes = 0

    def write(self) -> StoredTable:
        """Errors: ``NotATable`` where not a row can be read."""
        done = sum(self._parts)
        notes = []
        try:
            for _ in islice(self._table.records, done):
                pass
            for batch, size in _batches(self._table.records):
                self._append(batch, size)
                self._report(sum(self._parts) + self._rows, self._table.bytes_read())
        except NotATable as error:
            if not self._rows and not self._parts:
                raise
            notes.append(f"These are the rows before what cannot be read: {error}")
        if self._rows or (not self._parts and self._table.columns):
            self._widen()
            self._flush()
        return self._stored((*self._table.notes, *notes))

    def _append(self, batch: list[Record], size: int) -> None:
        import arro3.core as arrow

        self._widen()
        padded = [[*row, *[None] * (self._width - len(row))] for row in batch]
        text = arrow.DataType.large_string()
        columns = [list(map(_storable, column)) for column in zip(*padded, strict=True)]
        arrays = [arrow.Array(column, type=text) for column in columns]
        names = [f"c{number}" for number in range(self._width)]
        self._connection.register("batch", arrow.Table.from_arrays(arrays, names=names))
        self._connection.execute("INSERT INTO part BY NAME SELECT * FROM batch")
        self._connection.unregister("batch")
        self._rows += len(batch)
        self._bytes += size
        if self._rows >= PART_ROWS or self._bytes >= PART_BYTES:
            self._flush()

    def _widen(self) -> None:
        width = len(self._table.columns)
        if not self._width:
            columns = ", ".join(f"c{number} VARCHAR" for number in range(width))
            self._connection.execute(f"CREATE OR REPLACE TABLE part ({columns})")
        else:
            for number in range(self._width, width):
                self._connection.execute(f"ALTER TABLE part ADD COLUMN c{number} VARCHAR")
        self._width = width

    def _flush(self) -> None:
        if not self._types:
            self._types = self._likely_types()
        target = self._folder / part_name(self._number, len(self._parts))
        write_part(self._connection, f"SELECT *{_typed_columns(self._types)} FROM part", target)  # noqa: S608
        self._parts.append(self._rows)
        self._progress.record(self._number, self._parts, self._types)
        self._connection.execute("DELETE FROM part")
        self._rows = self._bytes = 0

    def _likely_types(self) -> list[TextType | None]:
        """By the first rows, of a very wide table fewer."""
        found: list[TextType | None] = []
        rows = min(_SAMPLE_ROWS, max(_LEAST_SAMPLE_ROWS, _SAMPLE_CELLS // self._width))
        for start in range(0, self._width, _COLUMNS_AT_A_TIME):
            names = ", ".join(f"c{n}" for n in range(start, min(start + _COLUMNS_AT_A_TIME, self._width)))
            cells = self._connection.execute(f"SELECT {names} FROM part LIMIT {rows}").fetchall()  # noqa: S608
            columns = zip(*cells, strict=True) if cells else [()] * len(names.split(", "))
            found += [likely_type(column) for column in columns]
        return found

    def _stored(self, notes: tuple[str, ...]) -> StoredTable:
        names = self._table.columns
        files = [self._folder / part_name(self._number, one) for one in range(len(self._parts))]
        likely = self._types + [None] * (len(names) - len(self._types))
        types = prove_types(self._connection, parquet_sql(files), likely) if files else likely
        if types != likely:
            self._retype(files, types)
        self._connection.execute("DROP TABLE IF EXISTS part")
        return StoredTable(
            name=self._table.name,
            columns=tuple(self._column(number, found) for number, found in enumerate(types)),
            parts=tuple(
                StoredPart(file=file.name, rows=rows) for file, rows in zip(files, self._parts, strict=True)
            ),
            notes=notes,
        )

    def _retype(self, files: list[Path], types: list[TextType | None]) -> None:
        """Write the parts anew: a later one has shown that a column is of another type."""
        for file in files:
            source = parquet_sql([file])
            described = self._connection.execute(f"DESCRIBE FROM {source}").fetchall()
            width = sum(1 for name, *_ in described if name.startswith("c"))
            cells = ", ".join(f"c{number}" for number in range(width))
            query = f"SELECT {cells}{_typed_columns(types[:width])} FROM {source}"  # noqa: S608
            write_part(self._connection, query, file)
        self._types = types
        self._progress.record(self._number, self._parts, types)

    def _column(self, number: int, found: TextType | None) -> StoredColumn:
        name, text = self._table.columns[number], f"c{number}"
        if number in self._table.nested or found is None:
            kind: Kind = "nested" if number in self._table.nested else "text"
            return StoredColumn(name=name, dtype=kind, kind=kind, text=text, value=text, sql="VARCHAR")
        return StoredColumn(
            name=name, dtype=found.words, kind=found.kind, text=text, value=f"n{number}", sql=found.sql
        )


def _typed_columns(types: list[TextType | None]) -> str:
    return "".join(
        f", {typed(f'c{number}', found)} AS n{number}"
        for number, found in enumerate(types)
        if found is not None
    )


def _batches(records: Iterator[Record]) -> Iterator[tuple[list[Record], int]]:
    """Some records at a time, and their characters."""
    batch: list[Record] = []
    size = 0
    try:
        for record in records:
            batch.append(record)
            size += sum(len(cell) for cell in record if cell)
            if len(batch) >= _BATCH_ROWS or size >= _BATCH_BYTES:
                yield batch, size
                batch, size = [], 0
    except NotATable:
        if batch:
            yield batch, size
        raise
    if batch:
        yield batch, size


def _storable(cell: str | None) -> str | None:
    """Half of a character, as JSON can have, is none in UTF-8."""
    if cell is None or cell.isascii():
        return cell
    try:
        cell.encode()
    except UnicodeEncodeError:
        return cell.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return cell
