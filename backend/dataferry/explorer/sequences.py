"""Recordings of several sensors in step, as KITTI has them: listed, looked at frame by frame, and downloaded
where one is asked for that is not here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import DamagedFile, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, Viewer
from dataferry.explorer.media import Media, media_type
from dataferry.explorer.point_clouds import from_above, packed, read_points, thinned
from dataferry.explorer.recent import Recent
from dataferry.explorer.recordings import Recording, seen_object, without_folders
from dataferry.explorer.sequence_views import (
    CameraImage,
    FramePage,
    SequenceDetail,
    SequenceFrame,
    SequenceList,
    SequenceView,
)
from dataferry.jobs.service import Jobs
from dataferry.library import file_rows, rows
from dataferry.library.access import Access
from dataferry.library.downloads import Downloads
from dataferry.library.models import Dataset
from dataferry.plugins import Plugins
from dataferry.plugins.readers.images import image_size
from dataferry.plugins.readers.kitti_sequences import RECORDED, KittiSequence, Modality, find_sequences
from dataferry.plugins.readers.kitti_tracks import SceneObject, position

T = TypeVar("T")

#: The short name stands for both: the raw drives, and the object benchmark.
KITTI = "kitti"
_OF_KITTI = ("builtin:kitti_raw", "builtin:kitti")
MAX_FRAMES = 200
_KEPT_DATASETS = 16
_SENSORS = {"velodyne": "scan", "oxts": "GPS and IMU"}


@dataclass(frozen=True, slots=True)
class _Place:
    """A dataset that may have recordings. ``key``: what the addresses of its frames begin with; ``row``: None
    where it is not here; ``declared``: what its plugin says it has."""

    key: str
    row: Dataset | None
    declared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A recording that is here, or (without one) the dataset that brings it."""

    place: _Place
    recording: Recording | None = None


