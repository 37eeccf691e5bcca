"""Checks of a dataset: its files, and what its source publishes by now."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.routes.datasets import Revision
from dataferry.core.job_types import JobView
from dataferry.library.check_views import CheckReport
from dataferry.library.upstream import UpstreamView
from dataferry.library.views import DownloadTicket

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)


@router.get("/{key}/check")
async def get_check(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> CheckReport:
    """Whether the dataset's files are as they were verified: which are missing, changed, or none of its."""
    return await wired.checks.report(viewer, key, revision)


@router.post("/{key}/verify", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def verify_dataset(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> JobView:
    """Compare every byte with what was recorded, and with what the source publishes now. The job's end is in
    `GET /api/datasets/{key}/check`."""
    return await wired.checks.verify(viewer, key, revision)


@router.post("/{key}/repair", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def repair_dataset(
    key: str, viewer: Current, wired: Wired, revision: Revision = None
) -> DownloadTicket:
    """Download again what is missing or changed of the revision that is here."""
    return await wired.checks.repair(viewer, key, revision)


@router.get("/{key}/upstream")
async def get_upstream(
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    fresh: Annotated[bool, Query(description="Ask the source now, not once a day")] = False,
) -> UpstreamView:
    """Whether the source has a newer revision than the one that is here. It is asked once a day at most."""
    return await wired.upstream.get(viewer, key, revision, fresh=fresh)


@router.post("/{key}/keep-revision")
async def keep_revision(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> UpstreamView:
    """Keep the revision that is here: the newer one is not told of any more, the one after it is."""
    return await wired.upstream.keep(viewer, key, revision)
