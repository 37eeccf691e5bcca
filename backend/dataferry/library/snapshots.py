"""The datasets on this machine as immutable trees of folders and files, for programs that walk them."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import func, tuple_
from sqlmodel import Session, col, select

from dataferry.core.db import Database
from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, Viewer
from dataferry.library import file_rows, listing, rights, rows
from dataferry.library.access import Access
from dataferry.library.file_trees import FileList, FilesBelow, Folder, StoredFile, TreePage, behind, walk
from dataferry.library.last_use import LastUse
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.versions.repository import DatasetVersions, Recorded
from dataferry.library.versions.trees import VersionTrees, content_of
from dataferry.sources.cache import TtlCache

#: Files that were looked at are looked at again soon; what a generation has does not change.
_REMEMBERED, _REMEMBERED_S = 20_000, 60.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A revision of a dataset, or chosen files of one, that is here. ``selection``: empty for all of its
    files. ``size`` in bytes, ``downloaded_at_ms`` since the epoch. ``version``: of a recorded version its id,
    whose files are in its repository's cache; empty for what is in the dataset's folder."""

    id: str
    ref: DatasetRef
    revision: str
    selection: str
    checksum: str
    title: str
    description: str
    license: str | None
    restricted: bool
    size: int
    file_count: int
    downloaded_at_ms: int
    generation: int
    tree: Path
    version: str = ""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """Where a file lies. ``content``: None where that was not asked for, or is too long."""

    file: StoredFile
    path: Path
    status: os.stat_result
    content: bytes | None


