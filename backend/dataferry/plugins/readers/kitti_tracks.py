"""What is known of the objects in KITTI's recordings, and of the car's own place.

In strangers' files a tracklet may begin before frame 0 (its poses are counted from there) or have a type that
is none of the benchmark's, and a line may have too few words. What cannot be read is left out and told.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from dataferry.plugins.readers.base import damaged
from dataferry.plugins.readers.kitti_geometry import Array, Calibration, camera_corners, corners, moved_by

#: The values of one line of GPS and IMU, as the development kit names them; angles in radians.
OXTS_FIELDS = (
    *("lat", "lon", "alt", "roll", "pitch", "yaw"),
    *("vn", "ve", "vf", "vl", "vu", "ax", "ay", "az", "af", "al", "au"),
    *("wx", "wy", "wz", "wf", "wl", "wu", "pos_accuracy", "vel_accuracy"),
    *("navstat", "numsats", "posmode", "velmode", "orimode"),
)


@dataclass(frozen=True, slots=True)
class SceneObject:
    """An object at a frame. ``box``: (8, 3) in metres of the scanner's space, None where only its ``bbox``
    (left, top, width, height in pixels of the left colour camera) is known. ``track``: its number in the
    drive, None where objects are not followed."""

    category: str
    track: int | None
    box: Array | None
    bbox: tuple[float, float, float, float] | None = None


def tracklets(path: Path) -> Mapping[int, Sequence[SceneObject]]:
    """The objects of a drive by the number of the frame. Errors: ``DamagedFile``."""
    found: defaultdict[int, list[SceneObject]] = defaultdict(list)
    try:
        items = ElementTree.parse(path).getroot().findall("./tracklets/item")  # noqa: S314 - Expat bounds entities
        for number, item in enumerate(items):
            category = (item.findtext("objectType") or "Unknown").strip()[:80]
            size = [_number(item, side) for side in "hwl"]
            first = int(_number(item, "first_frame"))
            for frame, pose in enumerate(item.findall("./poses/item"), first):
                if frame < 0:
                    continue
                place = [_number(pose, name) for name in ("tx", "ty", "tz", "rz")]
                found[frame].append(SceneObject(category, number, corners(size, place)))
    except (ElementTree.ParseError, OSError, ValueError, OverflowError) as error:
        raise damaged(path, str(error)) from error
    return found


def _number(item: ElementTree.Element, name: str) -> float:
    value = float(str(item.findtext(name)))
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}")
    return value


def labels(path: Path, calibration: Calibration) -> Sequence[SceneObject]:
    """The objects of one image of the object benchmark; regions that were not labelled are left out. Errors:
    ``DamagedFile``."""
    found = []
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        for line in lines:
            words = line.split()
            if words and words[0] != "DontCare":
                found.append(_labelled(words, calibration))
    except (OSError, ValueError, IndexError) as error:
        raise damaged(path, str(error)) from error
    return found


def _labelled(words: Sequence[str], calibration: Calibration) -> SceneObject:
    left, top, right, bottom = map(float, words[4:8])
    values = [float(word) for word in words[8:15]]
    if len(values) != 7 or not all(map(math.isfinite, (left, top, right, bottom, *values))):
        raise ValueError(f"a line has {len(words)} words, not 15 with numbers")
    box = None
    if calibration.from_camera is not None:
        box = moved_by(camera_corners(values[:3], values[3:]), calibration.from_camera)
    return SceneObject(words[0][:80], None, box, (left, top, right - left, bottom - top))


def position(path: Path) -> Mapping[str, float]:
    """One line of GPS and IMU by the names of its values. Errors: ``DamagedFile``, also for an empty file."""
    try:
        words = path.read_text(encoding="ascii").split()
        values = [float(word) for word in words]
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error
    if len(values) < len(OXTS_FIELDS):
        raise damaged(path, f"it has {len(values)} values, not {len(OXTS_FIELDS)}")
    named = zip(OXTS_FIELDS, values, strict=False)
    return {name: value for name, value in named if math.isfinite(value)}
