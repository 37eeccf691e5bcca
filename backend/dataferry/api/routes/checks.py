"""Checks of a dataset's files."""

from fastapi import APIRouter, status

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.routes.datasets import Revision
from dataferry.core.job_types import JobView
from dataferry.library.check_views import CheckReport
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
