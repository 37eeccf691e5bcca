"""Datasets side by side."""

from typing import Annotated

from fastapi import APIRouter, Query

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.library.comparison_views import Comparison

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

Ref = Annotated[str, Query(min_length=1, max_length=4096)]


@router.get("/compare")
async def compare_datasets(
    viewer: Current,
    wired: Wired,
    ref: Annotated[list[Ref], Query(description="Two to six datasets, each as `source:owner/name`.")],
) -> Comparison:
    """Two to six datasets side by side: facts, columns, splits. One that fails says so in its place."""
    return await wired.comparisons.compare(viewer, ref)
