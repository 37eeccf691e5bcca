"""A manifest becomes verified files. Usable alone::

    from pathlib import Path
    from threading import Event

    from dataferry.core.types import Checksum, DatasetRef, FileEntry, Http, Manifest
    from dataferry.transfer import fetch

    link = "https://example.org/iris.csv"
    promised = Checksum("md5", "42615765a885ddf54427f12c34a0a070", "publisher")
    files = (FileEntry("iris.csv", Http(link), checksum=promised),)
    manifest = Manifest(DatasetRef.make("url", link), revision="1", files=files)
    result = fetch(manifest, Path("iris"), print, Event())
    print(result.files[0].sha256)

Large files come over several connections and go on where they were when the engine was stopped;
``docs/transfer.md`` explains how. What all fetches of a process share is a ``Governor``'s to say.
"""

from dataferry.transfer.contract import FetchedFile, FetchResult, Limits
from dataferry.transfer.engine import fetch
from dataferry.transfer.files.disk import preflight
from dataferry.transfer.limits.governor import Governor, Member, Shares

__all__ = ["FetchResult", "FetchedFile", "Governor", "Limits", "Member", "Shares", "fetch", "preflight"]
