"""The manifest of a plugin: what the transfer engine is to fetch."""

from functools import partial

from dataferry.core.types import Bytes, Checksum, DatasetRef, FileEntry, Http, Manifest
from dataferry.plugins.contract import Filed, RemoteFile, ShippedFile


def manifest_of(plugin: Filed) -> Manifest:
    """The files of the plugin's revision, with the checksums that their publishers tell. Of one that fetches
    them itself none is ``listed``."""
    entries = tuple(_entry(plugin, file) for file in plugin.files)
    return Manifest(DatasetRef("builtin", plugin.name), plugin.revision, entries, listed=bool(entries))


def _entry(plugin: Filed, file: ShippedFile | RemoteFile) -> FileEntry:
    if isinstance(file, ShippedFile):
        checksum = Checksum("sha256", file.sha256, "publisher")
        return FileEntry(file.path, Bytes(partial(plugin.open, file)), file.size, checksum)
    return FileEntry(
        file.path, Http(file.url, mirrors=file.mirrors), file.size, _published(file), unpack=file.unpack
    )


def _published(file: RemoteFile) -> Checksum | None:
    if file.sha256 is not None:
        return Checksum("sha256", file.sha256, "publisher")
    return None if file.md5 is None else Checksum("md5", file.md5, "publisher")
