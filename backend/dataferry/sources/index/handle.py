"""The index for a server: opened at the first search, replaced by a fresher one while searches go on."""

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from dataferry.core.types import SourceName, View
from dataferry.sources.base import SearchQuery
from dataferry.sources.index.dataset_index import DatasetIndex, IndexHits
from dataferry.sources.index.manifest import IndexManifest, IndexUnusable, pointer_of, read_manifest

_log = logging.getLogger(__name__)

#: Tells one manifest file from another: its inode, its time in ns and its size.
_Stamp = tuple[int, int, int]


class IndexStatus(View):
    """``absent``: none was built. ``ready``. ``rebuild``: there is one, but ``problem`` says why it cannot be
    used; searches go to the hubs alone."""

    state: Literal["absent", "ready", "rebuild"]
    problem: str | None = None
    manifest: IndexManifest | None = None


class IndexHandle:
    """The current index of a folder, for several threads. ``pages``: the address of each hub's datasets,
    which their ids follow."""

    def __init__(self, folder: Path, pages: Mapping[SourceName, str]) -> None:
        self.folder = folder
        self._pages = dict(pages)
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._index: DatasetIndex | None = None
        self._problem: str | None = None

    def current(self) -> DatasetIndex | None:
        """The index, opened anew where a fresher one has taken its place; None where none can be used.

        Blocks, for milliseconds. What was given out before stays open for who uses it.
        """
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return self._index
        with self._lock:
            if stamp != self._stamp:
                self._open()
                self._stamp = stamp
            return self._index

    def search(self, query: SearchQuery, sources: Sequence[SourceName]) -> IndexHits | None:
        """See ``DatasetIndex.search``; None where there is no index that can be used, or none of the
        ``sources``."""
        index = self.current()
        if index is None or not set(index.sources) & set(sources):
            return None
        try:
            return index.search(query, sources)
        except IndexUnusable as error:
            self._mark_unusable(index, error)
            return None

    def status(self) -> IndexStatus:
        """What there is, without opening it. Blocks, for as long as reading a small file takes."""
        try:
            manifest = read_manifest(self.folder)
        except IndexUnusable as error:
            return IndexStatus(state="rebuild", problem=_told(error))
        if manifest is None:
            return IndexStatus(state="absent")
        problem = self._problem if self._read_stamp() == self._stamp else None
        return IndexStatus(state="rebuild" if problem else "ready", problem=problem, manifest=manifest)

    def _mark_unusable(self, index: DatasetIndex, error: IndexUnusable) -> None:
        """Do without ``index``, whose files a search has found damaged, until another one is built."""
        with self._lock:
            if self._index is index:
                self._give_up(error)

    def _open(self) -> None:
        self._problem = None
        try:
            self._index = DatasetIndex.open(self.folder, self._pages)
        except IndexUnusable as error:
            self._give_up(error)

    def _give_up(self, error: IndexUnusable) -> None:
        self._index, self._problem = None, _told(error)
        _log.warning("%s", self._problem)

    def _read_stamp(self) -> _Stamp | None:
        try:
            stated = pointer_of(self.folder).stat()
        except OSError:
            return None
        return stated.st_ino, stated.st_mtime_ns, stated.st_size


def _told(error: IndexUnusable) -> str:
    return f"The index of the hubs' catalogues must be rebuilt: {error}."
