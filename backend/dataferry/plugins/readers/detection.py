"""Images with boxes, read through their light index."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dataferry.plugins.readers.base import Reader
from dataferry.plugins.readers.detection_index import Annotation, DetectionIndex, Entry
from dataferry.plugins.readers.folders import image_paths
from dataferry.plugins.readers.images import image_size, open_image
from dataferry.plugins.readers.kept import kept
from dataferry.plugins.samples import Description

Boxed = tuple[Any, list[Annotation]]
"""An RGB image and its annotations."""


class DetectionImages(Reader[Boxed]):
    """``(RGB image, annotations)`` of each image of an index.

    ``images`` is the folder that the index's files lie in. ``build`` makes the index of ``sources`` in a
    folder that it is given, at the first demand; it is kept below ``keep`` (see ``kept``). All images count
    as labelled where ``labeled_all``: then one without a box is one without an object.
    """

    def __init__(
        self,
        images: Path,
        sources: Sequence[Path],
        form: str,
        build: Callable[[Path], None],
        *,
        keep: Path,
        labeled_all: bool = False,
    ) -> None:
        self._images, self._sources, self._form, self._build = images, tuple(sources), form, build
        self._keep, self._labeled_all = keep, labeled_all
        self._opened: DetectionIndex | None = None

    @property
    def index(self) -> DetectionIndex:
        """The index, built if nobody has asked before. Errors: ``DamagedFile``; ``StoreNotWritable``."""
        if self._opened is None:
            self._opened = DetectionIndex(kept(self._keep, self._sources, self._form, self._build))
        return self._opened

    def __len__(self) -> int:
        return len(self.index)

    @property
    def labeled(self) -> int:
        return len(self) if self._labeled_all else self.index.labeled

    def entry(self, number: int) -> Entry:
        """The line of the index, without opening the image."""
        return self.index[range(len(self))[number]]

    def path(self, number: int) -> Path:
        """The image's file."""
        return self._images / self.entry(number)["file"]

    def described(self, number: int) -> Description:
        """The size and annotations of a sample. Errors: as ``[]``."""
        entry = self.entry(number)
        size = (entry["w"], entry["h"]) if entry["w"] and entry["h"] else image_size(self.path(number))
        return Description(size, entry["anns"])

    def target(self, number: int) -> list[Annotation]:
        """The annotations of a sample, also of one whose image cannot be read."""
        return self.entry(number)["anns"]

    def numbers_of(self, category_id: int) -> list[int]:
        """The images with an object of a category, in their order."""
        return self.index.numbers_of(category_id)

    def counts(self) -> Mapping[int, int]:
        """How many images have an object of each category."""
        return self.index.counts()

    def _sample(self, number: int) -> Boxed:
        entry = self.index[number]
        size = (entry["w"], entry["h"]) if entry["w"] and entry["h"] else None
        return open_image(self._images / entry["file"], size=size), entry["anns"]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_opened": None}


class UnlabelledImages(Reader[Boxed]):
    """``(RGB image, [])`` of the images of a folder whose annotations are not published."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: list[str] | None = None

    def __len__(self) -> int:
        return len(self._list())

    @property
    def labeled(self) -> int:
        return 0

    def path(self, number: int) -> Path:
        """The image's file."""
        return self._folder / self._list()[number]

    def described(self, number: int) -> Description:
        """The size of a sample. Errors: as ``[]``."""
        return Description(image_size(self.path(range(len(self))[number])), [])

    def numbers_of(self, category_id: int) -> list[int]:
        """None: no image has an object that is known."""
        return []

    def counts(self) -> Mapping[int, int]:
        """None."""
        return {}

    def _sample(self, number: int) -> Boxed:
        return open_image(self.path(number)), []

    def _list(self) -> list[str]:
        if self._paths is None:
            self._paths = image_paths(self._folder)
        return self._paths
