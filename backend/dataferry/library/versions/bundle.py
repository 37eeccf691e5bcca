"""A dataset's versions as one file, for another machine."""

from collections.abc import Iterator

from dataferry.core.errors import Conflict
from dataferry.core.files.no_links import is_regular
from dataferry.library.archive_stream import Member, archive_length, archive_pieces
from dataferry.library.archives import Archive
from dataferry.library.versions.repository import DatasetVersions

#: Of this machine alone: its hooks, and notes of work under way.
_LEFT_OUT = frozenset({"hooks", "tmp", "remotes", "recording", "in-use"})


def bundle_of(versions: DatasetVersions) -> Archive:
    """The repository with its cache as a tar file. Unpacked, ``git datasets init`` makes its folders.

    Blocks. Errors: ``Conflict`` for a dataset that is not versioned.
    """
    if not versions.exists:
        raise not_versioned()
    name = versions.folder.parent.name
    members = list(_members(versions, name))
    length = archive_length("tar", ((member.name, member.size) for member in members))
    return Archive(f"{name}-versions.tar", length, archive_pieces("tar", members))


def not_versioned() -> Conflict:
    return Conflict(
        "This dataset has no versions yet.",
        next_step="Record the first: on its page under Versions, or dataferry versions record.",
    )


def _members(versions: DatasetVersions, name: str) -> Iterator[Member]:
    for path in sorted(versions.folder.rglob("*")):
        parts = path.relative_to(versions.folder).parts
        under_way = parts[0] == ".git" and path.suffix == ".lock"
        if not under_way and not _LEFT_OUT.intersection(parts) and is_regular(path):
            status = path.stat()
            yield Member(f"{name}/{'/'.join(parts)}", path, status.st_size, status.st_mtime)
