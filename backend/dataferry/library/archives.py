"""A dataset of the library as one file, for whoever wants it on their own computer."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dataferry.core.db import Database
from dataferry.core.files.no_links import NoLinks
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.library import file_rows, rows
from dataferry.library.access import Access
from dataferry.library.archive_stream import ArchiveFormat, Member, archive_length, archive_pieces
from dataferry.library.last_use import LastUse
from dataferry.library.models import Dataset
from dataferry.library.paths import Store


@dataclass(frozen=True, slots=True)
class Archive:
    """``pieces`` block while they are read; their ``length`` is that of all together, in bytes."""

    name: str
    length: int
    pieces: Iterator[bytes]


class Archives:
    """Makes them while they are sent. What a viewer may not see answers ``NotFound``."""

    def __init__(self, database: Database, store: Store, access: Access, last_use: LastUse) -> None:
        self._database = database
        self._store = store
        self._access = access
        self._last_use = last_use

    async def make(
        self, viewer: Viewer, key_or_alias: str, format: ArchiveFormat, revision: str | None = None
    ) -> Archive:
        """The whole dataset, in a folder of its name. Errors: ``NotFound`` until it is here."""
        await self._access.renew(viewer)

        row = await self._database.run_read(rows.downloaded, viewer, key_or_alias, revision)
        # The folder's name is a safe one, which a link's own is not.
        folder = Path(row.local_path or "").parent.name
        length = await in_thread("disk", self._length, row, folder, format)
        members = self._members(row, folder)
        return Archive(f"{folder}.{format}", length, self._touching(row.id, archive_pieces(format, members)))

    def _touching(self, dataset_id: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces; as long as somebody reads them the dataset is in use."""
        for piece in pieces:
            self._last_use.touch(dataset_id)
            yield piece

    def _length(self, row: Dataset, folder: str, format: ArchiveFormat) -> int:
        files = (file for page in file_rows.pages(self._database, row.id) for file in page)
        return archive_length(format, ((f"{folder}/{file.path}", file.size) for file in files))

    def _members(self, row: Dataset, folder: str) -> Iterator[Member]:
        """Errors: ``OSError`` for a file that is not there as it was downloaded."""
        links = NoLinks(self._store.root)
        modified = (row.downloaded_at_ms or 0) / 1000
        tree = Path(row.local_path or "")
        for page in file_rows.pages(self._database, row.id):
            for file in page:
                path = tree / file.path
                if not links.is_file(path) or path.lstat().st_size != file.size:
                    raise OSError(f"{path} is not there as it was downloaded")
                yield Member(f"{folder}/{file.path}", path, file.size, modified)
