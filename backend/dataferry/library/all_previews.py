"""Previews of datasets, whether they are on this machine or not."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import NotFound, Unreadable
from dataferry.core.types import Viewer
from dataferry.library import rows
from dataferry.library.access import Access
from dataferry.library.preview import CELL_CHARS
from dataferry.library.preview_views import Preview, PreviewFiles
from dataferry.library.remote_previews import RemotePreviews
from dataferry.library.shelf import Shelf


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
