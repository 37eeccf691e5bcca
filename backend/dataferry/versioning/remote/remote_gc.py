"""Deleting at a remote what nothing needs, in two steps with days between: first it is listed, and later what
is still not needed, and was not sent again since, is deleted (``remote_marks``)."""

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dataferry.core.errors import Conflict
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.schema import FieldKind
from dataferry.versioning.remote.contents import Contents, path_of, paths_of
from dataferry.versioning.remote.fetching import fetch_columns
from dataferry.versioning.remote.gc import objects_of
from dataferry.versioning.remote.remote_marks import (
    DELETING,
    announce,
    read_list,
    read_marks,
    remove_list,
    write_list,
)
from dataferry.versioning.remote.remotes import Entry, Remote


@dataclass(frozen=True, slots=True)
class Collected:
    """``deleted`` files of so many ``bytes`` went, or would go; ``listed`` ones go with a later run."""

    deleted: int = 0
    bytes: int = 0
    listed: int = 0


def collect(
    remote: Remote,
    cache: Cache,
    reachable: Mapping[str, FieldKind],
    *,
    older_than_s: float,
    repository: str | None = None,
    dry_run: bool = False,
) -> Collected:
    """``reachable``: the columns of all commits of all branches and tags, of a clone that has just fetched.

    ``older_than_s``: longer than any push takes. Of a pack in which anything is needed all stays. Errors:
    ``Conflict`` where other repositories than this one push there; those of ``remote_errors``.
    """
    remote.check()
    _check_alone(remote, repository)
    fetch_columns(cache, remote, reachable)
    needed = objects_of(cache, reachable)
    everything = dict(_scan(remote))
    unneeded = _unneeded(remote, cache, everything, needed, reachable)
    before = time.time() - older_than_s
    deleted = size = 0
    known = read_marks(remote).condemned
    lists = remote.list("gc")
    for name, mark in lists.items():
        if name.endswith(DELETING) or mark.modified > before:
            continue
        listed = read_list(remote, name) & unneeded
        going = {path for path in listed if everything[path].modified < mark.modified}
        deleted += len(going)
        size += sum(everything[path].size for path in going)
        if not dry_run:
            _delete(remote, name, mark, going)
    if not dry_run:
        _end_interrupted(remote, lists)
    new = {path for path in unneeded - known if everything[path].modified < before}
    if new and not dry_run:
        write_list(remote, secrets.token_hex(8), new)
    return Collected(deleted, size, len(new))


def _check_alone(remote: Remote, repository: str | None) -> None:
    others = remote.list("repositories").keys() - {repository}
    if others:
        raise Conflict(
            f"{len(others)} other repositories push to {remote}; nobody here knows what they need.",
            next_step="Give each repository a folder of its own. One that is no more: delete its file in "
            "the remote's folder repositories.",
        )


def _end_interrupted(remote: Remote, lists: Mapping[str, Entry]) -> None:
    """Of what was deleted to its end, the announcement may be left."""
    for name in lists:
        if name.endswith(DELETING) and name.removesuffix(DELETING) not in lists:
            remote.delete(f"gc/{name}")


def _scan(remote: Remote) -> Iterator[tuple[str, Entry]]:
    """Everything that is there, by its path."""
    prefixes = [f"{kind}/{number:02x}" for kind in ("columns", "objects") for number in range(256)]
    folders = ["packs", "indexes", "incoming", *prefixes]
    for folder, entries in zip(folders, remote.each(remote.list, folders), strict=True):
        for name, entry in entries.items():
            yield f"{folder}/{name}", entry


def _unneeded(
    remote: Remote,
    cache: Cache,
    everything: Mapping[str, Entry],
    objects: set[str],
    columns: Mapping[str, FieldKind],
) -> set[str]:
    packs = {place.pack for _, place in Contents(remote, cache).places(objects)}
    kept = {path_of("columns", digest) for digest in columns}
    kept |= {path_of("objects", digest) for digest in objects}
    kept |= {path for pack in packs for path in paths_of(pack)}
    return everything.keys() - kept


def _delete(remote: Remote, name: str, mark: Entry, going: set[str]) -> None:
    """What was sent again before this is announced is newer; who pushes later sees that it is announced."""
    announce(remote, name, going)
    now = dict(_scan(remote))
    # An index goes before its pack: a pack that is found by its index is there.
    order = ("columns", "indexes", "packs", "objects", "incoming")
    for kind in order:
        paths = [path for path in sorted(going) if path.startswith(f"{kind}/")]
        old = [path for path in paths if path in now and now[path].modified < mark.modified]
        for _ in remote.each(remote.delete, old):
            pass
    remove_list(remote, name)
