"""The list of the images in a dataset's folder, made at the first demand."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dataferry.core.errors import DamagedFile
from dataferry.explorer.image_index import FORMAT, write_index
from dataferry.explorer.layouts import FileSet, Layout, Unrecognised, recognise
from dataferry.explorer.layouts.file_sets import TreeFiles, ZipFiles
from dataferry.explorer.layouts.merged import merged
from dataferry.explorer.layouts.names import is_image
from dataferry.explorer.layouts.zip_members import ZipDirectory, read_directory
from dataferry.library.paths import Store

_FOLDER = ".images"
#: Zips of one dataset that are looked into.
_MOST_ZIPS = 64
#: Pictures beside archives with so many times their bytes are not the data: a logo, a figure of a card.
_MUCH_LARGER = 10


class ImageLists:
    """The lists' own folder, below the store. What is in it may be of restricted datasets: it is closed to
    others."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.root = store.root / _FOLDER

    def path(self, name: str) -> Path:
        """Of a dataset's list; ``name`` tells the copy of its files too."""
        return self.root / f"{name}.{FORMAT}.sqlite"

    def prepare(self) -> None:
        self._store.check(self.root)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def remove_others(self, path: Path, of: str) -> None:
        """Remove older lists of a dataset, whose names begin with ``of``."""
        for older in self.root.glob(f"{of}*.sqlite"):
            if older != path:
                with suppress(OSError):
                    older.unlink()

    def sweep(self, known: Callable[[list[str]], set[str]]) -> None:
        """Remove the lists of datasets that are not here, and of what lies at its source, which are made
        again. ``known``: which of these datasets are here."""
        of = {path: path.name.rpartition("-")[0] for path in self.root.glob("*.sqlite*")}
        here = known(sorted(set(of.values())))
        for path, dataset_id in of.items():
            if dataset_id not in here:
                path.unlink(missing_ok=True)


def build_local(lists: ImageLists, path: Path, store: Store, tree: Path, sizes: Mapping[str, int]) -> None:
    """Write the list of the images in ``tree``. Blocks. Errors: ``NoPictures``; ``DamagedFile``."""
    lists.prepare()
    files = TreeFiles(store, tree, sizes)
    layout = layout_of(files, lambda: _zipped(files))
    if isinstance(layout, Unrecognised):
        raise NoPictures(layout)
    if write_index(path, layout) == 0:
        path.unlink(missing_ok=True)
        notes = " ".join(layout.notes()) or "none of its files is one"
        raise NoPictures(Unrecognised(notes.rstrip(".").lower(), "Look at its tables and files."))


class NoPictures(Exception):
    """Why a dataset has no picture to see."""

    def __init__(self, why: Unrecognised) -> None:
        super().__init__(why.reason)
        self.why = why


def layout_of(files: FileSet, zipped: Callable[[], Layout | Unrecognised]) -> Layout | Unrecognised:
    """The layout of files, or of what their zips hold where that is most of it."""
    zips = [path for path in files.paths if path.lower().endswith(".zip")]
    plain = sum(files.size(path) for path in files.paths if is_image(path))
    packed = sum(files.size(path) for path in zips)
    if zips and packed > _MUCH_LARGER * plain:
        inside = zipped()
        if not isinstance(inside, Unrecognised):
            return inside
        outside = recognise(files)
        return inside if isinstance(outside, Unrecognised) else outside
    return recognise(files)


def _zipped(files: TreeFiles) -> Layout | Unrecognised:
    archives: dict[str, Path] = {}
    directories: dict[str, ZipDirectory] = {}
    for path in [one for one in files.paths if one.lower().endswith(".zip")][:_MOST_ZIPS]:
        file = files.local(path)
        if file is not None:
            with suppress(DamagedFile, OSError), file.open("rb") as stream:
                directories[path] = read_directory(stream, path)
                archives[path] = file
    return recognise_members(ZipFiles(archives, merged(directories)), list(directories.values()))


def recognise_members(files: FileSet, directories: Sequence[ZipDirectory]) -> Layout | Unrecognised:
    """The layout of archives' members, or why there is none."""
    found = recognise(files)
    if not isinstance(found, Unrecognised):
        return found
    if not directories:
        return Unrecognised("its zip cannot be read", "Verify the dataset; if it differs, download it again.")
    if any(one.encrypted for one in directories):
        return Unrecognised("its zip needs a password", "Unpack it in a folder of your own.")
    if any(one.nested for one in directories):
        return Unrecognised(
            "its zip holds further archives",
            "Unpack them in a folder of your own, and add that as a dataset.",
        )
    return Unrecognised(f"in its zip, {found.reason}", found.next_step)
