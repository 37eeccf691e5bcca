"""Folders of relative links into the cache; of copies where the file system has no links."""

import errno
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile
from dataferry.versioning.repository import Repository
from dataferry.versioning.tree.layout import FieldFolder

#: What a file system without symbolic links answers.
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EACCES})
#: The time that copies bear, in seconds since 1970, by which they are known from what somebody has written
#: to. It is even, for FAT, which knows no others.
_COPIED = 946_684_800


@dataclass(frozen=True)
class Contents:
    """What is in a folder of ours. ``foreign``: names that are not of the dataset; ``whole``: nothing of the
    dataset is missing."""

    foreign: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class Builder:
    """Makes the folders that stand in ``folder``. ``scratch``: a folder of ours on the same disk. With
    ``partial`` files that are not in the cache are left out."""

    repository: Repository
    folder: Path
    scratch: Path
    partial: bool = False

    @property
    def cache(self) -> Cache:
        return self.repository.cache

    @cached_property
    def links(self) -> bool:
        """Whether the file system of the working tree has symbolic links; git looked when it made it."""
        return (self.repository.config("core.symlinks") or "true") != "false" and _can_link(self.scratch)

    def name(self, folder: FieldFolder) -> str:
        """Of a folder that is parked: equal names have equal contents."""
        kind = self._root(folder.name) if self.links else "copies"
        return f"{folder.name}@{sha256(f'{folder.key} {kind}'.encode()).hexdigest()[:24]}"

    def build(self, folder: FieldFolder, target: Path) -> bool:
        """Fill the empty folder ``target``; whether nothing is missing. Errors: ``OSError``."""
        whole = True
        root = self._root(folder.name)
        descriptor = os.open(target, os.O_RDONLY)
        try:
            for name, file in folder.files(self.cache):
                if self.partial and not self.cache.has("objects", file.sha256):
                    whole = False
                elif self.links:
                    os.symlink(_link(root, file), name, dir_fd=descriptor)
                else:
                    _copy(self.cache.path("objects", file.sha256), target / name)
        finally:
            os.close(descriptor)
        return whole

    def look(self, folder: FieldFolder | None, path: Path) -> Contents:
        """What is in a folder beside the index file, compared name by name."""
        expected = dict(folder.files(self.cache)) if folder else {}
        root = self._root(path.name)
        foreign = []
        with os.scandir(path) as entries:
            for entry in entries:
                file = expected.get(entry.name)
                if file is not None and self._is_ours(entry, file, root):
                    del expected[entry.name]
                elif not _is_left(entry, root):
                    foreign.append(entry.name)
        return Contents(tuple(sorted(foreign)), whole=not expected)

    def missing(self, folders: Mapping[str, FieldFolder]) -> bool:
        """Whether a column or a file of these folders is not in the cache."""
        try:
            return any(
                not self.cache.has("objects", file.sha256)
                for folder in folders.values()
                for _name, file in folder.files(self.cache)
            )
        except FileNotFoundError:
            return True

    def _root(self, name: str) -> str:
        """The cache's files, as seen from the folder ``name``: so the links survive a move of it all."""
        return os.path.relpath(self.cache.folder / "objects", self.folder / name)

    def _is_ours(self, entry: "os.DirEntry[str]", file: StoredFile, root: str) -> bool:
        if entry.is_symlink():
            return os.readlink(entry.path) == _link(root, file)
        if self.links or not entry.is_file(follow_symlinks=False):
            return False
        # A copy that somebody has written to is theirs.
        about = entry.stat(follow_symlinks=False)
        return (about.st_size, about.st_mtime) == (file.size, _COPIED)


def _is_left(entry: "os.DirEntry[str]", root: str) -> bool:
    """Whether it is a link that we made for a row and know no more, since what was noted beside the cache is
    gone: nobody loses anything with it."""
    return (
        entry.name.partition(".")[0].isdecimal()
        and entry.is_symlink()
        and os.readlink(entry.path).startswith(root + "/")
    )


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    os.utime(target, (_COPIED, _COPIED))
    target.chmod(0o444)


def _link(root: str, file: StoredFile) -> str:
    return f"{root}/{file.sha256[:2]}/{file.sha256[2:]}"


def _can_link(folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f"link-{os.getpid()}"
    try:
        os.symlink("nowhere", probe)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    os.unlink(probe)
    return True
