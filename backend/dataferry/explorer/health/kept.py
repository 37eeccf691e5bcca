"""Where statistics and health reports are kept: a folder for each dataset, below the store.

::

    <store>/.health/<dataset id>/
      images.sqlite      what was measured of each image
      statistics.json    ``StoredDatasetStatistics``
      health.json        ``StoredHealth``
      findings.sqlite    the groups of each finding
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from dataferry.core.types import View
from dataferry.explorer.health.views import StoredDatasetStatistics, StoredHealth
from dataferry.library.paths import Store

_FOLDER = ".health"
V = TypeVar("V", StoredDatasetStatistics, StoredHealth)
_NAMES: dict[type[View], str] = {
    StoredDatasetStatistics: "statistics.json",
    StoredHealth: "health.json",
}


class HealthFolders:
    """The folders, closed to others: what is in them may be restricted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._root = store.root / _FOLDER

    def of(self, dataset_id: str) -> Path:
        return self._root / dataset_id

    def make(self, dataset_id: str) -> Path:
        """The folder of a dataset, made where it is not there."""
        self._store.check(self._root)
        folder = self.of(dataset_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root.chmod(0o700)
        return folder

    def forget(self, dataset_id: str, kind: type[View]) -> None:
        """What was kept of one kind, and what was measured."""
        folder = self.of(dataset_id)
        for path in (folder / _NAMES[kind], *folder.glob("images.sqlite*")):
            path.unlink(missing_ok=True)

    def sweep(self, is_here: Callable[[str], bool]) -> None:
        """Remove what is of no dataset any more."""
        if self._root.is_symlink() or not self._root.is_dir():
            return
        for folder in self._root.iterdir():
            if not is_here(folder.name):
                shutil.rmtree(folder, ignore_errors=True)


def read_kept(folder: Path, kind: type[V]) -> V | None:
    """What was kept last; None where there is nothing that this version reads."""
    with suppress(OSError, ValidationError):
        return kind.model_validate_json((folder / _NAMES[kind]).read_bytes())
    return None


def keep(folder: Path, stored: StoredDatasetStatistics | StoredHealth) -> None:
    """Whole, or not at all."""
    path = folder / _NAMES[type(stored)]
    part = path.with_suffix(".new")
    part.write_text(stored.model_dump_json(), encoding="utf-8")
    part.rename(path)
