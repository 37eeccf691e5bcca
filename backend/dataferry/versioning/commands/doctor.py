"""Looks for what is wrong in a repository, and mends what can be mended without losing anything."""

import contextlib
import shutil
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

from dataferry.core.errors import DataferryError
from dataferry.core.sizes import readable_count
from dataferry.versioning.hooks import installing
from dataferry.versioning.hooks.committing import stale_locks
from dataferry.versioning.hooks.following import follow
from dataferry.versioning.model.columns import check_column
from dataferry.versioning.repository import Repository
from dataferry.versioning.tree.applied import aside_of
from dataferry.versioning.tree.exclude import ignore_folders

Say = Callable[[str], None]


def examine(repository: Repository, say: Say) -> int:
    """The exit code: 0 where all is well, or is now; 1 where something is left for the user."""
    mended = _hooks(repository, say)
    damaged = _damaged(repository)
    aside = repository.cache.folder / "damaged"
    for path in damaged:
        aside.mkdir(exist_ok=True)
        path.rename(aside / (path.parent.name + path.name))
    if damaged:
        say(f"The cache had damaged files: {readable_count(len(damaged))}, which are in {aside} now.")
    ignore_folders(repository)
    done = follow(repository, say, anew=True)
    _scraps(repository)
    stale = stale_locks(repository)
    for sentence in stale:
        say(sentence)
    if done and not stale:
        say("All is well." if not (mended or damaged) else "What was wrong is mended.")
    return 0 if done and not stale else 1


def _hooks(repository: Repository, say: Say) -> bool:
    missing = installing.missing(repository)
    installing.install(repository)
    if missing:
        say(f"The hooks {', '.join(missing)} were not installed, and are now.")
    return bool(missing)


def _damaged(repository: Repository) -> list[Path]:
    """What in the cache has not the content that its name says: a disk or a program has changed it."""
    found, cache = [], repository.cache
    for digest, _ in cache.digests("objects"):
        path = cache.path("objects", digest)
        with path.open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != digest:
                found.append(path)
    for digest, _ in cache.digests("columns"):
        path = cache.path("columns", digest)
        try:
            check_column(path, digest)
        except DataferryError:
            found.append(path)
    return found


def _scraps(repository: Repository) -> None:
    """What killed commands have left, and folders that were parked when the checkout was elsewhere."""
    with contextlib.suppress(FileNotFoundError):
        for path in (repository.cache.folder / "tmp").iterdir():
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(aside_of(repository) / "making", ignore_errors=True)
