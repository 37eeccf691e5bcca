"""The images of a built-in dataset, read by its plugin."""

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

from dataferry.core.errors import DamagedFile, DataferryError, NotFound
from dataferry.explorer.image_sources import PAGE_ENTRIES, ImageEntry, ImageSplit
from dataferry.explorer.open_splits import OpenSplit, OpenSplits
from dataferry.explorer.sample_views import SampleBox
from dataferry.plugins import DatasetPlugin
from dataferry.plugins.contract import SPLIT_NAMES, SplitName
from dataferry.plugins.faults import plugin_failed, told
from dataferry.plugins.samples import Description

READING = "reading its samples"


class PluginImages:
    """An ``ImageSource`` of a plugin whose files are here. ``copy``: what tells them from earlier ones."""

    def __init__(self, plugin: DatasetPlugin, opened: OpenSplits, copy: str) -> None:
        self._plugin, self._opened, self.version = plugin, opened, copy

    @property
    def boxed(self) -> bool:
        return self._plugin.task_type == "detection"

    @property
    def splits(self) -> Sequence[ImageSplit]:
        return [split for name in SPLIT_NAMES if (split := self._split(name)) is not None]

    def classes(self, split: str) -> Sequence[str]:
        return list(class_names(self._plugin).values())

    def counts(self, split: str) -> Mapping[str, int] | None:
        with told(self._plugin, READING):
            names, counted = class_names(self._plugin), self._open(split).counts()
        return None if counted is None else {name: counted.get(label, 0) for label, name in names.items()}

    def total(self, split: str, class_name: str | None = None) -> int:
        return len(self._numbers(split, class_name))

    def entries(
        self, split: str, *, class_name: str | None = None, offset: int = 0, limit: int = PAGE_ENTRIES
    ) -> Sequence[ImageEntry]:
        names = class_names(self._plugin)
        numbers = self._numbers(split, class_name)[offset : offset + limit]
        return [self._entry(split, number, names) for number in numbers]

    def read(self, split: str, number: int) -> bytes:
        with told(self._plugin, READING):
            samples = self._open(split).samples
            if samples is None or not 0 <= number < len(samples):
                raise NotFound(f"{self._plugin.display_name} has no image {number} in {split}.")
            path = _path_of(samples, number)
            if path is not None:
                return path.read_bytes()
            written = BytesIO()
            samples[number][0].save(written, "PNG", compress_level=1)
            return written.getvalue()

    def _open(self, split: str) -> OpenSplit:
        return self._opened.get(self._plugin, self.version, split_name(split))

    def _split(self, name: SplitName) -> ImageSplit | None:
        try:
            opened = self._open(name)
            total, labeled = opened.total, opened.labeled
        except (Exception, SystemExit) as error:  # another's code may raise anything
            failed = (
                error if isinstance(error, DataferryError) else plugin_failed(self._plugin, READING, error)
            )
            return ImageSplit(name, 0, 0, str(failed).replace(f"{self._plugin.root}/", ""))
        return ImageSplit(name, total, labeled) if total else None

    def _numbers(self, split: str, class_name: str | None) -> Sequence[int]:
        with told(self._plugin, READING):
            opened = self._open(split)
            if class_name is None:
                return range(opened.total)
            return opened.numbers_of(label_of(class_names(self._plugin), class_name), Event())

    def _entry(self, split: str, number: int, names: Mapping[int, str]) -> ImageEntry:
        with told(self._plugin, READING):
            opened = self._open(split)
            described = _described(opened, number)
            boxed = isinstance(described.target, Sequence)
            return ImageEntry(
                number=number,
                name=self._name(opened, split, number),
                label=None if boxed else names.get(int(described.target)),
                boxes=tuple(boxes_of(described.target, names)) if boxed else (),
                size=described.size,
            )

    def _name(self, opened: OpenSplit, split: str, number: int) -> str:
        path = _path_of(opened.samples, number)
        root = Path(self._plugin.root)
        if path is None or not path.is_relative_to(root):
            return f"{split}#{number}"
        return path.relative_to(root).as_posix()


def _described(opened: OpenSplit, number: int) -> Description:
    """What is known of a sample; of an image that cannot be read its label, where its reader tells it."""
    try:
        return opened.described(number)
    except DamagedFile:
        target = getattr(opened.samples, "target", None)
        if target is None:
            raise
        return Description(None, target(number))


def _path_of(samples: Any, number: int) -> Path | None:
    """The file of a sample, where its reader has one."""
    path = getattr(samples, "path", None)
    found = path(number) if callable(path) else None
    return found if isinstance(found, Path) else None


def split_name(text: str) -> SplitName:
    """One of the three splits that plugins have. Errors: ``NotFound``."""
    for name in SPLIT_NAMES:
        if name == text:
            return name
    raise NotFound(f"There is no split {text[:80]!r}.", next_step=f"Splits are {', '.join(SPLIT_NAMES)}.")


def class_names(plugin: DatasetPlugin) -> Mapping[int, str]:
    """The name of each label of a classification, or category of a detection, in the plugin's order."""
    if plugin.task_type == "detection":
        return {int(number): str(name) for number, name in plugin.category_id_to_name().items()}
    return dict(enumerate(map(str, plugin.class_names)))


def label_of(names: Mapping[int, str], wanted: str) -> int:
    """The label of a class. Errors: ``NotFound``."""
    for label, name in names.items():
        if name == wanted:
            return label
    raise no_class(wanted, list(names.values()))


def no_class(wanted: str, names: Sequence[str]) -> NotFound:
    """The error for a class that a dataset does not have."""
    known = ", ".join(names[:10])
    return NotFound(
        f"It has no class {wanted[:80]!r}.",
        next_step=f"It has {known}{' …' if len(names) > 10 else ''}." if names else "Leave class out.",
    )


def boxes_of(annotations: Sequence[Any], names: Mapping[int, str]) -> list[SampleBox]:
    """Those that can be drawn: a box of numbers that are none is left out."""
    boxes = []
    for one in annotations:
        left, top, width, height = (float(edge) for edge in one["bbox"])
        if math.isfinite(left + top + width + height):
            category_id, crowd = int(one["category_id"]), bool(one.get("iscrowd"))
            category = names.get(category_id) or ("Not labelled" if crowd else f"Category {category_id}")
            box = SampleBox(
                bbox=(left, top, width, height), category_id=category_id, category=category, crowd=crowd
            )
            boxes.append(box)
    return boxes
