"""Files of the promised bytes that are on this machine already, linked instead of downloaded."""

from collections.abc import Callable, Iterable
from pathlib import Path

from dataferry.core.errors import ChecksumMismatch
from dataferry.core.files.digests import Digests
from dataferry.core.types import FileEntry
from dataferry.transfer.contract import FetchedFile, Reuse
from dataferry.transfer.files.progress import ProgressMeter
from dataferry.transfer.files.workdir import Workdir

_CHUNK_BYTES = 1 << 20


def reuse_files(
    files: Iterable[FileEntry],
    reuse: Reuse,
    workdir: Workdir,
    meter: ProgressMeter,
    check_cancelled: Callable[[], None],
) -> dict[str, FetchedFile]:
    """Link those of the files that are on this machine; what was linked, by path. Their bytes are verified
    again: a disk can damage them, and a link to damage is damage.

    Errors: ``DiskFull``, ``StoreNotWritable``, and what ``check_cancelled`` raises.
    """
    found = {}
    for entry in files:
        check_cancelled()
        meter.report_if_due()
        if entry.checksum is None or entry.size is None:
            continue
        existing = reuse(entry.checksum, entry.size)
        if existing is None:
            continue
        file = _verified(entry, existing, check_cancelled)
        if file is not None and workdir.link_existing(entry, existing, file):
            found[entry.path] = file
            meter.add(file.size)
            meter.file_completed()
    return found


def _verified(entry: FileEntry, existing: Path, check_cancelled: Callable[[], None]) -> FetchedFile | None:
    """The file's description, if it has the promised bytes; else None."""
    digests = Digests(entry.checksum, entry.size)
    count = 0
    try:
        with existing.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                check_cancelled()
                digests.update(chunk)
                count += len(chunk)
        grade = digests.verify(entry.path)
    except (OSError, ChecksumMismatch):
        return None
    return FetchedFile(entry.path, count, digests.sha256, grade) if count == entry.size else None