class Snapshots:
    """Finds and walks them. What the viewer may not see is not found."""

    def __init__(self, database: Database, store: Store, access: Access, last_use: LastUse) -> None:
        self._database = database
        self._store = store
        self._access = access
        self._last_use = last_use
        self._versions = VersionTrees()
        self._files = TtlCache[StoredFile](_REMEMBERED_S, _REMEMBERED)

    async def find(self, viewer: Viewer, ref: DatasetRef) -> list[Snapshot]:
        """All that is here of a dataset: whole ones first, the newest first."""

        def read(session: Session) -> list[Snapshot]:
            here = [row for row in rows.find(session, ref) if row.downloaded]
            return [_snapshot(row) for row in here if rights.may_see(session, row, viewer)]

        return await self._access.renewed(viewer, read)

    async def get(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Snapshot:
        """What a key, a ref or an alias names in the library. Errors: ``NotFound`` until it is here."""

        def read(session: Session) -> Snapshot:
            return _snapshot(rows.downloaded(session, viewer, key_or_alias, revision))

        return await self._access.renewed(viewer, read)

    async def of_source(self, viewer: Viewer, source: str) -> list[DatasetRef]:
        """The refs of a source's datasets that are here."""
        await self._access.renew(viewer)
        query = select(Dataset.source_id).where(
            Dataset.source == source, col(Dataset.downloaded), *rights.visible_to(viewer)
        )

        def read(session: Session) -> list[DatasetRef]:
            return [DatasetRef.make(source, source_id) for source_id in session.exec(query.distinct())]

        return await self._database.run_read(read)

    async def search(
        self,
        viewer: Viewer,
        words: str,
        *,
        source: str | None = None,
        owner: str | None = None,
        restricted: bool | None = None,
        newest_first: bool = False,
        offset: int = 0,
        limit: int,
    ) -> list[Snapshot]:
        """One of each dataset that is here: the newest that is whole, where there is one. They are in the
        order of their refs, or those that came last are first. ``words`` of its title or ref; ``owner``: what
        its id begins with."""
        here = [col(Dataset.downloaded), *rights.visible_to(viewer)]
        conditions = [*here, *listing.containing(words)]
        if source is not None:
            conditions.append(col(Dataset.source) == source)
        if owner is not None:
            conditions.append(col(Dataset.source_id).startswith(f"{owner}/", autoescape=True))
        if restricted is not None:
            conditions.append(col(Dataset.visibility) == ("restricted" if restricted else "public"))
        ref = (col(Dataset.source), col(Dataset.source_id))
        order = (func.max(Dataset.downloaded_at_ms).desc(), *ref) if newest_first else ref
        names = select(*ref).where(*conditions).group_by(*ref).order_by(*order).offset(offset).limit(limit)

        def read(session: Session) -> list[Snapshot]:
            page = [(source, source_id) for source, source_id in session.exec(names)]
            whole = (col(Dataset.selection) == "").desc()
            rest = col(Dataset.updated_at_ms).desc()
            found = session.exec(select(Dataset).where(*here, tuple_(*ref).in_(page)).order_by(whole, rest))
            first: dict[tuple[str, str], Dataset] = {}
            for row in found:
                first.setdefault((row.source, row.source_id), row)
            return [_snapshot(first[name]) for name in page]

        return await self._access.renewed(viewer, read)

    async def named(self, name: str) -> DatasetRef | None:
        """The ref that a short name stands for; None where it stands for none."""

        def read(session: Session) -> DatasetRef | None:
            try:
                return rows.resolve_name(session, name)
            except (NotFound, InvalidInput):
                return None

        return await self._database.run_read(read)

    async def version(self, viewer: Viewer, ref: DatasetRef, name: str) -> Snapshot | None:
        """A recorded version of a dataset, by its name at the Hub (``v-…``), its id or the beginning of that;
        None where there is none."""
        for row, versions in await self._versioned(viewer, ref):
            try:
                return _of_version(row, await in_thread("disk", versions.get, name))
            except NotFound:
                continue
        return None

    async def versions(self, viewer: Viewer, ref: DatasetRef, limit: int) -> list[Snapshot]:
        """The newest recorded versions of a dataset."""
        found: list[Snapshot] = []
        for row, versions in await self._versioned(viewer, ref):
            found += [_of_version(row, one) for one in await in_thread("disk", versions.page, None, limit)]
        return found[:limit]

    async def _versioned(self, viewer: Viewer, ref: DatasetRef) -> list[tuple[Dataset, DatasetVersions]]:
        """One row of each selection with versions that the viewer may see: versions are of all revisions, so
        that they are for those who may see each that is here."""

        def read(session: Session) -> list[tuple[Dataset, DatasetVersions]]:
            selections: dict[str, list[Dataset]] = {}
            for row in rows.find(session, ref):
                selections.setdefault(row.selection, []).append(row)
            return [
                (here[0], DatasetVersions(self._store.versions(ref, selection)))
                for selection, here in selections.items()
                if all(rights.may_see(session, row, viewer) for row in here)
            ]

        found = await self._access.renewed(viewer, read)
        return [(row, versions) for row, versions in found if versions.exists]

    async def entries(
        self, snapshot: Snapshot, folder: str, *, recursive: bool, after: str | None, limit: int
    ) -> TreePage:
        """What is in a folder, as ``file_trees.walk``."""
        if snapshot.version:
            files = await in_thread("disk", self._files_of_version, snapshot)
            return walk(files, folder, recursive=recursive, after=after, limit=limit)

        def read(session: Session) -> TreePage:
            files = partial(_stored_files, session, snapshot)
            return walk(files, folder, recursive=recursive, after=after, limit=limit)

        return await self._database.run_read(read)

    async def paths(self, snapshot: Snapshot, paths: Sequence[str]) -> list[Folder | StoredFile]:
        """Those of the paths that it has, as files or as folders."""
        if snapshot.version:
            files = await in_thread("disk", self._files_of_version, snapshot)
            return list(_found(paths, files.get, files))

        def read(session: Session) -> list[Folder | StoredFile]:
            listed = partial(_stored_files, session, snapshot)
            return list(_found(paths, partial(_file, session, snapshot), listed))

        return await self._database.run_read(read)

    async def file(self, snapshot: Snapshot, path: str, *, content_up_to: int = 0) -> OpenedFile:
        """A file, to be read and not written, with its content where it has at most so many bytes.

        Errors: ``NotFound`` for a path that it does not have, and for a file that is not there as it was
        verified.
        """
        key = (snapshot.id, snapshot.generation, snapshot.version, path)
        file = self._files.get(key)
        if file is None:
            if snapshot.version:
                file = (await in_thread("disk", self._files_of_version, snapshot)).get(path)
            else:
                file = await self._database.run_read(_file, snapshot, path)
            if file is None:
                raise NotFound(f"The dataset has no file {path[:120]!r}.")
            self._files.put(key, file)
        opened = await in_thread("disk", self._opened, snapshot, file, content_up_to)
        if opened is None:
            raise NotFound(
                f"{path[:120]} is not on the disk as it was downloaded.",
                next_step="Repair the dataset: what is missing or changed is downloaded again.",
            )
        self._last_use.touch(snapshot.id)
        return opened

    def _opened(self, snapshot: Snapshot, file: StoredFile, content_up_to: int) -> OpenedFile | None:
        if snapshot.version:
            found = content_of(self._repository(snapshot), file)
        else:
            found = self._store.file(snapshot.tree, file.path, file.size)
        if found is None:
            return None
        content = found.read_bytes() if file.size <= content_up_to else None
        return OpenedFile(file, found, found.stat(), content)

    def _files_of_version(self, snapshot: Snapshot) -> FileList:
        versions = self._repository(snapshot)
        return self._versions.files(versions, versions.get(snapshot.version))

    def _repository(self, snapshot: Snapshot) -> DatasetVersions:
        return DatasetVersions(self._store.versions(snapshot.ref, snapshot.selection))


def _found(
    paths: Sequence[str], get: Callable[[str], StoredFile | None], files: FilesBelow
) -> Iterator[Folder | StoredFile]:
    for path in paths:
        file = get(path)
        if file is not None:
            yield file
        elif files(path, f"{path}/", 1):
            yield Folder(path)


def _of_version(row: Dataset, version: Recorded) -> Snapshot:
    facts = version.facts
    return replace(
        _snapshot(row),
        revision=facts.revision,
        checksum=facts.checksum,
        size=facts.bytes,
        file_count=facts.files,
        downloaded_at_ms=int(version.at.timestamp() * 1000),
        version=version.id,
    )


def _snapshot(row: Dataset) -> Snapshot:
    return Snapshot(
        id=row.id,
        ref=rows.ref_of(row),
        revision=row.revision,
        selection=row.selection,
        checksum=row.checksum or "",
        title=row.title,
        description=row.description,
        license=row.license,
        restricted=row.visibility != "public",
        size=row.size or 0,
        file_count=row.file_count or 0,
        downloaded_at_ms=row.downloaded_at_ms or 0,
        generation=row.generation,
        tree=Path(row.local_path or ""),
    )


def _stored(row: DatasetFile) -> StoredFile:
    algorithm, _, value = (row.published_hash or "").partition(":")
    return StoredFile(row.path, row.size, row.sha256, value if algorithm == "git-sha1" else None)


def _file(session: Session, snapshot: Snapshot, path: str) -> StoredFile | None:
    row = file_rows.file_of(session, snapshot.id, path)
    return None if row is None else _stored(row)


def _stored_files(
    session: Session, snapshot: Snapshot, folder: str, after: str, limit: int
) -> Sequence[StoredFile]:
    """A ``FilesBelow`` over the library's rows."""
    if not file_rows.storable(folder + after):
        return []
    path = file_rows.in_code_point_order(session)
    query = select(DatasetFile).where(file_rows.seen(snapshot.id), path > after)
    if folder:
        query = query.where(path < behind(folder))
    return [_stored(row) for row in session.exec(query.order_by(path).limit(limit))]
