"""The files of a recorded version as a tree, read from the cache of its repository."""

from pathlib import Path

from dataferry.core.files.no_links import is_regular
from dataferry.library.file_trees import FileList, StoredFile
from dataferry.library.versions.recording import files_in
from dataferry.library.versions.repository import DatasetVersions, Recorded
from dataferry.sources.cache import TtlCache

#: Lists of files that are kept: clients ask for one file after another.
_KEPT_S, _KEPT = 300.0, 4


class VersionTrees:
    """Everything blocks."""

    def __init__(self) -> None:
        self._lists = TtlCache[FileList](_KEPT_S, _KEPT)

    def files(self, versions: DatasetVersions, version: Recorded) -> FileList:
        """Every file of a version."""
        key = (str(versions.folder), version.id)
        known = self._lists.get(key)
        if known is None:
            known = FileList(
                [StoredFile(path, file.size, file.sha256, None) for path, file in files_in(versions, version)]
            )
            self._lists.put(key, known)
        return known


def content_of(versions: DatasetVersions, file: StoredFile) -> Path | None:
    """Where the bytes of a version's file lie; None where they are gone."""
    path = versions.repository.cache.path("objects", file.sha256)
    return path if is_regular(path) and path.stat().st_size == file.size else None
