"""A dataset on this machine: its tables, by name."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dataferry.client.image_table import ImageTable, images_by_split
from dataferry.client.optional import imported
from dataferry.client.reading import TableFile, tables_in
from dataferry.client.table import Table
from dataferry.core.errors import InvalidInput, NotFound, Unreadable
from dataferry.library.preview.suffixes import DATABASES
from dataferry.library.preview.thumbnails import SUFFIXES as PICTURES
from dataferry.library.table_names import SPLITS, named_tables, suffix_of

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from dataferry.client.torch_table import TorchTable

#: Names that an error lists.
_MAX_LISTED = 12


class Dataset(Mapping[str, Table]):
    """A dataset that was loaded: a mapping of its tables by name. Nothing of them is read yet.

    A split is called ``train``, ``validation`` or ``test``; another table as its file is. A file is also
    found by its path, and a table of a SQLite file by both: ``dataset["data.sqlite/people"]``. Without a
    table, but with images, its tables are those of the images.

    >>> iris = dataferry.load("builtin:iris")
    >>> list(iris)
    ['train', 'test']
    """

    def __init__(
        self,
        ref: str,
        revision: str,
        license: str | None,
        path: Path,
        list_files: Callable[[], Sequence[str]],
    ) -> None:
        self._ref, self._revision, self._license, self._path = ref, revision, license, path
        self._list_files = list_files

    @property
    def ref(self) -> str:
        """``source:id``: ``kaggle:uciml/iris``."""
        return self._ref

    @property
    def revision(self) -> str:
        """The version of it that is here; it never changes at its source."""
        return self._revision

    @property
    def license(self) -> str | None:
        """As its source states it; None where it states none."""
        return self._license

    @property
    def path(self) -> Path:
        """The folder with its files on this machine, to be read and not written."""
        return self._path

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of all its files, relative to ``path``."""
        return tuple(self._list_files())

    @cached_property
    def images(self) -> Mapping[str, ImageTable]:
        """Its images by split, or all of them as ``images``: tables of paths and labels."""
        return images_by_split(self._path, [path for path in self.files if suffix_of(path, PICTURES)])

    @property
    def splits(self) -> tuple[str, ...]:
        """Which of ``train``, ``validation`` and ``test`` it has."""
        return tuple(name for name in SPLITS if name in self._tables)

    def to_pandas(self) -> "pd.DataFrame":
        """Its table as a pandas DataFrame. Errors: ``InvalidInput`` where it has several, and those of
        ``Table.to_pandas``."""
        return self._only_table("to_pandas()").to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """Its table as a polars DataFrame. Errors: ``InvalidInput`` where it has several, and those of
        ``Table.to_polars``."""
        return self._only_table("to_polars()").to_polars()

    def to_arrow(self) -> "pa.Table":
        """Its table as a pyarrow Table. Errors: ``InvalidInput`` where it has several, and those of
        ``Table.to_arrow``."""
        return self._only_table("to_arrow()").to_arrow()

    def to_torch(self) -> "TorchTable":
        """Its table as a ``torch.utils.data.Dataset``. Errors: ``InvalidInput`` where it has several, and
        those of ``Table.to_torch``."""
        return self._only_table("to_torch()").to_torch()

    def to_duckdb(self) -> "DuckDBPyConnection":
        """A new DuckDB in memory with each of its tables as a view of that name. Errors: ``Unreadable``."""
        import duckdb

        connection = duckdb.connect()
        for name, table in self._tables.items():
            table.to_duckdb(connection).create_view(name)
        return connection

    def to_hf(self) -> "datasets.DatasetDict":
        """All its tables as a ``datasets.DatasetDict`` of HuggingFace's library.

        Errors: ``Unreadable``; ``MissingLibraryError``, an ``ImportError``, without datasets.
        """
        library = imported("datasets", "to_hf()")
        tables: datasets.DatasetDict = library.DatasetDict(
            {name: table.to_hf() for name, table in self._tables.items()}
        )
        return tables

    def __getitem__(self, name: str) -> Table:
        """Errors: ``UnknownTable``, a ``KeyError``, which names those that there are."""
        table = self._tables.get(name) or self._at(name)
        if table is None:
            raise UnknownTable(self._without_table() if not self._tables else self._no_such(name))
        return table

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        return f"<Dataset {self._ref}@{self._revision[:12]}: {_listed(list(self._tables)) or 'no tables'}>"

    @cached_property
    def _tables(self) -> Mapping[str, Table]:
        found = {
            one.name: Table(one.name, [TableFile(self._path / path, path) for path in one.paths])
            for one in named_tables(self.files)
        }
        return found or self._in_databases() or self.images

    def _in_databases(self) -> dict[str, Table]:
        """The tables of its SQLite files; by their own names where there is one such file."""
        files = [path for path in self.files if suffix_of(path, DATABASES)]
        tables = {}
        for path in files:
            for inner in tables_in(self._path / path, path):
                name = inner if len(files) == 1 else f"{path}/{inner}"
                tables[name] = Table(name, [TableFile(self._path / path, path, inner)])
        return tables

    def _at(self, path: str) -> Table | None:
        """The table of a file, or in a SQLite file; None where there is none of that path."""
        folder, _, inner = path.rpartition("/")
        if folder in self.files and suffix_of(folder, DATABASES):
            found = inner in tables_in(self._path / folder, folder)
            return Table(path, [TableFile(self._path / folder, folder, inner)]) if found else None
        if path not in self.files:
            return None
        if suffix_of(path, DATABASES) is None:
            return Table(path, [TableFile(self._path / path, path)])
        names = tables_in(self._path / path, path)
        if len(names) != 1:
            raise UnknownTable(
                f"{path} has the tables {_listed(names)}. Choose one: [{path + '/' + 'NAME'!r}]."
            )
        return Table(path, [TableFile(self._path / path, path, names[0])])

    def _only_table(self, call: str) -> Table:
        tables = list(self._tables)
        if not tables:
            raise Unreadable(self._without_table(), next_step=self._in_place_of_tables())
        if len(tables) > 1:
            kind = "splits" if set(tables) == set(self.splits) else "tables"
            raise InvalidInput(
                f"{self._ref} has the {kind} {_listed(tables)}.",
                next_step=f"Choose one: dataset[{tables[0]!r}].{call}.",
            )
        return self._tables[tables[0]]

    def _no_such(self, name: str) -> str:
        return f"{self._ref} has no table {name!r}. It has {_listed(list(self._tables))}."

    def _in_place_of_tables(self) -> str:
        source, _, name = self._ref.partition(":")
        if source == "builtin":
            loader = f"dataferry.plugins.loader.get_dataset_plugin({name!r})"
            return f"Its plugin reads it: {loader}.load_train()."
        return f"Its files are in {self._path}."

    def _without_table(self) -> str:
        """Why there is no table, as its page says it."""
        from dataferry.library.previews import no_tables

        sizes = [(path, (self._path / path).stat().st_size) for path in self.files[:1000]]
        return f"{self._ref} has no table. {no_tables(sizes, len(self.files)).reason}"


class UnknownTable(NotFound, KeyError):
    """A dataset has no table of that name."""

    def __str__(self) -> str:
        return self.detail


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED:,} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more


def files_below(folder: Path) -> list[str]:
    """The paths of all files in a folder and those in it, relative to it, in order."""
    found = []
    for base, _folders, names in os.walk(folder):
        inside = PurePosixPath(base).relative_to(folder)
        found += [str(inside / name) for name in names]
    return sorted(found)
