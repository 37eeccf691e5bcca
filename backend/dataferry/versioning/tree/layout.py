"""What stands beside an index file: a folder for each field of files, and ``dataset.sqlite``."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from dataferry.core.errors import InvalidInput
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, read_column
from dataferry.versioning.model.lock_file import Lock, LockedDataset

DATABASE = "dataset.sqlite"
#: What SQLite keeps beside a database while it is written to.
DATABASE_COMPANIONS = ("-journal", "-wal", "-shm")
#: Digits of the numbers by which files are named.
_WIDTH = 7


@dataclass(frozen=True, slots=True)
class FieldFolder:
    """The folder of one field of files. ``parts``: of each group of rows its column, None where the group
    has none of this field yet, and the number of its rows."""

    name: str
    parts: tuple[tuple[str | None, int], ...]

    @property
    def key(self) -> str:
        """Changes with what is in the folder."""
        return sha256(json.dumps([self.name, self.parts]).encode()).hexdigest()[:24]

    def files(self, cache: Cache) -> Iterator[tuple[str, StoredFile]]:
        """The names in the folder, each with its file; rows without one have none.

        Errors: ``FileNotFoundError`` for a column that is not in the cache.
        """
        first = 0
        for column, rows in self.parts:
            if column is not None:
                for number, value in enumerate(read_column(cache, column, "file"), first):
                    if isinstance(value, StoredFile):
                        yield file_name(number, value), value
            first += rows


def file_name(number: int, file: StoredFile) -> str:
    """Of the file in row ``number``, from 0."""
    return f"{number:0{_WIDTH}d}.{file.extension}"


def folders(lock: Lock | None) -> dict[str, FieldFolder]:
    """The folders beside an index file, by name."""
    found = {}
    for dataset in lock.datasets if lock else ():
        for locked in dataset.fields:
            if locked.field.kind == "file":
                found[locked.field.name] = _folder(dataset, locked.field.name)
    return found


def _folder(dataset: LockedDataset, name: str) -> FieldFolder:
    columns = ((group.columns.get(name), group.rows) for group in dataset.groups)
    return FieldFolder(name, tuple((column.sha256 if column else None, rows) for column, rows in columns))


def database_key(lock: Lock) -> str:
    """Changes with what is in ``dataset.sqlite``."""
    described = [
        [
            dataset.name,
            [str(locked.field) + " " + locked.field.name for locked in dataset.fields],
            [
                [group.rows, sorted((name, column.sha256) for name, column in group.columns.items())]
                for group in dataset.groups
            ],
        ]
        for dataset in lock.datasets
    ]
    return sha256(json.dumps(described).encode()).hexdigest()[:24]


def check_paths(index_paths: Iterable[str]) -> None:
    """A tracked file has its folder to itself. Errors: ``InvalidInput``."""
    owners: dict[PurePosixPath, str] = {}
    for path in sorted(index_paths):
        folder = PurePosixPath(path).parent
        if (other := owners.setdefault(folder, path)) != path:
            raise InvalidInput(
                f"{other} and {path} lie in one folder, and would share {DATABASE}.",
                next_step=f"Move one of them into a folder of its own, then: git datasets track {path}",
            )
