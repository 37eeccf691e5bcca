"""Datasets that are to be kept."""

from fastapi import APIRouter, status

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)


@router.post("/{key}/pin", status_code=status.HTTP_204_NO_CONTENT)
async def pin_dataset(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> None:
    """Keep a dataset: neither a prune nor an automatic clean-up takes it while anybody has it pinned."""
    await wired.pins.pin(viewer, key, revision)


@router.delete("/{key}/pin", status_code=status.HTTP_204_NO_CONTENT)
async def unpin_dataset(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> None:
    """End your pin; an admin ends everybody's."""
    await wired.pins.unpin(viewer, key, revision)
