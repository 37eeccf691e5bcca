"""Annotations as files that other tools read: COCO, YOLO and KITTI's object benchmark.

Boxes count in pixels of the upright image; whoever trains on a file with an EXIF orientation has to turn it
first. Each writer gives paths and contents; images keep their names in COCO, and in the two others, where a
text file stands beside each image, have one of their own.
"""

import json
from collections.abc import Iterator, Sequence
from csv import writer as csv_writer
from dataclasses import dataclass
from io import StringIO
from itertools import chain, count
from pathlib import PurePosixPath
from typing import Any

import yaml

from dataferry.annotations.views import AnnotationFormat, Box, ImagePlace
from dataferry.core.personal_data import Exported

#: Of parts of an image's size: a hundredth of a pixel of the largest is more than one of the last digit.
_DIGITS = 8
_UNIT = 10.0**-_DIGITS
#: Truncation and occlusion are not known, nor is what KITTI says of the object in space: its own values for
#: that, as in ``DontCare``.
_KITTI_UNKNOWN = ("-1 3 -10", "-1 -1 -1 -1000 -1000 -1000 -10")


@dataclass(frozen=True, slots=True)
class ExportedBox:
    """A box and its label."""

    box: Box
    label: str


@dataclass(frozen=True, slots=True)
class ExportedImage:
    """An image with what was given to it."""

    place: ImagePlace
    boxes: list[ExportedBox]
    labels: list[str]


def files_of(
    format: AnnotationFormat, images: Sequence[ExportedImage], classes: Sequence[str]
) -> Iterator[Exported]:
    """The files of an export. ``classes``: those with a number already; further ones follow by name, so that
    the same labels have the same numbers whoever drew first."""
    used = {one.label for image in images for one in image.boxes}
    names = [*dict.fromkeys(classes), *sorted(used - set(classes))]
    match format:
        case "coco":
            yield from _coco(images, names)
        case "yolo":
            yield from _yolo(images, names)
        case "kitti":
            yield from _kitti(images)
    if any(image.labels for image in images):
        yield _labels_table(images)


def _text(path: str, text: str) -> Exported:
    return Exported(path, iter([text.encode()]))


# -- COCO ------------------------------------------------------------------------------------------------


def _coco(images: Sequence[ExportedImage], names: Sequence[str]) -> Iterator[Exported]:
    """``annotations/instances_<split>.json``. Ids count from 1: 0 is taken for none by some."""
    numbers = {name: number for number, name in enumerate(names, 1)}
    categories = [{"id": number, "name": name, "supercategory": ""} for name, number in numbers.items()]
    for split, of_split in _by_split(images).items():
        document: dict[str, Any] = {"images": [], "annotations": [], "categories": categories}
        named = zip(of_split, file_names(of_split, flat=False), strict=True)
        for image_id, (image, name) in enumerate(named, 1):
            place = image.place
            document["images"].append(
                {"id": image_id, "file_name": name, "width": place.width, "height": place.height}
            )
            for one in image.boxes:
                document["annotations"].append(
                    {
                        "id": len(document["annotations"]) + 1,
                        "image_id": image_id,
                        "category_id": numbers[one.label],
                        "bbox": list(one.box),
                        "area": round(one.box[2] * one.box[3], 4),
                        "iscrowd": 0,
                        "segmentation": [],
                    }
                )
        yield _text(f"annotations/instances_{split}.json", json.dumps(document, ensure_ascii=False, indent=1))


# -- YOLO ------------------------------------------------------------------------------------------------


def _yolo(images: Sequence[ExportedImage], names: Sequence[str]) -> Iterator[Exported]:
    """``data.yaml`` and ``labels/<split>/<stem>.txt``, for images in ``images/<split>/``."""
    numbers = {name: number for number, name in enumerate(names)}
    splits = _by_split(images)
    described: dict[str, Any] = {"path": ".", **{split: f"images/{split}" for split in splits}}
    described["names"] = dict(enumerate(names))
    yield _text("data.yaml", yaml.safe_dump(described, allow_unicode=True, sort_keys=False))
    for split, of_split in splits.items():
        for image, name in zip(of_split, file_names(of_split, flat=True), strict=True):
            size = image.place.width, image.place.height
            lines = [f"{numbers[one.label]} {_yolo_box(one.box, *size)}\n" for one in image.boxes]
            yield _text(f"labels/{split}/{PurePosixPath(name).stem}.txt", "".join(lines))
    yield _names_table(splits)


