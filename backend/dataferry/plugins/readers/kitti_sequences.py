"""KITTI's recordings frame by frame: every sensor's file of a frame, by the name that it has in common.

::

    <day>/<drive>_sync/{image_00..03,velodyne_points,oxts}/data/0000000000.*    raw drives, by any name
    training/{image_2,image_3,velodyne,label_2,calib}/000000.*                   object benchmark

Files are never counted: drive 0009 of 2011-09-26 lacks the scans 177 to 180, and the 178th scan is not that
of frame 177 (tomas789/kitti2bag#4, mrharicot/monodepth#186).
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Layout = Literal["raw", "object"]
Modality = Literal["image_00", "image_01", "image_02", "image_03", "velodyne", "oxts", "label", "calib"]

CAMERAS: tuple[Modality, ...] = ("image_00", "image_01", "image_02", "image_03")
#: Folders of a sequence by what is in them, and where its files lie in them.
_FOLDERS: Mapping[Layout, Mapping[Modality, str]] = {
    "raw": {
        **{camera: f"{camera}/data" for camera in CAMERAS},
        "velodyne": "velodyne_points/data",
        "oxts": "oxts/data",
    },
    "object": {
        "image_00": "image_0",
        "image_01": "image_1",
        "image_02": "image_2",
        "image_03": "image_3",
        "velodyne": "velodyne",
        "label": "label_2",
        "calib": "calib",
    },
}
_SUFFIXES: Mapping[Modality, tuple[str, ...]] = {
    **dict.fromkeys(CAMERAS, (".png", ".jpg", ".jpeg")),
    "velodyne": (".bin",),
    **dict.fromkeys(("oxts", "label", "calib"), (".txt",)),
}
_FRAME = re.compile(r"[0-9]{1,12}")
_DRIVE = re.compile(r"\d{4}_\d\d_\d\d_drive_\d{4}_(sync|extract)")
#: Paths that a dataset has where recordings may be found in it, as patterns of SQL's ``LIKE``.
RECORDED = (
    *("%image_0_/data/%", "%velodyne_points/data/%", "%oxts/data/%"),
    *("%training/image_2/%", "%testing/image_2/%", "%training/velodyne/%", "%testing/velodyne/%"),
)
_PARTS = ("training", "testing")
#: How deep below a dataset's folder recordings are looked for.
_DEPTH = 4
#: Folders that are looked into, of one dataset.
_MOST_FOLDERS = 2_000


@dataclass(frozen=True)
class KittiSequence:
    """One drive, or one part of the object benchmark. ``files``: the file of each frame by its stem, for each
    sensor that has any."""

    id: str
    layout: Layout
    folder: Path
    files: Mapping[Modality, Mapping[str, str]] = field(repr=False)

    @property
    def frames(self) -> Sequence[str]:
        """The stems that any sensor has, in the order of their numbers."""
        return sorted({stem for stems in self._sensors.values() for stem in stems}, key=int)

    @property
    def date(self) -> str | None:
        """The day of a drive that is named by it, as ``2011-09-26``."""
        return self.folder.name[:10].replace("_", "-") if _DRIVE.fullmatch(self.folder.name) else None

    @property
    def cameras(self) -> tuple[Modality, ...]:
        return tuple(camera for camera in CAMERAS if camera in self.files)

    @property
    def _sensors(self) -> Mapping[Modality, Mapping[str, str]]:
        return {name: stems for name, stems in self.files.items() if name not in ("label", "calib")}

    def file(self, stem: str, modality: Modality) -> Path | None:
        """The file of a sensor at a frame; None where it has none, and never a neighbour's."""
        name = self.files.get(modality, {}).get(stem)
        return None if name is None else self.folder / _FOLDERS[self.layout][modality] / name

    def missing(self) -> Mapping[Modality, Sequence[str]]:
        """Which frames each sensor lacks, where it lacks some."""
        frames = self.frames
        found = {
            name: [stem for stem in frames if stem not in stems] for name, stems in self._sensors.items()
        }
        return {name: stems for name, stems in found.items() if stems}

    def times(self) -> Sequence[str]:
        """When each frame was taken, by its number: a line each, empty where the file says nothing. The
        object benchmark tells none."""
        for folder in ("image_02", "image_00", "velodyne_points", "oxts"):
            path = self.folder / folder / "timestamps.txt"
            if self.layout == "raw" and path.is_file():
                return [line.strip() for line in path.read_text("ascii", "replace").splitlines()]
        return ()


def find_sequences(tree: Path) -> list[KittiSequence]:
    """The recordings below a dataset's folder, by their names; those of one name by their paths too. Links
    are not followed. Blocks."""
    found = [(folder, layout) for folder in _folders(tree) if (layout := _layout(folder)) is not None]
    names = [folder.name for folder, _ in found]
    sequences = []
    for folder, layout in found:
        name = "recording" if folder == tree else folder.name
        if names.count(name) > 1:
            name = str(folder.relative_to(tree)).replace("/", "~")
        every = {modality: _stems(folder, layout, modality) for modality in _FOLDERS[layout]}
        files = {modality: stems for modality, stems in every.items() if stems}
        if set(files) - {"label", "calib"}:
            sequences.append(KittiSequence(name, layout, folder, files))
    return sorted(sequences, key=lambda one: one.id)


def _folders(tree: Path) -> Iterator[Path]:
    """Folders down to ``_DEPTH``; what is in a recording is not looked through."""
    level, seen = [tree], 0
    for _ in range(_DEPTH):
        below: list[Path] = []
        for folder in level:
            seen += 1
            if seen > _MOST_FOLDERS:
                return
            yield folder
            if _layout(folder) is None:
                below += _subfolders(folder)
        level = below


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                Path(entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith((".", "__MACOSX"))
            )
    except OSError:
        return []


def _layout(folder: Path) -> Layout | None:
    raw = (*CAMERAS, "velodyne_points", "oxts")
    if _DRIVE.fullmatch(folder.name) or any((folder / name / "data").is_dir() for name in raw):
        return "raw"
    inside = ("image_2", "velodyne")
    if folder.name in _PARTS and any((folder / name).is_dir() for name in inside):
        return "object"
    return None


def _stems(folder: Path, layout: Layout, modality: Modality) -> dict[str, str]:
    place = folder / _FOLDERS[layout][modality]
    try:
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return {}
    split = (os.path.splitext(name) for name in sorted(names))
    return {
        stem: stem + suffix
        for stem, suffix in split
        if suffix.lower() in _SUFFIXES[modality] and _FRAME.fullmatch(stem)
    }
