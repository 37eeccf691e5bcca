"""How fast downloads may be: all of them, and each."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.library.storage_views import JobSpeedLimitView, SpeedLimitsView

router = APIRouter(prefix="/api", tags=["transfer"], route_class=TokenFirst)

#: Up to a petabyte a second; null for no limit.
BytesPerS = Annotated[int | None, Field(gt=0, le=10**15, description="Bytes a second; null for no limit")]


class SpeedLimitsRequest(RequestBody):
    """All three are set; what is left out is no limit."""

    bytes_per_s: BytesPerS = None
    night: str | None = Field(
        None, max_length=40, description="Hours with a speed of their own: 22:00-06:00, the server's time"
    )
    night_bytes_per_s: BytesPerS = None


class JobLimitRequest(RequestBody):
    """How fast one job may be."""

    bytes_per_s: BytesPerS


@router.get("/transfer/limits")
async def get_speed_limits(_viewer: Current, wired: Wired) -> SpeedLimitsView:
    """How fast all downloads together may be."""
    return await wired.speed_limits.limits()


@router.put("/transfer/limits")
async def set_speed_limits(body: SpeedLimitsRequest, viewer: Current, wired: Wired) -> SpeedLimitsView:
    """Set how fast all downloads together may be, from now on and after a restart. Admins only."""
    return await wired.speed_limits.set_limits(
        viewer,
        bytes_per_s=body.bytes_per_s,
        night=body.night,
        night_bytes_per_s=body.night_bytes_per_s,
    )


@router.delete("/transfer/limits")
async def reset_speed_limits(viewer: Current, wired: Wired) -> SpeedLimitsView:
    """Back to the speeds of the server's settings. Admins only."""
    return await wired.speed_limits.reset_limits(viewer)


@router.get("/jobs/{job_id}/limit")
async def get_job_limit(job_id: str, viewer: Current, wired: Wired) -> JobSpeedLimitView:
    """How fast one of your jobs may be."""
    return await wired.speed_limits.job_limit(viewer, job_id)


@router.post("/jobs/{job_id}/limit")
async def limit_job(job_id: str, body: JobLimitRequest, viewer: Current, wired: Wired) -> JobSpeedLimitView:
    """Limit the speed of one of your jobs, from now on until it ends or you leave it."""
    return await wired.speed_limits.limit_job(viewer, job_id, body.bytes_per_s)
