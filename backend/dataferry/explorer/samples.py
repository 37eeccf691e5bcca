"""The samples of built-in datasets that are here, browsed by split and class."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any
from urllib.parse import quote

from dataferry.core.errors import (
    Cancelled,
    Conflict,
    DataferryError,
    NetworkFault,
    NoImages,
    NotFound,
    SourceError,
    TransferError,
)
from dataferry.core.job_types import JobView
from dataferry.core.threads import in_thread, in_thread_until_cancelled
from dataferry.core.types import DatasetRef, Viewer
from dataferry.explorer.class_tree import ClassNode, class_named, class_nodes
from dataferry.explorer.dataset_images import DatasetImages
from dataferry.explorer.indexed_images import IndexedImages
from dataferry.explorer.open_splits import OpenSplit, OpenSplits
from dataferry.explorer.plugin_images import READING, boxes_of, class_names, label_of, split_name
from dataferry.explorer.sample_views import Sample, SampleClass, SampleClasses, SamplePage, SampleSplit
from dataferry.explorer.source_pages import classes_of, image_id, page_of, place_of, preview_page
from dataferry.jobs.service import Jobs
from dataferry.library.builtin_datasets import BuiltinDatasets
from dataferry.library.downloads import Downloads
from dataferry.library.models import Dataset
from dataferry.library.remote_previews import RemotePreviews
from dataferry.plugins import DatasetPlugin, Plugin
from dataferry.plugins.contract import SPLIT_NAMES, SplitName
from dataferry.plugins.faults import plugin_failed, told

MAX_SAMPLES = 200
#: Of pictures at their source that a page shows, to be fetched together.
_AHEAD_BYTES = 4 << 20
#: Pictures that a look at a source brings.
_PREVIEWED = 24
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

    def picture(self, split: str, number: int, kind: str) -> str:
        """The address of a picture, another one for each revision: browsers keep it."""
        return f"{self.address}/{split}/{number}/{kind}?revision={quote(self.revision, safe='')}"


class SampleGallery:
    """Every method takes the viewer: what they may not see answers ``NotFound``. A plugin that raises is told
    of, and keeps no other."""

    def __init__(
        self,
        builtin: BuiltinDatasets,
        images: DatasetImages,
        previews: RemotePreviews,
        downloads: Downloads,
        jobs: Jobs,
    ) -> None:
        self._builtin, self._images, self._previews = builtin, images, previews
        self._downloads, self._jobs = downloads, jobs
        self._splits = OpenSplits()

    async def page(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        split: str | None = None,
        class_name: str | None = None,
        offset: int = 0,
        limit: int = 60,
        may_start: bool = False,
    ) -> SamplePage:
        """Samples of a split, by default of the first one that there is. Of a dataset that is not here, those
        that can be shown from its source; where none can, its download is asked for, if it ``may_start``.

        Errors: ``NotFound`` for a dataset without samples, and for a split or class that it does not have;
        ``Conflict`` where the plugin belongs to another version; ``PluginFailed``; ``QueryTooLarge``; those
        of ``DatasetImages.look`` and ``Downloads.request``.
        """
        try:
            row, plugin = await self._builtin.find(viewer, key_or_alias, revision)
        except NotFound:
            place = (split, class_name, offset, limit)
            return await self._of_images(viewer, key_or_alias, revision, place, may_start=may_start)
        if isinstance(plugin, Plugin):
            return _of_table(plugin)
        copy = _copy(row, plugin, key_or_alias)
        read = partial(self._page, copy, split, class_name, offset, limit)
        return await in_thread_until_cancelled("sample", read)

    async def classes(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, split: str | None = None
    ) -> SampleClasses:
        """The classes of a split, by default of the first. Errors: those of ``DatasetImages.look``."""
        found = await self._images.look(viewer, key_or_alias, revision)
        return await in_thread("sample", classes_of, found, split)

    async def class_nodes(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None,
        split: str | None,
        *,
        parent: str | None = None,
        words: str | None = None,
    ) -> tuple[ClassNode, ...]:
        """Its classes, those below a node of their tree, or those that are named so. Errors: as
        ``classes``."""
        found = await self._images.look(viewer, key_or_alias, revision)
        return await in_thread("sample", class_nodes, found, key_or_alias, split, parent, words)

    async def class_name(
        self, viewer: Viewer, key_or_alias: str, class_id: str, revision: str | None = None
    ) -> str:
        """The name of the class that an id or a name stands for. Errors: ``NotFound``."""
        classes = await self.classes(viewer, key_or_alias, revision)
        return class_named([one.name for one in classes.categories], class_id)

    async def place(
        self, viewer: Viewer, key_or_alias: str, image_id: str, class_id: str | None = None
    ) -> tuple[str, int]:
        """The split and number of an image: by ``train-12``, or by the name of its file. Errors:
        ``NotFound``."""
        found = await self._images.look(viewer, key_or_alias)
        return await in_thread("sample", place_of, found, image_id, class_id)

    async def _of_images(
        self,
        viewer: Viewer,
        key: str,
        revision: str | None,
        place: tuple[str | None, str | None, int, int],
        *,
        may_start: bool,
    ) -> SamplePage:
        try:
            found = await self._images.look(viewer, key, revision)
        except SourceError:
            raise
        except (NotFound, TransferError) as error:
            ref = await self._images.not_here(viewer, key, revision)
            if ref is None and isinstance(error, NoImages) and not may_start:
                return _nothing((str(error), error.next_step))
            if ref is None or isinstance(error, NetworkFault):
                raise
            return await self._not_here(viewer, key, ref, revision, error, may_start=may_start)
        page = await in_thread("sample", page_of, found, key, *place)
        if not found.here and isinstance(found.source, IndexedImages):
            numbers = [sample.index for sample in page.samples]
            await in_thread("look", found.source.fetch_ahead, page.split, numbers, _AHEAD_BYTES)
        return page

    async def _not_here(
        self,
        viewer: Viewer,
        key: str,
        ref: DatasetRef,
        revision: str | None,
        why: DataferryError,
        *,
        may_start: bool,
    ) -> SamplePage:
        """What a look at the source brings, or the job that brings the dataset. Errors: ``why``."""
        if ref.source != "builtin":
            with suppress(DataferryError):
                shown = await self._previews.images(viewer, key, revision, count=_PREVIEWED)
                if shown.images:
                    return preview_page(shown)
        if not may_start:
            raise why
        ticket = await self._downloads.request(viewer, ref, revision=revision)
        job = await self._jobs.get(viewer, ticket.job_id)
        return _nothing((str(why),), job)

    # -- in a thread ---------------------------------------------------------------------------------

    def _page(
        self,
        copy: _Copy,
        wanted: str | None,
        class_name: str | None,
        offset: int,
        limit: int,
        cancel: Event,
    ) -> SamplePage:
        plugin = copy.plugin
        splits = [found for name in SPLIT_NAMES if (found := self._split(copy, name)) is not None]
        readable = [one for one in splits if one.problem is None]
        shown = split_name(wanted or (readable or splits or [_NO_SPLIT])[0].name)
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
                id=image_id(split, number),
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


def _nothing(notes: Sequence[str], job: JobView | None = None) -> SamplePage:
    """Of a dataset of which nothing can be shown: ``notes`` say why, and ``job`` brings it."""
    return SamplePage(
        task_type="none", splits=(), split="", classes=(), total=0, offset=0, samples=(),
        notes=tuple(notes), here=job is None, job=job,
    )  # fmt: skip


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
