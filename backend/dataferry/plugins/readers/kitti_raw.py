"""KITTI's raw recordings, the rectified left colour camera with the boxes of its tracklets.

::

    2011_09_26/
      calib_velo_to_cam.txt  calib_cam_to_cam.txt
      2011_09_26_drive_0001_sync/
        image_02/data/0000000000.png      velodyne_points/data/0000000000.bin     oxts/data/0000000000.txt
        tracklet_labels.xml               boxes in the scanner's space, frame by frame

A frame is known by the name of its files: where the scanner lost a revolution, there is no file of that name.
https://www.cvlibs.net/datasets/kitti/raw_data.php
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from dataferry.plugins.readers.base import damaged
from dataferry.plugins.readers.detection import DetectionImages
from dataferry.plugins.readers.detection_index import Array, IndexWriter
from dataferry.plugins.readers.folders import image_paths
from dataferry.plugins.readers.images import image_size
from dataferry.plugins.readers.kitti import CLASSES
from dataferry.plugins.readers.kitti_geometry import corners, projected_box, raw_calibration

Modality = Literal["image_00", "image_01", "image_02", "image_03", "velodyne_points", "oxts"]

_CAMERA = "image_02"
_SITTING = {"Person (sitting)": "Person_sitting"}
#: Tracklets mark poses that lie outside of the image, or behind the camera.
_NOT_SEEN = ("2", "3")


class KittiRawImages(DetectionImages):
    """``(RGB image, annotations)`` of the frames of ``drives`` (``2011_09_26/2011_09_26_drive_0001_sync``),
    in their order; ``category_id`` is a position in ``kitti.CLASSES``. The boxes are those of the
    tracklets, projected into the image and cut at its edges."""

    def __init__(self, root: Path, drives: Sequence[str], *, keep: Path) -> None:
        sources = [path for drive in drives for path in _sources(root / drive)]
        build = partial(_build, root, tuple(drives))
        super().__init__(root, sources, "kitti raw 1", build, keep=keep, labeled_all=True)

    def file(self, number: int, modality: Modality) -> Path | None:
        """The file of another sensor at the same frame; None where it has none."""
        image = self.path(number)
        folder = image.parents[2] / modality / "data"
        return next((path for path in folder.glob(f"{image.stem}.*") if path.is_file()), None)


def _sources(drive: Path) -> list[Path]:
    calibration = [drive.parent / name for name in ("calib_velo_to_cam.txt", "calib_cam_to_cam.txt")]
    return [drive / _CAMERA / "data", drive / "tracklet_labels.xml", *calibration]


def _build(root: Path, drives: Sequence[str], folder: Path) -> None:
    writer = IndexWriter()
    for drive in drives:
        images, tracklets, *_ = _sources(root / drive)
        projection = _projection(root / drive)
        numbers = {}
        for file in image_paths(root, str(images.relative_to(root))):
            size = image_size(root / file)
            numbers[int(Path(file).stem)] = (writer.add_image(file, *size), size)
        for frame, category_id, box in _poses(tracklets):
            image, size = numbers.get(frame, (-1, (0, 0)))
            bbox = projected_box(box, projection, size)
            if image >= 0 and bbox is not None:
                writer.add_box(image, bbox, category_id)
    writer.write(folder, dict(enumerate(CLASSES)))


def _poses(path: Path) -> Iterator[tuple[int, int, Array]]:
    """The frame, category and corners (8, 3), in metres of the scanner's space, of each pose of each
    object."""
    try:
        tracklets = ElementTree.parse(path).getroot().findall("./tracklets/item")  # noqa: S314 - Expat bounds entities
        for tracklet in tracklets:
            name = str(tracklet.findtext("objectType"))
            category_id = CLASSES.index(_SITTING.get(name, name))
            size = [float(str(tracklet.findtext(side))) for side in "hwl"]
            first = int(str(tracklet.findtext("first_frame")))
            for frame, pose in enumerate(tracklet.findall("./poses/item"), first):
                if pose.findtext("truncation") not in _NOT_SEEN:
                    place = [float(str(pose.findtext(name))) for name in ("tx", "ty", "tz", "rz")]
                    yield frame, category_id, corners(size, place)
    except (ElementTree.ParseError, ValueError) as error:
        raise damaged(path, str(error)) from error


def _projection(drive: Path) -> Array:
    """(3, 4): from the scanner's space to pixels of the left colour camera. Errors: ``DamagedFile``."""
    projection = raw_calibration(drive.parent).cameras.get(_CAMERA)
    if projection is None:
        raise damaged(drive.parent, "its calibration lacks P_rect_02")
    return projection
