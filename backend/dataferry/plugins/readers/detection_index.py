"""The light index of a detection set: for each image its file, size and boxes, as arrays mapped into memory.

::

    names.npy     uint8     the files' names, one after the other, in UTF-8
    ends.npy      int64     where each name ends
    sizes.npy     int32     (images, 2)  width and height in pixels; 0 where the annotations do not say
    first.npy     int64     (images + 1) where the boxes of each image begin
    boxes.npy     float64   (boxes, 4)   x_min, y_min, width, height in pixels
    categories.npy int64    crowds.npy uint8 (boxes)
    names.json              the categories' names by id; what was left out, and how often
"""

import json
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Annotation(TypedDict):
    """One object. ``bbox`` is ``[x_min, y_min, width, height]`` in pixels; ``iscrowd`` is 1 for a region that
    holds several or that is not to be judged, which training leaves out."""

    bbox: list[float]
    category_id: int
    iscrowd: int


class Entry(TypedDict):
    """One image: ``w`` and ``h`` in pixels, None where the annotations do not say."""

    file: str
    w: int | None
    h: int | None
    anns: list[Annotation]


class IndexWriter:
    """Takes images and boxes in any order, a box before its image too, and writes the index."""

    def __init__(self) -> None:
        self._names = bytearray()
        self._ends, self._sizes, self._owners = array("q"), array("i"), array("q")
        self._boxes, self._categories, self._crowds = array("d"), array("q"), bytearray()
        #: What was left out, and how often.
        self.left_out: dict[str, int] = {}

    @property
    def images(self) -> int:
        """How many images there are so far."""
        return len(self._ends)

    @property
    def category_ids(self) -> set[int]:
        """The categories that boxes have so far."""
        return set(np.unique(np.frombuffer(self._categories, np.int64)).tolist())

    def add_image(self, file: str, width: int = 0, height: int = 0) -> int:
        """The number of the image."""
        self._names += file.encode()
        self._ends.append(len(self._names))
        self._sizes.extend((width, height))
        return len(self._ends) - 1

    def add_box(self, image: int, bbox: tuple[float, ...], category_id: int, *, crowd: bool = False) -> None:
        """``image`` is a number of ``add_image``, or any that ``write`` is given a map for."""
        self._owners.append(image)
        self._boxes.extend(bbox)
        self._categories.append(category_id)
        self._crowds.append(crowd)

    def leave_out(self, what: str) -> None:
        """Count something that the index does not have."""
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def write(self, folder: Path, categories: Mapping[int, str], images: Array | None = None) -> None:
        """``images``: the image of each owner that ``add_box`` was given, -1 for none; a box of none is left
        out."""
        owners = np.frombuffer(self._owners, np.int64)
        if images is not None:
            owners = images[owners]
        order = np.argsort(owners, kind="stable")
        without = int(np.count_nonzero(owners < 0))
        if without:
            self.left_out["boxes of no image"] = without
        order = order[without:]
        np.save(folder / "first.npy", np.searchsorted(owners[order], np.arange(self.images + 1)))
        np.save(folder / "boxes.npy", np.frombuffer(self._boxes).reshape(-1, 4)[order])
        np.save(folder / "categories.npy", np.frombuffer(self._categories, np.int64)[order])
        np.save(folder / "crowds.npy", np.frombuffer(self._crowds, np.uint8)[order])
        np.save(folder / "names.npy", np.frombuffer(self._names, np.uint8))
        np.save(folder / "ends.npy", np.frombuffer(self._ends, np.int64))
        np.save(folder / "sizes.npy", np.frombuffer(self._sizes, np.int32).reshape(-1, 2))
        text = json.dumps({"categories": list(categories.items()), "left_out": self.left_out})
        (folder / "names.json").write_text(text, encoding="utf-8")


class DetectionIndex:
    """An index that was written: ``len(index)``, ``index[number]``. Opening it reads a few hundred bytes."""

    def __init__(self, folder: Path) -> None:
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        self.categories: dict[int, str] = dict(names["categories"])
        self.left_out: dict[str, int] = names["left_out"]
        self._names, self._ends, self._sizes, self._first, self._boxes, self._categories, self._crowds = (
            _mapped(folder / f"{name}.npy")
            for name in ("names", "ends", "sizes", "first", "boxes", "categories", "crowds")
        )

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def box_count(self) -> int:
        """How many boxes all images have together."""
        return len(self._boxes)

    @property
    def labeled(self) -> int:
        """How many images have a box."""
        return int(np.count_nonzero(np.diff(self._first)))

    def numbers_of(self, category_id: int) -> list[int]:
        """The images with a box of a category, in their order."""
        boxes = np.flatnonzero(self._categories == category_id)
        found: list[int] = np.unique(self._owners(boxes)).tolist()
        return found

    def counts(self) -> dict[int, int]:
        """How many images have a box of each category."""
        ids, places = np.unique(self._categories, return_inverse=True)
        pairs = np.unique(self._owners(np.arange(len(places))) * max(1, len(ids)) + places)
        counted = np.bincount(pairs % max(1, len(ids)), minlength=len(ids))
        return dict(zip(ids.tolist(), counted.tolist(), strict=True))

    def _owners(self, boxes: Array) -> Array:
        """The image of each box."""
        return np.searchsorted(self._first, boxes, side="right") - 1

    def __getitem__(self, number: int) -> Entry:
        begin = self._ends[number - 1] if number else 0
        width, height = (int(side) or None for side in self._sizes[number])
        boxes = slice(self._first[number], self._first[number + 1])
        columns = (self._boxes[boxes], self._categories[boxes], self._crowds[boxes])
        return {
            "file": bytes(self._names[begin : self._ends[number]]).decode(),
            "w": width,
            "h": height,
            "anns": [
                {"bbox": bbox, "category_id": category_id, "iscrowd": crowd}
                for bbox, category_id, crowd in zip(*(column.tolist() for column in columns), strict=True)
            ],
        }


def _mapped(path: Path) -> Array:
    array_: Array = np.load(path, mmap_mode="r" if path.stat().st_size > 128 else None)
    return array_
