"""What a download would bring, before anything is started: files, sizes, what is here, the disk's room."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import SourceRateLimited, SourceTimeout, SourceUnreachable
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.core.types import Credential, DatasetRef, Viewer
from dataferry.library import file_rows, rights, rows
from dataferry.library.dedup import DedupCandidates
from dataferry.library.disk_space import free_bytes, partial_bytes
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.selection import Selection
from dataferry.library.views import DiskSpace, DownloadPlan, PlannedFile
from dataferry.sources.base import Contents, ListedFile
from dataferry.sources.catalog import Catalog

#: How long a request waits for a source to list its files. A page of the Hub has 1,000 of them.
LISTING_TIMEOUT_S = 50.0
#: Files that are looked up at a time.
_BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The files that are wanted of a dataset's contents, and the paths of those that are here."""

    contents: Contents
    files: Sequence[ListedFile]
    here: frozenset[str]
    #: The disk that an earlier, stopped download of the same holds.
    arrived_bytes: int

    @property
    def archive(self) -> bool:
        return any(entry.unpack for entry in self.contents.manifest.files)

    @property
    def missing(self) -> list[ListedFile]:
        return [file for file in self.files if file.path not in self.here]

    @property
    def all_here(self) -> bool:
        """Never where the files are not listed: nobody can tell."""
        return self.contents.manifest.listed and not self.missing

    def sum(self, files: Sequence[ListedFile]) -> int | None:
        """Bytes; None where a size is not known."""
        sizes = [file.size for file in files]
        if None in sizes or not self.contents.manifest.listed:
            return None
        return sum(size for size in sizes if size is not None)

    @property
    def fetch_bytes(self) -> int | None:
        if self.all_here:
            return 0
        if self.archive:
            return self.contents.manifest.total_bytes
        return self.sum(self.missing)

    @property
    def needed_bytes(self) -> int | None:
        """Of the disk. An archive is unpacked as a whole, before what is not wanted goes."""
        if self.all_here:
            return 0
        needed = self.contents.manifest.unpacked_bytes if self.archive else self.sum(self.missing)
        return None if needed is None else max(0, needed - self.arrived_bytes)

    @property
    def peak_bytes(self) -> int | None:
        """Of the disk at most: an archive is there beside what is unpacked of it."""
        if not self.archive or self.all_here:
            return self.needed_bytes
        packed, unpacked = self.contents.manifest.total_bytes, self.contents.manifest.unpacked_bytes
        if packed is None or unpacked is None:
            return None
        return max(0, packed + unpacked - self.arrived_bytes)


