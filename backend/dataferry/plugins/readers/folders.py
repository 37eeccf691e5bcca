"""Images in a folder for each class, the form of most classification sets."""

import os
from collections.abc import Sequence
from pathlib import Path

from dataferry.plugins.readers.base import Labelled, LabelledReader, damaged
from dataferry.plugins.readers.images import Mode, image_size, is_image, open_image


class ImageFolders(LabelledReader):
    """``(image, class position)`` of the images below ``root/<class>``, in the order of ``classes`` and
    then of paths.

    ``classes`` are the names of the folders; another folder beside them is an error, so that no label
    shifts when a hidden or stray one appears. ``within`` is a folder of each class that its images lie in.

    Errors: ``DamagedFile`` naming a folder that is missing, empty or not a class's.
    """

    def __init__(self, root: Path, classes: Sequence[str], *, mode: Mode = "RGB", within: str = "") -> None:
        self._root, self._classes, self._mode, self._within = root, tuple(classes), mode, within
        self._found: tuple[list[str], list[int]] | None = None

    def __len__(self) -> int:
        return len(self._list()[0])

    def path(self, number: int) -> Path:
        """The file of a sample."""
        return self._root / self._list()[0][number]

    def _sample(self, number: int) -> Labelled:
        return open_image(self.path(number), self._mode), self._list()[1][number]

    def _labels(self) -> list[int]:
        return self._list()[1]

    def _size(self, number: int) -> tuple[int, int]:
        return image_size(self.path(number))

    def _list(self) -> tuple[list[str], list[int]]:
        if self._found is None:
            check_classes(self._root, self._classes)
            paths: list[str] = []
            labels: list[int] = []
            for label, name in enumerate(self._classes):
                images = image_paths(self._root, os.path.join(name, self._within))
                paths += images
                labels += [label] * len(images)
            self._found = paths, labels
        return self._found


def image_paths(root: Path, folder: str = "") -> list[str]:
    """The images below ``root/folder`` at any depth, as sorted paths relative to ``root``.

    Errors: ``DamagedFile`` where the folder is missing or has none.
    """
    top = os.path.normpath(root / folder)
    found = []
    for parent, folders, names in os.walk(top, followlinks=True):
        folders[:] = [name for name in folders if not _is_stray(name)]
        below = os.path.normpath(os.path.join(folder, os.path.relpath(parent, top)))
        found += [os.path.normpath(os.path.join(below, name)) for name in names if is_image(name)]
    if not found:
        raise damaged(top, "it has no images" if os.path.isdir(top) else "it is not there")
    return sorted(found)


def check_classes(root: Path, classes: Sequence[str]) -> None:
    """Errors: ``DamagedFile`` where a folder that is no class stands beside those of the classes."""
    try:
        there = [entry.name for entry in os.scandir(root) if entry.is_dir() and not _is_stray(entry.name)]
    except OSError as error:
        raise damaged(root, "it is not there") from error
    if unknown := sorted(set(there) - set(classes)):
        raise damaged(root, f"its folder {unknown[0]!r} is none of the {len(classes)} classes")


def _is_stray(name: str) -> bool:
    """What notebooks, macOS and synchronising tools leave beside the data."""
    return name.startswith((".", "__MACOSX", "@eaDir"))
