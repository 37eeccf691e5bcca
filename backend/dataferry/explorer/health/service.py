"""A dataset's statistics and its health report: kept, computed when they are first asked for, and told to be
of other bytes where they are."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Literal, TypeVar

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import Conflict, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, Viewer
from dataferry.explorer.health.findings import all_groups, read_groups
from dataferry.explorer.health.kept import HealthFolders, read_kept
from dataferry.explorer.health.views import (
    BytesOf,
    DatasetHealth,
    DatasetStatistics,
    Finding,
    FindingKind,
    FindingPage,
    ReportState,
    StoredDatasetStatistics,
    StoredHealth,
)
from dataferry.jobs.looked_at import JobsByLooking
from dataferry.jobs.service import Jobs
from dataferry.library import rows
from dataferry.library.access import Access
from dataferry.library.downloads import Downloads
from dataferry.library.models import Dataset
from dataferry.library.paths import Store

ReportKind = Literal["statistics", "health"]
ExportForm = Literal["csv", "json"]
Kept = TypeVar("Kept", StoredDatasetStatistics, StoredHealth)

_TITLES: dict[ReportKind, str] = {"statistics": "Statistics of {}", "health": "Data health of {}"}
_CSV_FIELDS = ("group", "name", "split", "number", "label", "note")


class Health:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(
        self,
        database: Database,
        store: Store,
        jobs: Jobs,
        access: Access,
        downloads: Downloads,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._access = access
        self._downloads = downloads
        self._folders = HealthFolders(store)
        self._looks = JobsByLooking(jobs)

    async def statistics(
        self,
        viewer: Viewer,
        key: str,
        revision: str | None = None,
        *,
        may_download: bool = False,
        start: bool = True,
    ) -> DatasetStatistics:
        """The figures, or the job that computes them, which the first look starts. A job that was cancelled
        or failed is not started again by looking; without ``start`` none is, and nothing downloaded. A
        built-in dataset that is not here is downloaded where the viewer ``may_download``.

        Errors: ``NotFound``; those of ``Downloads.request``.
        """
        row = await self._found(viewer, key, revision)
        if isinstance(row, DatasetRef):
            if not start:
                raise rows.not_in_library(key)
            brought = await self._brought(viewer, row, may_download)
            return DatasetStatistics(key=key, state="downloading", job=brought)
        stored, state, job = await self._kept(viewer, row, "statistics", StoredDatasetStatistics, start)
        return DatasetStatistics(
            key=key,
            state=state,
            current=stored is not None and _is_current(stored.of, row),
            of=None if stored is None else stored.of,
            job=job,
            reason=_changed(row),
            groups=() if stored is None else stored.groups,
        )

    async def report(
        self,
        viewer: Viewer,
        key: str,
        revision: str | None = None,
        *,
        may_download: bool = False,
        start: bool = True,
    ) -> DatasetHealth:
        """What was found, as ``statistics``."""
        row = await self._found(viewer, key, revision)
        if isinstance(row, DatasetRef):
            if not start:
                raise rows.not_in_library(key)
            brought = await self._brought(viewer, row, may_download)
            return DatasetHealth(key=key, state="downloading", job=brought)
        stored, state, job = await self._kept(viewer, row, "health", StoredHealth, start)
        found = {} if stored is None else stored.model_dump(include={"findings", "checked", "unchecked"})
        return DatasetHealth(
            key=key,
            state=state,
            current=stored is not None and _is_current(stored.of, row),
            of=None if stored is None else stored.of,
            job=job,
            reason=_changed(row),
            **found,
        )

    async def compute(
        self, viewer: Viewer, key: str, kind: ReportKind, revision: str | None = None
    ) -> JobView:
        """Start the job, or join the one under way: also where it was cancelled, or what is kept is of these
        bytes. Then all is read anew. Errors: ``NotFound`` until the dataset is here."""
        row = await self._access.renewed(
            viewer, lambda session: rows.downloaded(session, viewer, key, revision)
        )
        stored = await in_thread("disk", self._read, row, kind)
        active = await self._database.run_read(lambda session: self._jobs.active(session, _job_key(row.id)))
        if active is None and stored is not None and _is_current(stored.of, row):
            await in_thread("disk", self._folders.forget, row.id, type(stored))
        return await self._submitted(viewer, row, kind)

    async def page(
        self,
        viewer: Viewer,
        key: str,
        kind: FindingKind,
        revision: str | None = None,
        *,
        offset: int = 0,
        limit: int = 50,
    ) -> FindingPage:
        """The groups of a finding. Errors: ``NotFound`` where it was not found; ``Conflict`` until it is
        computed."""
        row, finding = await self._finding(viewer, key, kind, revision)
        groups = await in_thread("disk", read_groups, self._folders.of(row.id), kind, offset, limit)
        return FindingPage(finding=finding, offset=offset, groups=tuple(groups))

    async def export(
        self, viewer: Viewer, key: str, kind: FindingKind, form: ExportForm, revision: str | None = None
    ) -> Iterator[str]:
        """All of a finding, in pieces. Errors: as ``page``."""
        row, finding = await self._finding(viewer, key, kind, revision)
        groups = all_groups(self._folders.of(row.id), kind)
        if form == "json":
            bodies = (group.model_dump(exclude={"more"}) for group in groups)
            return _json_lines(finding, bodies)
        members = (
            {"group": place, **member.model_dump()}
            for place, group in enumerate(groups, 1)
            for member in group.members
        )
        return _csv_lines(members)

    async def _finding(
        self, viewer: Viewer, key: str, kind: FindingKind, revision: str | None
    ) -> tuple[Dataset, Finding]:
        row = await self._access.renewed(
            viewer, lambda session: rows.downloaded(session, viewer, key, revision)
        )
        stored = await in_thread("disk", read_kept, self._folders.of(row.id), StoredHealth)
        if stored is None:
            raise Conflict("The health report is not computed yet.", next_step="Ask for the report first.")
        for finding in stored.findings:
            if finding.kind == kind:
                return row, finding
        raise NotFound(
            f"Nothing of the kind {kind} was found.", next_step="Ask for one of the report's findings."
        )

    # -- what is kept, and what computes it ----------------------------------------------------------

    async def _found(self, viewer: Viewer, key: str, revision: str | None) -> Dataset | DatasetRef:
        """The dataset's row; of a built-in one that is not here its ref. Errors: ``NotFound``."""

        def read(session: Session) -> Dataset | DatasetRef:
            row = rows.visible(session, viewer, key, revision)
            if row.source == "builtin" and not row.downloaded:
                return rows.ref_of(row)
            return rows.downloaded(session, viewer, key, revision)

        return await self._access.renewed(viewer, read)

    async def _brought(self, viewer: Viewer, ref: DatasetRef, may_download: bool) -> JobView:
        if not may_download:
            raise rows.not_in_library(str(ref))
        ticket = await self._downloads.request(viewer, ref)
        return await self._jobs.get(viewer, ticket.job_id)

    async def _kept(
        self, viewer: Viewer, row: Dataset, kind: ReportKind, form: type[Kept], start: bool
    ) -> tuple[Kept | None, ReportState, JobView | None]:
        stored = await in_thread("disk", read_kept, self._folders.of(row.id), form)
        if stored is not None and _is_current(stored.of, row):
            return stored, "ready", None
        job = await self._database.run_read(self._known_job, viewer, row, kind)
        if job is not None:
            return stored, "computing" if job.active else "stopped", job
        if not start:
            return stored, "absent", None
        return stored, "computing", await self._looks.started_soon(self._submitted(viewer, row, kind))

    def _known_job(self, session: Session, viewer: Viewer, row: Dataset, kind: ReportKind) -> JobView | None:
        """One that has ended counts where it did since the dataset came."""
        job = self._looks.known(session, viewer, _job_key(row.id), kind)
        if job is None or job.active:
            return job
        return job if job.created_at.timestamp() * 1000 >= (row.downloaded_at_ms or 0) else None

    def _read(self, row: Dataset, kind: ReportKind) -> StoredDatasetStatistics | StoredHealth | None:
        folder = self._folders.of(row.id)
        if kind == "health":
            return read_kept(folder, StoredHealth)
        return read_kept(folder, StoredDatasetStatistics)

    async def _submitted(self, viewer: Viewer, row: Dataset, kind: ReportKind) -> JobView:
        def submit(session: Session) -> str:
            job_id, _created = self._jobs.submit(
                session,
                kind=kind,
                ref=rows.ref_of(row),
                title=_TITLES[kind].format(row.title),
                dataset_id=_job_key(row.id),
                params={"dataset_id": row.id},
                requester_id=viewer.user_id,
                single_flight_key=f"{kind}-{row.id}",
                revision=row.revision or None,
            )
            return job_id

        job_id = await self._database.run(submit)
        self._jobs.wake(job_id)
        return await self._jobs.get(viewer, job_id)


def _job_key(dataset_id: str) -> str:
    """Both kinds measure the same images: neither runs beside the other."""
    return f"health-{dataset_id}"


def _is_current(of: BytesOf, row: Dataset) -> bool:
    same = (of.revision, of.checksum) == (row.revision or None, row.checksum)
    return same and of.made_at.timestamp() * 1000 >= (row.downloaded_at_ms or 0)


def _changed(row: Dataset) -> str | None:
    if row.condition is None:
        return None
    return "Files of the dataset were changed since they came: repair or verify it, then compute this again."


def _csv_lines(members: Iterator[dict[str, object]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV_FIELDS)
    writer.writeheader()
    for member in members:
        writer.writerow({name: _no_formula(value) for name, value in member.items()})
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _no_formula(value: object) -> object:
    """A spreadsheet runs a cell that begins so."""
    runs = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if runs else value


def _json_lines(finding: Finding, groups: Iterator[dict[str, object]]) -> Iterator[str]:
    yield f'{{"finding": {finding.model_dump_json()}, "groups": ['
    for place, group in enumerate(groups):
        yield f"{',' if place else ''}\n{json.dumps(group, ensure_ascii=False)}"
    yield "\n]}\n"
