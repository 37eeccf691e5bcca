"""The pictures that a table names: files of the same dataset, as the cells of an ImageFolder's metadata write
them (``file_name``), or a table of labels beside a folder of images."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from posixpath import normpath

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.threads import in_thread
from dataferry.core.types import View, Viewer
from dataferry.explorer.recent import Recent
from dataferry.explorer.service import Tables
from dataferry.library import file_rows, rows
from dataferry.library.image_samples import is_image
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.preview import NotATable, Thumbnail, make_thumbnails

#: Of one request.
MAX_NAMES = 60
#: In a larger dataset a name without its folder is not looked for.
_MAX_LOOKED_THROUGH = 20_000
_KEPT_BYTES = 16 << 20


class NamedPicture(View):
    """``name``: as the table's cell has it. ``path``: of the file. ``width`` and ``height``: of the whole
    picture, in pixels. ``thumbnail``: a WebP picture as a ``data:`` address."""

    name: str
    path: str
    width: int
    height: int
    thumbnail: str


class NamedPictures(View):
    """The pictures that were found, in the order of their names."""

    pictures: tuple[NamedPicture, ...]


class PictureFinder:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(self, database: Database, store: Store, tables: Tables) -> None:
        self._database = database
        self._store = store
        self._tables = tables
        self._kept: Recent[str, Thumbnail] = Recent(_KEPT_BYTES, lambda one: len(one.webp))

    async def find(
        self, viewer: Viewer, key_or_alias: str, table: str, names: Sequence[str], revision: str | None = None
    ) -> NamedPictures:
        """The pictures that cells of a table name, small. A name that is no picture's, or whose picture is
        not here or damaged, is left out.

        Errors: ``NotFound`` for a table that there is not.
        """
        shown = await self._tables.get(viewer, key_or_alias, table, revision)
        wanted = [name for name in dict.fromkeys(names) if is_image(name) and file_rows.storable(name)]

        def read(session: Session) -> tuple[Dataset, Mapping[str, DatasetFile]]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            return row, _files_named(session, row, PurePosixPath(shown.path).parent, wanted)

        row, found = await self._database.run_read(read)
        tree = Path(row.local_path or "")
        made = await in_thread("table", self._thumbnails, tree, list(found.values()))
        return NamedPictures(
            pictures=tuple(
                NamedPicture(
                    name=name,
                    path=file.path,
                    width=made[file.sha256].width,
                    height=made[file.sha256].height,
                    thumbnail=f"data:image/webp;base64,{base64.b64encode(made[file.sha256].webp).decode()}",
                )
                for name, file in found.items()
                if file.sha256 in made
            )
        )

    def _thumbnails(self, tree: Path, files: Sequence[DatasetFile]) -> dict[str, Thumbnail]:
        """By the digests of the files: those that are kept, and the others from a process of their own."""
        made = {file.sha256: kept for file in files if (kept := self._kept.peek(file.sha256)) is not None}
        missing: dict[str, Path] = {}
        for file in files:
            path = self._store.file(tree, file.path, file.size) if file.sha256 not in made else None
            if path is not None:
                missing[file.sha256] = path
        try:
            drawn = make_thumbnails(list(missing.values())) if missing else []
        except NotATable:  # all of them together take too much
            drawn = []
        for digest, one in zip(missing, drawn, strict=False):
            if isinstance(one, Thumbnail):
                made[digest] = one
                self._kept.put(digest, one)
        return made


def _files_named(
    session: Session, row: Dataset, folder: PurePosixPath, names: Sequence[str]
) -> dict[str, DatasetFile]:
    """The file of each name: in the table's folder, from the top, or the only one with that end."""
    candidates = {name: list(_places(folder, name)) for name in names}
    every = [path for places in candidates.values() for path in places]
    known = {file.path: file for file in file_rows.of_paths(session, row.id, every)}
    found = {
        name: next((known[path] for path in places if path in known), None)
        for name, places in candidates.items()
    }
    lost = [name for name, file in found.items() if file is None]
    if lost and (row.file_count or 0) <= _MAX_LOOKED_THROUGH:
        found |= file_rows.only_ones_ending(session, row.id, lost)
    return {name: file for name, file in found.items() if file is not None}


def _places(folder: PurePosixPath, name: str) -> Iterable[str]:
    inside = name.replace("\\", "/").lstrip("/")
    return dict.fromkeys((normpath(str(folder / inside)), normpath(inside)))
