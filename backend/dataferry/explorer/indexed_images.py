"""The images of a dataset by their list, whatever layout they have."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from json import loads
from pathlib import Path
from sqlite3 import Row
from typing import Any, Protocol

from dataferry.core.errors import DamagedFile, DataferryError, NotFound
from dataferry.explorer.image_index import ImageIndex
from dataferry.explorer.image_sources import PAGE_ENTRIES, ImageEntry, ImageSplit
from dataferry.explorer.layouts import Place, Runs
from dataferry.explorer.layouts.arrays import array_picture
from dataferry.explorer.layouts.parquet import parquet_picture
from dataferry.explorer.layouts.zip_members import MAX_MEMBER_BYTES, read_members
from dataferry.explorer.plugin_images import no_class
from dataferry.explorer.sample_views import SampleBox
from dataferry.imaging.headers import size_of
from dataferry.library.paths import Store

#: What is read of a picture to learn its size.
_HEAD_BYTES = 256 << 10
#: A larger picture that is boxed in pixels is not read for its size: a page has many.
_MEASURED_BYTES = 4 << 20
#: Where a box has the lengths of its mask's runs, or None.
_RUNS = 4
_PLACE = "kind, file, start, packed, size, crc, local_header"


class PictureBytes(Protocol):
    """Where the bytes of places come from. ``names``: of the members, which a zip's headers repeat."""

    def read(self, places: Sequence[tuple[str, Place]]) -> Sequence[bytes]:
        """Those of each place. Errors: ``DamagedFile``; for a remote one, those of ``PartialFile``."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectMask:
    """``category``: the number of its class."""

    category: int
    runs: Runs


class LocalBytes:
    """Of a dataset's folder on this machine. ``sizes``: of its archives and tables, where they are known."""

    def __init__(self, store: Store, tree: Path) -> None:
        self._store, self._tree = store, tree

    def read(self, places: Sequence[tuple[str, Place]]) -> Sequence[bytes]:
        return [self._read(place) for _, place in places]

    def _read(self, place: Place) -> bytes:
        file = self._file(place)
        if place.kind == "row":
            return parquet_picture(file, place.start)
        if place.kind == "array":
            return array_picture(file, place.file, place.start)
        try:
            with file.open("rb") as stream:
                if place.kind != "file":
                    return next(read_members(stream, [place]))
                if place.size > MAX_MEMBER_BYTES:
                    raise DamagedFile(
                        f"{place.file} has {place.size:,} bytes, too many to show.",
                        next_step="Open it in a program of your own.",
                    )
                return stream.read(MAX_MEMBER_BYTES)
        except OSError as error:
            raise _gone(place) from error

    def _file(self, place: Place) -> Path:
        path = self._tree / place.file
        try:
            size = place.size if place.kind == "file" else path.stat().st_size
        except OSError as error:
            raise _gone(place) from error
        file = self._store.file(self._tree, place.file, size)
        if file is None:
            raise _gone(place)
        return file


def _gone(place: Place) -> DamagedFile:
    return DamagedFile(
        f"{place.file} is not there any more, or another file than was downloaded.",
        next_step="Verify the dataset.",
    )


