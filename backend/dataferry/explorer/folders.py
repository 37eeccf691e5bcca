"""Where the rows of converted files are, and what of them nobody needs any more."""

import re
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from hashlib import sha256 as digest
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from dataferry.explorer.statistics_views import StoredStatistics
from dataferry.explorer.stored import FORMAT, MANIFEST_NAME, StoredFile
from dataferry.library.paths import Store

_FOLDER = ".tables"
_UNSAFE = re.compile(r"[^a-z0-9.]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TableFolders:
    """The folders of converted files, below the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.root = store.root / _FOLDER

    def prepare(self) -> None:
        """Make the root, closed to others: what is in it may be restricted."""
        self._store.check(self.root)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def of(self, sha256: str, path: str) -> Path:
        """Of a file by its content, and by the end of its name, which decides how it is read."""
        suffixes = "".join(PurePosixPath(path.lower()).suffixes[-2:])
        return self.root / f"{sha256}{_UNSAFE.sub('', suffixes)[-16:]}"

    def sweep(self, known: Callable[[Collection[str]], Collection[str]]) -> None:
        """Delete what is of no file any more. ``known``: which of some SHA-256 are of files that are here."""
        if self.root.is_symlink() or not self.root.is_dir():
            return
        found: dict[str, list[Path]] = {}
        for folder in self.root.iterdir():
            mark = _SHA256.match(folder.name)
            if mark is not None:
                found.setdefault(mark[0], []).append(folder)
        names = list(found)
        for start in range(0, len(names), 500):
            some = names[start : start + 500]
            for sha256 in set(some) - set(known(some)):
                for folder in found[sha256]:
                    shutil.rmtree(folder, ignore_errors=True)


def read_stored(folder: Path) -> StoredFile | None:
    """What a file was converted to; None where it was not, or by another version."""
    with suppress(OSError, ValidationError, ValueError):
        stored = StoredFile.model_validate_json((folder / MANIFEST_NAME).read_bytes())
        if stored.format == FORMAT:
            return stored
    return None


def write_stored(folder: Path, stored: StoredFile) -> None:
    """Say what a file was converted to, or why it was not: whole, or not at all."""
    partial = folder / f"{MANIFEST_NAME}.new"
    partial.write_text(stored.model_dump_json(), encoding="utf-8")
    partial.rename(folder / MANIFEST_NAME)


def statistics_path(folder: Path, files: Collection[str], table: str | None) -> Path:
    """Of a table that is made of these files, in the folder of the first. ``table``: its name in the file."""
    name = digest("\0".join([*files, table or ""]).encode("utf-8", "replace")).hexdigest()[:16]
    return folder / f"statistics-{name}.json"


def read_statistics(path: Path) -> StoredStatistics | None:
    with suppress(OSError, ValidationError, ValueError):
        return StoredStatistics.model_validate_json(path.read_bytes())
    return None
