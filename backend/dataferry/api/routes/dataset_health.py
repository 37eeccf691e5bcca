"""A dataset in figures, and what is wrong with it: computed from its bytes by jobs, and kept."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response, status
from fastapi.responses import StreamingResponse

from dataferry.api.deps import Current, Signed, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.routes.datasets import Revision
from dataferry.core.job_types import JobView
from dataferry.explorer.health.views import DatasetHealth, DatasetStatistics, FindingKind, FindingPage

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

MAX_GROUPS = 200
Kind = Annotated[FindingKind, Path(description="`kind` of one of the report's findings")]
Start = Annotated[bool, Query(description="Whether to start what computes it, where nothing is kept")]
_TYPES = {"csv": "text/csv", "json": "application/json"}
_UNDER_WAY = "`job` computes it, or brings the dataset first; meanwhile what is of other bytes is told."
_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "All of it.",
        "content": {"text/csv": {"schema": {"type": "string"}}, "application/json": {"schema": {}}},
    }
}


@router.get("/{key}/statistics", responses={202: {"description": _UNDER_WAY, "model": DatasetStatistics}})
async def get_dataset_statistics(
    key: str,
    signed_in: Signed,
    wired: Wired,
    response: Response,
    revision: Revision = None,
    start: Start = True,
) -> DatasetStatistics:
    """What the dataset is made of, in figures, with their date and the bytes that they are of. The first look
    starts the job that computes them; one that was cancelled is started again by `POST` only."""
    found = await wired.health.statistics(
        signed_in.viewer, key, revision, may_download=signed_in.may("download"), start=start
    )
    _mark(found.state, response)
    return found


@router.post("/{key}/statistics", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def compute_dataset_statistics(
    key: str, viewer: Current, wired: Wired, revision: Revision = None
) -> JobView:
    """Compute the figures anew, or join the job that does."""
    return await wired.health.compute(viewer, key, "statistics", revision)


@router.get("/{key}/health", responses={202: {"description": _UNDER_WAY, "model": DatasetHealth}})
async def get_dataset_health(
    key: str,
    signed_in: Signed,
    wired: Wired,
    response: Response,
    revision: Revision = None,
    start: Start = True,
) -> DatasetHealth:
    """What was found wrong with the dataset, and what was looked for, with the date and the bytes. There is
    no score. It is computed as the statistics are."""
    found = await wired.health.report(
        signed_in.viewer, key, revision, may_download=signed_in.may("download"), start=start
    )
    _mark(found.state, response)
    return found


@router.post("/{key}/health", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def compute_dataset_health(
    key: str, viewer: Current, wired: Wired, revision: Revision = None
) -> JobView:
    """Look for all of it anew, or join the job that does."""
    return await wired.health.compute(viewer, key, "health", revision)


@router.get("/{key}/health/{kind}")
async def list_finding(
    key: str,
    kind: Kind,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    offset: Annotated[int, Query(ge=0, le=1 << 53)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_GROUPS)] = 50,
) -> FindingPage:
    """A finding, group by group: copies of one picture side by side, or one image or row alone."""
    return await wired.health.page(viewer, key, kind, revision, offset=offset, limit=limit)


@router.get("/{key}/health/{kind}/export", response_class=StreamingResponse, responses=_EXPORT)
async def export_finding(
    key: str,
    kind: Kind,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    form: Annotated[Literal["csv", "json"], Query(alias="format")] = "csv",
) -> StreamingResponse:
    """All of a finding, as a table with a row for each member, or as JSON."""
    pieces = await wired.health.export(viewer, key, kind, form, revision)
    headers = {"Content-Disposition": f'attachment; filename="{kind}.{form}"'}
    return StreamingResponse(pieces, media_type=_TYPES[form], headers=headers)


def _mark(state: str, response: Response) -> None:
    if state in ("computing", "downloading"):
        response.status_code = status.HTTP_202_ACCEPTED
