"""What stands beside an index file now, and where that is noted.

<git dir>/datasets/
  applied/index.py.lock     the lock as of which the folders are; ``hook.sh`` compares it
  applied/index.py.json     which folders these are (``Record``)
  journal.json              what is being changed
  parked/image@9d3e…        a folder of another version: coming back to it is one rename
  making/                   what is being built
  leaving/image             what makes room for another version, until the change is done
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from dataferry.versioning.repository import Repository, lock_path
from dataferry.versioning.tree.exclude import ASIDE
from dataferry.versioning.tree.field_folders import Builder, Contents
from dataferry.versioning.tree.layout import DATABASE, folders

#: Ends the name of a folder that lacks files which were not fetched.
PARTIAL = "~partial"


@dataclass(frozen=True)
class Record:
    """What stands beside an index file: of each folder the name that it has when it is parked, and its time
    of change, None where it is not only ours; of the database its size and time."""

    folders: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    database: tuple[int, int] | None = None

    @classmethod
    def of(cls, content: dict[str, Any]) -> Self:
        database = content["database"]
        folders = {name: (key, changed) for name, (key, changed) in content["folders"].items()}
        return cls(folders, (database[0], database[1]) if database else None)

    def content(self) -> dict[str, Any]:
        return {"folders": self.folders, "database": self.database}


class Applied:
    """What stands beside an index file, and what is noted of it."""

    def __init__(self, repository: Repository, index_path: str, *, partial: bool = False) -> None:
        self.repository = repository
        self.index_path = index_path
        self.folder = (repository.top / index_path).parent
        aside = aside_of(repository)
        self.parked, self.making, self.leaving = aside / "parked", aside / "making", aside / "leaving"
        self.builder = Builder(repository, self.folder, self.parked, partial)
        self.lock_file = repository.state / "applied" / lock_path(index_path)
        self.record_file = repository.state / "applied" / f"{index_path}.json"
        self.lock = applied_lock(repository, index_path)

    @cached_property
    def record(self) -> Record:
        try:
            return Record.of(json.loads(self.record_file.read_text()))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return Record()

    @property
    def is_there(self) -> bool:
        """Whether nobody has removed what stands here (``git clean -x`` does)."""
        names = [DATABASE] if self.record.database else []
        return all((self.folder / name).exists() for name in [*names, *self.record.folders])

    def look(self, name: str, path: Path | None = None) -> Contents:
        """What is in a folder of this name, by default the one beside the index file: compared name by name
        with the lock by which it was made, unless nothing has come into it or gone."""
        path = path or self.folder / name
        about = self.record.folders.get(name)
        if about is not None and self.builder.links and path.stat().st_mtime_ns == about[1]:
            return Contents((), whole=True)
        lock = self.repository.lock(self.lock, self.index_path) if about and self.lock else None
        try:
            return self.builder.look(folders(lock).get(name), path)
        except FileNotFoundError:  # its column is gone: nothing tells what is ours
            return Contents(tuple(sorted(os.listdir(path))), whole=False)


def applied_lock(repository: Repository, index_path: str) -> str | None:
    """The text of the lock as of which the folders are; None where none stand here."""
    try:
        return os.fsdecode((repository.state / "applied" / lock_path(index_path)).read_bytes())
    except FileNotFoundError:
        return None


def changed_folders(repository: Repository, index_path: str) -> Iterator[tuple[str, Contents]]:
    """The folders that are not only ours, or lack something."""
    applied = Applied(repository, index_path)
    for name, (key, _) in applied.record.folders.items():
        there = (applied.folder / name).is_dir()
        contents = applied.look(name) if there else Contents((), whole=False)
        if contents.foreign or not contents.whole or key.endswith(PARTIAL):
            yield name, Contents(contents.foreign, contents.whole and not key.endswith(PARTIAL))


def aside_of(repository: Repository) -> Path:
    """Where folders are parked: on the working tree's own disk, for they come and go by renames."""
    if os.stat(repository.git_dir).st_dev == os.stat(repository.top).st_dev:
        return repository.state
    return repository.top / ASIDE