class IndexedImages:
    """An ``ImageSource`` of what a list says, whose bytes ``pictures`` brings."""

    def __init__(self, title: str, version: str, index: ImageIndex, pictures: PictureBytes) -> None:
        self.version, self._title, self._index, self._pictures = version, title, index, pictures
        (about,) = index.rows("SELECT form, boxed, notes FROM about")
        self.boxed = bool(about["boxed"])
        self.form: str = about["form"]
        #: What was left out of it, a sentence each.
        self.notes: Sequence[str] = loads(about["notes"])
        self._splits = {row["name"]: row for row in index.rows("SELECT * FROM splits ORDER BY place")}
        self._classes = [row["name"] for row in index.rows("SELECT name FROM classes ORDER BY number")]

    @property
    def splits(self) -> Sequence[ImageSplit]:
        return [ImageSplit(name, row["total"], row["labeled"]) for name, row in self._splits.items()]

    def classes(self, split: str) -> Sequence[str]:
        return self._classes

    def counts(self, split: str) -> Mapping[str, int]:
        query = "SELECT class, count(*) AS images FROM members WHERE split = ? GROUP BY class"
        counted = {row["class"]: row["images"] for row in self._index.rows(query, [self._number(split)])}
        return {name: counted.get(number, 0) for number, name in enumerate(self._classes)}

    def total(self, split: str, class_name: str | None = None) -> int:
        if class_name is None:
            self._number(split)
            return int(self._splits[split]["total"])
        query = "SELECT count(*) AS images FROM members WHERE split = ? AND class = ?"
        (row,) = self._index.rows(query, [self._number(split), self._label(class_name)])
        return int(row["images"])

    def entries(
        self, split: str, *, class_name: str | None = None, offset: int = 0, limit: int = PAGE_ENTRIES
    ) -> Sequence[ImageEntry]:
        number = self._number(split)
        if class_name is None:
            query = "SELECT * FROM images WHERE split = ? AND number >= ? ORDER BY number LIMIT ?"
            rows = self._index.rows(query, [number, offset, limit])
        else:
            query = (
                "SELECT images.* FROM (SELECT number FROM members WHERE split = ?1 AND class = ?2"
                " ORDER BY number LIMIT ?4 OFFSET ?3) AS some JOIN images"
                " ON images.split = ?1 AND images.number = some.number ORDER BY images.number"
            )
            rows = self._index.rows(query, [number, self._label(class_name), offset, limit])
        return [self._entry(row) for row in rows]

    def read(self, split: str, number: int) -> bytes:
        return self.read_several(split, [number])[0]

    def read_several(self, split: str, numbers: Sequence[int]) -> Sequence[bytes]:
        """The images of these numbers, in their order: those of a remote archive that stand near each other
        come together."""
        marks = ", ".join("?" * len(numbers))
        query = f"SELECT number, name, {_PLACE} FROM images WHERE split = ? AND number IN ({marks})"  # noqa: S608
        found = {row["number"]: row for row in self._index.rows(query, [self._number(split), *numbers])}
        missing = next((number for number in numbers if number not in found), None)
        if missing is not None:
            raise NotFound(f"{self._title} has no image {missing} in {split[:80]}.")
        return self._pictures.read([(found[n]["name"], _place(found[n])) for n in numbers])

    def mask(self, split: str, number: int) -> bytes | list[ObjectMask]:
        """The picture whose pixels are the classes of an image's, or the masks of its objects. Errors:
        ``NotFound`` where it has none."""
        query = "SELECT boxes, mask FROM images WHERE split = ? AND number = ?"
        for row in self._index.rows(query, [self._number(split), number]):
            if row["mask"] is not None:
                return self._pictures.read([_mask_place(row)])[0]
            found = [one for one in loads(row["boxes"] or "[]") if one[_RUNS]]
            if found:
                return [ObjectMask(one[1], Runs(*one[_RUNS])) for one in found]
        raise NotFound(f"Image {number} of {split[:80]} has no mask.")

    def fetch_ahead(self, split: str, numbers: Sequence[int], most_bytes: int) -> None:
        """Have these images at hand, in few requests, where all of them together are small. What cannot be
        fetched says so when it is asked for."""
        marks = ", ".join("?" * len(numbers))
        query = f"SELECT sum(packed) AS packed FROM images WHERE split = ? AND number IN ({marks})"  # noqa: S608
        (row,) = self._index.rows(query, [self._number(split), *numbers])
        if numbers and row["packed"] <= most_bytes:
            with suppress(DataferryError):
                self.read_several(split, numbers)

    def number_of(self, split: str, stem: str, class_name: str | None = None) -> int | None:
        """The number of the image whose name ends with this stem or file name; None where none does."""
        query = "SELECT images.number, name FROM images"
        parameters: list[object] = [self._number(split)]
        if class_name is not None:
            query += " JOIN members ON members.split = images.split AND members.number = images.number"
            query += " AND members.class = ?2"
            parameters.append(self._label(class_name))
        end = stem.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parameters += [f"%/{end}", f"%/{end}.%"]
        places = "?3", "?4"
        if class_name is None:
            places = "?2", "?3"
        query += f" WHERE images.split = ?1 AND (('/' || name) LIKE {places[0]} ESCAPE '\\'"
        query += f" OR ('/' || name) LIKE {places[1]} ESCAPE '\\') ORDER BY images.number LIMIT 1"
        rows = self._index.rows(query, parameters)
        return int(rows[0]["number"]) if rows else None

    def _entry(self, row: Row) -> ImageEntry:
        size = (row["width"], row["height"]) if row["width"] and row["height"] else None
        boxes = loads(row["boxes"]) if row["boxes"] else []
        at_hand = isinstance(self._pictures, LocalBytes) and row["size"] <= _MEASURED_BYTES
        if boxes and size is None and (row["relative"] or at_hand):
            size = self._measured(row["name"], _place(row))
        if row["mask"] and size is None and at_hand:
            size = self._measured(*_mask_place(row))
        scale = (size or (0, 0)) if row["relative"] else (1, 1)
        return ImageEntry(
            number=row["number"],
            name=row["name"],
            label=None if row["label"] is None else self._classes[row["label"]],
            boxes=tuple(self._box(one, scale) for one in boxes) if all(scale) else (),
            size=size,
            masked=row["mask"] is not None or any(one[_RUNS] for one in boxes),
        )

    def _box(self, one: Sequence[Any], scale: tuple[int, int]) -> SampleBox:
        bbox, category, crowd, outlines, _ = one
        left, top, width, height = _scaled(bbox, scale)
        return SampleBox(
            bbox=(left, top, width, height),
            category_id=category,
            category=self._classes[category],
            crowd=crowd,
            outlines=tuple(tuple(_scaled(outline, scale)) for outline in outlines),
        )

    def _measured(self, name: str, place: Place) -> tuple[int, int] | None:
        """The size of a picture by its head."""
        try:
            (data,) = self._pictures.read([(name, place)])
        except DamagedFile:
            return None
        return size_of(data[:_HEAD_BYTES])

    def _number(self, split: str) -> int:
        found = self._splits.get(split)
        if found is None:
            known = ", ".join(list(self._splits)[:10])
            raise NotFound(f"{self._title} has no split {split[:80]!r}.", next_step=f"It has {known}.")
        return int(found["number"])

    def _label(self, class_name: str) -> int:
        try:
            return self._classes.index(class_name)
        except ValueError:
            raise no_class(class_name, self._classes) from None


def _scaled(values: Sequence[float], scale: tuple[int, int]) -> list[float]:
    """Every second value by the width, the others by the height."""
    return [round(value * scale[number % 2], 2) for number, value in enumerate(values)]


def _mask_place(row: Row) -> tuple[str, Place]:
    name, *place = loads(row["mask"])
    return name, Place(*place)


def _place(row: Row) -> Place:
    return Place(
        row["kind"],
        row["file"],
        row["start"],
        row["packed"],
        row["size"],
        row["crc"],
        bool(row["local_header"]),
    )
