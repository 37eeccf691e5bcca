"""Versions of the library's datasets, for those who may see them: recorded, compared, and brought back."""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session

from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import Conflict, Forbidden, InvalidInput
from dataferry.core.files.no_links import is_regular
from dataferry.core.job_types import JobView
from dataferry.core.paging import Position
from dataferry.core.sizes import readable_count
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.jobs.problems import held_by
from dataferry.jobs.service import Jobs
from dataferry.library import rights, rows
from dataferry.library.access import Access
from dataferry.library.archives import Archive
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.preview import NotATable, Thumbnail, make_thumbnails
from dataferry.library.preview.thumbnails import MAX_PICTURE_BYTES
from dataferry.library.versions.bundle import bundle_of, not_versioned
from dataferry.library.versions.comparing import Comparison
from dataferry.library.versions.jobs import SERVER, params_of
from dataferry.library.versions.recording import MOST_FILES
from dataferry.library.versions.repository import SHORT, DatasetVersions, Recorded, check_git
from dataferry.library.versions.views import (
    Change,
    VersionComparison,
    VersionDetail,
    VersionPage,
    VersionPicture,
    VersionPictures,
    VersionTable,
    VersionView,
)
from dataferry.sources.cache import TtlCache

V = TypeVar("V", bound=VersionView)
#: In place of an author whose account is gone.
_LEFT = "somebody who has left"
#: Pictures of one request.
MAX_PICTURES = 60
#: Comparisons that are kept for their next pages.
_KEPT_S, _KEPT = 300.0, 4


@dataclass(frozen=True, slots=True)
class _Found:
    """``may_write``: the viewer may record and restore."""

    row: Dataset
    versions: DatasetVersions
    may_write: bool


