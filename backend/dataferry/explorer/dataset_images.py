"""Which images a dataset has, found by who asks: on this machine, or at its source."""

import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from dataferry.core.db import Database
from dataferry.core.errors import NoImages
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, Http, Viewer
from dataferry.explorer.image_index import ImageIndex, write_index
from dataferry.explorer.image_sources import ImageSource
from dataferry.explorer.indexed_images import IndexedImages, LocalBytes
from dataferry.explorer.layouts import Unrecognised
from dataferry.explorer.layouts.merged import merged
from dataferry.explorer.local_images import (
    ImageLists,
    NoPictures,
    build_local,
    recognise_members,
)
from dataferry.explorer.open_splits import OpenSplits
from dataferry.explorer.plugin_images import PluginImages
from dataferry.explorer.recent import Recent
from dataferry.explorer.remote_bytes import RemoteBytes, RemoteOrigins, RemoteZips
from dataferry.library import file_rows, rows
from dataferry.library.access import Access
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.remote_previews import RemotePreviews, SourceFiles
from dataferry.plugins import AnyPlugin, DatasetPlugin, Plugins
from dataferry.sources.cache import TtlCache
from dataferry.sources.shared_calls import SharedCalls
from dataferry.transfer import Governor, Shares

#: Until a source has listed its files.
_LISTING_S = 8.0
_MOST_ZIPS = 8
_KEPT_SOURCES = 32
#: Addresses that a source gave for its files end.
_REMOTE_TTL_S = 300.0
#: Apart from the downloads' own.
_SHARES = Shares(connections=12, connections_per_host=8)


@dataclass(frozen=True, slots=True)
class FoundImages:
    """``revision``: of the dataset, as its addresses have it. ``here``: its files are on this machine."""

    title: str
    revision: str
    source: ImageSource
    here: bool


