"""What people paste into their code: a dataset's name at the mirror, and lines that load it."""

from fastapi import APIRouter

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision
from dataferry.library.snippet_views import Snippets
from dataferry.mirror.service import Repository

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)


@router.get("/{key}/repository")
async def get_repository(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> Repository:
    """What `load_dataset` and other clients of the HuggingFace Hub call the dataset at `/hub`."""
    return await wired.mirror.repository(viewer, key, revision)


@router.get("/{key}/snippets")
async def get_snippets(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> Snippets:
    """Code that loads a dataset that is here into pandas, polars, Arrow, torch, datasets, DuckDB or R."""
    return await wired.snippets.get(viewer, key, revision)
