"""The search index: both hubs' catalogues on this machine."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.core.job_types import JobView
from dataferry.library.search_index.views import IndexView

router = APIRouter(prefix="/api", tags=["index"], route_class=TokenFirst)


@router.get("/index")
async def get_index(
    viewer: Current,
    wired: Wired,
    costs: Annotated[bool, Query(description="Also ask the hubs for sizes and licences")] = False,
) -> IndexView:
    """What the search index has, how fresh it is, and what is being done with it."""
    return await wired.index.view(viewer, with_costs=costs)


@router.post("/index", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def build_index(viewer: Current, wired: Wired) -> JobView:
    """Build the search index, or bring it up to date. Snapshots that have not changed are not fetched again.
    Needs an admin."""
    return await wired.index.build(viewer)


@router.delete("/index")
async def remove_index(viewer: Current, wired: Wired) -> IndexView:
    """Delete the search index; searches go to the hubs again. Needs an admin."""
    return await wired.index.remove(viewer)