class Sequences:
    """Every method takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(
        self, database: Database, access: Access, downloads: Downloads, jobs: Jobs, plugins: Plugins
    ) -> None:
        self._database = database
        self._access = access
        self._downloads = downloads
        self._jobs = jobs
        self._plugins = plugins
        self._read: Recent[tuple[str, int | None], dict[str, Recording]] = Recent(_KEPT_DATASETS)

    async def list(self, viewer: Viewer, key: str, revision: str | None = None) -> SequenceList:
        """Every recording of a dataset. Reading it starts nothing. Errors: ``NotFound`` for a dataset that is
        not here and declares none."""
        places = await self._places(viewer, key, revision)
        found: list[SequenceView] = []
        for place in places:
            if place.row is None:
                found += [_declared(place, name) for name in place.declared]
                continue
            recordings = await in_thread("disk", self._recordings, place.row)
            found += [_view(place, one) for one in recordings.values()]
        return SequenceList(sequences=tuple(found))

    async def detail(
        self, viewer: Viewer, key: str, sequence_id: str, revision: str | None = None, *, may_start: bool
    ) -> SequenceDetail:
        """A recording with its calibration and the way that it drove. One that is not here is downloaded, and
        ``job`` says so, where the viewer ``may_start`` that.

        Errors: ``NotFound``; those of ``Downloads.request``.
        """
        found = await self._find(viewer, key, sequence_id, revision, may_start=may_start)
        if found.recording is None:
            view = _declared(found.place, sequence_id)
            return SequenceDetail(sequence=view, job=await self._brought(viewer, found.place))
        return await in_thread("disk", _detail, found.place, found.recording)

    async def frames(
        self,
        viewer: Viewer,
        key: str,
        sequence_id: str,
        revision: str | None = None,
        *,
        offset: int = 0,
        limit: int = 20,
        may_start: bool,
    ) -> FramePage:
        """Frames of a recording with what each sensor has of them, as ``detail``."""
        found = await self._find(viewer, key, sequence_id, revision, may_start=may_start)
        if found.recording is None:
            view = _declared(found.place, sequence_id)
            return FramePage(sequence=view, job=await self._brought(viewer, found.place))
        return await in_thread("disk", _page, found.place, found.recording, revision, offset, limit)

    async def image(
        self,
        viewer: Viewer,
        key: str,
        sequence_id: str,
        stem: str,
        camera: Modality,
        revision: str | None = None,
    ) -> Media:
        """The bytes of a camera's image as they are. Errors: ``NotFound`` where that camera has none;
        ``DamagedFile`` for what is no picture."""
        return await self._of_frame(viewer, key, sequence_id, stem, camera, revision, _image)

    async def points(
        self, viewer: Viewer, key: str, sequence_id: str, stem: str, revision: str | None = None
    ) -> bytes:
        """The scan of a frame as ``point_clouds.packed``. Errors: ``NotFound``; ``DamagedFile``."""
        return await self._of_frame(viewer, key, sequence_id, stem, "velodyne", revision, _points)

    async def above(
        self, viewer: Viewer, key: str, sequence_id: str, stem: str, revision: str | None = None
    ) -> bytes:
        """A PNG of the scan from above, with the objects' outlines. Errors: as ``points``."""
        return await self._of_frame(viewer, key, sequence_id, stem, "velodyne", revision, _above)

    async def _of_frame(
        self,
        viewer: Viewer,
        key: str,
        sequence_id: str,
        stem: str,
        modality: Modality,
        revision: str | None,
        read: Callable[[Recording, str, Path], T],
    ) -> T:
        found = await self._find(viewer, key, sequence_id, revision, may_start=False)
        assert found.recording is not None
        path = found.recording.sequence.file(stem, modality)
        if path is None:
            raise _no_file(found.recording, stem, modality)
        try:
            return await in_thread("disk", read, found.recording, stem, path)
        except DamagedFile as error:
            told = without_folders(found.recording.sequence, error)
            raise DamagedFile(told, next_step=error.next_step) from error

    # -- where they are ------------------------------------------------------------------------------

    async def _places(self, viewer: Viewer, key: str, revision: str | None) -> Sequence[_Place]:
        """Errors: ``NotFound``."""
        names = _OF_KITTI if key == KITTI else (key,)

        def read(session: Session) -> list[_Place]:
            return [self._place(session, viewer, name, revision) for name in names]

        places = await self._access.renewed(viewer, read)
        if not any(place.row is not None or place.declared for place in places):
            raise rows.not_in_library(key)
        return places

    def _place(self, session: Session, viewer: Viewer, name: str, revision: str | None) -> _Place:
        source_id = name.removeprefix("builtin:")
        plugin = self._plugins.get(source_id) if ":" not in source_id else None
        declared = tuple(getattr(plugin, "recordings", ()))
        try:
            row = rows.downloaded(session, viewer, name, revision)
        except NotFound:
            return _Place(f"builtin:{source_id}" if declared else name, None, declared)
        return _Place(name, row, declared)

    def _recordings(self, row: Dataset) -> dict[str, Recording]:
        tree = Path(row.local_path or "")

        def read() -> dict[str, Recording]:
            if not self._database.read(file_rows.any_like, row.id, RECORDED):
                return {}
            return {one.id: Recording(one, one.frames) for one in find_sequences(tree)}

        return self._read.get((str(tree), row.downloaded_at_ms), read)

    async def _find(
        self, viewer: Viewer, key: str, sequence_id: str, revision: str | None, *, may_start: bool
    ) -> _Found:
        """Errors: ``NotFound`` with the ids that there are."""
        known: list[str] = []
        for place in await self._places(viewer, key, revision):
            if place.row is not None:
                recordings = await in_thread("disk", self._recordings, place.row)
                if sequence_id in recordings:
                    return _Found(place, recordings[sequence_id])
                known += recordings
            elif sequence_id in place.declared and may_start:
                return _Found(place)
            else:
                known += place.declared
        if sequence_id in known:
            raise NotFound(
                f"{sequence_id} is not here yet.", next_step="Download its dataset: then it can be looked at."
            )
        raise NotFound(
            f"There is no recording {sequence_id[:80]!r}.",
            next_step=f"There is {', '.join(known[:5])}{' …' if len(known) > 5 else ''}."
            if known
            else "The dataset has no folders in KITTI's layout.",
        )

    async def _brought(self, viewer: Viewer, place: _Place) -> JobView:
        ticket = await self._downloads.request(viewer, DatasetRef.from_key(place.key))
        return await self._jobs.get(viewer, ticket.job_id)


# -- what is read, in a thread -----------------------------------------------------------------------


def _declared(place: _Place, name: str) -> SequenceView:
    layout = "raw" if "_drive_" in name else "object"
    date = name[:10].replace("_", "-") if layout == "raw" else None
    return SequenceView(id=name, dataset=place.key, layout=layout, here=False, date=date)


