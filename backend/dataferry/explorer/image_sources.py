"""The images of a dataset as the gallery, the statistics and the health report see them: one contract,
whatever form they lie in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dataferry.explorer.sample_views import SampleBox

#: Entries that are given at once, by default.
PAGE_ENTRIES = 100


@dataclass(frozen=True, slots=True)
class ImageSplit:
    """``name``: any text, ``train`` or ``Set A``. ``labeled``: how many of ``total`` have a label.
    ``problem``: why it cannot be read; then it counts none."""

    name: str
    total: int
    labeled: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One image. ``number``: its position in the split. ``name``: its path below the dataset's folder, or
    ``file#row``. ``label``: the name of its class, None without one. ``size``: width and height in pixels,
    where its annotations tell. ``masked``: its objects, or its pixels, have masks."""

    number: int
    name: str
    label: str | None
    boxes: tuple[SampleBox, ...] = ()
    size: tuple[int, int] | None = None
    masked: bool = False


class ImageSource(Protocol):
    """Images by split and number. Any thread may call it; every method may block.

    Errors: ``NotFound`` for a split, class or number that there is not; ``DamagedFile`` and ``PluginFailed``
    for what cannot be read. A dataset without images has no source: ``DatasetImages.find`` says why.
    """

    @property
    def version(self) -> str:
        """Another one once the bytes may be others."""
        ...

    @property
    def boxed(self) -> bool:
        """Whether its images have boxes in place of a label."""
        ...

    @property
    def splits(self) -> Sequence[ImageSplit]:
        """Those that there are, the first to show first."""
        ...

    def classes(self, split: str) -> Sequence[str]:
        """The names of the classes or categories, in the dataset's order."""
        ...

    def counts(self, split: str) -> Mapping[str, int] | None:
        """How many images have each class, or an object of each; None where each would be read for it."""
        ...

    def total(self, split: str, class_name: str | None = None) -> int:
        """How many images a split has, or a class in it."""
        ...

    def entries(
        self, split: str, *, class_name: str | None = None, offset: int = 0, limit: int = PAGE_ENTRIES
    ) -> Sequence[ImageEntry]:
        """Images in their order, from ``offset`` on."""
        ...

    def read(self, split: str, number: int) -> bytes:
        """The image's file as it is, or a PNG of an array."""
        ...
