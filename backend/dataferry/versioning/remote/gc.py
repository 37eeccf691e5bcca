"""Deleting from a repository's cache: what no commit needs, and, to keep it small, what a remote has too."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dataferry.versioning.model.cache import Cache, Kind
from dataferry.versioning.model.columns import StoredFile, read_column
from dataferry.versioning.model.schema import FieldKind
from dataferry.versioning.remote.contents import Contents
from dataferry.versioning.remote.packs import SMALL_BYTES
from dataferry.versioning.remote.remote_marks import read_marks
from dataferry.versioning.remote.remotes import Remote


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, or would be: how many objects and columns, and their bytes together."""

    objects: int = 0
    columns: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What was deleted, or would be, and how many bytes of objects are left."""

    objects: int
    bytes: int
    left: int


def objects_of(cache: Cache, columns: Mapping[str, FieldKind]) -> set[str]:
    """All objects that these columns need, of those columns that are in the cache.

    Errors: ``InvalidInput`` for a damaged column: nobody knows what it needs.
    """
    found: set[str] = set()
    for digest, kind in columns.items():
        if kind == "file":
            with suppress(FileNotFoundError):
                values = read_column(cache, digest, kind)
                found.update(value.sha256 for value in values if isinstance(value, StoredFile))
    return found


def linked_objects(folders: Iterable[Path]) -> set[str]:
    """The objects that the links in these folders lead to."""
    found: set[str] = set()
    for folder in folders:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    above, _, name = os.readlink(entry.path).rpartition("/")
                    found.add(above.rpartition("/")[2] + name)
    return found


def prune(
    cache: Cache,
    reachable: Mapping[str, FieldKind],
    *,
    older_than_s: float,
    dry_run: bool = False,
    linked: Iterable[Path] = (),
) -> Pruned:
    """Delete what is older than this and is not needed: ``reachable`` are the columns of all commits, of
    git's index and of the working trees, ``linked`` folders whose links must not dangle.

    Also what interrupted work has left. Errors: ``Conflict`` while a commit, push or fetch is at work;
    ``InvalidInput`` for a damaged column that is reachable, and nothing is deleted.
    """
    with cache.deleting():
        kept: dict[Kind, set[str]] = {
            "objects": objects_of(cache, reachable) | linked_objects(linked),
            "columns": set(reachable),
        }
        before = time.time() - older_than_s
        counts: dict[Kind, int] = {"objects": 0, "columns": 0}
        size = 0
        for kind, needed in kept.items():
            for digest, stat in cache.digests(kind):
                if digest not in needed and max(stat.st_mtime, stat.st_ctime) < before:
                    counts[kind] += 1
                    size += stat.st_size
                    if not dry_run:
                        cache.path(kind, digest).unlink(missing_ok=True)
        if not dry_run:
            cache.clear_unfinished()
            _sweep(cache, before)
        return Pruned(counts["objects"], counts["columns"], size)


def shrink(
    cache: Cache,
    limit_bytes: int,
    remotes: Sequence[Remote],
    *,
    keep: Mapping[str, FieldKind],
    dry_run: bool = False,
) -> Shrunk:
    """Delete objects, the least recently used first, until no more than this is left.

    Only what one of the ``remotes`` has, and never what the columns ``keep`` need: those of the working
    trees. So more may be left. Errors: as ``prune``, and those of ``remote_errors``.
    """
    with cache.deleting():
        here = dict(cache.digests("objects"))
        left = sum(stat.st_size for stat in here.values())
        if left <= limit_bytes:
            return Shrunk(0, 0, left)
        needed = objects_of(cache, keep)
        free = {digest: stat.st_size for digest, stat in here.items() if digest not in needed}
        removed = freed = 0
        for digest in sorted(_elsewhere(cache, free, remotes), key=lambda digest: _used(here[digest])):
            if left <= limit_bytes:
                break
            left -= free[digest]
            freed += free[digest]
            removed += 1
            if not dry_run:
                cache.path("objects", digest).unlink(missing_ok=True)
        return Shrunk(removed, freed, left)


def _elsewhere(cache: Cache, objects: Mapping[str, int], remotes: Sequence[Remote]) -> set[str]:
    """Those that a remote has, and will keep."""
    found: set[str] = set()
    for remote in remotes:
        contents = Contents(remote, cache, without=read_marks(remote).condemned)
        found |= {digest for digest, _ in contents.places(objects)}
        large = {digest: size for digest, size in objects.items() if size >= SMALL_BYTES}
        found |= contents.large(large)
    return found


def _used(stat: os.stat_result) -> float:
    """When it was last read or written, as far as the disk notes it."""
    return max(stat.st_atime, stat.st_mtime)


def _sweep(cache: Cache, before: float) -> None:
    """What an interruption has left in ``tmp`` and ``partial``."""
    for folder, _, names in os.walk(cache.folder / "tmp", topdown=False):
        for name in names:
            path = Path(folder, name)
            with suppress(OSError):
                if path.lstat().st_mtime < before:
                    path.unlink()
        with suppress(OSError):  # it is not empty
            if Path(folder) != cache.folder / "tmp":
                Path(folder).rmdir()
    with suppress(FileNotFoundError):
        for path in (cache.folder / "partial").iterdir():
            if path.lstat().st_mtime < before:
                path.unlink(missing_ok=True)