class DatasetImages:
    """Every method takes the viewer: what they may not see answers ``NotFound``. Use it from one event
    loop."""

    def __init__(
        self, database: Database, store: Store, plugins: Plugins, access: Access, previews: RemotePreviews
    ) -> None:
        self._database, self._store, self._plugins, self._access = database, store, plugins, access
        self._previews = previews
        self._lists = ImageLists(store)
        self._opened = OpenSplits()
        self._governor = Governor(_SHARES)
        self._builds = SharedCalls[None]()
        self._building = Lock()
        self._sources: Recent[str, ImageSource] = Recent(_KEPT_SOURCES)
        self._remote_sources = TtlCache[ImageSource](_REMOTE_TTL_S, _KEPT_SOURCES)
        self._none: Recent[str, Unrecognised] = Recent(256)

    async def find(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> ImageSource:
        """The images of a dataset that is here. Errors: ``NotFound``, also where it has none, with the reason
        in words; ``DamagedFile``."""
        return (await self.found(viewer, key_or_alias, revision)).source

    async def found(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> FoundImages:
        """The same with what the dataset is called. Errors: as ``find``."""
        row = await self._access.renewed(
            viewer, lambda session: rows.downloaded(session, viewer, key_or_alias, revision)
        )
        return await self._here(row)

    async def _here(self, row: Dataset) -> FoundImages:
        source = await in_thread("disk", self.opened, row)
        return FoundImages(row.title, row.revision, source, here=True)

    def opened(self, row: Dataset) -> ImageSource:
        """The images of a dataset's row, for a job, which nobody looks at. Blocks: the first time until its
        list is made. Errors: as ``find``."""
        plugin = self._plugins.get(row.source_id) if row.source == "builtin" else None
        if plugin is not None:
            read = _with_images(plugin, row.title)
            if read.fetches_itself or row.local_path == str(read.root):
                return PluginImages(read, self._opened, f"{row.local_path} {row.downloaded_at_ms}")
        name = f"{row.id}-{row.generation}"
        self._raise_known(name, row.title)
        return self._sources.get(name, lambda: self._local(row, name))

    async def look(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> FoundImages:
        """The images of a dataset, also of one that is known and not here: those that its source lists, or
        that its zips have.

        Errors: as ``find``; those of ``Source`` and of ``PartialFile``.
        """
        row = await self._access.renewed(
            viewer, lambda session: rows.visible(session, viewer, key_or_alias, revision)
        )
        if row.downloaded:
            return await self._here(row)
        until = time.monotonic() + _LISTING_S
        files = await self._previews.files_at_source(viewer, key_or_alias, revision, until)
        plugin = self._plugins.get(files.ref.id) if files.ref.source == "builtin" else None
        if plugin is not None:
            _with_images(plugin, plugin.title)
        title = plugin.title if plugin is not None else files.ref.name
        source = await self._remote(title, files, viewer.user_id, until)
        return FoundImages(title, files.revision, source, here=False)

    async def not_here(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None
    ) -> DatasetRef | None:
        """The ref of a dataset that the library knows and that is not on this machine; None for one that is.
        Errors: ``NotFound`` for what the viewer may not see."""
        row = await self._database.run_read(rows.visible, viewer, key_or_alias, revision)
        return None if row.downloaded else rows.ref_of(row)

    # -- on this machine -----------------------------------------------------------------------------

    def _local(self, row: Dataset, name: str) -> ImageSource:
        path, tree = self._lists.path(name), Path(row.local_path or "")
        with self._building:
            try:
                if not path.is_file():
                    sizes = self._database.read(file_rows.all_sizes, row.id)
                    build_local(self._lists, path, self._store, tree, sizes)
                    self._lists.remove_others(path, f"{row.id}-")
            except NoPictures as error:
                self._none.put(name, error.why)
                self._raise_known(name, row.title)
        return IndexedImages(row.title, name, ImageIndex(path), LocalBytes(self._store, tree))

    def _raise_known(self, name: str, title: str) -> None:
        why = self._none.peek(name)
        if why is not None:
            raise no_images(title, why.reason, why.next_step)

    # -- at its source -------------------------------------------------------------------------------

    async def _remote(self, title: str, files: SourceFiles, user_id: str, until: float) -> ImageSource:
        told = f"{files.ref} {files.ref.url} {files.revision} {files.credential.fingerprint}"
        name = f"remote-{blake2b(told.encode(), digest_size=12).hexdigest()}"
        self._raise_known(name, title)
        known = self._remote_sources.get(name)
        if known is not None:
            return known
        origins = await self._origins(files, user_id, until)
        path = self._lists.path(name)

        async def build() -> None:
            if not path.is_file():
                await in_thread("look", _build_remote, self._lists, path, origins)

        try:
            await self._builds.share(name, build)
        except NoPictures as error:
            self._none.put(name, error.why)
            self._raise_known(name, title)
        index = ImageIndex(path)
        origins.etags.update({row["file"]: row["etag"] for row in index.rows("SELECT * FROM archives")})
        source = IndexedImages(title, f"{name} {sorted(origins.etags.items())}", index, RemoteBytes(origins))
        self._remote_sources.put(name, source)
        return source

    async def _origins(self, files: SourceFiles, user_id: str, until: float) -> RemoteOrigins:
        sizes = {file.path: file.size for file in files.open.files}
        zips = [path for path in sizes if path.lower().endswith(".zip")][:_MOST_ZIPS]
        located = {path: await self._previews.locate(files, path, until) for path in zips}
        origins = {path: origin for path, origin in located.items() if isinstance(origin, Http)}
        return RemoteOrigins(files.open.ref, origins, sizes, self._governor, user_id)

    def forget(self, source: ImageSource) -> None:
        """Make the list anew when it is asked for next: the archive at its source is another one by now."""
        name = source.version.partition(" ")[0]
        self._remote_sources.drop(name)
        with suppress(OSError):
            self._lists.path(name).unlink()


def _build_remote(lists: ImageLists, path: Path, origins: RemoteOrigins) -> None:
    """Blocks. Errors: those of ``PartialFile``; ``NoPictures``; ``DamagedFile``."""
    if not origins.origins:
        raise NoPictures(Unrecognised("none of its files can be looked into", "Download it."))
    lists.prepare()
    directories = {zipped: origins.directory(zipped) for zipped in origins.origins}
    members = RemoteZips(RemoteBytes(origins), merged(directories))
    layout = recognise_members(members, list(directories.values()))
    if isinstance(layout, Unrecognised):
        raise NoPictures(layout)
    write_index(path, layout, origins.etags)


def _with_images(plugin: AnyPlugin, title: str) -> DatasetPlugin:
    """The plugin, where it has images. Errors: ``NotFound``."""
    if not isinstance(plugin, DatasetPlugin) or plugin.task_type == "text":
        raise no_images(title, "it has rows, not images", "Look at its tables and samples.")
    return plugin


def no_images(title: str, reason: str, next_step: str) -> NoImages:
    """The error for a dataset without images that could be shown."""
    return NoImages(f"There is no picture of {title} to see: {reason}.", next_step=next_step)
