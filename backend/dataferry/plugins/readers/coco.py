"""COCO's annotations of objects.

::

    {"images": [{"id": 9, "file_name": "000000000009.jpg", "width": 640, "height": 480}, …],
     "annotations": [{"id": 1, "image_id": 9, "category_id": 18, "bbox": [x_min, y_min, width, height],
                      "iscrowd": 0, …}, …],
     "categories": [{"id": 1, "name": "person"}, …]}

https://cocodataset.org/#format-data
"""

import math
from array import array
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dataferry.core.files.safe_names import UnusablePath, check_path
from dataferry.plugins.readers.base import damaged
from dataferry.plugins.readers.detection import DetectionImages
from dataferry.plugins.readers.detection_index import IndexWriter
from dataferry.plugins.readers.json_stream import members


def coco_images(annotations: Path, images: Path, *, keep: Path) -> DetectionImages:
    """``(RGB image, annotations)`` of each image in the file of ``annotations``, in its order."""
    build = partial(_build, annotations)
    return DetectionImages(images, (annotations,), "coco 1", build, keep=keep, labeled_all=True)


def _build(annotations: Path, folder: Path) -> None:
    reading = _Reading(annotations)
    takers = {"images": reading.image, "annotations": reading.annotation, "categories": reading.category}
    for key, element in members(annotations):
        take = takers.get(key)
        if take is None:
            continue
        if not isinstance(element, dict):
            raise damaged(annotations, f"an element of its {key!r} is no object")
        try:
            take(element)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise damaged(annotations, f"of its {key!r}, {_shown(element)} has {_told(error)}") from error
    reading.write(folder)


class _Reading:
    """One pass over the file, whose three arrays may come in any order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = IndexWriter()
        self._names: dict[int, str] = {}
        #: Numbers for the images' ids, which may be numbers or words.
        self._owners: dict[Any, int] = {}
        self._image_of = array("q")

    def image(self, image: dict[str, Any]) -> None:
        owner = self._owner(image["id"])
        if self._image_of[owner] >= 0:
            raise ValueError("the id of another one")
        file = image["file_name"]
        try:
            check_path(file)
        except UnusablePath as error:
            raise ValueError(f"a file name that cannot be used ({error})") from error
        sides = (int(image.get("width") or 0), int(image.get("height") or 0))
        self._image_of[owner] = self._writer.add_image(file, *sides)

    def annotation(self, annotation: dict[str, Any]) -> None:
        bbox = annotation.get("bbox")
        if not bbox:
            self._writer.leave_out("annotations without a box")
            return
        x, y, width, height = map(float, bbox)
        if not math.isfinite(x + y + width + height):
            self._writer.leave_out("boxes that are no numbers")
            return
        crowd = bool(annotation.get("iscrowd"))
        owner, category_id = self._owner(annotation["image_id"]), int(annotation["category_id"])
        self._writer.add_box(owner, (x, y, width, height), category_id, crowd=crowd)

    def category(self, category: dict[str, Any]) -> None:
        self._names[int(category["id"])] = str(category["name"])

    def write(self, folder: Path) -> None:
        if not self._writer.images:
            raise damaged(self._path, "it names no images")
        if unknown := sorted(self._writer.category_ids - self._names.keys()):
            raise damaged(self._path, f"boxes have the category {unknown[0]}, which it does not name")
        self._writer.write(folder, dict(sorted(self._names.items())), np.frombuffer(self._image_of, np.int64))

    def _owner(self, image_id: Any) -> int:
        owner = self._owners.setdefault(image_id, len(self._image_of))
        if owner == len(self._image_of):
            self._image_of.append(-1)
        return owner


def _shown(element: dict[str, Any]) -> str:
    return f"the one with the id {element['id']!r}" if "id" in element else "one without an id"


def _told(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