def _yolo_box(box: Box, width: int, height: int) -> str:
    x, y, across, down = box
    (cx, w), (cy, h) = _centred(x, across, width), _centred(y, down, height)
    return " ".join(f"{part:.{_DIGITS}f}" for part in (cx, cy, w, h))


def _centred(start: float, size: float, whole: int) -> tuple[float, float]:
    """The middle and size as parts of the whole. Rounded, a box at the edge would stand out of the image by
    the last digit, and other tools refuse it."""
    middle, part = round((start + size / 2) / whole, _DIGITS), round(size / whole, _DIGITS)
    while part > _UNIT and (middle - part / 2 < 0 or middle + part / 2 > 1):
        part = round(part - _UNIT, _DIGITS)
    return middle, part


# -- KITTI -----------------------------------------------------------------------------------------------


def _kitti(images: Sequence[ExportedImage]) -> Iterator[Exported]:
    """``<split>/label_2/<stem>.txt``, for images in ``<split>/image_2/``. Its columns stand between spaces:
    those of a label become ``_``."""
    splits = _by_split(images)
    before, behind = _KITTI_UNKNOWN
    for split, of_split in splits.items():
        for image, name in zip(of_split, file_names(of_split, flat=True), strict=True):
            lines = []
            for one in image.boxes:
                x, y, width, height = one.box
                edges = " ".join(f"{edge:.2f}" for edge in (x, y, x + width, y + height))
                lines.append(f"{one.label.replace(' ', '_')} {before} {edges} {behind}\n")
            yield _text(f"{split}/label_2/{PurePosixPath(name).stem}.txt", "".join(lines))
    yield _names_table(splits)


# -- beside them -----------------------------------------------------------------------------------------


def _by_split(images: Sequence[ExportedImage]) -> dict[str, list[ExportedImage]]:
    """An upload has none: its images are ``all``."""
    splits: dict[str, list[ExportedImage]] = {}
    for image in images:
        splits.setdefault(image.place.split.replace("/", "_") or "all", []).append(image)
    return splits


def file_names(images: Sequence[ExportedImage], *, flat: bool) -> list[str]:
    """What each image's file is to be called, no two alike: its path; ``flat`` in one folder, without those
    above it, unless two would have one stem. An image without a file of its own is named after its number."""
    taken: set[str] = set()
    names = []
    for image in images:
        own = PurePosixPath(_own_name(image.place))
        wanted = [own.name, "_".join(own.parts)] if flat else [str(own)]
        numbered = (f"{own.stem}_{number}{own.suffix}" for number in count(2))
        chosen = next(name for name in chain(wanted, numbered) if _key(name, flat=flat) not in taken)
        taken.add(_key(chosen, flat=flat))
        names.append(chosen)
    return names


def _key(name: str, *, flat: bool) -> str:
    """What two names may not have in common, on any file system."""
    return (PurePosixPath(name).stem if flat else name).lower()


def _own_name(place: ImagePlace) -> str:
    """A path with a suffix. ``train.parquet#12`` is an image in another file."""
    name = place.name.replace("#", "_").lstrip("/")
    if not name:
        return f"{place.number:06}.png"
    return name if name == place.name and PurePosixPath(name).suffix else f"{name}.png"


def _names_table(splits: dict[str, list[ExportedImage]]) -> Exported:
    """``images.csv``: which image a text file is of."""
    table = StringIO()
    rows = csv_writer(table, lineterminator="\n")
    rows.writerow(["split", "file", "image", "number", "width", "height"])
    for split, of_split in splits.items():
        for image, name in zip(of_split, file_names(of_split, flat=True), strict=True):
            place = image.place
            rows.writerow([split, name, place.name, place.number, place.width, place.height])
    return _text("images.csv", table.getvalue())


def _labels_table(images: Sequence[ExportedImage]) -> Exported:
    """``image_labels.csv``: these formats have boxes alone."""
    table = StringIO()
    rows = csv_writer(table, lineterminator="\n")
    rows.writerow(["split", "image", "number", "label"])
    for image in images:
        place = image.place
        rows.writerows([place.split, place.name, place.number, label] for label in image.labels)
    return _text("image_labels.csv", table.getvalue())