class Plans:
    """Looks at a dataset where it comes from."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        store: Store,
        catalog: Catalog,
        credentials: CredentialResolver,
        private_urls: PrivateUrls,
    ) -> None:
        self._database = database
        self._store = store
        self._catalog = catalog
        self._credentials = credentials
        self._private_urls = private_urls
        self._min_free_bytes = settings.min_free_bytes

    async def find(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        cursor: str | None = None,
        limit: int = 200,
    ) -> DownloadPlan:
        """All files of a dataset that a key, a ref or an alias names, as its source has them.

        Where that cannot be asked, as they are here. Errors: as ``plan``.
        """
        ref = await self._database.run_read(rows.resolve_name, key_or_alias)
        try:
            return await self.plan(viewer, ref, revision, cursor=cursor, limit=limit)
        except (SourceTimeout, SourceUnreachable, SourceRateLimited):
            here = await self._database.run_read(self._listed_here, viewer, ref, revision, cursor, limit)
            if here is None:
                raise
            return here

    async def plan(
        self,
        viewer: Viewer,
        ref: DatasetRef,
        revision: str | None = None,
        selection: Selection = Selection(),
        *,
        force: bool = False,
        cursor: str | None = None,
        limit: int = 200,
    ) -> DownloadPlan:
        """What a request for this download would bring. ``cursor``: ``next`` of the page before.

        Errors: those that the download would meet before its first byte: ``NotFound``, ``GatedDataset``,
        ``SourceNotConfigured`` and the rest of the ``SourceError`` family.
        """
        if selection.config or selection.split:
            self._catalog.check_subsets(ref)
        ref = await self._database.run_read(self._private_urls.restore, ref, viewer)
        credential = await self._credentials.find(ref.source, viewer.user_id)
        contents = await self._catalog.contents(ref, revision, credential, timeout=LISTING_TIMEOUT_S)
        if not contents.manifest.listed and not force:
            here = await self._database.run_read(self._listed_here, viewer, ref, revision, cursor, limit)
            if here is not None:
                return here
        files = await in_thread("listing", self._chosen, ref, contents, selection, credential)
        wanted = await in_thread("disk", self._look_up, viewer, contents, files, selection, force)
        return self._view(wanted, cursor, limit)

    def _chosen(
        self, ref: DatasetRef, contents: Contents, selection: Selection, credential: Credential
    ) -> Sequence[ListedFile]:
        if selection.everything or not contents.manifest.listed:
            return contents.files
        patterns = None
        if selection.config or selection.split:
            patterns = self._catalog.subset(
                ref, contents.manifest.revision, credential, config=selection.config, split=selection.split
            )
        paths = selection.choice(patterns).matching([file.path for file in contents.files])
        return [file for file in contents.files if file.path in paths]

    def _look_up(
        self,
        viewer: Viewer,
        contents: Contents,
        files: Sequence[ListedFile],
        selection: Selection,
        force: bool,
    ) -> _Wanted:
        """What of ``files`` is on this machine. Blocks."""
        manifest = contents.manifest

        def read(session: Session) -> tuple[list[str], Dataset | None]:
            found = (row for row in rows.find(session, manifest.ref) if row.revision == manifest.revision)
            mine = [row for row in found if rights.may_see(session, row, viewer)]
            same = (row for row in mine if row.selection == selection.digest)
            return [row.id for row in mine if row.downloaded], next(same, None)

        ids, row = self._database.read(read)
        here = set() if force else self._downloaded(ids, files) | self._linkable(manifest.ref, row, files)
        arrived = partial_bytes(self._store, row.id) if row is not None else 0
        return _Wanted(contents, files, frozenset(here), arrived)

    def _downloaded(self, dataset_ids: Sequence[str], files: Sequence[ListedFile]) -> set[str]:
        """Paths of the files that are here as this dataset's."""
        here: set[str] = set()
        for start in range(0, len(files), _BATCH_SIZE):
            batch = [file.path for file in files[start : start + _BATCH_SIZE]]
            for dataset_id in dataset_ids:
                here |= set(self._database.read(file_rows.sizes, dataset_id, batch))
        return here

    def _linkable(self, ref: DatasetRef, row: Dataset | None, files: Sequence[ListedFile]) -> set[str]:
        """Paths of the files whose bytes another dataset of the library has."""
        visibility = row.visibility if row is not None else "public"
        asking = Dataset(
            id="", name=str(ref), source=ref.source, source_id=ref.id, visibility=visibility, updated_at_ms=0
        )
        find = DedupCandidates(self._database, self._store, asking, (file.checksum for file in files))
        promised = ((file, file.checksum) for file in files if file.checksum and file.size)
        return {file.path for file, checksum in promised if find(checksum, file.size or 0) is not None}

    def _view(self, wanted: _Wanted, cursor: str | None, limit: int) -> DownloadPlan:
        manifest, files = wanted.contents.manifest, wanted.files
        first = bisect_right(files, cursor, key=lambda file: file.path) if cursor else 0
        shown = files[first : first + limit]
        here = [file for file in files if file.path in wanted.here]
        needed, free = wanted.needed_bytes, free_bytes(self._store)
        peak = wanted.peak_bytes
        return DownloadPlan(
            ref=str(manifest.ref),
            key=manifest.ref.key,
            source=manifest.ref.source,
            revision=manifest.revision,
            file_count=len(files),
            more_files=wanted.contents.more,
            total_bytes=wanted.sum(files),
            here_count=len(here),
            here_bytes=sum(file.size or 0 for file in here),
            fetch_bytes=wanted.fetch_bytes,
            archive=wanted.archive,
            disk_space=DiskSpace(needed_bytes=needed, free_bytes=free, peak_bytes=peak),
            fits=not needed or (peak or needed) + self._min_free_bytes <= free,
            files=tuple(
                PlannedFile(path=one.path, size_bytes=one.size, grade=one.grade, here=one.path in wanted.here)
                for one in shown
            ),
            next=shown[-1].path if first + limit < len(files) else None,
        )

    def _listed_here(
        self,
        session: Session,
        viewer: Viewer,
        ref: DatasetRef,
        revision: str | None,
        cursor: str | None,
        limit: int,
    ) -> DownloadPlan | None:
        """The files of the copy that is here; None where there is none."""
        whole = (row for row in rows.find(session, ref) if row.downloaded and not row.selection)
        found = (row for row in whole if row.revision.startswith(revision or ""))
        row = next((row for row in found if rights.may_see(session, row, viewer)), None)
        if row is None:
            return None
        page = file_rows.page(session, row.id, after=cursor, limit=limit + 1)
        count, size = row.file_count or 0, row.size or 0
        return DownloadPlan(
            ref=str(ref),
            key=ref.key,
            source=ref.source,
            revision=row.revision,
            origin="library",
            file_count=count,
            total_bytes=size,
            here_count=count,
            here_bytes=size,
            fetch_bytes=0,
            disk_space=DiskSpace(needed_bytes=0, free_bytes=free_bytes(self._store)),
            files=tuple(
                PlannedFile(path=file.path, size_bytes=file.size, grade=file.grade, here=True)
                for file in page[:limit]
            ),
            next=page[limit - 1].path if len(page) > limit else None,
        )
