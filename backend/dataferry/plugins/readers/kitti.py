"""KITTI's object benchmark, its left colour images with their boxes.

::

    training/image_2/000000.png   training/label_2/000000.txt
    testing/image_2/000000.png    without labels

A line of a label: type, truncated, occluded, alpha, left, top, right, bottom in pixels (from 0), then the
object's three sizes, its place and its rotation. ``DontCare`` is a region that was not labelled.
https://www.cvlibs.net/datasets/kitti/eval_object.php
"""

from functools import partial
from pathlib import Path

from dataferry.plugins.readers.base import damaged
from dataferry.plugins.readers.detection import DetectionImages
from dataferry.plugins.readers.detection_index import IndexWriter
from dataferry.plugins.readers.folders import image_paths
from dataferry.plugins.readers.images import image_size

#: The types that are judged or may be, in the order of the benchmark's readme.
CLASSES = ("Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc")
#: The category of a region that was not labelled. Its annotation is a crowd, which training leaves out.
NOT_LABELLED = -1


def kitti_images(folder: Path, *, keep: Path) -> DetectionImages:
    """``(RGB image, annotations)`` of ``image_2`` in a folder; ``category_id`` is a position in
    ``CLASSES``, or ``NOT_LABELLED``."""
    sources = (folder / "image_2", folder / "label_2")
    build = partial(_build, *sources)
    return DetectionImages(sources[0], sources, "kitti 1", build, keep=keep, labeled_all=True)


def _build(images: Path, labels: Path, folder: Path) -> None:
    writer = IndexWriter()
    for file in image_paths(images):
        image = writer.add_image(file, *image_size(images / file))
        path = (labels / file).with_suffix(".txt")
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except (OSError, ValueError) as error:
            raise damaged(path, "it is not there" if isinstance(error, OSError) else str(error)) from error
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    category_id, bbox = _object(line.split())
                except ValueError as error:
                    raise damaged(path, f"line {number}: {error}") from error
                writer.add_box(image, bbox, category_id, crowd=category_id == NOT_LABELLED)
    writer.write(folder, {**dict(enumerate(CLASSES)), NOT_LABELLED: "DontCare"})


def _object(words: list[str]) -> tuple[int, tuple[float, float, float, float]]:
    if len(words) not in (15, 16):  # results have a score behind
        raise ValueError(f"it has {len(words)} words, not 15")
    if words[0] not in (*CLASSES, "DontCare"):
        raise ValueError(f"there is no type {words[0]!r}")
    left, top, right, bottom = map(float, words[4:8])
    category_id = NOT_LABELLED if words[0] == "DontCare" else CLASSES.index(words[0])
    return category_id, (left, top, right - left, bottom - top)
