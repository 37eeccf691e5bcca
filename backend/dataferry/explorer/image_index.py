"""The list of a dataset's images, kept beside the store's datasets: made once, then read a page at a time.

::

    splits   number, name, total, labeled      classes  number, name
    images   split, number → name, label, boxes, size in pixels, place; the place of its mask
    members  split, class → number             which images have a class, or an object of it
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, field
from json import dumps
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType

from dataferry.core.errors import ContentChanged
from dataferry.explorer.layouts import FoundImage, Layout
from dataferry.explorer.layouts.names import split_order

#: Of what is written: another one is made anew.
FORMAT = 2
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE archives (file TEXT PRIMARY KEY, etag TEXT);
CREATE TABLE about (form TEXT, boxed INTEGER, notes TEXT);
CREATE TABLE splits (number INTEGER PRIMARY KEY, name TEXT, total INTEGER, labeled INTEGER, place INTEGER);
CREATE TABLE classes (number INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE images (
    split INTEGER, number INTEGER, name TEXT, label INTEGER, boxes TEXT, width INTEGER, height INTEGER,
    relative INTEGER, kind TEXT, file TEXT, start INTEGER, packed INTEGER, size INTEGER, crc INTEGER,
    local_header INTEGER, mask TEXT, PRIMARY KEY (split, number)
) WITHOUT ROWID;
CREATE TABLE members (split INTEGER, class INTEGER, number INTEGER, PRIMARY KEY (split, class, number))
    WITHOUT ROWID;
"""
_INSERT = "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def write_index(path: Path, layout: Layout, etags: Mapping[str, str | None] = MappingProxyType({})) -> int:
    """Write the list of a layout's images, whole or not at all; how many there are. ``etags``: of archives at
    their source, by path. Blocks."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{token_hex(4)}.new")  # another process may make it too
    try:
        with closing(sqlite3.connect(partial)) as connection:
            connection.executescript(_TABLES)
            writer = _Writer(connection, list(layout.classes))
            with connection:
                writer.add(layout.images)
                writer.finish(layout)
                connection.executemany("INSERT INTO archives VALUES (?, ?)", etags.items())
            total = sum(writer.totals.values())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return total


@dataclass
class _Writer:
    connection: sqlite3.Connection
    names: list[str]
    splits: dict[str, int] = field(default_factory=dict)
    totals: dict[int, int] = field(default_factory=dict)
    labeled: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._classes = {name: number for number, name in enumerate(dict.fromkeys(self.names))}
        self._ordered = bool(self._classes)

    def add(self, images: Iterable[FoundImage]) -> None:
        for image in images:
            split = self.splits.setdefault(image.split, len(self.splits))
            number = self.totals.get(split, 0)
            self.totals[split] = number + 1
            classes = {self._class(box.category) for box in image.boxes}
            label = None if image.label is None else self._class(image.label)
            classes |= set() if label is None else {label}
            self.labeled[split] = self.labeled.get(split, 0) + bool(classes)
            self.connection.execute(_INSERT, self._row(image, split, number, label))
            self.connection.executemany(
                "INSERT INTO members VALUES (?, ?, ?)", [(split, one, number) for one in classes]
            )

    def finish(self, layout: Layout) -> None:
        order = sorted(self.splits, key=split_order)
        for name, number in self.splits.items():
            row = (number, name, self.totals[number], self.labeled[number], order.index(name))
            self.connection.execute("INSERT INTO splits VALUES (?, ?, ?, ?, ?)", row)
        rows = [(number, name) for name, number in self._classes.items()]
        self.connection.executemany("INSERT INTO classes VALUES (?, ?)", rows)
        about = (layout.form, layout.boxed, dumps(list(layout.notes())))
        self.connection.execute("INSERT INTO about VALUES (?, ?, ?)", about)

    def _class(self, name: str) -> int:
        return self._classes.setdefault(name, len(self._classes))

    def _row(
        self, image: FoundImage, split: int, number: int, label: int | None
    ) -> tuple[str | int | bool | None, ...]:
        width, height = image.size or (None, None)
        place = image.place
        mask = None if image.mask is None else dumps([image.mask[0], *astuple(image.mask[1])])
        boxes = [
            [
                *([round(edge, 5) for edge in box.bbox], self._class(box.category), box.crowd, box.outlines),
                None if box.runs is None else [box.runs.size, box.runs.counts],
            ]
            for box in image.boxes
        ]
        return (
            *(split, number, image.name, label, dumps(boxes) if boxes else None, width, height),
            *(image.relative, place.kind, place.file, place.start, place.packed, place.size, place.crc),
            *(
                place.local_header,
                mask,
            ),
        )


class ImageIndex:
    """A list that was written. Any thread may ask: each statement has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, query: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[sqlite3.Row]:
        """Every row that a query finds. Errors: ``ContentChanged`` where the list was removed."""
        if not self._path.is_file():
            raise ContentChanged("The list of its images was made anew.", next_step="Ask again.")
        address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, parameters).fetchall()
