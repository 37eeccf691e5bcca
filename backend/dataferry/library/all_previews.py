"""Previews of datasets, whether they are on this machine or not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import NotFound, Unreadable
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.library import file_rows, rows
from dataferry.library.access import Access
from dataferry.library.image_samples import chosen_images, samples_of
from dataferry.library.preview import CELL_CHARS, NotATable, Thumbnail, make_thumbnails, thumbnails_in_table
from dataferry.library.preview.thumbnails import SUFFIXES
from dataferry.library.preview_views import ImageSamples, Preview, PreviewFiles
from dataferry.library.previews import main_tables
from dataferry.library.remote_previews import RemotePreviews
from dataferry.library.shelf import Shelf

#: Pictures of a dataset of which samples are chosen.
_CHOSEN_FROM = 500


class Previews:
    """What is here is read here; of what is not, the beginning is fetched from its source."""

    def __init__(self, database: Database, shelf: Shelf, remote: RemotePreviews, access: Access) -> None:
        self._database = database
        self._shelf = shelf
        self._remote = remote
        self._access = access

    async def preview(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        path: str | None = None,
        row_count: int = 20,
        cell_chars: int = CELL_CHARS,
    ) -> Preview:
        """The first rows of one of the dataset's tables, by default its main one.

        Errors: those of ``Shelf.preview`` and of ``RemotePreviews.preview``.
        """
        here, missing = await self._find(viewer, key_or_alias, revision)
        read = self._shelf.preview if here else self._remote.preview
        with _told_of(missing):
            return await read(
                viewer, key_or_alias, revision, path=path, row_count=row_count, cell_chars=cell_chars
            )

    async def files(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> PreviewFiles:
        """The files that can be shown as a table, or why there is none. Errors: those of both."""
        here, missing = await self._find(viewer, key_or_alias, revision)
        read = self._shelf.preview_files if here else self._remote.files
        with _told_of(missing):
            return await read(viewer, key_or_alias, revision)

    async def images(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, count: int = 12
    ) -> ImageSamples:
        """Up to ``count`` of the dataset's pictures, small; empty where it has none.

        Errors: those of ``files``.
        """
        here, missing = await self._find(viewer, key_or_alias, revision)
        if here:
            return await self._images_here(viewer, key_or_alias, revision, count)
        with _told_of(missing):
            return await self._remote.images(viewer, key_or_alias, revision, count=count)

    async def _images_here(
        self, viewer: Viewer, key_or_alias: str, revision: str | None, count: int
    ) -> ImageSamples:
        def read(session: Session) -> tuple[list[str], int, list[str]]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            found, total = file_rows.spread(session, row.id, SUFFIXES, limit=_CHOSEN_FROM)
            return found, total, [] if found else main_tables(session, row.id, 1)

        found, total, tables = await self._database.run_read(read)
        paths = chosen_images([(path, None) for path in found], count)
        tables = [path for path in tables if path.lower().endswith(".parquet")]
        made: list[tuple[str, Thumbnail | NotATable]] = []
        files: list[tuple[str, Path]] = []
        for path in paths or tables:
            try:
                opened = await self._shelf.open_file(viewer, key_or_alias, path, revision)
                files.append((path, opened.path))
            except NotFound as error:  # one that is gone keeps the others from nobody
                made.append((path, NotATable(str(error))))
        made += await in_thread("table", _thumbnails, files, count, are_tables=not paths)
        samples, notes = samples_of(made)
        return ImageSamples(images=samples, image_count=total or None, notes=notes)

    async def _find(
        self, viewer: Viewer, key_or_alias: str, revision: str | None
    ) -> tuple[bool, NotFound | None]:
        """Whether it is here; where only other revisions are, what is said of that."""
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[bool, NotFound | None]:
            try:
                return rows.visible(session, viewer, key_or_alias, revision).downloaded, None
            except NotFound as error:
                missing = error
            try:
                rows.visible(session, viewer, key_or_alias)
            except NotFound:
                return False, None
            return False, missing

        return await self._database.run_read(read)


def _thumbnails(
    files: Sequence[tuple[str, Path]], count: int, *, are_tables: bool
) -> list[tuple[str, Thumbnail | NotATable]]:
    """Of files that are pictures, or of the pictures in tables; each with the path of its file."""
    try:
        if are_tables:
            return [(path, one) for path, file in files for one in thumbnails_in_table(file, count)]
        found = make_thumbnails([file for _, file in files]) if files else []
        return [(path, one) for (path, _), one in zip(files, found, strict=True)]
    except NotATable as error:
        return [(path, error) for path, _ in files]


@contextmanager
def _told_of(missing: NotFound | None) -> Iterator[None]:
    """A revision that its source has not either is missing among those here. Errors: ``missing``."""
    try:
        yield
    except Unreadable:
        raise
    except NotFound:
        if missing is not None:
            raise missing from None
        raise
