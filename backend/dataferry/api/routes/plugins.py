"""The built-in datasets."""

from fastapi import APIRouter

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision
from dataferry.library.builtin_datasets import PluginList, Splits

router = APIRouter(prefix="/api", tags=["datasets"], route_class=TokenFirst)


@router.get("/plugins")
async def list_plugins(viewer: Current, wired: Wired) -> PluginList:
    """Every built-in dataset with what it declares, and every plugin that is left out, with its file, the
    line and the reason."""
    return await wired.builtin.list(viewer)


@router.get("/datasets/{key}/splits")
async def get_splits(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> Splits:
    """The samples of a built-in dataset that is here, counted by split, and of them those with a label."""
    return await wired.builtin.splits(viewer, key, revision)
