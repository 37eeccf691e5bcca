"""What is derived from a dataset's files and kept beside it: built at the first demand, once for all who ask.

::

    <folder>/
      .lock               held while one process builds
      3f2a…/              one build, named by what it was made of
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from dataferry.core.errors import StoreNotWritable
from dataferry.core.files.durable import sync_data
from dataferry.plugins.readers.base import damaged

#: In each build: what it was made of.
_ORIGIN = ".origin"


def kept(folder: Path, sources: Sequence[Path], form: str, build: Callable[[Path], None]) -> Path:
    """The folder of what ``build`` makes of ``sources``, which it is given empty.

    ``form`` names what is built and its version. Threads and processes that ask meanwhile wait for the one
    that builds. A change of a source's size or time leads to another build, and the one before is removed.
    A build that fails or is killed leaves nothing that would be found.

    Errors: ``DamagedFile`` for a source that is not there; ``StoreNotWritable``; what ``build`` raises.
    """
    origin = "\n".join((form, *map(str, sources)))
    built = folder / sha256(f"{origin}\n{_versions(sources)}".encode()).hexdigest()[:16]
    if built.is_dir():
        return built
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreNotWritable(f"An index cannot be kept in {folder}: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # another open of the file, so threads exclude each other too
        if not built.is_dir():
            _build(built, origin, build)
    finally:
        os.close(descriptor)
    return built


def forget(folder: Path) -> bool:
    """Remove everything that was kept; whether there was anything."""
    there = folder.is_dir()
    shutil.rmtree(folder, ignore_errors=True)
    return there


def _build(built: Path, origin: str, build: Callable[[Path], None]) -> None:
    part = built.parent / ".part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        build(part)
        (part / _ORIGIN).write_text(origin)
        for path in part.iterdir():
            _sync(path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    for older in built.parent.glob(f"*/{_ORIGIN}"):
        if older.parent != part and older.read_text() == origin:
            shutil.rmtree(older.parent, ignore_errors=True)
    part.rename(built)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync_data(descriptor)
    finally:
        os.close(descriptor)


def _versions(sources: Sequence[Path]) -> str:
    """Sizes and times, which change when a file does."""
    try:
        return " ".join(f"{status.st_size}:{status.st_mtime_ns}" for status in map(os.stat, sources))
    except OSError as error:
        raise damaged(error.filename, "it is not there") from error
