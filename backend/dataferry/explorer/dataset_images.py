"""Which images a dataset has, found by who asks."""

from dataferry.core.errors import NotFound
from dataferry.core.types import Viewer
from dataferry.explorer.image_sources import ImageSource
from dataferry.explorer.open_splits import OpenSplits
from dataferry.explorer.plugin_images import PluginImages
from dataferry.library.builtin_datasets import BuiltinDatasets
from dataferry.library.models import Dataset
from dataferry.plugins import AnyPlugin, DatasetPlugin


class DatasetImages:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(self, builtin: BuiltinDatasets) -> None:
        self._builtin = builtin
        self._opened = OpenSplits()

    async def find(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> ImageSource:
        """The images of a dataset that is here. Errors: ``NotFound``, also where it has none, with the reason
        in words."""
        row, plugin = await self._builtin.find(viewer, key_or_alias, revision)
        return self._of(row, plugin)

    def opened(self, row: Dataset) -> ImageSource:
        """The images of a dataset's row, for a job, which nobody looks at. Errors: as ``find``."""
        return self._of(row, self._builtin.plugin_of(row))

    def _of(self, row: Dataset, plugin: AnyPlugin) -> ImageSource:
        if not isinstance(plugin, DatasetPlugin) or plugin.task_type == "text":
            raise no_images(row.title, "it has rows, not images", "Look at its tables and samples.")
        return PluginImages(plugin, self._opened, f"{row.local_path} {row.downloaded_at_ms}")


def no_images(title: str, reason: str, next_step: str) -> NotFound:
    """The error for a dataset without images that could be shown."""
    return NotFound(f"There is no picture of {title} to see: {reason}.", next_step=next_step)
