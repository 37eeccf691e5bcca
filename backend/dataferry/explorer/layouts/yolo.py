"""YOLO: a text file of the same stem for each image, and ``data.yaml`` with the names of the classes.

::

    images/train/1.jpg  labels/train/1.txt      train/images/1.jpg  train/labels/1.txt      1.jpg  1.txt
    <class> <cx> <cy> <width> <height>          <class> <x> <y> <x> <y> …   the outline of an object
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import yaml

from dataferry.explorer.layouts.contract import FileSet, FoundBox, FoundImage, Layout
from dataferry.explorer.layouts.names import is_image, split_of

_MAX_BYTES = 1 << 20
_NAMES = ("classes.txt", "obj.names", "labels.txt")


def yolo(files: FileSet) -> Layout | None:
    """A line that is none is left out, and counted."""
    texts = {path for path in files.paths if path.lower().endswith(".txt")}
    pairs = [(path, _label_path(path, texts)) for path in files.paths if is_image(path)]
    labelled = [label for _, label in pairs if label is not None]
    described = [path for path in files.paths if path.lower().endswith((".yaml", ".yml"))]
    if not labelled or not (described or _looks_right(files, labelled[0])):
        return None
    names = _class_names(files, described)
    if not names and not _looks_right(files, labelled[0]):
        return None
    bad: list[str] = []

    def images() -> Iterator[FoundImage]:
        read = dict(files.read(labelled, _MAX_BYTES))
        for path, label in pairs:
            boxes = tuple(_objects(read.get(label or "", b""), names, bad))
            yield FoundImage(split_of(path), path, files.place(path), boxes=boxes, relative=True)

    def notes() -> Sequence[str]:
        return (f"{len(bad):,} lines are no objects, the first {bad[0][:60]!r}.",) if bad else ()

    return Layout("YOLO", True, images(), classes=list(names.values()), notes=notes)


def _label_path(image: str, texts: "set[str]") -> str | None:
    base = image.rsplit(".", 1)[0] + ".txt"
    folders, name = base.split("/")[:-1], base.split("/")[-1]
    for number in reversed(range(len(folders))):
        if folders[number].lower() == "images":
            found = "/".join((*folders[:number], "labels", *folders[number + 1 :], name))
            if found in texts:
                return found
    return base if base in texts else None


def _looks_right(files: FileSet, label: str) -> bool:
    for _, text in files.read([label], 4096):
        line = text.decode("utf-8", "replace").lstrip("\ufeff").split("\n")[0]
        return _object(line) is not None
    return False


def _class_names(files: FileSet, described: Sequence[str]) -> Mapping[int, str]:
    """By ``data.yaml`` (a list, or a dictionary), ``notes.json`` of Label Studio, or a file with a line
    each."""
    for _, text in files.read(described, _MAX_BYTES):
        with suppress(yaml.YAMLError, ValueError, RecursionError):
            found = yaml.safe_load(text)
            names = found.get("names") if isinstance(found, dict) else None
            if isinstance(names, dict):
                return {int(number): str(name) for number, name in sorted(names.items())}
            if isinstance(names, list):
                return dict(enumerate(map(str, names)))
    plain = [path for path in files.paths if path.rsplit("/", 1)[-1].lower() in ("notes.json", *_NAMES)]
    read = dict(files.read(plain, _MAX_BYTES))
    for path in sorted(plain, key=lambda one: not one.endswith("notes.json")):
        with suppress(ValueError, KeyError, TypeError):
            if path.endswith(".json"):
                told = json.loads(read[path])["categories"]
                return {int(one["id"]): str(one["name"]) for one in sorted(told, key=lambda c: int(c["id"]))}
            lines = read[path].decode("utf-8-sig").splitlines()
            return {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    return {}


def _objects(text: bytes, names: Mapping[int, str], bad: list[str]) -> Iterator[FoundBox]:
    seen = set()
    for line in text.decode("utf-8-sig", "replace").splitlines():
        if not line.strip() or line in seen:
            continue
        seen.add(line)
        found = _object(line)
        if found is None:
            bad.append(line)
            continue
        category, bbox, outline = found
        name = names.get(category, f"class {category}")
        yield FoundBox(bbox, name, outlines=(outline,) if outline else ())


def _object(line: str) -> tuple[int, tuple[float, float, float, float], tuple[float, ...]] | None:
    """The class, its box as left, top, width and height from 0 to 1, and its outline."""
    try:
        category, *rest = map(float, line.split())
    except ValueError:
        return None
    if not category.is_integer() or category < 0 or not all(map(math.isfinite, rest)):
        return None
    if any(not -0.5 <= value <= 1.5 for value in rest):
        return None
    if len(rest) in (4, 5):  # the fifth is a confidence
        x, y, width, height = rest[:4]
        return int(category), (x - width / 2, y - height / 2, width, height), ()
    if len(rest) >= 6 and len(rest) % 2 == 0:
        across, down = rest[::2], rest[1::2]
        box = (min(across), min(down), max(across) - min(across), max(down) - min(down))
        return int(category), box, tuple(rest)
    return None