class Versions:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(
        self, database: Database, store: Store, jobs: Jobs, accounts: Accounts, access: Access
    ) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._accounts = accounts
        self._access = access
        self._comparisons = TtlCache[Comparison](_KEPT_S, _KEPT)

    # -- reading ----------------------------------------------------------------------------------------

    async def page(
        self, viewer: Viewer, key_or_alias: str, position: Position | None, limit: int
    ) -> tuple[VersionPage, Position | None]:
        """Versions, newest first, and where the next page begins; None at the end."""
        found = await self._find(viewer, key_or_alias)
        after = str(position[0]) if position is not None else None
        shown = await in_thread("disk", found.versions.page, after, limit + 1)
        total = await in_thread("disk", found.versions.count)
        more = len(shown) > limit
        ref = rows.ref_of(found.row)
        page = VersionPage(
            ref=str(ref),
            key=ref.key,
            versions=await self._named(_view(version, found.row) for version in shown[:limit]),
            total=total,
            versioned=total > 0,
            may_write=found.may_write and found.row.downloaded,
            folder=str(found.versions.folder) if total else None,
        )
        return page, (shown[limit - 1].id,) if more else None

    async def get(self, viewer: Viewer, key_or_alias: str, version: str) -> VersionDetail:
        """A version, by its id, the beginning of that, or its number."""
        found = await self._find(viewer, key_or_alias)

        def read() -> VersionDetail:
            recorded = found.versions.get(version)
            tables = tuple(
                VersionTable(
                    name=dataset.name,
                    rows=dataset.rows,
                    fields=tuple(f"{one.field.name}: {one.field}" for one in dataset.fields),
                )
                for dataset in found.versions.lock(recorded).datasets
            )
            text = found.versions.index_file(recorded)
            return VersionDetail(**_view(recorded, found.row).model_dump(), index_file=text, tables=tables)

        detail = await in_thread("disk", read)
        (named,) = await self._named([detail])
        return named

    async def compare(
        self,
        viewer: Viewer,
        key_or_alias: str,
        older: str,
        newer: str,
        *,
        table: str | None = None,
        change: Change | None = None,
        position: Position | None = None,
        limit: int = 50,
    ) -> tuple[VersionComparison, Position | None]:
        """What differs from one version to another, a page of one table's rows, and where the next begins.

        ``table``: by default the first that differs. Errors: ``NotFound`` for a version that there is not.
        """
        found = await self._find(viewer, key_or_alias)
        offset = int(position[0]) if position is not None else 0

        def read() -> tuple[VersionComparison, int]:
            pair = found.versions.get(older), found.versions.get(newer)
            compared = self._compared(found.versions, *pair)
            names = [one.name for one in compared.tables]
            shown = table or (names[0] if names else None)
            some, total = compared.rows(shown, change, offset, limit) if shown else ((), 0)
            views = [_view(version, found.row) for version in pair]
            comparison = VersionComparison(
                older=views[0],
                newer=views[1],
                tables=compared.tables,
                table=shown,
                rows=some,
                total=total,
            )
            return comparison, offset + len(some)

        comparison, end = await in_thread("table", read)
        older_view, newer_view = await self._named([comparison.older, comparison.newer])
        comparison = comparison.model_copy(update={"older": older_view, "newer": newer_view})
        return comparison, (end,) if end < comparison.total else None

    def _compared(self, versions: DatasetVersions, older: Recorded, newer: Recorded) -> Comparison:
        key = (str(versions.folder), older.id, newer.id)
        known = self._comparisons.get(key)
        if known is None:
            known = Comparison(versions, older, newer)
            self._comparisons.put(key, known)
        return known

    async def pictures(self, viewer: Viewer, key_or_alias: str, digests: Sequence[str]) -> VersionPictures:
        """Thumbnails of files of any version, by their SHA-256; what is no picture is left out."""
        found = await self._find(viewer, key_or_alias)
        cache = found.versions.repository.cache

        def make() -> Iterator[VersionPicture]:
            wanted = [
                digest
                for digest in dict.fromkeys(digests)
                if is_regular(path := cache.path("objects", digest))
                and path.stat().st_size <= MAX_PICTURE_BYTES
            ]
            try:
                made = make_thumbnails([cache.path("objects", digest) for digest in wanted])
            except NotATable:
                made = []
            for digest, one in zip(wanted, made, strict=False):
                if isinstance(one, Thumbnail):
                    data = base64.b64encode(one.webp).decode()
                    yield VersionPicture(
                        sha256=digest,
                        width=one.width,
                        height=one.height,
                        thumbnail=f"data:image/webp;base64,{data}",
                    )

        return VersionPictures(pictures=await in_thread("table", lambda: tuple(make())))

    async def bundle(self, viewer: Viewer, key_or_alias: str) -> Archive:
        """The repository with all its data as one tar file. Errors: as ``bundle.bundle_of``."""
        found = await self._find(viewer, key_or_alias)
        return await in_thread("disk", bundle_of, found.versions)

    # -- writing ----------------------------------------------------------------------------------------

    async def record(
        self, viewer: Viewer, key_or_alias: str, message: str, revision: str | None = None
    ) -> JobView:
        """Start the job that records what is here as the next version; of a dataset that has none it becomes
        a versioned one.

        Errors: ``NotFound`` until it is here; ``Forbidden``; ``Conflict`` while another job changes it, and
        without git; ``InvalidInput`` for too many files.
        """
        check_git()
        await self._access.renew(viewer)

        def submit(session: Session) -> str:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            self._check_writable(session, viewer, row)
            if (row.file_count or 0) > MOST_FILES:
                raise InvalidInput(
                    f"{row.title} has {readable_count(row.file_count or 0)} files, and versions are kept of"
                    f" at most {readable_count(MOST_FILES)}.",
                    next_step="Choose a part of its files, and make that a versioned dataset.",
                )
            said = message.strip() or ("Record a version" if self._of(row).exists else f"Record {row.title}")
            job_id, _created = self._jobs.submit(
                session,
                kind="version",
                ref=rows.ref_of(row),
                title=row.title,
                dataset_id=row.id,
                params={"author": viewer.user_id, "message": said},
                requester_id=viewer.user_id,
                single_flight_key=f"version:{row.id}",
                revision=row.revision or None,
                file_path=row.local_path,
            )
            return job_id

        return await self._started(viewer, submit)

    async def restore(self, viewer: Viewer, key_or_alias: str, version: str, message: str = "") -> JobView:
        """Start the job that brings an older version's files back, as the newest version.

        What is here stays until they are verified. Errors: as ``record``; ``Conflict`` for the version whose
        files are here.
        """
        check_git()
        found = await self._find(viewer, key_or_alias)
        if not found.versions.exists:
            raise not_versioned()
        recorded = await in_thread("disk", found.versions.get, version)
        newest = await in_thread("disk", found.versions.newest)

        def submit(session: Session) -> str:
            row = session.get_one(Dataset, found.row.id)
            self._check_writable(session, viewer, row)
            is_newest = newest is not None and newest.facts.checksum == recorded.facts.checksum
            if is_newest and row.downloaded and row.checksum == recorded.facts.checksum:
                raise Conflict(
                    f"The files of version {recorded.number} are the ones that are here.",
                    next_step="Choose another version.",
                )
            target = _row_of(session, row, recorded.facts.revision)
            if target.id != row.id:
                self._check_free(session, target)
            rights.record_access(session, target.id, viewer.user_id)
            rights.own(session, target.id, [viewer.user_id])
            job_id, created = self._jobs.submit(
                session,
                kind="update",
                ref=rows.ref_of(row),
                title=row.title,
                dataset_id=target.id,
                params={
                    **self._jobs.params(session, row.download_job_id),
                    **params_of(recorded.id, viewer.user_id, message.strip()),
                    "revision": target.revision,
                },
                requester_id=viewer.user_id,
                single_flight_key=f"download:{target.id}",
                revision=target.revision or None,
                file_path=target.local_path,
            )
            if created and not target.downloaded:
                rows.set_status(session, target.id, "queued", job_id=job_id)
            return job_id

        return await self._started(viewer, submit)

    async def _started(self, viewer: Viewer, submit: Callable[[Session], str]) -> JobView:
        job_id = await self._database.run(submit)
        self._jobs.wake(job_id)
        return await self._jobs.get(viewer, job_id)

    # -- who may ----------------------------------------------------------------------------------------

    async def _find(self, viewer: Viewer, key_or_alias: str) -> _Found:
        def read(session: Session) -> _Found:
            row = rows.visible(session, viewer, key_or_alias)
            self._check_seen(session, viewer, row)
            mine = viewer.admin or viewer.user_id in rights.owners(session, row.id)
            return _Found(row, self._of(row), mine)

        return await self._access.renewed(viewer, read)

    def _of(self, row: Dataset) -> DatasetVersions:
        return DatasetVersions(self._store.versions(rows.ref_of(row), row.selection))

    def _check_seen(self, session: Session, viewer: Viewer, row: Dataset) -> None:
        """Versions are of all revisions: where one of these is restricted, they are for those who may see a
        restricted one. Errors: ``NotFound``."""
        same = [one for one in rows.find(session, rows.ref_of(row)) if one.selection == row.selection]
        restricted = [one for one in same if one.visibility == "restricted"]
        if restricted and not any(rights.may_see(session, one, viewer) for one in restricted):
            raise rows.not_in_library(str(rows.ref_of(row)))

    def _check_writable(self, session: Session, viewer: Viewer, row: Dataset) -> None:
        """Errors: ``Forbidden``, ``Conflict``, ``NotFound``."""
        self._check_seen(session, viewer, row)
        if not viewer.admin and viewer.user_id not in rights.owners(session, row.id):
            raise Forbidden(
                "Only those who asked for a dataset, and admins, may change its versions.",
                next_step="Ask one of them, or an admin.",
            )
        self._check_free(session, row)

    def _check_free(self, session: Session, row: Dataset) -> None:
        active = self._jobs.active(session, row.id)
        if active is not None and active.kind != "verify":
            raise held_by(active)

    async def _named(self, views: Iterable[V]) -> tuple[V, ...]:
        """With the authors' addresses: a version itself has their ids, which say nothing of those whose
        account is erased."""
        found = tuple(views)
        emails = await self._accounts.emails(sorted({view.author for view in found}))
        return tuple(
            view.model_copy(
                update={"author": emails.get(view.author, SERVER if view.author == SERVER else _LEFT)}
            )
            for view in found
        )


def _row_of(session: Session, row: Dataset, revision: str) -> Dataset:
    """The row of a dataset's revision, which is told of as this one is."""
    if row.revision == revision:
        return row
    ref = rows.ref_of(row)
    known = rows.find_exact(session, ref, revision, row.selection)
    if known is not None:
        return known
    made = rows.upsert(
        session, ref, None, revision=revision, selection=row.selection, encrypted_url=row.encrypted_url
    )
    made.title, made.description = row.title, row.description
    made.original_url, made.license, made.visibility = row.original_url, row.license, row.visibility
    session.add(made)
    return made


def _view(version: Recorded, row: Dataset) -> VersionView:
    facts = version.facts
    return VersionView(
        id=version.id,
        short=version.id[:SHORT],
        number=version.number,
        message=version.message,
        author=version.author,
        at=version.at,
        revision=facts.revision or None,
        rows=facts.rows,
        file_count=facts.files,
        size_bytes=facts.bytes,
        added=facts.added,
        removed=facts.removed,
        changed=facts.changed,
        restores=facts.restores,
        current=row.downloaded and facts.checksum == row.checksum,
    )
