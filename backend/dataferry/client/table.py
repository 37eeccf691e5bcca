"""One table of a dataset, read when it is asked for."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.client.conversions import (
    arrow_of,
    frame_of,
    relation_of,
    rows_of,
    torch_columns,
)
from dataferry.client.optional import imported
from dataferry.client.reading import Kind, TableFile, parquet_relation

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from dataferry.client.torch_table import TorchTable


class Table:
    """A table of a dataset: one file, or several that are its parts.

    Nothing of it is read before one of its methods is called, and nothing is kept: each call reads the files
    anew. It is read as the dataset's page shows it, whatever its separator, encoding, packing or dialect.

    >>> train = dataferry.load("builtin:iris")["train"]
    >>> train.to_pandas().shape
    (120, 5)
    """

    def __init__(self, name: str, files: Sequence[TableFile]) -> None:
        self._name = name
        self._files = tuple(files)

    @property
    def name(self) -> str:
        """What the dataset calls it: ``train``, ``ratings``, ``de/train``."""
        return self._name

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files on this machine, to be read and not written."""
        return tuple(file.path for file in self._files)

    def __repr__(self) -> str:
        parts = f" in {len(self._files)} files" if len(self._files) > 1 else ""
        return f"<Table {self._name!r}{parts}>"

    def to_pandas(self) -> "pd.DataFrame":
        """All of it as a pandas DataFrame.

        Errors: ``Unreadable`` for a file that is no table.
        """
        if self._kind == "frame":
            import pandas as pd

            frames = [file.frame() for file in self._files]
            return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
        relation, names = self._relation(_new_connection())
        return frame_of(relation, names)

    def to_polars(self) -> "pl.DataFrame":
        """All of it as a polars DataFrame.

        Errors: ``Unreadable``; ``MissingLibraryError``, an ``ImportError``, without polars.
        """
        polars = imported("polars", "to_polars()")
        frame: pl.DataFrame = polars.DataFrame(self._arrow())
        return frame

    def to_arrow(self) -> "pa.Table":
        """All of it as a pyarrow Table. An Arrow file is mapped into memory, and nothing of it copied.

        Errors: ``Unreadable``; ``MissingLibraryError``, an ``ImportError``, without pyarrow.
        """
        pyarrow = imported("pyarrow", "to_arrow()")
        table: pa.Table = pyarrow.table(self._arrow())
        return table

    def to_duckdb(self, connection: "DuckDBPyConnection | None" = None) -> "DuckDBPyRelation":
        """It as a relation of DuckDB, to be queried in SQL: ``table.to_duckdb().filter("age > 40").df()``.
        Of Parquet only what a query needs is read. ``connection``: by default a new one, in memory.

        Errors: ``Unreadable``.
        """
        return self._relation(connection or _new_connection())[0]

    def to_torch(self) -> "TorchTable":
        """All of it as a ``torch.utils.data.Dataset``: row ``i`` is a dict, its numbers tensors.

        Errors: ``Unreadable``; ``MissingLibraryError``, an ``ImportError``, without torch.
        """
        torch = imported("torch", "to_torch()")
        from dataferry.client.torch_table import TorchTable

        return TorchTable(torch_columns(self.to_pandas(), torch))

    def to_hf(self) -> "datasets.Dataset":
        """All of it as a ``datasets.Dataset`` of HuggingFace's library.

        Errors: ``Unreadable``; ``MissingLibraryError``, an ``ImportError``, without datasets.
        """
        library = imported("datasets", "to_hf()")
        dataset: datasets.Dataset = library.Dataset(self.to_arrow())
        return dataset

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Its rows, one after the other, as dicts of Python values; None where there is no value."""
        connection = _new_connection()
        return rows_of(connection, *self._relation(connection))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """For each library that takes Arrow's C stream: ``polars.DataFrame(table)``,
        ``pyarrow.table(table)``."""
        return self._arrow().__arrow_c_stream__(requested_schema)

    @cached_property
    def _kind(self) -> Kind:
        """How all its files can be read."""
        kinds = {file.kind() for file in self._files}
        return kinds.pop() if len(kinds) == 1 else "frame"

    def _arrow(self) -> Any:
        if self._kind == "arrow" and len(self._files) == 1:
            return self._files[0].arrow()
        return arrow_of(*self._relation(_new_connection()))

    def _relation(self, connection: "DuckDBPyConnection") -> "tuple[DuckDBPyRelation, list[str]]":
        """The relation, and its columns' names as the files have them."""
        if self._kind == "parquet":
            return parquet_relation(connection, self._files)
        if self._kind == "arrow":
            tables = [file.arrow() for file in self._files]
            relation = connection.from_arrow(tables[0])
            for table in tables[1:]:
                relation = relation.union(connection.from_arrow(table))
            return relation, list(tables[0].schema.names)
        frame = self.to_pandas()
        return relation_of(connection, frame), list(frame.columns)


def _new_connection() -> "DuckDBPyConnection":
    import duckdb

    return duckdb.connect()
