"""The datasets on this machine: listed, shown and deleted."""

import builtins
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import DataferryError, Forbidden, NotFound
from dataferry.core.paging import Position
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.jobs.problems import held_by, problem_view
from dataferry.jobs.service import Jobs
from dataferry.library import file_rows, listing, pins, rights, rows, share_rows
from dataferry.library.access import Access
from dataferry.library.cards import dataset_view, loader_snippet
from dataferry.library.dedup import freed_bytes, used_bytes
from dataferry.library.deletion import submit_deletion
from dataferry.library.disk_space import disks, partial_bytes
from dataferry.library.last_use import LastUse
from dataferry.library.listing import LibraryQuery
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.preview import CELL_CHARS
from dataferry.library.preview_views import Preview, PreviewFiles
from dataferry.library.previews import main_tables, preview_files, read_loader, read_preview
from dataferry.library.receipts import download_note, receipt, receipt_json
from dataferry.library.storage_views import StorageView
from dataferry.library.versions.leaving import counts, leaving
from dataferry.library.views import (
    DatasetFileView,
    DatasetPage,
    DatasetView,
    Deletion,
    FilePage,
    SeveralDeletion,
    SeveralDeletions,
)
from dataferry.plugins.locations import readers_folder
from dataferry.plugins.reading import check_unread


@dataclass(frozen=True, slots=True)
class OpenFile:
    """Where a file lies, the digest of its content, in hexadecimal, and the id of its dataset's row."""

    path: Path
    sha256: str
    dataset_id: str


