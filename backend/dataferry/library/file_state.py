"""A file on the disk beside what its row says of it."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dataferry.core.files.digests import Digests
from dataferry.core.files.no_links import NoLinks
from dataferry.core.types import Checksum

_CHUNK_BYTES = 1 << 20
#: Inodes have 64 bits, and a database's integers a sign.
_INODE_BITS = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file as its row has it. ``mtime_ns`` and ``inode``: None for one that was recorded without."""

    path: str
    size: int
    sha256: str
    mtime_ns: int | None = None
    inode: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A file as the disk has it."""

    size: int
    mtime_ns: int
    inode: int


Absence = Literal["missing", "changed", "unreadable"]


def find(tree: Path, path: str, links: NoLinks) -> Found | Absence:
    """What is at a dataset's path; ``changed`` for anything but a file, as for a link."""
    file = tree / path
    try:
        status = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError:
        return "unreadable"
    if not stat.S_ISREG(status.st_mode) or links.first_link(file.parent) is not None:
        return "changed"
    return _found(status)


def stat_of(file: Path) -> Found | None:
    """What is recorded of a file that was verified just now; None where it cannot be looked at."""
    try:
        return _found(os.lstat(file))
    except OSError:
        return None


def _found(status: os.stat_result) -> Found:
    return Found(status.st_size, status.st_mtime_ns, status.st_ino & _INODE_BITS)


def hashed(
    file: Path, size: int, promised: Checksum | None, count: Callable[[int], None]
) -> tuple[str, Digests] | None:
    """A file's SHA-256, and its digests to compare with a promise; None where it cannot be read to its end.

    It is opened for reading only. ``count`` is called with the bytes as they are read, and may raise to stop.
    """
    digests = Digests(promised, size)
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digests.update(chunk)
                count(len(chunk))
    except OSError:
        return None
    return digests.sha256, digests


def walk(tree: Path) -> Iterator[str]:
    """Every path below a folder that is no folder, relative to it; what cannot be listed is left out."""
    for folder, folders, names in os.walk(tree):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*names, *links):
            yield os.path.relpath(os.path.join(folder, name), tree)
