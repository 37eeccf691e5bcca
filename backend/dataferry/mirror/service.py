"""The mirror: what a client of the Hub asks, answered from the library, or from where a dataset comes."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataferry.core.errors import InvalidInput, NotFound, SourceError
from dataferry.core.types import DatasetRef, DatasetSummary, View, Viewer
from dataferry.library.file_trees import StoredFile
from dataferry.library.snapshots import OpenedFile, Snapshot, Snapshots
from dataferry.mirror import commits, views
from dataferry.mirror.addresses import RepoAddress
from dataferry.mirror.answers import entry_not_found, revision_not_found
from dataferry.mirror.blobs import Blob, blob_of, blobs_at_source
from dataferry.mirror.names import ref_of, repo_of, source_and_owner, source_of_digest
from dataferry.mirror.pulls import Asker, Pulls
from dataferry.sources.cache import TtlCache

#: Entries of a tree's page. The Hub has 1,000; fewer requests list the same.
PAGE_SIZE = 5000
#: A dataset's ``siblings`` are some of its files; all of them are in its tree.
MAX_SIBLINGS = 10_000
#: Recorded versions among the tags of a dataset; older ones are found by their ids all the same.
MAX_VERSIONS = 200
#: Seconds for a source to list files. Clients wait 10 for what they look up, and come back once.
LISTING_TIMEOUT_S = 8.0
SIBLINGS_TIMEOUT_S = 4.0
_MOMENT_S = 1.0


@dataclass(frozen=True, slots=True)
class AtSource:
    """A revision of a dataset that is not here."""

    ref: DatasetRef
    revision: str
    summary: DatasetSummary

    @property
    def commit(self) -> str:
        return commits.commit_of(self.ref, self.revision)


class Repository(View):
    """A dataset of the library as clients of the Hub name it. ``revision``: the commit that they have to
    name too; None where they get it without."""

    repo: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class Info:
    """A ``DatasetInfo`` of huggingface_hub, and what its client shows as a warning."""

    told: dict[str, Any]
    warning: str | None


@dataclass(frozen=True, slots=True)
class Tree:
    """``next``: the cursor of the page behind it; None at the end. ``commit``: whose tree it is."""

    entries: list[dict[str, Any]]
    commit: str
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the library a list is to have. ``author``: an owner at HuggingFace, or another source."""

    search: str = ""
    author: str | None = None
    gated: bool | None = None
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """``DatasetInfo`` of each, and the cursor of the page behind it; None at the end."""

    infos: list[dict[str, Any]]
    next: str | None


@dataclass(frozen=True, slots=True)
class FileOfCommit:
    """A file of the library. ``dataset_id``: of its dataset's row there."""

    dataset_id: str
    opened: OpenedFile
    blob: Blob
    commit: str


