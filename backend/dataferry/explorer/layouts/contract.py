"""What a layout gives: each image with its place, and what is known of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

PlaceKind = Literal["file", "stored", "deflated", "row", "array"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of an image are. ``kind``: a file of its own; a part of an archive, as it is or
    deflated; a row of a Parquet file; one of an array.

    ``file``: its path below the dataset's folder. ``start``: the first byte of the member, or the number of
    the row. ``packed`` and ``size``: bytes in the archive, and when unpacked. ``local_header``: a zip's own
    header, of unknown length, stands at ``start`` before them.
    """

    kind: PlaceKind
    file: str
    start: int = 0
    packed: int = 0
    size: int = 0
    crc: int | None = None
    local_header: bool = False


@dataclass(frozen=True, slots=True)
class Runs:
    """A mask by the lengths of its runs, as ``imaging.run_lengths`` reads them: as its file has them, and not
    looked at before somebody looks at its image. ``size``: height and width."""

    size: Sequence[int]
    counts: str | Sequence[int]


@dataclass(frozen=True, slots=True)
class FoundBox:
    """An object. ``bbox``: left and upper edge, width and height. ``outlines``: ``x, y, x, y, …`` of each.
    ``runs``: its mask."""

    bbox: tuple[float, float, float, float]
    category: str
    crowd: bool = False
    outlines: tuple[tuple[float, ...], ...] = ()
    runs: Runs | None = None


@dataclass(frozen=True, slots=True)
class FoundImage:
    """``relative``: its boxes are parts of its size, 0 to 1. ``size``: width and height in pixels. ``mask``:
    the name and place of a picture of the same size, whose pixels are classes."""

    split: str
    name: str
    place: Place
    label: str | None = None
    boxes: Sequence[FoundBox] = ()
    size: tuple[int, int] | None = None
    relative: bool = False
    mask: tuple[str, Place] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """``form``: its name, as people know it. ``images``: in their order, read once. ``classes``: in the
    publisher's order; empty where they are those that the images have. ``missing``: annotations whose image
    is not among the files, counted while ``images`` are read."""

    form: str
    boxed: bool
    images: Iterable[FoundImage]
    classes: Sequence[str] = ()
    notes: Callable[[], Sequence[str]] = tuple


class FileSet(Protocol):
    """The files of a dataset, or of an archive in it."""

    @property
    def paths(self) -> Sequence[str]:
        """In natural order (``2.jpg`` before ``10.jpg``), without what nobody means: hidden files, and what
        macOS and synchronising tools leave."""
        ...

    def size(self, path: str) -> int: ...

    def read(self, paths: Sequence[str], limit: int) -> Iterator[tuple[str, bytes]]:
        """The first ``limit`` bytes of each of these files that can be read, in any order."""
        ...

    def place(self, path: str) -> Place: ...

    def local(self, path: str) -> Path | None:
        """The file itself, where it lies on this machine and in no archive."""
        ...
