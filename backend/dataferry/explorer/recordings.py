"""One recording, read once for many who look at it: its calibration, its objects and the way it drove."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock

from dataferry.core.errors import DamagedFile
from dataferry.explorer.sequence_views import CameraBox, SequenceObject, TrackPoint
from dataferry.plugins.readers.kitti_geometry import (
    Calibration,
    object_calibration,
    projected_box,
    projected_edges,
    raw_calibration,
)
from dataferry.plugins.readers.kitti_sequences import KittiSequence
from dataferry.plugins.readers.kitti_tracks import SceneObject, labels, position, tracklets

_EARTH_M = 6_378_137.0
_MOST_PROBLEMS = 20


@dataclass
class Recording:
    """What is read of a ``KittiSequence`` when it is first asked for. What cannot be read becomes one of
    ``problems``, and keeps nothing else. Any thread may ask. Blocks."""

    sequence: KittiSequence
    frames: Sequence[str]
    problems: list[str] = field(default_factory=list)
    _calibration: Calibration | None = None
    _tracklets: Mapping[int, Sequence[SceneObject]] | None = None
    _track: tuple[TrackPoint, ...] | None = None
    _times: Sequence[str] | None = None
    _lock: RLock = field(default_factory=RLock)

    def calibration(self, stem: str | None = None) -> Calibration:
        """Of all frames of a drive; of one image of the object benchmark, by default its first."""
        if self.sequence.layout == "object":
            known = self.sequence.files.get("calib", {})
            file = self.sequence.file(stem or next(iter(known), ""), "calib")
            return Calibration() if file is None else object_calibration(file)
        with self._lock:
            if self._calibration is None:
                try:
                    self._calibration = raw_calibration(self.sequence.folder.parent)
                except DamagedFile as error:
                    self._tell(error)
                    self._calibration = Calibration()
        return self._calibration

    def objects(self, stem: str) -> Sequence[SceneObject]:
        """Those of a frame. Errors: ``DamagedFile`` for its own file of labels."""
        if self.sequence.layout == "object":
            file = self.sequence.file(stem, "label")
            return () if file is None else labels(file, self.calibration(stem))
        with self._lock:
            if self._tracklets is None:
                self._tracklets = self._read_tracklets()
        return self._tracklets.get(int(stem), ())

    def _read_tracklets(self) -> Mapping[int, Sequence[SceneObject]]:
        file = self.sequence.folder / "tracklet_labels.xml"
        if not file.is_file() or file.is_symlink():
            return {}
        try:
            return tracklets(file)
        except DamagedFile as error:
            self._tell(error)
            return {}

    def time(self, stem: str) -> str | None:
        """When a frame was taken: the line of its number, not of its place among those that are here."""
        with self._lock:
            if self._times is None:
                self._times = self.sequence.times()
        number = int(stem)
        return (self._times[number] or None) if number < len(self._times) else None

    def track(self) -> tuple[TrackPoint, ...]:
        """Where the car was at each frame that tells it."""
        with self._lock:
            if self._track is None:
                self._track = tuple(self._read_track())
        return self._track

    def _read_track(self) -> list[TrackPoint]:
        found: list[TrackPoint] = []
        for stem in self.frames:
            file = self.sequence.file(stem, "oxts")
            if file is None:
                continue
            try:
                values = position(file)
            except DamagedFile as error:
                self._tell(error)
                continue
            if "lat" in values and "lon" in values:
                found.append(_point(stem, values, found[0] if found else None))
        return found

    def _tell(self, error: DamagedFile) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(without_folders(self.sequence, error))


def without_folders(sequence: KittiSequence, error: DamagedFile) -> str:
    """What an error says, without the folders of this machine."""
    return str(error).replace(f"{sequence.folder.parent}/", "")


def _point(stem: str, values: Mapping[str, float], first: TrackPoint | None) -> TrackPoint:
    latitude, longitude = values["lat"], values["lon"]
    origin = (latitude, longitude) if first is None else (first.latitude, first.longitude)
    shrunk = math.cos(math.radians(origin[0]))
    return TrackPoint(
        frame=stem,
        latitude=latitude,
        longitude=longitude,
        altitude=values.get("alt"),
        east=math.radians(longitude - origin[1]) * _EARTH_M * shrunk,
        north=math.radians(latitude - origin[0]) * _EARTH_M,
        speed=values.get("vf"),
        heading=values.get("yaw"),
    )


def seen_object(
    one: SceneObject, calibration: Calibration, sizes: Mapping[str, tuple[int, int]]
) -> SequenceObject:
    """An object in space, and in each camera that sees it. ``sizes``: width and height of the images."""
    cameras = {}
    if one.box is not None:
        for camera, size in sizes.items():
            projection = calibration.cameras.get(camera)
            bbox = None if projection is None else projected_box(one.box, projection, size)
            if bbox is not None and projection is not None:
                left, top, width, height = bbox
                edges = tuple(projected_edges(one.box, projection, size))
                cameras[camera] = CameraBox(bbox=(left, top, width, height), edges=edges)
    if one.bbox is not None and "image_02" in sizes:
        # The benchmark's own box, which its makers drew, before the one that its box in space comes to.
        known = cameras.get("image_02")
        cameras["image_02"] = CameraBox(bbox=one.bbox, edges=known.edges if known else ())
    corners = None
    if one.box is not None:
        corners = tuple((float(x), float(y), float(z)) for x, y, z in one.box.round(3))
    return SequenceObject(category=one.category, track=one.track, corners=corners, cameras=cameras)
