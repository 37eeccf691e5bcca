"""Whether a dataset's source has a newer revision than the copy that is here.

A source is asked at most once a day for a dataset, or on demand. The copy stays as it is: it is told of, and
whoever sees it may update it, or keep it and not be told of that revision again.
"""

from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import Session, col

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import Conflict, DataferryError
from dataferry.core.problems import ProblemView
from dataferry.core.settings import Settings
from dataferry.core.specs import SOURCES
from dataferry.core.types import Viewer
from dataferry.core.vocabulary import AboutDataset, time_of
from dataferry.jobs.problems import problem_view
from dataferry.library import rows
from dataferry.library.access import Access
from dataferry.library.models import Dataset
from dataferry.sources.catalog import Catalog

#: How long an answer counts, and how long a source that did not answer is left alone.
_VALID_MS, _AFTER_FAULT_MS = 86_400_000, 3_600_000


class UpstreamView(AboutDataset):
    """The copy that is here beside what its source publishes.

    ``changed``: there is a newer revision that nobody has declined; ``newest_here``: it is here too.
    ``asked_at``: None where the source was never asked, or has no revisions. ``problem``: why it did not
    answer now.
    """

    dataset_id: str
    revision: str | None
    newest_revision: str | None = None
    changed: bool = False
    declined: bool = False
    newest_here: bool = False
    asked_at: datetime | None = None
    problem: ProblemView | None = None


class Upstream:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        catalog: Catalog,
        credentials: CredentialResolver,
        access: Access,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._credentials = credentials
        self._access = access
        self._timeout_s = settings.describe_timeout_s

    async def get(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, fresh: bool = False
    ) -> UpstreamView:
        """What is known of newer revisions; the source is asked where that is older than a day, or ``fresh``
        is wanted. Errors: ``NotFound`` until the dataset is here."""
        await self._access.renew(viewer)
        row = await self._database.run_read(rows.downloaded, viewer, key_or_alias, revision)
        problem = None
        spec = SOURCES[row.source]
        asks = spec.has_revisions and not spec.given and row.source != "builtin"
        if asks and await self._database.run(_claim, row.id, fresh):
            problem = await self._ask(viewer, row)
        return await self._database.run_read(_view, row.id, problem)

    async def keep(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> UpstreamView:
        """Keep the copy that is here: the newer revision is not told of any more, the one after it is.

        Errors: ``NotFound`` until the dataset is here; ``Conflict`` where no newer revision is known.
        """
        await self._access.renew(viewer)

        def decline(session: Session) -> str:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            if row.upstream_revision in (None, row.revision):
                raise Conflict("No newer revision is known.", next_step="Nothing: it is kept as it is.")
            row.declined_revision = row.upstream_revision
            session.add(row)
            return row.id

        return await self._database.run_read(_view, await self._database.run(decline), None)

    async def _ask(self, viewer: Viewer, row: Dataset) -> ProblemView | None:
        """Record what the source says now; why it says nothing."""
        ref = rows.ref_of(row)
        credential = await self._credentials.find(ref.source, viewer.user_id)
        try:
            summary = await self._catalog.describe(ref, None, credential, timeout=self._timeout_s, fresh=True)
        except DataferryError as error:
            await self._database.run(_asked, row.id, None, rows.now_ms() - _VALID_MS + _AFTER_FAULT_MS)
            return problem_view(error)
        await self._database.run(_asked, row.id, summary.revision, rows.now_ms())
        return None


def _claim(session: Session, dataset_id: str, fresh: bool) -> bool:
    """Whether the caller is the one to ask; others that look meanwhile are answered with what is known."""
    asked, now = col(Dataset.upstream_asked_ms), rows.now_ms()
    due = or_(asked.is_(None), asked < now - _VALID_MS)
    claim = update(Dataset).where(col(Dataset.id) == dataset_id)
    if not fresh:
        claim = claim.where(due)
    return bool(session.exec(claim.values(upstream_asked_ms=now)).rowcount)


def _asked(session: Session, dataset_id: str, newest: str | None, asked_ms: int) -> None:
    row = session.get_one(Dataset, dataset_id)
    row.upstream_asked_ms = asked_ms
    row.upstream_revision = newest or row.upstream_revision
    session.add(row)


def _view(session: Session, dataset_id: str, problem: ProblemView | None) -> UpstreamView:
    row = session.get_one(Dataset, dataset_id)
    ref, newest = rows.ref_of(row), row.upstream_revision
    here = {one.revision for one in rows.find(session, ref) if one.downloaded and not one.selection}
    return UpstreamView(
        ref=str(ref),
        key=ref.key,
        dataset_id=row.id,
        revision=row.revision or None,
        newest_revision=newest,
        changed=rows.is_outdated(row),
        declined=newest not in (None, row.revision) and newest == row.declined_revision,
        newest_here=newest is not None and newest != row.revision and newest in here,
        asked_at=time_of(row.upstream_asked_ms) if problem is None else None,
        problem=problem,
    )
