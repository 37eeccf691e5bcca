"""A dataset's files as a tree of folders, walked in pages, wherever the list of its paths is kept."""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """``git_oid``: git's SHA-1 of the file where its source publishes that and no SHA-256; else None."""

    path: str
    size: int
    sha256: str
    git_oid: str | None


@dataclass(frozen=True, slots=True)
class Folder:
    path: str


@dataclass(frozen=True, slots=True)
class TreePage:
    """``next``: where the page behind it begins; None at the end."""

    entries: tuple[Folder | StoredFile, ...]
    next: str | None


FilesBelow = Callable[[str, str, int], Sequence[StoredFile]]
"""``(folder, after, limit)``: files below a folder (empty: all) that come behind the path ``after``, at most
``limit``, in the order of code points, in which what is in one folder stands together."""


def behind(folder: str) -> str:
    """A path that comes behind all that is below a folder, and before what follows it."""
    return f"{folder}/{chr(sys.maxunicode)}"


def walk(files: FilesBelow, folder: str, *, recursive: bool, after: str | None, limit: int) -> TreePage:
    """What is in a folder (empty: the top one), by path: some ``limit`` entries behind ``after``, which is
    ``next`` of the page before. ``recursive``: what is in its folders as well, each folder before what is in
    it. A folder that nothing is in is none."""
    return (_all_below if recursive else _directly_in)(files, folder, after, limit)


def _all_below(files: FilesBelow, folder: str, after: str | None, limit: int) -> TreePage:
    below = f"{folder}/" if folder else ""
    entries: list[Folder | StoredFile] = []
    previous = after or below
    found = files(folder, previous, limit)
    for file in found:
        # Parents of the path before were listed with it.
        parents = _parents(file.path, below)
        entries += [Folder(parent) for parent in parents if not previous.startswith(f"{parent}/")]
        entries.append(file)
        previous = file.path
    return TreePage(tuple(entries), previous if len(found) == limit else None)


def _directly_in(files: FilesBelow, folder: str, after: str | None, limit: int) -> TreePage:
    below = f"{folder}/" if folder else ""
    entries: list[Folder | StoredFile] = []
    position = after or below
    while len(entries) < limit:
        for file in files(folder, position, limit - len(entries)):
            name, slash, _ = file.path.removeprefix(below).partition("/")
            if slash:  # what else is in that folder is passed over in one step
                entries.append(Folder(f"{below}{name}"))
                position = behind(f"{below}{name}")
                break
            entries.append(file)
            position = file.path
        else:
            break
    return TreePage(tuple(entries), position if len(entries) == limit else None)


def _parents(path: str, below: str) -> list[str]:
    """The folders on the way to a path, the topmost first; those above ``below`` are not among them."""
    names = path.removeprefix(below).split("/")[:-1]
    return [below + "/".join(names[: depth + 1]) for depth in range(len(names))]


class FileList:
    """Files in memory. Calling it is a ``FilesBelow``."""

    def __init__(self, files: Sequence[StoredFile]) -> None:
        self._files = sorted(files, key=lambda file: file.path)
        self._paths = [file.path for file in self._files]

    def __call__(self, folder: str, after: str, limit: int) -> Sequence[StoredFile]:
        end = bisect_left(self._paths, behind(folder)) if folder else len(self._paths)
        begin = bisect_right(self._paths, after)
        return self._files[begin : min(end, begin + limit)]

    def get(self, path: str) -> StoredFile | None:
        place = bisect_left(self._paths, path)
        return self._files[place] if self._paths[place : place + 1] == [path] else None