def _view(place: _Place, recording: Recording) -> SequenceView:
    one = recording.sequence
    missing = {name: len(stems) for name, stems in one.missing().items()}
    return SequenceView(
        id=one.id,
        dataset=place.key,
        layout=one.layout,
        here=True,
        date=one.date,
        frame_count=len(recording.frames),
        cameras=one.cameras,
        scan_count=len(one.files.get("velodyne", {})),
        position_count=len(one.files.get("oxts", {})),
        missing=missing,
    )


def _detail(place: _Place, recording: Recording) -> SequenceDetail:
    problems = []
    try:
        values = recording.calibration().values
    except DamagedFile as error:
        values = {}
        problems.append(without_folders(recording.sequence, error))
    track = recording.track()
    if recording.sequence.layout == "raw" and recording.frames:
        recording.objects(recording.frames[0])  # so that their file's problem is known
    return SequenceDetail(
        sequence=_view(place, recording),
        frames=tuple(recording.frames),
        calibration={name: tuple(map(float, numbers)) for name, numbers in values.items()},
        track=track,
        missing={name: tuple(stems) for name, stems in recording.sequence.missing().items()},
        problems=(*problems, *recording.problems),
    )


def _page(place: _Place, recording: Recording, revision: str | None, offset: int, limit: int) -> FramePage:
    shown = recording.frames[offset : offset + limit]
    ended = f"?revision={quote(revision, safe='')}" if revision else ""
    address = f"/api/datasets/{quote(place.key, safe=':~')}/frames/{quote(recording.sequence.id, safe='~')}"
    frame = partial(_frame, recording, address, ended)
    return FramePage(
        sequence=_view(place, recording),
        total=len(recording.frames),
        offset=offset,
        frames=tuple(frame(stem) for stem in shown),
    )


def _frame(recording: Recording, address: str, ended: str, stem: str) -> SequenceFrame:
    sequence, problems = recording.sequence, list[str]()

    def attempt(read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except DamagedFile as error:
            problems.append(without_folders(sequence, error))
            return otherwise

    cameras = {}
    for camera in sequence.cameras:
        path = sequence.file(stem, camera)
        size = None if path is None else attempt(partial(image_size, path), None)
        if size is not None:
            joint = "&" if ended else "?"
            place = f"{address}/{stem}/image{ended}{joint}camera={camera}"
            cameras[str(camera)] = CameraImage(address=place, width=size[0], height=size[1])
    sizes = {camera: (image.width, image.height) for camera, image in cameras.items()}
    calibration = attempt(partial(recording.calibration, stem), None)
    objects: Sequence[SceneObject] = ()
    if calibration is not None:
        objects = attempt(partial(recording.objects, stem), objects)
    place_file = sequence.file(stem, "oxts")
    scan = sequence.file(stem, "velodyne")
    return SequenceFrame(
        id=stem,
        timestamp=recording.time(stem),
        cameras=cameras,
        points=f"{address}/{stem}/points{ended}" if scan else None,
        from_above=f"{address}/{stem}/from-above{ended}" if scan else None,
        position=None if place_file is None else attempt(lambda: dict(position(place_file)), None),
        objects=tuple(seen_object(one, calibration, sizes) for one in objects) if calibration else (),
        problems=tuple(problems),
    )


def _image(_recording: Recording, _stem: str, path: Path) -> Media:
    data = path.read_bytes()
    kind = media_type(data)
    if not kind.startswith("image/"):
        raise DamagedFile(f"{path} cannot be read: it is no picture.", next_step="Verify the dataset.")
    return Media(data, kind)


def _points(_recording: Recording, _stem: str, path: Path) -> bytes:
    return packed(thinned(read_points(path)))


def _above(recording: Recording, stem: str, path: Path) -> bytes:
    boxes = [one.box for one in recording.objects(stem) if one.box is not None]
    return from_above(read_points(path), boxes)


def _no_file(recording: Recording, stem: str, modality: Modality) -> NotFound:
    sequence: KittiSequence = recording.sequence
    if stem not in set(recording.frames):
        raise NotFound(
            f"{sequence.id} has no frame {stem[:40]!r}.",
            next_step="Ask for one of its list of frames, by its whole name.",
        )
    what = _SENSORS.get(modality, f"image of {modality}")
    return NotFound(
        f"Frame {stem} of {sequence.id} has no {what}: that sensor recorded nothing then.",
        next_step="Ask for another frame, or another sensor.",
    )
