"""Files of the promised bytes that are on this machine already."""

from collections.abc import Callable, Iterable
from pathlib import Path

from dataferry.core.errors import ChecksumMismatch
from dataferry.core.files.digests import Digests
from dataferry.core.types import FileEntry
from dataferry.transfer.contract import FetchedFile, Reuse
from dataferry.transfer.files.progress import Meter
from dataferry.transfer.files.workdir import Partial

_CHUNK = 1 << 20


def reuse_files(
    files: Iterable[FileEntry], reuse: Reuse, work: Partial, meter: Meter, proceed: Callable[[], None]
) -> dict[str, FetchedFile]:
    """Those of the files that could be linked instead of fetched, by path. Their bytes are read once more:
    a disk forgets too, and a copy of damage is damage.

    Errors: ``DiskFull``, ``StoreNotWritable``, and what ``proceed`` raises.
    """
    found = {}
    for entry in files:
        proceed()
        meter.tick()
        if entry.checksum is None or entry.size is None:
            continue
        existing = reuse(entry.checksum, entry.size)
        if existing is None:
            continue
        file = _verified(entry, existing, proceed)
        if file is not None and work.link(entry, existing, file):
            found[entry.path] = file
            meter.add(file.size)
            meter.landed()
    return found


def _verified(entry: FileEntry, existing: Path, proceed: Callable[[], None]) -> FetchedFile | None:
    """What the file would be called, if it has the promised bytes."""
    digests = Digests(entry.checksum, entry.size)
    count = 0
    try:
        with existing.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                proceed()
                digests.update(chunk)
                count += len(chunk)
        grade = digests.verify(entry.path)
    except (OSError, ChecksumMismatch):
        return None
    return FetchedFile(entry.path, count, digests.sha256, grade) if count == entry.size else None