class Shelf:
    """What is here. Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        store: Store,
        jobs: Jobs,
        accounts: Accounts,
        access: Access,
        last_use: LastUse,
    ) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._accounts = accounts
        self._access = access
        self._last_use = last_use
        self._data_folder = settings.data_dir
        self._min_free_bytes = settings.min_free_bytes

    async def list(self, viewer: Viewer, *, page_size: int = 50, page_number: int = 1) -> DatasetPage:
        """A page of the library, newest change first, counted from 1."""
        return await self.query(
            viewer, LibraryQuery(page_size=page_size, page_number=page_number, registered=False)
        )

    async def query(self, viewer: Viewer, wanted: LibraryQuery) -> DatasetPage:
        """A page of what is wanted of the library."""
        return (await self.page(viewer, wanted))[0]

    async def page(
        self, viewer: Viewer, wanted: LibraryQuery, position: Position | None = None
    ) -> tuple[DatasetPage, Position | None]:
        """A page of what is wanted of the library, and where the next one begins; None at the end."""
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[DatasetPage, Position | None]:
            shown, total, last = listing.page(session, viewer, wanted, position)
            number = wanted.page_number if position is None else None
            views = self._views(session, viewer, shown)
            page = DatasetPage(datasets=views, page_number=number, page_size=wanted.length, total=total)
            return page, last

        return await self._database.run_read(read)

    def _views(self, session: Session, viewer: Viewer, shown: Sequence[Dataset]) -> tuple[DatasetView, ...]:
        ids = [row.id for row in shown]
        latest = self._jobs.latest(session, ids, viewer.user_id)
        mine = set(ids) if viewer.admin else rights.owned_by(session, viewer, ids)
        pinned, shared = pins.of(session, ids), share_rows.shared(session, ids)
        return tuple(
            dataset_view(
                row,
                latest.get(row.id),
                deletable=row.id in mine,
                pinned=row.id in pinned,
                pinned_by_me=viewer.user_id in pinned.get(row.id, ()),
                shared=row.id in shared,
            )
            for row in shown
        )

    async def get(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> DatasetView:
        """One dataset by key, ref or alias. Reading it starts nothing."""

        def read(session: Session) -> tuple[DatasetView, Dataset, list[DatasetFile]]:
            row = rows.visible(session, viewer, key_or_alias, revision)
            (view,) = self._views(session, viewer, [row])
            paths = main_tables(session, row.id, 2) if row.downloaded else []
            files = [file for path in paths if (file := file_rows.file_of(session, row.id, path))]
            return view, row, files

        view, row, files = await self._access.renewed(viewer, read)
        if not row.downloaded or row.local_path is None:
            return view
        snippet = loader_snippet(rows.ref_of(row), row.local_path, [file.path for file in files])
        if files and "load_dataset" not in snippet:
            read_table = await in_thread("table", self._loader, Path(row.local_path), files[0])
            snippet = read_table or snippet
        return view.model_copy(update={"snippet": snippet})

    def _loader(self, tree: Path, file: DatasetFile) -> str | None:
        found = self._store.file(tree, file.path, file.size)
        return read_loader(found, file.path) if found is not None else None

    async def receipt(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, files: bool = True
    ) -> AsyncIterator[str]:
        """The receipt of a download: the JSON of a ``Receipt``, in pieces. Without ``files`` its list of them
        is empty.

        Errors: ``NotFound`` until it is here, before the first piece.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, builtins.list[str], str | None]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            return row, rights.owners(session, row.id), download_note(session, row.id)

        row, users, note = await self._database.run_read(read)
        emails = await self._accounts.emails(users)
        said = receipt(row, tuple(emails[user] for user in users if user in emails), note)
        return receipt_json(said, self._pages(row.id) if files else None)

    async def _pages(self, dataset_id: str) -> AsyncIterator[Sequence[DatasetFileView]]:
        """Every file of a dataset, by path, some at a time."""
        after = None
        limit = file_rows.PAGE_SIZE
        while found := await self._database.run_read(file_rows.page, dataset_id, after=after, limit=limit):
            yield found
            after = found[-1].path

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

        Errors: ``NotFound`` where it has none; ``Unreadable`` for a file that is no table.
        """
        if path is None:
            await self._access.renew(viewer)

            def read(session: Session) -> list[str]:
                row = rows.visible(session, viewer, key_or_alias, revision)
                return main_tables(session, row.id, 1) if row.downloaded else []

            (path,) = await self._database.run_read(read) or (None,)
        if path is None:
            raise NotFound("There is no table here to show.", next_step="Look at the file list.")
        file = await self.open_file(viewer, key_or_alias, path, revision)
        return await in_thread("table", read_preview, file.path, path, row_count, cell_chars)

    async def preview_files(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None
    ) -> PreviewFiles:
        """The files that can be shown as a table, or why there is none.

        Errors: ``NotFound`` until the dataset is here.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> PreviewFiles:
            return preview_files(session, rows.downloaded(session, viewer, key_or_alias, revision))

        return await self._database.run_read(read)

    async def opened(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> None:
        """Record that somebody looks into a dataset. Errors: ``NotFound`` until it is here."""
        await self._access.renew(viewer)

        def record(session: Session) -> None:
            rows.record_use(session, rows.downloaded(session, viewer, key_or_alias, revision).id)

        await self._database.run(record)

    async def files(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        after: str | None = None,
        page_size: int = 1000,
    ) -> FilePage:
        """A page of a dataset's files, by path. ``after``: ``next`` of the page before.

        Pages follow a path, not a number, so that the last one costs no more than the first.
        Errors: ``NotFound`` until the dataset is here; ``InvalidInput`` for an ``after`` that no page had.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[list[DatasetFileView], int | None]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            # One more than a page tells whether another page follows.
            return file_rows.page(session, row.id, after=after, limit=page_size + 1), row.file_count

        found, total = await self._database.run_read(read)
        shown = tuple(found[:page_size])
        return FilePage(files=shown, next=shown[-1].path if len(found) > page_size else None, total=total)

    async def open_file(
        self, viewer: Viewer, key_or_alias: str, path: str, revision: str | None = None
    ) -> OpenFile:
        """One verified file of a dataset, inside the store, to be read and not written.

        Errors: ``NotFound`` for a path that is none of its files, and for a file that is not there as it
        was verified: gone, of another size, or replaced by a link.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, DatasetFile | None]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            return row, file_rows.file_of(session, row.id, path)

        row, file = await self._database.run_read(read)
        if file is None or row.local_path is None:
            raise NotFound(
                f"The dataset has no file {path[:120]!r}.", next_step="Choose one from its file list."
            )
        found = await in_thread("disk", self._store.file, Path(row.local_path), file.path, file.size)
        if found is None:
            raise NotFound(
                f"{path[:120]} is not on the disk as it was downloaded.",
                next_step="Repair the dataset: what is missing or changed is downloaded again.",
            )
        self._last_use.touch(row.id)
        return OpenFile(found, file.sha256, row.id)

    async def delete(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Deletion:
        """Delete a dataset's files. For those who asked for it, and admins. Where others asked for it too the
        files stay for them, and only the viewer's part in them ends; an admin deletes them for all. What is
        asked for of the dataset from now on waits until they are gone.

        Errors: ``NotFound``, ``Forbidden``, ``Conflict`` naming the job that holds it.
        """
        await self._access.renew(viewer)

        def find(session: Session) -> tuple[Dataset, set[str], int]:
            row = rows.visible(session, viewer, key_or_alias, revision)
            self._check_deletable(session, viewer, row)
            going = rights.removed_by(session, viewer, [row.id])
            return row, going, freed_bytes(session, viewer, *going)

        # Looks at every file, which nobody should have to wait for.
        row, going, freed = await self._database.run_read(find)
        freed += await in_thread("disk", partial_bytes, self._store, *going)
        job_id = await self._submit_deletion(viewer, row.id)
        job = await self._jobs.get(viewer, job_id)
        folders = (row.local_path,) if going and row.local_path else ()
        return Deletion(job_id=job_id, status=job.state, freed_bytes=freed, folders=folders, stays=not going)

    async def delete_several(
        self, viewer: Viewer, targets: Sequence[tuple[str, str | None]], *, ask_only: bool = False
    ) -> SeveralDeletions:
        """Delete the files of several datasets, each a key and a revision, or say what that would free.

        One that cannot be deleted does not keep the others: its problem is in its result.
        """
        await self._access.renew(viewer)

        def check(
            session: Session,
        ) -> tuple[builtins.list[str | DataferryError], set[str], int, dict[str, Path]]:
            found = [self._deletable(session, viewer, *target) for target in targets]
            going = rights.removed_by(session, viewer, [one for one in found if isinstance(one, str)])
            versions = leaving(session, self._store, going)
            return found, going, freed_bytes(session, viewer, *going), versions

        found, going, freed, leaving_versions = await self._database.run_read(check)
        freed += await in_thread("disk", partial_bytes, self._store, *going)
        versions = await in_thread("disk", counts, leaving_versions)
        results = []
        for (key, revision), one in zip(targets, found, strict=True):
            result = SeveralDeletion(key=key, revision=revision)
            if isinstance(one, DataferryError):
                result = result.model_copy(update={"problem": problem_view(one)})
            else:
                told = {"stays": one not in going, "versions": versions.get(one, 0)}
                result = result.model_copy(update=told)
                if not ask_only:
                    result = await self._deleted(viewer, one, result)
            results.append(result)
        return SeveralDeletions(freed_bytes=freed, results=tuple(results))

    async def _deleted(self, viewer: Viewer, dataset_id: str, result: SeveralDeletion) -> SeveralDeletion:
        try:
            return result.model_copy(update={"job_id": await self._submit_deletion(viewer, dataset_id)})
        except DataferryError as error:  # somebody was quicker
            return result.model_copy(update={"problem": problem_view(error)})

    def _deletable(
        self, session: Session, viewer: Viewer, key_or_alias: str, revision: str | None
    ) -> str | DataferryError:
        """The id of the dataset, or why it cannot be deleted."""
        try:
            row = rows.visible(session, viewer, key_or_alias, revision)
            self._check_deletable(session, viewer, row)
        except DataferryError as error:
            return error
        return row.id

    async def _submit_deletion(self, viewer: Viewer, dataset_id: str) -> str:
        """The id of the job that deletes the dataset's files. Errors: as ``delete``."""

        def submit(session: Session) -> str:
            row = rows.visible(session, viewer, dataset_id)
            self._check_deletable(session, viewer, row)
            return submit_deletion(session, self._jobs, row, viewer.user_id)

        job_id = await self._database.run(submit)
        self._jobs.wake(job_id)
        return job_id

    async def storage(self, viewer: Viewer) -> StorageView:
        """The disk under the store."""
        used = await self._database.run_read(used_bytes, viewer)
        sources = await self._database.run_read(listing.by_source, viewer)
        view = await in_thread(
            "disk", disks, self._store, self._data_folder, used, reserve_bytes=self._min_free_bytes
        )
        return view.model_copy(update={"sources": sources})

    def _check_deletable(self, session: Session, viewer: Viewer, row: Dataset) -> None:
        """Errors: ``Forbidden``, ``Conflict``."""
        if not viewer.admin and viewer.user_id not in rights.owners(session, row.id):
            raise Forbidden(
                "Only those who asked for a dataset, and admins, may delete it.",
                next_step="Ask an admin.",
            )
        active = self._jobs.active(session, row.id)
        if active is not None and active.kind != "delete":
            raise held_by(active)
        if row.source == "builtin":
            check_unread(readers_folder(self._store.root, row.source_id), row.title)
