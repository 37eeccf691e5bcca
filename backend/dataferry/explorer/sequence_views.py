"""Recordings of several sensors as the API shows them. Names are untrusted."""

from pydantic import Field

from dataferry.core.job_types import JobView
from dataferry.core.types import View


class SequenceView(View):
    """A recording. ``id``: its drive (``2011_09_26_drive_0001_sync``), or a part of the object benchmark
    (``training``). ``dataset``: the key of the dataset that has it. One that is not ``here`` is told as its
    plugin declares it; asking for it downloads it. ``missing``: how many frames each sensor lacks."""

    id: str
    dataset: str
    layout: str
    here: bool
    date: str | None = None
    frame_count: int | None = None
    cameras: tuple[str, ...] = ()
    scan_count: int = 0
    position_count: int = 0
    missing: dict[str, int] = Field(default_factory=dict)


class SequenceList(View):
    """Recordings."""

    sequences: tuple[SequenceView, ...]


class TrackPoint(View):
    """Where the car is at a frame: degrees, and metres east and north of the first place that is known.
    ``speed`` in m/s forward, ``heading`` in radians from east against the clock."""

    frame: str
    latitude: float
    longitude: float
    altitude: float | None
    east: float
    north: float
    speed: float | None
    heading: float | None


class SequenceDetail(View):
    """A recording with its calibration (rows of numbers by their names in the files) and the way that the car
    drove. ``missing``: the frames that each sensor lacks. ``problems``: what could not be read."""

    sequence: SequenceView
    frames: tuple[str, ...] = ()
    calibration: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    track: tuple[TrackPoint, ...] = ()
    missing: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    problems: tuple[str, ...] = ()
    #: Where it is not here: the job that brings it.
    job: JobView | None = None


class CameraBox(View):
    """An object in an image: its box (left, top, width, height), and the edges of its box in space (x, y, x,
    y each), in pixels."""

    bbox: tuple[float, float, float, float]
    edges: tuple[tuple[float, float, float, float], ...] = ()


class SequenceObject(View):
    """An object at a frame. ``corners``: eight in metres of the scanner's space (x ahead, y to the left, z
    up), None where no calibration tells. ``cameras``: of those that see it."""

    category: str
    track: int | None
    corners: tuple[tuple[float, float, float], ...] | None
    cameras: dict[str, CameraBox]


class CameraImage(View):
    """``address``: of the image's own bytes; ``width`` and ``height`` in pixels."""

    address: str
    width: int
    height: int


class SequenceFrame(View):
    """One frame, by the name that its files have in common. What a sensor did not record is None, and asked
    for it is 404. ``position``: the values of GPS and IMU by their names (docs/explorer.md)."""

    id: str
    timestamp: str | None
    cameras: dict[str, CameraImage]
    points: str | None
    from_above: str | None
    position: dict[str, float] | None
    objects: tuple[SequenceObject, ...] = ()
    problems: tuple[str, ...] = ()


class FramePage(View):
    """Frames of a recording from ``offset`` on. ``total``: of them in all."""

    sequence: SequenceView
    total: int = 0
    offset: int = 0
    frames: tuple[SequenceFrame, ...] = ()
    #: Where it is not here: the job that brings it.
    job: JobView | None = None
