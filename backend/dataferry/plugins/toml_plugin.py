"""A dataset that a TOML manifest declares, for whoever writes no code.

``docs/plugins.md`` has a whole one. ``format`` names how its files are to be read, ``splits`` where in them
each split lies: ``folders`` (a folder for each class), ``yolo`` and ``coco`` (boxes), ``jsonl`` (text).
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dataferry.plugins.base import ClassificationPlugin, DatasetPlugin, DetectionPlugin, TextPlugin
from dataferry.plugins.contract import SPLIT_NAMES, RemoteFile, SplitName
from dataferry.plugins.faults import PluginFault
from dataferry.plugins.samples import Samples

_TEXTS = ("name", "display_name", "license", "license_note", "citation", "homepage", "description")
_LISTS = ("class_names", "category_ids", "input_shape", "tags", "normalization", "fields")
_SIZES = ("train_size", "val_size", "test_size")
_FIELDS = {**dict.fromkeys(_TEXTS, str), **dict.fromkeys(_LISTS, list), **dict.fromkeys(_SIZES, int)}
_FILE_FIELDS = {
    "path": str,
    "url": str,
    "size": int,
    "sha256": str,
    "md5": str,
    "mirrors": list,
    "unpack": bool,
}
_TYPES = {str: "a text", list: "a list", int: "a number", bool: "true or false", dict: "a table"}


class _Wrong(Exception):
    """What is wrong, and the key that is to blame."""

    def __init__(self, detail: str, key: str) -> None:
        super().__init__(detail)
        self.key = key


def read_manifest(file: Path) -> DatasetPlugin | PluginFault:
    """The dataset of a manifest, or what is wrong with it, with the line."""
    text = ""
    try:
        text = file.read_text(encoding="utf-8")
        return _plugin(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        return _fault(file, f"It is no TOML: {error}.", int(line[1]) if line else None)
    except (OSError, UnicodeDecodeError) as error:
        return _fault(file, f"It cannot be read: {error}.", None)
    except _Wrong as error:
        lines = text.splitlines()
        found = [number for number, line in enumerate(lines, 1) if re.match(rf"\[*\s*{error.key}\b", line)]
        return _fault(file, str(error), found[0] if found else None)


def _fault(file: Path, detail: str, line: int | None) -> PluginFault:
    return PluginFault("manifest", str(file), detail, "Mend it; docs/plugins.md has a whole one.", line=line)


def _plugin(told: dict[str, Any]) -> DatasetPlugin:
    kind = told.pop("format", None)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _Wrong(f"format is {kind!r}; use one of {', '.join(_KINDS)}.", "format")
    files, splits = told.pop("files", None), told.pop("splits", None)
    _check(told, _FIELDS)
    if not isinstance(files, list) or not files:
        raise _Wrong("It names no [[files]].", "files")
    if not isinstance(splits, dict) or not set(splits) <= set(SPLIT_NAMES) or not splits:
        raise _Wrong("It needs [splits] with train, val or test.", "splits")
    plugin = _KINDS[kind](splits)
    plugin.files = tuple(_file(one) for one in files)
    for name, value in told.items():
        setattr(plugin, name, value)
    return plugin


def _check(told: Mapping[str, Any], fields: Mapping[str, type]) -> None:
    for key, value in told.items():
        if key not in fields:
            raise _Wrong(f"There is no key {key}; there are {', '.join(fields)}.", key)
        if type(value) is not fields[key]:
            raise _Wrong(f"{key} must be {_TYPES[fields[key]]}.", key)


def _file(told: Any) -> RemoteFile:
    if not isinstance(told, dict) or "url" not in told:
        raise _Wrong("A file of [[files]] has no url.", "files")
    _check(told, _FILE_FIELDS)
    told["path"] = told.get("path") or str(told["url"]).rpartition("/")[2].partition("?")[0]
    told["mirrors"] = tuple(told.get("mirrors", ()))
    return RemoteFile(**told)


class _Manifested:
    """``splits`` of a manifest, by name."""

    def __init__(self, splits: Mapping[str, Any]) -> None:
        self._splits = splits

    def place(self, root: Path, split: SplitName, part: str | None = None) -> Path | None:
        """Where a split lies, or one ``part`` of it; None for one that is not named."""
        told = self._splits.get(split)
        if told is None:
            return None
        found = told if part is None else told.get(part) if isinstance(told, dict) else None
        if not isinstance(found, str):
            raise ValueError(f"splits.{split} of the manifest must be {part or 'a path'}")
        return root / found


class _Folders(_Manifested, ClassificationPlugin):
    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.folders import ImageFolders

        folder = self.place(self.root, split)
        if folder is None:
            return None
        grey = bool(self.input_shape) and self.input_shape[0] == 1
        return ImageFolders(folder, self.class_names, mode="L" if grey else "RGB")


class _Yolo(_Manifested, DetectionPlugin):
    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.yolo import yolo_images

        images, labels = (self.place(self.root, split, part) for part in ("images", "labels"))
        if images is None or labels is None:
            return None
        return yolo_images(images, labels, self.num_classes, keep=self.index_dir)


class _Coco(_Manifested, DetectionPlugin):
    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.coco import coco_images

        images, annotations = (self.place(self.root, split, part) for part in ("images", "annotations"))
        if images is None or annotations is None:
            return None
        return coco_images(annotations, images, keep=self.index_dir)


class _Jsonl(_Manifested, TextPlugin):
    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.text_rows import JsonRows

        file = self.place(self.root, split)
        return None if file is None else JsonRows(file)


_KINDS: dict[str, Callable[[Mapping[str, Any]], DatasetPlugin]] = {
    "folders": _Folders,
    "yolo": _Yolo,
    "coco": _Coco,
    "jsonl": _Jsonl,
}
