"""Datasets, folders and commits as the Hub's API tells of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from dataferry.core.types import DatasetRef, DatasetSummary
from dataferry.library.file_trees import Folder, StoredFile
from dataferry.library.licence_views import licence_verdict
from dataferry.library.snapshots import Snapshot
from dataferry.mirror.blobs import Blob, blob_of
from dataferry.mirror.commits import DEFAULT_BRANCH, commit_of_snapshot, tags_of
from dataferry.mirror.names import repo_of

#: Clients want one; a folder has no hash here.
_FOLDER_OID = "0" * 40


def info_here(snapshot: Snapshot) -> dict[str, Any]:
    """A dataset of the library."""
    told = _info(snapshot.ref, commit_of_snapshot(snapshot), snapshot.description, snapshot.license)
    told |= {"private": snapshot.restricted, "gated": False, "usedStorage": snapshot.size}
    return told | {"lastModified": _time(snapshot.downloaded_at_ms)}


def info_at_source(summary: DatasetSummary, commit: str) -> dict[str, Any]:
    """A dataset that is not here."""
    told = _info(DatasetRef.parse(summary.ref), commit, summary.description, summary.license)
    told["private"] = summary.private
    told["gated"] = ("manual" if summary.decided_by_owner else "auto") if summary.gated else False
    return told


def licence_warning(repo: str, licence: str | None) -> str | None:
    """What people should know of a licence, where it does not allow all; None where it does."""
    verdict = licence_verdict(licence)
    if verdict.commercial == "allowed":
        return None
    return f"licence of {repo}; {repo}: {verdict.name}, {verdict.short}."


def entry_of(found: Folder | StoredFile, snapshot: Snapshot) -> dict[str, Any]:
    """A folder or a file of the library."""
    told = _folder(found.path) if isinstance(found, Folder) else blob_of(found).entry()
    date = _time(snapshot.downloaded_at_ms)
    last = {"id": commit_of_snapshot(snapshot), "title": f"Revision {snapshot.revision}", "date": date}
    return told | {"lastCommit": last}


def tree_of(blobs: Iterable[Blob], folder: str, *, recursive: bool) -> list[dict[str, Any]]:
    """What is in a folder (empty: the top one) of a list of files."""
    below = f"{folder}/" if folder else ""
    entries: list[dict[str, Any]] = []
    seen: set[str] = set()
    for blob in blobs:
        if not blob.path.startswith(below):
            continue
        names = blob.path.removeprefix(below).split("/")
        depth = len(names) if recursive else min(len(names), 2)
        for end in range(1, depth):
            parent = below + "/".join(names[:end])
            if parent not in seen:
                seen.add(parent)
                entries.append(_folder(parent))
        if recursive or len(names) == 1:
            entries.append(blob.entry())
    return entries


def refs(snapshots: Sequence[Snapshot], *, main: str | None = None) -> dict[str, Any]:
    """Branches and tags. ``main``: the commit of a dataset that is not here."""
    main = commit_of_snapshot(snapshots[0]) if snapshots else main
    branch = {"name": DEFAULT_BRANCH, "ref": f"refs/heads/{DEFAULT_BRANCH}", "targetCommit": main}
    tags = [
        {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": commit_of_snapshot(snapshot)}
        for snapshot in snapshots
        for tag in tags_of(snapshot)
    ]
    return {"branches": [branch] if main else [], "converts": [], "tags": tags, "pullRequests": []}


def commit(commit_id: str, revision: str, at_ms: int) -> dict[str, Any]:
    return {
        "id": commit_id,
        "title": f"Revision {revision}",
        "message": "",
        "authors": [],
        "date": _time(at_ms),
    }


def _info(ref: DatasetRef, commit_id: str, description: str, licence: str | None) -> dict[str, Any]:
    repo = repo_of(ref)
    verdict = licence_verdict(licence)
    word = (verdict.spdx_id or verdict.name).lower() if verdict.stated else None
    return {
        "_id": commit_id[:24],
        "id": repo,
        "author": repo.rpartition("/")[0] or None,
        "sha": commit_id,
        "disabled": False,
        "description": description,
        "downloads": 0,
        "likes": 0,
        "tags": [f"license:{word}"] if word else [],
        "cardData": {"license": word} if word else {},
    }


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "oid": _FOLDER_OID, "size": 0, "path": path}


def _time(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
