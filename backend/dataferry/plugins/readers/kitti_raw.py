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
from itertools import combinations
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import numpy as np

from dataferry.plugins.readers.base import damaged
from dataferry.plugins.readers.detection import DetectionImages
from dataferry.plugins.readers.detection_index import Array, IndexWriter
from dataferry.plugins.readers.folders import image_paths
from dataferry.plugins.readers.images import image_size
from dataferry.plugins.readers.kitti import CLASSES

Modality = Literal["image_00", "image_01", "image_02", "image_03", "velodyne_points", "oxts"]

_CAMERA = "image_02"
_SITTING = {"Person (sitting)": "Person_sitting"}
#: Tracklets mark poses that lie outside of the image, or behind the camera.
_NOT_SEEN = ("2", "3")
#: Nearer points, in metres, cannot be projected.
_NEAREST = 0.1


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
        for frame, category_id, corners in _poses(tracklets):
            image, size = numbers.get(frame, (-1, (0, 0)))
            bbox = _projected(corners, projection, size)
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
            height, width, length = (float(str(tracklet.findtext(side))) for side in "hwl")
            first = int(str(tracklet.findtext("first_frame")))
            for frame, pose in enumerate(tracklet.findall("./poses/item"), first):
                if pose.findtext("truncation") not in _NOT_SEEN:
                    place = [float(str(pose.findtext(name))) for name in ("tx", "ty", "tz", "rz")]
                    yield frame, category_id, _corners(height, width, length, place)
    except (ElementTree.ParseError, ValueError) as error:
        raise damaged(path, str(error)) from error


def _corners(height: float, width: float, length: float, place: Sequence[float]) -> Array:
    """``place`` is the middle of the bottom, and the turn about the upright axis in radians."""
    x, y, z, turn = place
    signs = [(along, across, up) for along in (-0.5, 0.5) for across in (-0.5, 0.5) for up in (0, 1)]
    box = np.array(signs) * (length, width, height)
    cos, sin = np.cos(turn), np.sin(turn)
    turned = box @ np.array([(cos, sin, 0), (-sin, cos, 0), (0, 0, 1)])
    moved: Array = turned + np.array((x, y, z))
    return moved


def _projected(corners: Array, projection: Array, size: tuple[int, int]) -> tuple[float, ...] | None:
    """The box around the part of an object that the camera sees; None where it sees nothing of it."""
    points = np.c_[corners, np.ones(len(corners))] @ projection.T
    seen = [point for point in points if point[2] >= _NEAREST]
    # Where an object reaches behind the camera, its edges end at the nearest plane.
    for near, far in combinations(points, 2):
        if (near[2] < _NEAREST) != (far[2] < _NEAREST):
            seen.append(near + (far - near) * (_NEAREST - near[2]) / (far[2] - near[2]))
    if not seen:
        return None
    pixels = np.array([point[:2] / point[2] for point in seen])
    left, top = np.clip(pixels.min(0), 0, size).tolist()
    right, bottom = np.clip(pixels.max(0), 0, size).tolist()
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def _projection(drive: Path) -> Array:
    """(3, 4): from the scanner's space to pixels of the left colour camera."""
    to_camera, cameras = (_calibration(path) for path in _sources(drive)[2:])
    try:
        rigid = np.vstack([np.c_[to_camera["R"].reshape(3, 3), to_camera["T"]], (0, 0, 0, 1)])
        rectified = np.eye(4)
        rectified[:3, :3] = cameras["R_rect_00"].reshape(3, 3)
        projection: Array = cameras["P_rect_02"].reshape(3, 4) @ rectified @ rigid
    except (KeyError, ValueError) as error:
        raise damaged(drive.parent, f"its calibration lacks {error}") from error
    return projection


def _calibration(path: Path) -> dict[str, Array]:
    """The lines of numbers, by their names."""
    try:
        lines = [line.partition(":") for line in path.read_text(encoding="ascii").splitlines()]
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error
    found = {}
    for name, _, words in lines:
        try:
            found[name] = np.array([float(word) for word in words.split()])
        except ValueError:  # the date
            continue
    return found
