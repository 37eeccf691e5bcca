"""The built-in datasets."""

from fastapi import APIRouter

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.library.builtin_datasets import PluginList

router = APIRouter(prefix="/api", tags=["datasets"], route_class=TokenFirst)


@router.get("/plugins")
async def list_plugins(viewer: Current, wired: Wired) -> PluginList:
    """Every built-in dataset with what it declares, and every plugin that is left out, with its file, the
    line and the reason."""
    return await wired.builtin.list(viewer)
