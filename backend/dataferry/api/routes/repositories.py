"""Datasets as clients of the HuggingFace Hub name them: what people paste into their code."""

from fastapi import APIRouter

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision
from dataferry.mirror.service import Repository

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)


@router.get("/{key}/repository")
async def get_repository(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> Repository:
    """What `load_dataset` and other clients of the HuggingFace Hub call the dataset at `/hub`."""
    return await wired.mirror.repository(viewer, key, revision)
