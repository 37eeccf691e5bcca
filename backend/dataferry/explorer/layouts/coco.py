"""COCO: one JSON file of images, annotations and categories for a split."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from json import dumps, loads
from pathlib import Path
from typing import Any

from dataferry.core.errors import DamagedFile
from dataferry.explorer.layouts.contract import FileSet, FoundBox, FoundImage, Layout, Runs
from dataferry.explorer.layouts.names import is_image, split_of, stem
from dataferry.imaging.run_lengths import box_of
from dataferry.plugins.readers.json_stream import members

#: Files that are looked into.
_MOST_FILES = 24
_HEAD_BYTES = 64 << 10
#: Of a longer file outlines and masks are not kept.
_MAX_OUTLINED_BYTES = 128 << 20
_MAX_BYTES = 2 << 30
_MAX_POINTS = 20_000
_TABLES = """
CREATE TABLE images (id TEXT PRIMARY KEY, file TEXT, width INTEGER, height INTEGER) WITHOUT ROWID;
CREATE TABLE categories (id TEXT PRIMARY KEY, name TEXT, number INTEGER) WITHOUT ROWID;
CREATE TABLE boxes (image TEXT, category TEXT, bbox TEXT, crowd INTEGER, shape TEXT);
"""


def coco(files: FileSet) -> Layout | None:
    """Annotations whose image is not there, and those without a box or outline, are left out and counted."""
    json = [path for path in files.paths if path.lower().endswith(".json")]
    found = [
        path
        for path, head in files.read(json[:_MOST_FILES], _HEAD_BYTES)
        if b'"images"' in head or (b'"annotations"' in head and b'"image_id"' in head)
    ]
    if not found or not any(map(is_image, files.paths)):
        return None
    # Captions and keypoints name the same images as the instances: one file of a split is enough.
    chosen: dict[str, str] = {}
    for path in sorted(
        found, key=lambda one: ("instances" not in one.lower(), "caption" in one.lower(), one)
    ):
        chosen.setdefault(split_of(path), path)
    reading = _Reading(files, _by_name(files))
    images = (image for path in chosen.values() for image in reading.of(path))
    return Layout("COCO", True, images, notes=reading.notes)


def _by_name(files: FileSet) -> dict[str, list[str]]:
    """Paths of the pictures by the last part of their names, whatever its case."""
    named: dict[str, list[str]] = {}
    for path in files.paths:
        if is_image(path):
            named.setdefault(path.rsplit("/", 1)[-1].lower(), []).append(path)
    return named


@dataclass
class _Reading:
    files: FileSet
    named: dict[str, list[str]]
    missing: int = 0
    left_out: int = 0
    boxes_only: bool = False
    damaged: list[str] = field(default_factory=list)

    def notes(self) -> Sequence[str]:
        said = [f"{self.missing:,} images that its annotations name are not among its files."] * bool(
            self.missing
        )
        if self.left_out:
            said.append(f"{self.left_out:,} annotations have no box, or one of an image that is not named.")
        if self.boxes_only:
            said.append("Its annotations are too long for outlines and masks: boxes are shown.")
        return [*said, *(f"{path} cannot be read." for path in self.damaged)]

    def of(self, path: str) -> Iterator[FoundImage]:
        split = split_of(path)
        with _as_file(self.files, path) as file, closing(sqlite3.connect("")) as kept:
            kept.executescript(_TABLES)
            try:
                self._fill(kept, file)
            except DamagedFile:
                self.damaged.append(path)
            kept.execute("CREATE INDEX of_image ON boxes (image)")
            for identity, name, width, height in kept.execute("SELECT * FROM images"):
                place = self._find(name, path, split)
                if place is None:
                    self.missing += 1
                    continue
                size = (width, height) if width and height else None
                boxes = tuple(_boxes(kept, identity))
                yield FoundImage(split, place, self.files.place(place), boxes=boxes, size=size)

    def _fill(self, kept: sqlite3.Connection, file: Path) -> None:
        outlined = file.stat().st_size <= _MAX_OUTLINED_BYTES
        self.boxes_only |= not outlined
        for key, one in members(file):
            if not isinstance(one, dict):
                continue
            try:
                if key == "images":
                    sides = (int(one.get("width") or 0), int(one.get("height") or 0))
                    row = (str(one["id"]), str(one["file_name"]), *sides)
                    kept.execute("INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?)", row)
                elif key == "categories":
                    kept.execute(
                        "INSERT OR IGNORE INTO categories VALUES (?, ?, ?)",
                        (str(one["id"]), str(one["name"]), int(one["id"])),
                    )
                elif key == "annotations":
                    kept.execute("INSERT INTO boxes VALUES (?, ?, ?, ?, ?)", _annotation(one, outlined))
            except (KeyError, TypeError, ValueError, OverflowError):
                self.left_out += key == "annotations"

    def _find(self, name: str, annotations: str, split: str) -> str | None:
        """The file that is meant: the one whose path ends so, and of several the one of the same split or
        nearest to the annotations."""
        wanted = name.replace("\\", "/").lstrip("./")
        found = self.named.get(wanted.rsplit("/", 1)[-1].lower(), ())
        beside = set(annotations.split("/")[:-1])
        return max(
            found,
            key=lambda path: (
                path.lower().endswith(wanted.lower()),
                split_of(path) == split,
                len(beside & set(path.split("/"))),
            ),
            default=None,
        )


def _annotation(one: dict[str, Any], outlined: bool) -> tuple[str, str, str, bool, str]:
    """Errors: ``KeyError``, ``ValueError``, ``TypeError`` for one without a box."""
    segments = one.get("segmentation")
    outlines = [
        [float(value) for value in part]
        for part in (segments if isinstance(segments, list) else ())
        if isinstance(part, list) and 6 <= len(part) <= _MAX_POINTS
    ]
    runs = _runs(segments)
    bbox = one.get("bbox") or (box_of(*runs) if runs else _around(outlines))
    x, y, width, height = map(float, bbox)
    shape = dumps({"outlines": outlines, "runs": runs}) if outlined else "{}"
    category = str(one["category_id"])
    return str(one["image_id"]), category, dumps([x, y, width, height]), bool(one.get("iscrowd")), shape


def _runs(segments: Any) -> tuple[Any, Any] | None:
    """The size and counts of a mask, whatever these are: that is told where its image is looked at."""
    if not isinstance(segments, dict):
        return None
    return segments.get("size") or (0, 0), segments.get("counts") or ""


def _around(outlines: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    across = [value for part in outlines for value in part[::2]]
    down = [value for part in outlines for value in part[1::2]]
    return min(across), min(down), max(across) - min(across), max(down) - min(down)


def _boxes(kept: sqlite3.Connection, image: str) -> Iterator[FoundBox]:
    query = (
        "SELECT bbox, coalesce(name, 'Category ' || category), crowd, shape FROM boxes"
        " LEFT JOIN categories ON id = category WHERE image = ?"
    )
    for bbox, category, crowd, shape in kept.execute(query, (image,)):
        told = loads(shape)
        outlines = tuple(map(tuple, told.get("outlines", ())))
        runs = None
        if told.get("runs"):
            runs = Runs(*told["runs"])
        yield FoundBox(tuple(loads(bbox)), category, bool(crowd), outlines, runs)


@contextmanager
def _as_file(files: FileSet, path: str) -> Iterator[Path]:
    local = files.local(path)
    if local is not None:
        yield local
        return
    with tempfile.TemporaryDirectory(prefix="dataferry-coco-") as folder:
        file = Path(folder) / f"{stem(path)}.json"
        for _, data in files.read([path], _MAX_BYTES):
            file.write_bytes(data)
        yield file
