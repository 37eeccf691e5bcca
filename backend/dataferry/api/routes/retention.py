"""What is removed to keep the library in bounds."""

from typing import Annotated

from fastapi import APIRouter, Query, status
from pydantic import Field

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.core.types import LARGEST_COUNT
from dataferry.library.pruning import MOST, Limits
from dataferry.library.pruning_views import CleanupView, Pruned, PrunePlan

router = APIRouter(prefix="/api/cleanup", tags=["datasets"], route_class=TokenFirst)

_DAYS = "What was not used for so many days; by default whatever may go"
_KEEP = "Only as much as leaves so many bytes"
_DAY_S = 86_400.0


class PruneRequest(RequestBody):
    """What is to go of your own datasets, of everybody's for an admin."""

    unused_days: float | None = Field(None, ge=0, le=100_000, description=_DAYS)
    keep_bytes: int | None = Field(None, ge=0, le=LARGEST_COUNT, description=_KEEP)
    #: Ids of the plan's datasets: of these only.
    only: list[str] | None = Field(None, max_length=MOST)


@router.get("")
async def get_cleanup(viewer: Current, wired: Wired) -> CleanupView:
    """The automatic clean-up: its settings, what is used, and what it would remove now."""
    return await wired.cleanup.view(viewer)


@router.get("/plan")
async def plan_prune(
    viewer: Current,
    wired: Wired,
    unused_days: Annotated[float | None, Query(ge=0, le=100_000, description=_DAYS)] = None,
    keep_bytes: Annotated[int | None, Query(ge=0, le=LARGEST_COUNT, description=_KEEP)] = None,
) -> PrunePlan:
    """What a prune would remove, least recently used first, and what that frees. What is pinned, being
    downloaded or being read stays."""
    return await wired.pruning.plan(viewer, _limits(unused_days, keep_bytes))


@router.post("/prune", status_code=status.HTTP_202_ACCEPTED)
async def prune(body: PruneRequest, viewer: Current, wired: Wired) -> Pruned:
    """Remove what is not used. What somebody uses or pins before its turn comes stays."""
    limits = _limits(body.unused_days, body.keep_bytes)
    return await wired.pruning.prune(viewer, limits, body.only)


def _limits(unused_days: float | None, keep_bytes: int | None) -> Limits:
    return Limits(None if unused_days is None else _DAY_S * unused_days, keep_bytes)
