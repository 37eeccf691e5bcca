"""The built-in datasets as people see them: what each declares, its splits, and what is wrong with others."""

from functools import partial
from pathlib import Path

from dataferry.core.db import Database
from dataferry.core.errors import NotFound
from dataferry.core.threads import in_thread
from dataferry.core.types import View, Viewer
from dataferry.library import rows
from dataferry.library.access import Access
from dataferry.library.card_views import DatasetCard
from dataferry.library.models import Dataset
from dataferry.library.search import DatasetSearch
from dataferry.plugins import AnyPlugin, DatasetPlugin, Plugins, ShippedFile
from dataferry.plugins.contract import SPLIT_NAMES
from dataferry.plugins.discovery import FoundPlugin, Origin
from dataferry.plugins.faults import FaultKind, told
from dataferry.sources.builtin import summary_of


class SplitCount(View):
    """How many samples a split has, and how many of them have a label."""

    total: int
    labeled: int


class Splits(View):
    """Every split, counted. One that the dataset does not have has none."""

    train: SplitCount
    val: SplitCount
    test: SplitCount


class PluginView(View):
    """A built-in dataset: what its plugin declares, and its card. ``sizes``: samples by split, as declared.
    ``checksums_published``: its publisher tells one of every file; else the first download records them."""

    name: str
    display_name: str
    task_type: str
    input_shape: tuple[int, ...] | None
    class_names: tuple[str, ...]
    num_classes: int
    sizes: dict[str, int]
    normalization: tuple[tuple[float, ...], ...] | None
    data_dirs: tuple[str, ...]
    revision: str
    license: str | None
    license_note: str
    citation: str
    homepage: str
    checksums_published: bool
    #: Who brings it: this program, the plugins' folder, or another package.
    origin: Origin
    #: The file, or the entry point, that it was read from.
    file: str
    card: DatasetCard


class PluginFaultView(View):
    """Something that looks like a plugin, and why it is none."""

    kind: FaultKind
    file: str
    line: int | None
    name: str | None
    detail: str
    next_step: str


class PluginList(View):
    """Every built-in dataset, by name, and every plugin that is left out."""

    plugins: tuple[PluginView, ...]
    faults: tuple[PluginFaultView, ...]


class BuiltinDatasets:
    """Answers what people ask of plugins. A plugin that raises is told of, and keeps no other."""

    def __init__(self, database: Database, plugins: Plugins, search: DatasetSearch, access: Access) -> None:
        self._database = database
        self._plugins = plugins
        self._search = search
        self._access = access

    async def list(self, viewer: Viewer) -> PluginList:
        """Every plugin with its card, which tells what is here and what is under way for the viewer."""
        found = self._plugins.found.values()
        cards = await self._search.annotate(viewer, [summary_of(one.plugin) for one in found])
        shown = partial(_place, whole=viewer.admin)
        views = tuple(_view(one, card, shown(one.file)) for one, card in zip(found, cards, strict=True))
        faults = tuple(
            PluginFaultView(
                kind=fault.kind,
                file=shown(fault.where),
                line=fault.line,
                name=fault.name,
                detail=fault.detail,
                next_step=fault.next_step,
            )
            for fault in self._plugins.faults
        )
        return PluginList(plugins=views, faults=faults)

    async def splits(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Splits:
        """The splits of a dataset that is here, counted.

        Errors: ``NotFound`` until it is here, and for a dataset that has no plugin; ``PluginFailed``.
        """
        _, plugin = await self.find(viewer, key_or_alias, revision)
        return await in_thread("table", _count, plugin)

    async def find(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None
    ) -> tuple[Dataset, AnyPlugin]:
        """A built-in dataset that is here, with its plugin. Errors: ``NotFound``, also where it has none."""
        row = await self._access.renewed(
            viewer, lambda session: rows.downloaded(session, viewer, key_or_alias, revision)
        )
        return row, self.plugin_of(row)

    def plugin_of(self, row: Dataset) -> AnyPlugin:
        """The plugin of a built-in dataset's row. Errors: ``NotFound`` where it has none."""
        plugin = self._plugins.get(row.source_id) if row.source == "builtin" else None
        if plugin is None:
            raise NotFound(
                f"{row.title} is no built-in dataset: its splits and samples are not known.",
                next_step="Look at its tables and files.",
            )
        return plugin


def _count(plugin: AnyPlugin) -> Splits:
    if not isinstance(plugin, DatasetPlugin):
        declared = {split.name: SplitCount(total=split.rows, labeled=split.rows) for split in plugin.splits}
        nothing = SplitCount(total=0, labeled=0)
        return Splits(**{name: declared.get(name, nothing) for name in SPLIT_NAMES})
    try:
        with told(plugin, "counting its splits"):
            return Splits.model_validate(plugin.scan_splits())
    finally:
        plugin.forget()


def _place(file: str, *, whole: bool) -> str:
    """Where a plugin was read from. The folders of this machine are for its admins."""
    return file if whole else Path(file).name


def _view(one: FoundPlugin, card: DatasetCard, place: str) -> PluginView:
    plugin = one.plugin
    shared = {
        "name": plugin.name,
        "display_name": plugin.title,
        "class_names": plugin.classes,
        "num_classes": len(plugin.classes),
        "revision": plugin.revision,
        "license": plugin.license or None,
        "license_note": plugin.license_note,
        "citation": plugin.citation,
        "homepage": plugin.homepage,
        "checksums_published": all(isinstance(file, ShippedFile) or file.published for file in plugin.files),
        "origin": one.origin,
        "file": place,
        "card": card,
    }
    if isinstance(plugin, DatasetPlugin):
        return PluginView(
            task_type=plugin.task_type,
            input_shape=tuple(plugin.input_shape) or None,
            sizes={"train": plugin.train_size, "val": plugin.val_size, "test": plugin.test_size},
            normalization=plugin.normalization,
            data_dirs=tuple(plugin.data_dirs),
            **shared,
        )
    sizes = dict.fromkeys(SPLIT_NAMES, 0) | {split.name: split.rows for split in plugin.splits}
    return PluginView(
        task_type="table",
        input_shape=None,
        sizes=sizes,
        normalization=None,
        data_dirs=(plugin.name,),
        **shared,
    )
