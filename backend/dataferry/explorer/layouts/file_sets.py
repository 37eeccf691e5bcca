"""The files of a dataset's folder, and those of a zip in it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dataferry.core.errors import DataferryError
from dataferry.explorer.layouts.contract import Place
from dataferry.explorer.layouts.names import in_order, is_meant
from dataferry.explorer.layouts.zip_members import read_members
from dataferry.library.paths import Store


class TreeFiles:
    """``sizes``: of every file that was recorded of the dataset, by path."""

    def __init__(self, store: Store, tree: Path, sizes: Mapping[str, int]) -> None:
        self._store, self._tree, self._sizes = store, tree, sizes
        self.paths: Sequence[str] = in_order(path for path in sizes if is_meant(path))

    def size(self, path: str) -> int:
        return self._sizes[path]

    def read(self, paths: Sequence[str], limit: int) -> Iterator[tuple[str, bytes]]:
        for path in paths:
            file = self.local(path)
            if file is not None:
                with suppress(OSError), file.open("rb") as stream:
                    yield path, stream.read(limit)

    def place(self, path: str) -> Place:
        return Place("file", path, size=self._sizes[path])

    def local(self, path: str) -> Path | None:
        return self._store.file(self._tree, path, self._sizes.get(path, -1))


class ZipFiles:
    """The members of zips that lie on this machine. ``archives``: by the paths that ``places`` name."""

    def __init__(self, archives: Mapping[str, Path], places: Mapping[str, Place]) -> None:
        self._archives, self._places = archives, places
        self.paths: Sequence[str] = list(places)

    def size(self, path: str) -> int:
        return self._places[path].size

    def read(self, paths: Sequence[str], limit: int) -> Iterator[tuple[str, bytes]]:
        of_archive: dict[str, list[str]] = {}
        for path in paths:
            of_archive.setdefault(self._places[path].file, []).append(path)
        for archive, some in of_archive.items():
            with suppress(OSError), self._archives[archive].open("rb") as stream:
                for path in some:
                    with suppress(DataferryError):
                        yield path, next(read_members(stream, [self._places[path]]))[:limit]

    def place(self, path: str) -> Place:
        return self._places[path]

    def local(self, path: str) -> Path | None:
        return None
