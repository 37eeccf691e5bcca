"""The samples of built-in datasets that are here, browsed by split and class."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any
from urllib.parse import quote

from dataferry.core.errors import Cancelled, Conflict, DataferryError, NotFound
from dataferry.core.threads import in_thread, in_thread_until_cancelled
from dataferry.core.types import Viewer
from dataferry.explorer.open_splits import OpenSplit, OpenSplits
from dataferry.explorer.plugin_images import READING, boxes_of, class_names, label_of
from dataferry.explorer.recent import Recent
from dataferry.explorer.sample_pictures import Picture, small_picture, whole_picture
from dataferry.explorer.sample_views import Sample, SampleClass, SamplePage, SampleSplit
from dataferry.library.builtin_datasets import BuiltinDatasets
from dataferry.library.models import Dataset
from dataferry.plugins import DatasetPlugin, Plugin
from dataferry.plugins.contract import SPLIT_NAMES, SplitName
from dataferry.plugins.faults import plugin_failed, told

MAX_SAMPLES = 200
_KEPT_PICTURE_BYTES = 24 << 20
#: Of one field of a text.
_MAX_CHARS = 20_000
_NO_SPLIT = SampleSplit(name=SPLIT_NAMES[0], total=0, labeled=0)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A plugin, which copy of its files is read, and what the addresses of its samples begin with."""

    plugin: DatasetPlugin
    id: str
    address: str
    revision: str

    def picture(self, split: SplitName, number: int, kind: str) -> str:
        """The address of a picture, another one for each revision: browsers keep it."""
        return f"{self.address}/{split}/{number}/{kind}?revision={quote(self.revision, safe='')}"


class SampleGallery:
    """Every method takes the viewer: what they may not see answers ``NotFound``. A plugin that raises is told
    of, and keeps no other."""

    def __init__(self, builtin: BuiltinDatasets) -> None:
        self._builtin = builtin
        self._splits = OpenSplits()
        self._pictures: Recent[tuple[str, str, SplitName, int, bool], Picture] = Recent(
            _KEPT_PICTURE_BYTES, lambda picture: len(picture.data)
        )

    async def page(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        split: SplitName | None = None,
        class_name: str | None = None,
        offset: int = 0,
        limit: int = 60,
    ) -> SamplePage:
        """Samples of a split, by default of the first one that there is.

        Errors: ``NotFound`` until it is here, for a dataset without samples, and for a class that it does
        not have; ``Conflict`` where the plugin belongs to another version; ``PluginFailed``;
        ``QueryTooLarge``.
        """
        row, plugin = await self._builtin.find(viewer, key_or_alias, revision)
        if isinstance(plugin, Plugin):
            return _of_table(plugin)
        copy = _copy(row, plugin, key_or_alias)
        read = partial(self._page, copy, split, class_name, offset, limit)
        return await in_thread_until_cancelled("sample", read)

    async def picture(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None,
        split: SplitName,
        index: int,
        *,
        small: bool,
    ) -> Picture:
        """The picture of one sample. Errors: as ``page``; ``NotFound`` for a number that there is not."""
        row, plugin = await self._builtin.find(viewer, key_or_alias, revision)
        if isinstance(plugin, Plugin):
            raise _no_picture(plugin.title, split, index)
        copy = _copy(row, plugin, key_or_alias)
        return await in_thread("sample", self._picture, copy, split, index, small)

    # -- in a thread ---------------------------------------------------------------------------------

    def _page(
        self,
        copy: _Copy,
        split: SplitName | None,
        class_name: str | None,
        offset: int,
        limit: int,
        cancel: Event,
    ) -> SamplePage:
        plugin = copy.plugin
        splits = [found for name in SPLIT_NAMES if (found := self._split(copy, name)) is not None]
        readable = [one for one in splits if one.problem is None]
        shown = split or (readable or splits or [_NO_SPLIT])[0].name
        with told(plugin, READING):
            opened = self._splits.get(plugin, copy.id, shown)
            names = class_names(plugin)
            numbers: Sequence[int] = range(opened.total)
            if class_name is not None:
                numbers = opened.numbers_of(label_of(names, class_name), cancel)
            counts = opened.counts() if names else None
            return SamplePage(
                task_type=plugin.task_type,
                splits=tuple(splits),
                split=shown,
                classes=tuple(
                    SampleClass(name=name, count=None if counts is None else counts.get(label, 0))
                    for label, name in names.items()
                ),
                total=len(numbers),
                offset=offset,
                samples=tuple(
                    self._sample(copy, shown, opened, names, number, cancel)
                    for number in numbers[offset : offset + limit]
                ),
            )

    def _split(self, copy: _Copy, name: SplitName) -> SampleSplit | None:
        """How many samples a split has, or why it cannot be read; None where there is no such split."""
        try:
            opened = self._splits.get(copy.plugin, copy.id, name)
            total, labeled = opened.total, opened.labeled
        except (Exception, SystemExit) as error:  # another's code may raise anything
            return SampleSplit(name=name, total=0, labeled=0, problem=_problem(copy.plugin, error))
        return SampleSplit(name=name, total=total, labeled=labeled) if total else None

    def _sample(
        self,
        copy: _Copy,
        split: SplitName,
        opened: OpenSplit,
        names: Mapping[int, str],
        number: int,
        cancel: Event,
    ) -> Sample:
        """One that cannot be read says so, and keeps no other."""
        if cancel.is_set():
            raise Cancelled
        try:
            if copy.plugin.task_type == "text":
                assert opened.samples is not None
                return Sample(index=number, row=_texts(opened.samples[number]))
            described = opened.described(number)
            width, height = described.size or (None, None)
            boxed = isinstance(described.target, Sequence)
            return Sample(
                index=number,
                image=copy.picture(split, number, "image"),
                thumbnail=copy.picture(split, number, "thumbnail"),
                width=width,
                height=height,
                label=None if boxed else names.get(int(described.target)),
                boxes=tuple(boxes_of(described.target, names)) if boxed else (),
            )
        except Cancelled:
            raise
        except (Exception, SystemExit) as error:  # another's code may raise anything
            return Sample(index=number, problem=_problem(copy.plugin, error))

    def _picture(self, copy: _Copy, split: SplitName, index: int, small: bool) -> Picture:
        def make() -> Picture:
            with told(copy.plugin, READING):
                opened = self._splits.get(copy.plugin, copy.id, split)
                if opened.samples is None or index >= opened.total or copy.plugin.task_type == "text":
                    raise _no_picture(copy.plugin.display_name, split, index)
                image = opened.samples[index][0]
                return small_picture(image) if small else whole_picture(image)

        return self._pictures.get((copy.plugin.name, copy.id, split, index, small), make)


