"""Tiny-ImageNet, whose three splits have three forms.

::

    tiny-imagenet-200/
      wnids.txt                          the WordNet ids of the classes, in no order
      words.txt                          <wnid> TAB <names>, of all of WordNet
      train/<wnid>/images/<wnid>_0.JPEG
      val/images/val_0.JPEG              val/val_annotations.txt: <file> TAB <wnid> TAB <box>
      test/images/test_0.JPEG            without labels
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from dataferry.plugins.readers.base import NO_LABEL, Labelled, LabelledReader, damaged
from dataferry.plugins.readers.folders import ImageFolders, image_paths
from dataferry.plugins.readers.images import image_size, open_image


def train_images(root: Path, wnids: Sequence[str]) -> ImageFolders:
    """``(RGB image, position of its class in wnids)`` of the training images."""
    return ImageFolders(root / "train", wnids, within="images")


class HeldOutImages(LabelledReader):
    """``(RGB image, position of its class in wnids)`` of ``val``; of ``test``, whose labels are not
    published, ``NO_LABEL`` in its place."""

    def __init__(self, root: Path, split: Literal["val", "test"], wnids: Sequence[str]) -> None:
        self._folder, self._split = root / split, split
        self._label_of = {wnid: label for label, wnid in enumerate(wnids)}
        self._found: tuple[list[str], list[int]] | None = None

    def __len__(self) -> int:
        return len(self._list()[0])

    @property
    def labeled(self) -> int:
        return len(self) if self._split == "val" else 0

    def path(self, number: int) -> Path:
        """The file of a sample."""
        return self._folder / self._list()[0][number]

    def _sample(self, number: int) -> Labelled:
        return open_image(self.path(number)), self._list()[1][number]

    def _labels(self) -> list[int]:
        return self._list()[1]

    def _size(self, number: int) -> tuple[int, int]:
        return image_size(self.path(number))

    def _list(self) -> tuple[list[str], list[int]]:
        if self._found is None:
            paths = image_paths(self._folder, "images")
            paths.sort(key=_number)
            if self._split == "val":
                wnid_of = self._annotations()
                labels = [self._label(wnid_of, Path(path).name) for path in paths]
            else:
                labels = [NO_LABEL] * len(paths)
            self._found = paths, labels
        return self._found

    def _annotations(self) -> Mapping[str, str]:
        path = self._folder / "val_annotations.txt"
        try:
            rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            return {name: wnid for name, wnid, *_ in rows}
        except (OSError, ValueError) as error:
            raise damaged(path, str(error)) from error

    def _label(self, wnid_of: Mapping[str, str], name: str) -> int:
        wnid = wnid_of.get(name, "")
        if wnid not in self._label_of:
            raise damaged(self._folder / "val_annotations.txt", f"it gives {name} the class {wnid!r}")
        return self._label_of[wnid]


def _number(path: str) -> tuple[int, str]:
    """``val_2`` before ``val_10``."""
    digits = "".join(char for char in Path(path).stem if char.isdigit())
    return int(digits or 0), path
