"""Checks of datasets' files, for those who may see them: a look, a full verification, and the repair."""

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import Conflict
from dataferry.core.job_types import JobView
from dataferry.core.specs import SOURCES
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library import check_rows, rows
from dataferry.library.access import Access
from dataferry.library.check_views import CheckReport
from dataferry.library.downloads import Downloads
from dataferry.library.looks import Looks
from dataferry.library.models import Dataset
from dataferry.library.selection import Selection
from dataferry.library.views import DownloadTicket


class Checks:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(
        self, database: Database, jobs: Jobs, access: Access, looks: Looks, downloads: Downloads
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._access = access
        self._looks = looks
        self._downloads = downloads

    async def look(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Dataset:
        """Look at a dataset's files, if they are here; its row. Errors: ``NotFound``."""
        row = await self._access.renewed(
            viewer, lambda session: rows.visible(session, viewer, key_or_alias, revision)
        )
        if row.downloaded:
            await in_thread("disk", self._looks.look, row)
        return row

    async def report(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> CheckReport:
        """What is known of a dataset's files, after another look at them. Errors: ``NotFound`` until it is
        here."""
        await self.look(viewer, key_or_alias, revision)

        def read(session: Session) -> CheckReport:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            return check_rows.stored(session, row.id) or check_rows.untouched(row)

        return await self._database.run_read(read)

    async def verify(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> JobView:
        """Start the job that compares every byte, or join the one under way. Errors: ``NotFound`` until it is
        here."""
        await self._access.renew(viewer)

        def submit(session: Session) -> str:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            job_id, _created = self._jobs.submit(
                session,
                kind="verify",
                ref=rows.ref_of(row),
                title=row.title,
                dataset_id=row.id,
                params={},
                requester_id=viewer.user_id,
                single_flight_key=f"verify:{row.id}",
                revision=row.revision or None,
                file_path=row.local_path,
            )
            return job_id

        job_id = await self._database.run(submit)
        self._jobs.wake(job_id)
        return await self._jobs.get(viewer, job_id)

    async def repair(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> DownloadTicket:
        """Download again what is missing or changed; what is whole is taken as it is.

        Errors: ``NotFound`` until it is here; ``Conflict`` where it is not known which of its files were
        chosen; those of ``Downloads.request``.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[DatasetRef, str | None, Selection]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            selection = Selection.from_params(self._jobs.params(session, row.download_job_id))
            if selection.digest != row.selection:
                raise Conflict(
                    "It is not known any more which files of the dataset were chosen.",
                    next_step="Choose them again, and download them.",
                )
            fixed = SOURCES[row.source].has_revisions
            return rows.ref_of(row), row.revision if fixed else None, selection

        ref, fixed_revision, selection = await self._database.run_read(read)
        return await self._downloads.request(viewer, ref, revision=fixed_revision, selection=selection)
