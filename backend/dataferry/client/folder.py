"""A folder of a person's, as it is to become a dataset: its files, and what of it does not come along."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dataferry.core.errors import InvalidInput
from dataferry.core.files.safe_names import UnusablePath, check_path

#: What file managers leave in folders, and editors and version control beside data.
JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db"})
JUNK_FOLDERS = frozenset({"__macosx", ".git", ".ipynb_checkpoints", "__pycache__", ".trashes"})
_JUNK_PREFIX = "._"
_NAMED = 3


@dataclass(frozen=True, slots=True)
class LocalFile:
    """``path`` below the folder, with slashes; ``size`` in bytes; ``stamp`` changes with its content."""

    path: str
    place: Path
    size: int
    stamp: str


@dataclass
class Folder:
    """``left_out``: what a system or a program has left there; ``links``: to folders, or to nothing, and what
    is no file; ``empty``: folders that hold nothing. None of these come along."""

    files: list[LocalFile] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def cautions(self) -> Iterator[str]:
        """What a person should know, a sentence each."""
        for found, words in (
            (self.left_out, "left by programs and left out"),
            (self.links, "links to folders or no files, and left out"),
            (self.empty, "empty folders, which no dataset has"),
        ):
            if found:
                names = ", ".join(found[:_NAMED])
                yield f"{len(found)} {words}: {names}{' …' if len(found) > _NAMED else ''}"


def read_folder(place: Path) -> Folder:
    """What is in a folder, or the one file that ``place`` is, such as an archive.

    Errors: ``InvalidInput`` for what is not there, holds no file, or has a name that no dataset can have.
    """
    folder = Folder()
    if place.is_file():
        folder.files.append(_file(place, place.name, place.stat()))
    elif place.is_dir():
        _walk(place, "", folder)
    else:
        raise InvalidInput(f"There is no folder {place}.", next_step="Check its path.")
    if not folder.files:
        raise InvalidInput(f"There is no file in {place}.", next_step="Name a folder that holds some.")
    _check_names(folder.files)
    return folder


def _walk(place: Path, prefix: str, folder: Folder) -> None:
    """Errors: ``InvalidInput`` for a folder that cannot be read: nothing is left out without a word."""
    try:
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidInput(
            f"{place} cannot be read: {error.strerror}.", next_step="Give yourself the right to."
        ) from error
    if not entries and prefix:
        folder.empty.append(prefix.rstrip("/"))
    for entry in entries:
        path = prefix + entry.name
        status = _status(entry)
        is_folder = stat.S_ISDIR(status.st_mode)
        if _is_junk(entry.name, is_folder=is_folder):
            folder.left_out.append(path)
        elif is_folder:
            _walk(Path(entry.path), f"{path}/", folder)
        elif stat.S_ISREG(status.st_mode):
            folder.files.append(_file(Path(entry.path), path, status))
        else:
            folder.links.append(path)


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    """Of the file that a link leads to, as in the cache of a hub's client; of a folder's the link's own."""
    return entry.stat(follow_symlinks=entry.is_symlink() and entry.is_file())


def _is_junk(name: str, *, is_folder: bool) -> bool:
    lower = name.lower()
    return lower in (JUNK_FOLDERS if is_folder else JUNK_NAMES) or lower.startswith(_JUNK_PREFIX)


def _file(place: Path, path: str, status: os.stat_result) -> LocalFile:
    return LocalFile(path, place, status.st_size, str(status.st_mtime_ns))


def _check_names(files: list[LocalFile]) -> None:
    unusable = []
    for file in files:
        try:
            check_path(file.path)
        except UnusablePath as error:
            unusable.append(str(error))
    if unusable:
        more = f", and {len(unusable) - _NAMED} more" if len(unusable) > _NAMED else ""
        raise InvalidInput(
            f"No dataset can have these files: {'; '.join(unusable[:_NAMED])}{more}.",
            next_step="Rename them, and add the folder again.",
        )
