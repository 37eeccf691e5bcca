"""What will be deleted at a remote: lists that everybody who pushes there looks at.

    gc/<id>             compressed lines, each the path of a file that nothing needed when it was written
    gc/<id>.deleting    the same, while they are being deleted

Who pushes counts what is listed as absent and sends it again, which makes it newer than the list; only what
is older than its list is deleted. At the end he looks at the lists again: where they have changed in what he
needs he begins anew, and where that is being deleted he has not pushed.
"""

import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from dataferry.versioning.remote.remotes import Remote

DELETING = ".deleting"


class Marks(NamedTuple):
    """Paths at the remote: ``condemned`` has also those that are being deleted."""

    condemned: frozenset[str]
    deleting: frozenset[str]


def read_marks(remote: Remote) -> Marks:
    condemned: set[str] = set()
    deleting: set[str] = set()
    for name in remote.list("gc"):
        paths = read_list(remote, name)
        condemned |= paths
        if name.endswith(DELETING):
            deleting |= paths
    return Marks(frozenset(condemned), frozenset(deleting))


def read_list(remote: Remote, name: str) -> set[str]:
    """The paths of one list; none of one that has gone."""
    with suppress(FileNotFoundError, zlib.error):
        return set(zlib.decompress(remote.read(f"gc/{name}")).decode().splitlines())
    return set()


def write_list(remote: Remote, name: str, paths: Iterable[str]) -> None:
    remote.write(f"gc/{name}", zlib.compress("\n".join(sorted(paths)).encode()))


def announce(remote: Remote, name: str, paths: Iterable[str]) -> None:
    """From now on these are being deleted."""
    write_list(remote, name + DELETING, paths)


def remove_list(remote: Remote, name: str) -> None:
    """The announcement goes last, so that nobody finds the list as it was before."""
    remote.delete(f"gc/{name}")
    remote.delete(f"gc/{name}{DELETING}")