class Mirror:
    """Answers what ``addresses`` reads. For what it cannot give, every method raises ``Refusal``, and the
    errors of the library and of sources."""

    def __init__(self, snapshots: Snapshots, pulls: Pulls) -> None:
        self._snapshots = snapshots
        self._pulls = pulls
        self._seen = TtlCache[list[Snapshot]](_MOMENT_S, 1024)

    async def repository(self, viewer: Viewer, key: str, revision: str | None) -> Repository:
        """What clients call a dataset of the library."""
        snapshot = await self._snapshots.get(viewer, key, revision)
        newest = (await self._snapshots.find(viewer, snapshot.ref))[0]
        named = None if newest.id == snapshot.id else commits.commit_of_snapshot(snapshot)
        return Repository(repo=repo_of(snapshot.ref), revision=named)

    async def search(self, viewer: Viewer, wanted: Wanted, cursor: str | None, limit: int) -> Listed:
        """The library's datasets that are here, as a search at the Hub has them; nobody else is asked."""
        offset = _offset(cursor)
        source, owner = source_and_owner(wanted.author) if wanted.author else (None, None)
        found = await self._snapshots.search(
            viewer,
            wanted.search,
            source=source,
            owner=owner,
            restricted=wanted.gated,
            newest_first=wanted.newest_first,
            offset=offset,
            limit=limit + 1,
        )
        following = encode_cursor(str(offset + limit)) if len(found) > limit else None
        return Listed([views.info_here(one) for one in found[:limit]], following)

    async def info(self, asker: Asker, address: RepoAddress, *, with_blobs: bool) -> Info:
        """What a dataset is. Nothing is downloaded for it; ``siblings`` are some of its files."""
        found = await self._find(asker, address)
        if isinstance(found, Snapshot):
            page = await self._snapshots.entries(found, "", recursive=True, after=None, limit=MAX_SIBLINGS)
            blobs: Sequence[Blob] = [
                blob_of(entry) for entry in page.entries if isinstance(entry, StoredFile)
            ]
            told = views.info_here(found)
        else:
            blobs = await self._listed_soon(asker, found)
            told = views.info_at_source(found.summary, found.commit)
        told["siblings"] = [blob.sibling(with_blobs=with_blobs) for blob in blobs[:MAX_SIBLINGS]]
        licence = found.license if isinstance(found, Snapshot) else found.summary.license
        return Info(told, views.licence_warning(told["id"], licence))

    async def tree(
        self, asker: Asker, address: RepoAddress, *, recursive: bool, cursor: str | None, limit: int
    ) -> Tree:
        """What is in a folder. What only a download can tell is downloaded for it."""
        found = await self._find(asker, address)
        if isinstance(found, AtSource):
            blobs = await self._listed(asker, found)
            if blobs is not None:
                return _page_of(
                    views.tree_of(blobs, address.path, recursive=recursive), found.commit, cursor, limit
                )
            found = await self._brought(asker, found)
        after = decode_cursor(cursor)
        page = await self._snapshots.entries(
            found, address.path, recursive=recursive, after=after, limit=limit
        )
        commit = commits.commit_of_snapshot(found)
        if not page.entries and after is None and address.path:
            raise entry_not_found(address.repo, address.path, commit)
        following = encode_cursor(page.next) if page.next else None
        return Tree([views.entry_of(entry, found) for entry in page.entries], commit, following)

    async def paths(self, asker: Asker, address: RepoAddress, paths: Sequence[str]) -> Tree:
        """Those of the paths that there are, however long a download for it takes: clients ask once."""
        found = await self._find(asker, address)
        paths = [path.strip("/") for path in paths]
        if isinstance(found, AtSource):
            blobs = await self._listed(asker, found)
            if blobs is not None:
                known = {entry["path"]: entry for entry in views.tree_of(blobs, "", recursive=True)}
                return Tree([known[path] for path in paths if path in known], found.commit)
            found = await self._brought(asker, found, wait=True)
        entries = await self._snapshots.paths(found, paths)
        return Tree([views.entry_of(entry, found) for entry in entries], commits.commit_of_snapshot(found))

    async def file(self, asker: Asker, address: RepoAddress, *, content_up_to: int = 0) -> FileOfCommit:
        """A file, with its content where it has at most so many bytes. A dataset that is not here is
        downloaded for it, if it has the file."""
        found = await self._find(asker, address)
        if isinstance(found, AtSource):
            blobs = await self._listed(asker, found)
            if blobs is not None and not any(blob.path == address.path for blob in blobs):
                raise entry_not_found(address.repo, address.path, found.commit)
            found = await self._brought(asker, found)
        commit = commits.commit_of_snapshot(found)
        try:
            opened = await self._snapshots.file(found, address.path, content_up_to=content_up_to)
        except NotFound as error:
            raise entry_not_found(address.repo, address.path, commit, error.next_step or "") from error
        return FileOfCommit(found.id, opened, blob_of(opened.file), commit)

    async def refs(self, asker: Asker, address: RepoAddress) -> dict[str, Any]:
        """Branches and tags."""
        ref = await self._ref(asker, address.repo)
        here = await self._snapshots.find(asker.viewer, ref)
        if here:
            return views.refs([*here, *await self._snapshots.versions(asker.viewer, ref, MAX_VERSIONS)])
        found = await self._find(asker, address)
        return views.refs([], main=found.commit if isinstance(found, AtSource) else None)

    async def commits(self, asker: Asker, address: RepoAddress) -> list[dict[str, Any]]:
        """The one commit that a revision is: its history is not kept here."""
        found = await self._find(asker, address)
        commit = found.commit if isinstance(found, AtSource) else commits.commit_of_snapshot(found)
        modified = found.downloaded_at_ms if isinstance(found, Snapshot) else 0
        return [views.commit(commit, found.revision, modified)]

    async def check(self, asker: Asker, address: RepoAddress) -> None:
        """That the asker may have the dataset."""
        await self._find(asker, address)

    async def _ref(self, asker: Asker, repo: str) -> DatasetRef:
        if "/" not in repo:
            named = await self._snapshots.named(repo)
            if named is not None:
                return named
        source = source_of_digest(repo)
        if source is not None:
            refs = await self._snapshots.of_source(asker.viewer, source)
            found = next((ref for ref in refs if repo_of(ref) == repo), None)
        else:
            found = ref_of(repo)
        if found is None:
            raise NotFound(f"There is no dataset {repo[:120]!r} here.")
        return found

    async def _find(self, asker: Asker, address: RepoAddress) -> Snapshot | AtSource:
        """The revision that is meant, here or where the dataset comes from."""
        ref = await self._ref(asker, address.repo)
        here = await self._here(asker, ref)
        found = commits.find(here, address.revision)
        if found is None and commits.may_be_version(address.revision):
            found = await self._snapshots.version(asker.viewer, ref, address.revision or "")
        if found is not None:
            return found
        try:
            return await self._find_at_source(asker, ref, address)
        except NotFound as error:
            if not here:
                raise
            raise revision_not_found(address.repo, address.revision or "", error.detail) from error

    async def _here(self, asker: Asker, ref: DatasetRef) -> list[Snapshot]:
        """All that is here of a dataset, as it was a moment ago: clients ask for one file after another. Who
        may see a restricted one is looked up each time."""
        key = (asker.viewer, ref)
        known = self._seen.get(key)
        if known is None:
            known = await self._snapshots.find(asker.viewer, ref)
            if known and not any(one.restricted for one in known):
                self._seen.put(key, known)
        return known

    async def _find_at_source(
        self, asker: Asker, ref: DatasetRef, address: RepoAddress
    ) -> Snapshot | AtSource:
        summary = await self._pulls.describe(asker, ref, None)
        ref = DatasetRef.parse(summary.ref)
        asked = address.revision
        if asked is not None and commits.is_of_the_hub_alone(asked):
            raise revision_not_found(address.repo, asked)
        revision = commits.source_revision(ref, asked, summary.revision)
        if revision is not None and revision != summary.revision:
            try:
                summary = await self._pulls.describe(asker, ref, revision)
            except (NotFound, InvalidInput) as error:
                raise revision_not_found(address.repo, revision, error.detail) from error
        found = AtSource(ref, summary.revision or revision or "", summary)
        # It may be here under the dataset's true name, or that of its commit.
        here = commits.find(await self._snapshots.find(asker.viewer, ref), found.commit)
        if here is None:
            self._pulls.check_scope(asker, ref)
        return here or found

    async def _listed(
        self,
        asker: Asker,
        found: AtSource,
        timeout: float = LISTING_TIMEOUT_S,  # noqa: ASYNC109
    ) -> Sequence[Blob] | None:
        """Its files, where the source tells their hashes."""
        contents = await self._pulls.contents(asker, found.ref, found.revision or None, timeout)
        return blobs_at_source(contents.files)

    async def _listed_soon(self, asker: Asker, found: AtSource) -> Sequence[Blob]:
        """The same for one who can do without."""
        try:
            return await self._listed(asker, found, SIBLINGS_TIMEOUT_S) or ()
        except SourceError:
            return ()

    async def _brought(self, asker: Asker, found: AtSource, *, wait: bool = False) -> Snapshot:
        """The same revision once it is here. Errors: those of ``Pulls.bring``."""
        await self._pulls.bring(asker, found.summary, found.revision or None, wait=wait)
        here = await self._snapshots.find(asker.viewer, found.ref)
        brought = commits.find(here, found.commit) or commits.find(here, None)
        if brought is None:
            raise NotFound(f"{found.ref} has been deleted meanwhile.", next_step="Ask for it again.")
        return brought


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode()


def decode_cursor(cursor: str | None) -> str | None:
    """Errors: ``InvalidInput`` for one that no page had."""
    if not cursor:
        return None
    try:
        position = base64.urlsafe_b64decode(cursor).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("The list cannot continue there.", next_step="Start it again.") from error
    if "\0" in position:
        raise InvalidInput("The list cannot continue there.", next_step="Start it again.")
    return position


def _page_of(entries: list[dict[str, Any]], commit: str, cursor: str | None, limit: int) -> Tree:
    begin = _offset(cursor)
    end = begin + limit
    return Tree(entries[begin:end], commit, encode_cursor(str(end)) if end < len(entries) else None)


def _offset(cursor: str | None) -> int:
    """Where a page begins in a list that is counted. Errors: ``InvalidInput``."""
    position = decode_cursor(cursor) or "0"
    if not (position.isdecimal() and position.isascii() and len(position) < 16):
        raise InvalidInput("The list cannot continue there.", next_step="Start it again.")
    return int(position)
