"""KITTI's spaces: from the scanner's metres to the pixels of each camera, and the boxes in both.

The scanner looks along x, with y to its left and z upwards; a rectified camera along z, with x to its right
and y downwards. ``P_rect_0n @ R_rect_00 @ Tr_velo_to_cam`` leads from one to pixels of the other (raw
drives), and ``Pn @ R0_rect @ Tr_velo_to_cam`` in the object benchmark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dataferry.plugins.readers.base import damaged

Array = npt.NDArray[np.float64]
Segment = tuple[float, float, float, float]

#: Nearer points, in metres, cannot be projected.
NEAREST = 0.1
#: Of ``corners``: which two make an edge.
_EDGES = tuple((a, b) for a, b in combinations(range(8), 2) if (a ^ b).bit_count() == 1)


@dataclass(frozen=True, slots=True)
class Calibration:
    """``cameras``: (3, 4) each, from the scanner's metres to pixels, by ``image_02`` and its like.
    ``from_camera``: (4, 4), from the rectified left grey camera's metres to the scanner's; None where no file
    tells. ``values``: every named row of numbers as the files have it."""

    cameras: Mapping[str, Array] = field(default_factory=dict)
    from_camera: Array | None = None
    values: Mapping[str, Array] = field(default_factory=dict)


def raw_calibration(day: Path) -> Calibration:
    """Of the raw drives of a day, whose folder has three files. Errors: ``DamagedFile``."""
    scanner, cameras = (numbers(day / f"calib_{name}.txt") for name in ("velo_to_cam", "cam_to_cam"))
    imu_file = day / "calib_imu_to_velo.txt"
    imu = numbers(imu_file) if imu_file.is_file() else {}
    try:
        rigid = _square(np.c_[scanner["R"].reshape(3, 3), scanner["T"]])
        rectified = _square(cameras["R_rect_00"].reshape(3, 3)) @ rigid
        found = {
            f"image_{name[-2:]}": values.reshape(3, 4) @ rectified
            for name, values in cameras.items()
            if name.startswith("P_rect_")
        }
    except (KeyError, ValueError) as error:
        raise damaged(day, f"its calibration lacks {error}") from error
    told = {f"velo_to_cam {name}": values for name, values in scanner.items()}
    told |= {f"imu_to_velo {name}": values for name, values in imu.items()}
    return Calibration(found, _inverse(rectified), cameras | told)


def object_calibration(file: Path) -> Calibration:
    """Of one image of the object benchmark. Errors: ``DamagedFile``."""
    values = numbers(file)
    try:
        rigid = _square(values["Tr_velo_to_cam"].reshape(3, 4))
        rectified = _square(values["R0_rect"].reshape(3, 3)) @ rigid
        cameras = {
            f"image_0{number}": values[f"P{number}"].reshape(3, 4) @ rectified
            for number in range(4)
            if f"P{number}" in values
        }
        return Calibration(cameras, _inverse(rectified), values)
    except (KeyError, ValueError, np.linalg.LinAlgError) as error:
        raise damaged(file, f"it lacks {error}") from error


def numbers(path: Path) -> dict[str, Array]:
    """The lines of numbers of a calibration file, by their names. Errors: ``DamagedFile``."""
    try:
        lines = [line.partition(":") for line in path.read_text(encoding="ascii").splitlines()]
    except (OSError, ValueError) as error:
        raise damaged(path, "it is not there" if isinstance(error, OSError) else str(error)) from error
    found = {}
    for name, _, words in lines:
        try:
            values = np.array([float(word) for word in words.split()])
        except ValueError:  # the date
            continue
        if values.size:
            found[name] = values
    return found


def corners(size: Sequence[float], place: Sequence[float]) -> Array:
    """(8, 3), in metres of the scanner's space. ``size``: height, width and length; ``place``: the middle of
    the bottom, and the turn about the upright axis in radians."""
    height, width, length = size
    x, y, z, turn = place
    signs = [(along, across, up) for along in (-0.5, 0.5) for across in (-0.5, 0.5) for up in (0, 1)]
    box = np.array(signs) * (length, width, height)
    cos, sin = np.cos(turn), np.sin(turn)
    turned = box @ np.array([(cos, sin, 0), (-sin, cos, 0), (0, 0, 1)])
    moved: Array = turned + np.array((x, y, z))
    return moved


def camera_corners(size: Sequence[float], place: Sequence[float]) -> Array:
    """(8, 3), in metres of the rectified camera's space, whose y points downwards; as ``corners``."""
    x, y, z, turn = place
    # A turn of 0 looks along the camera's x.
    ahead = corners(size, (0.0, 0.0, 0.0, -turn))
    moved: Array = np.c_[ahead[:, 0], -ahead[:, 2], ahead[:, 1]] + np.array((x, y, z))
    return moved


def moved_by(points: Array, matrix: Array) -> Array:
    """(n, 3) points in another space, by a (4, 4) matrix."""
    found: Array = (np.c_[points, np.ones(len(points))] @ matrix.T)[:, :3]
    return found


def projected_box(box: Array, projection: Array, size: tuple[int, int]) -> tuple[float, ...] | None:
    """Left, top, width and height of what the camera sees of an object; None where it sees nothing of it."""
    points = np.c_[box, np.ones(len(box))] @ projection.T
    seen = [point for point in points if point[2] >= NEAREST]
    # Where an object reaches behind the camera, its edges end at the nearest plane.
    for near, far in combinations(points, 2):
        if (near[2] < NEAREST) != (far[2] < NEAREST):
            seen.append(_at_nearest(near, far))
    if not seen:
        return None
    pixels = np.array([point[:2] / point[2] for point in seen])
    left, top = np.clip(pixels.min(0), 0, size).tolist()
    right, bottom = np.clip(pixels.max(0), 0, size).tolist()
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def projected_edges(box: Array, projection: Array, size: tuple[int, int]) -> list[Segment]:
    """The edges of an object as the camera sees them, ``(x, y, x, y)`` in pixels, as far as they are in front
    of it; none where all of them are beside the image."""
    if projected_box(box, projection, size) is None:
        return []
    points = np.c_[box, np.ones(len(box))] @ projection.T
    found = []
    for a, b in _EDGES:
        near, far = sorted((points[a], points[b]), key=lambda point: float(point[2]))
        if far[2] < NEAREST:
            continue
        start = _at_nearest(near, far) if near[2] < NEAREST else near
        (x, y), (u, v) = (start[:2] / start[2]).tolist(), (far[:2] / far[2]).tolist()
        found.append((x, y, u, v))
    return found


def _at_nearest(near: Array, far: Array) -> Array:
    point: Array = near + (far - near) * (NEAREST - near[2]) / (far[2] - near[2])
    return point


def _inverse(matrix: Array) -> Array:
    return np.linalg.inv(matrix).astype(np.float64)


def _square(matrix: Array) -> Array:
    """A rotation, with its shift where it has one, as (4, 4)."""
    whole = np.eye(4)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    return whole
