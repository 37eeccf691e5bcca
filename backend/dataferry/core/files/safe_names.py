"""Paths inside a dataset: relative, POSIX, safe and without collisions."""

import re
import unicodedata
from typing import Literal

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 1024

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class UnusablePath(Exception):
    """Why a path cannot be used. ``outside``: it would leave the dataset's folder."""

    def __init__(self, path: str, reason: str, *, outside: bool = False) -> None:
        shown = _CONTROL.sub("?", path[:120]).encode("utf-8", "replace").decode()
        super().__init__(f"{shown!r} {reason}")
        self.outside = outside


class PathInUse(UnusablePath):
    """Another path is in the way: a ``file`` of this name, a ``folder`` of this name, or a file ``above``,
    where a folder would have to be. ``other`` is that path, as the file system compares it."""

    def __init__(self, path: str, reason: str, kind: Literal["file", "folder", "above"], other: str) -> None:
        super().__init__(path, reason)
        self.kind = kind
        self.other = other


def check_path(path: str) -> None:
    """Errors: ``UnusablePath`` unless the path is relative, normal and of a length that file systems take."""
    if path.startswith("/") or _DRIVE.match(path):
        raise UnusablePath(path, "is an absolute path", outside=True)
    names = path.split("/")
    if ".." in names:
        raise UnusablePath(path, "leads out of the dataset's folder", outside=True)
    if "" in names or "." in names:
        raise UnusablePath(path, "is not a normal relative path")
    if _CONTROL.search(path):
        raise UnusablePath(path, "holds control characters")
    try:
        sizes = [len(name.encode()) for name in names]
    except UnicodeEncodeError:
        raise UnusablePath(path, "is not text") from None
    if max(sizes) > MAX_NAME_BYTES or sum(sizes) + len(sizes) - 1 > MAX_PATH_BYTES:
        raise UnusablePath(path, "is too long")


class ReservedPaths:
    """The paths of a tree that are in use, so that no file overwrites another or has the path of a folder.

    ``fold_case``: the file system takes ``A`` and ``a`` for one name, as macOS does.
    """

    def __init__(self, *, fold_case: bool = False, outer: "ReservedPaths | None" = None) -> None:
        self._fold_case = fold_case
        self._outer = outer
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def nested(self) -> "ReservedPaths":
        """A set beside this one, which joins it once ``commit`` is called."""
        return ReservedPaths(fold_case=self._fold_case, outer=self)

    def commit(self) -> None:
        """What a nested set reserved is reserved in the outer one."""
        if self._outer is not None:
            self._outer._files |= self._files
            self._outer._folders |= self._folders

    def add(self, path: str) -> None:
        """Reserve a path. Errors: ``PathInUse`` if it or one of its folders is in use."""
        key = self._key(path)
        if self._is_file(key):
            raise PathInUse(path, "is there twice", "file", key)
        if self._is_folder(key):
            raise PathInUse(path, "is a file and a folder", "folder", key)
        cut = key.rfind("/")
        while cut > 0:
            folder = key[:cut]
            if self._is_file(folder):
                raise PathInUse(path, "is below a file", "above", folder)
            if self._is_folder(folder):
                break
            self._folders.add(folder)
            cut = key.rfind("/", 0, cut)
        self._files.add(key)

    def holds(self, path: str) -> bool:
        """Whether this set itself, not the outer one, has a file there."""
        return self._key(path) in self._files

    def discard(self, path: str) -> None:
        """A file is no longer there. Its folders stay reserved."""
        self._files.discard(self._key(path))

    def _key(self, path: str) -> str:
        return unicodedata.normalize("NFC", path).casefold() if self._fold_case else path

    def _is_file(self, key: str) -> bool:
        return key in self._files or (self._outer is not None and self._outer._is_file(key))

    def _is_folder(self, key: str) -> bool:
        return key in self._folders or (self._outer is not None and self._outer._is_folder(key))
