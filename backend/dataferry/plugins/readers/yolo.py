"""YOLO's form: for each image a text file of the same name, with a line for each object.

::

    <class> <cx> <cy> <width> <height>     as parts of the image's size, 0 to 1
    <class> <x> <y> <x> <y> <x> <y> …      the outline of an object, of which the box is taken

    images/train2017/000000000009.jpg      labels/train2017/000000000009.txt
"""

import math
from functools import partial
from pathlib import Path

from dataferry.plugins.readers.base import damaged
from dataferry.plugins.readers.detection import DetectionImages
from dataferry.plugins.readers.detection_index import IndexWriter
from dataferry.plugins.readers.folders import image_paths
from dataferry.plugins.readers.images import image_size

#: Boxes may stand out of the image by this part of it: rounding, and labels that were not cut.
_SLACK = 0.01


def yolo_images(images: Path, labels: Path, classes: int, *, keep: Path) -> DetectionImages:
    """``(RGB image, annotations)`` of the images of a folder; ``category_id`` counts from 0, below
    ``classes``.

    An image without a text file has no objects.
    """
    sources = (images, labels)
    build = partial(_build, images, labels, classes)
    return DetectionImages(images, sources, f"yolo {classes} 1", build, keep=keep, labeled_all=True)


def _build(images: Path, labels: Path, classes: int, folder: Path) -> None:
    writer = IndexWriter()
    for file in image_paths(images):
        width, height = image_size(images / file)
        image = writer.add_image(file, width, height)
        path = (labels / file).with_suffix(".txt")
        seen = set()
        for category_id, box in _objects(path, classes):
            if (category_id, box) in seen:
                writer.leave_out("lines that stand there twice")
                continue
            seen.add((category_id, box))
            left, top, right, bottom = box
            pixels = (left * width, top * height, (right - left) * width, (bottom - top) * height)
            writer.add_box(image, pixels, category_id)
    writer.write(folder, dict.fromkeys(range(classes), ""))


def _objects(path: Path, classes: int) -> list[tuple[int, tuple[float, float, float, float]]]:
    """The class of each object, and its left, top, right and bottom edge from 0 to 1."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_object([float(word) for word in line.split()], classes))
        except ValueError as error:
            raise damaged(path, f"line {number}: {error}") from error
    return found


def _object(values: list[float], classes: int) -> tuple[int, tuple[float, float, float, float]]:
    category, *rest = values
    if not category.is_integer() or not 0 <= category < classes:
        raise ValueError(f"there is no class {category:g}; they count from 0 to {classes - 1}")
    if not all(map(math.isfinite, rest)) or any(not -_SLACK <= value <= 1 + _SLACK for value in rest):
        raise ValueError("its numbers are not parts of the image's size, 0 to 1")
    if len(rest) == 4:
        x, y, width, height = rest
        return int(category), (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    if len(rest) >= 6 and len(rest) % 2 == 0:
        across, down = rest[::2], rest[1::2]
        return int(category), (min(across), min(down), max(across), max(down))
    raise ValueError(f"it has {len(values)} numbers, not 5 or those of an outline")
