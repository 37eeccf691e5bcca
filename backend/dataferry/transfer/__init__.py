"""Downloads the files of a manifest and verifies them. Usable alone::

    from pathlib import Path
    from threading import Event

    from dataferry.core.types import Checksum, DatasetRef, FileEntry, Http, Manifest
    from dataferry.transfer import fetch

    url = "https://example.org/iris.csv"
    promised = Checksum("md5", "42615765a885ddf54427f12c34a0a070", "publisher")
    files = (FileEntry("iris.csv", Http(url), checksum=promised),)
    manifest = Manifest(DatasetRef.make("url", url), revision="1", files=files)
    result = fetch(manifest, Path("iris"), print, Event())
    print(result.files[0].sha256)

Large files are downloaded over several connections, and resumed where an earlier run ended. A ``Governor``
shares connections, quotas and bandwidth among all fetches of a process. ``docs/transfer.md`` explains both.
"""

from dataferry.transfer.contract import FetchedFile, FetchResult, Limits
from dataferry.transfer.engine import fetch
from dataferry.transfer.files.disk import preflight
from dataferry.transfer.files.run_folders import run_folder
from dataferry.transfer.files.workdir import discard_workdir, hold_workdir
from dataferry.transfer.limits.governor import Governor, Member, Shares

__all__ = [
    "FetchResult",
    "FetchedFile",
    "Governor",
    "Limits",
    "Member",
    "Shares",
    "discard_workdir",
    "fetch",
    "hold_workdir",
    "preflight",
    "run_folder",
]