def _copy(row: Dataset, plugin: DatasetPlugin, name: str) -> _Copy:
    """``name``: what the request calls the dataset. Errors: ``Conflict``."""
    if not plugin.fetches_itself and row.local_path != str(plugin.root):
        raise Conflict(
            f"The samples of this version of {row.title} cannot be read: its plugin is of another one.",
            next_step="Update the dataset.",
        )
    address = f"/api/datasets/{quote(name, safe=':~')}/samples"
    return _Copy(plugin, f"{row.local_path} {row.downloaded_at_ms}", address, row.revision)


def _of_table(plugin: Plugin) -> SamplePage:
    """A table is looked at as such."""
    splits = tuple(SampleSplit(name=one.name, total=one.rows, labeled=one.rows) for one in plugin.splits)
    return SamplePage(
        task_type="table",
        splits=splits,
        split=splits[0].name if splits else SPLIT_NAMES[0],
        classes=(),
        total=0,
        offset=0,
        samples=(),
    )


def _texts(row: Any) -> dict[str, str]:
    """The fields of a row as text, nested ones as JSON."""
    texts = {}
    for name, value in dict(row).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        texts[str(name)] = text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"
    return texts


def _problem(plugin: DatasetPlugin, error: BaseException) -> str:
    """Why a sample cannot be shown, without the folders of this machine."""
    failed = error if isinstance(error, DataferryError) else plugin_failed(plugin, READING, error)
    text = str(failed)
    with suppress(Exception):  # it may ask the plugin's own code
        text = text.replace(f"{plugin.root}/", "")
    return text


def _no_picture(title: str, split: SplitName, index: int) -> NotFound:
    return NotFound(
        f"{title} has no image {index} in {split}.",
        next_step="Ask for one that its list of samples has.",
    )
