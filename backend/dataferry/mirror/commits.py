"""The commits that revisions are, and what a client may call them.

A client keeps what it fetched under the commit, and asks for nothing again: 40 hexadecimal digits that stand
for the same files for ever. HuggingFace's own are kept; for others, and for chosen files of a dataset, they
are made of what tells the revision from every other one.
"""

import re
from collections.abc import Sequence
from hashlib import sha1

from dataferry.core.specs import SOURCES
from dataferry.core.types import DatasetRef
from dataferry.library.snapshots import Snapshot
from dataferry.library.versions.repository import SHORT, TAG_PREFIX

DEFAULT_BRANCH = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_VERSION = re.compile(rf"(?:{TAG_PREFIX}[0-9a-f]{{4,40}}|[0-9a-f]{{7,40}})")
#: Branches of the Hub's own, which nothing here has.
_REFS_OF_THE_HUB = ("refs/convert/", "refs/pr/")


def commit_of(ref: DatasetRef, revision: str, selection: str = "", checksum: str = "") -> str:
    """The commit of a revision. ``selection`` as in the library; ``checksum`` of all files, which counts
    where the source may change them without another revision."""
    if ref.source == "huggingface" and not selection and _COMMIT.fullmatch(revision):
        return revision
    parts = [str(ref), revision, selection]
    if not SOURCES[ref.source].has_revisions:
        parts.append(checksum)
    return sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


def commit_of_snapshot(snapshot: Snapshot) -> str:
    """Of a recorded version its own id, which is a commit already."""
    return snapshot.version or commit_of(
        snapshot.ref, snapshot.revision, snapshot.selection, snapshot.checksum
    )


def find(snapshots: Sequence[Snapshot], revision: str | None) -> Snapshot | None:
    """The one that a client means by a revision: by default the first, else one by its commit, the beginning
    of that, or the name that its source gives it (Kaggle's ``3``, with or without a ``v``)."""
    if revision in (None, DEFAULT_BRANCH):
        return snapshots[0] if snapshots else None
    for snapshot in snapshots:
        if revision in (commit_of_snapshot(snapshot), *tags_of(snapshot)):
            return snapshot
    if _SHORT_COMMIT.fullmatch(revision):
        found = [one for one in snapshots if commit_of_snapshot(one).startswith(revision)]
        return found[0] if len(found) == 1 else None
    return None


def tags_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Names that its source gives the revision, where they are more than digits of a hash; of a recorded
    version ``v-`` and the beginning of its id."""
    if snapshot.version:
        return (f"{TAG_PREFIX}{snapshot.version[:SHORT]}",)
    if snapshot.selection or re.fullmatch(r"[0-9a-f]{12,64}", snapshot.revision):
        return ()
    return (snapshot.revision, f"v{snapshot.revision}")


def may_be_version(revision: str | None) -> bool:
    """Whether a recorded version could be called so."""
    return revision is not None and _VERSION.fullmatch(revision) is not None


def is_of_the_hub_alone(revision: str) -> bool:
    """A branch that the Hub makes by itself (``refs/convert/parquet``), or a pull request's."""
    return revision.startswith(_REFS_OF_THE_HUB)


def source_revision(ref: DatasetRef, revision: str | None, newest: str | None) -> str | None:
    """What the source of a dataset calls a revision that is not here; None for the newest. ``newest``: its
    newest revision, where that is known."""
    if revision in (None, DEFAULT_BRANCH):
        return None
    if ref.source == "kaggle" and newest is not None and newest.isdecimal():
        versions = map(str, range(int(newest), 0, -1))
        return next((one for one in versions if revision in (one, f"v{one}", commit_of(ref, one))), revision)
    return revision
