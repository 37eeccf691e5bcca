"""A dataset as one zip or tar file, made while it is sent: nothing is written to the disk, and its length is
known before its first byte, so that whoever fetches it sees how far it is and whether all has come.

Files are stored as they are: most are compressed already, and a length that is known is worth more.
"""

import os
import tarfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal
from zipfile import ZIP64_LIMIT, ZIP_FILECOUNT_LIMIT, ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ArchiveFormat = Literal["zip", "tar"]

_CHUNK = 1 << 20
_MODE = 0o644
#: Bytes of the parts of a zip file without names and sizes of 64 bits (PKWARE's APPNOTE, 4.3).
_LOCAL_HEADER, _DESCRIPTOR, _ENTRY, _END = 30, 16, 46, 22
#: What sizes of 64 bits add: to the header, to the descriptor, and at the end.
_ZIP64_HEADER, _ZIP64_DESCRIPTOR, _ZIP64_END = 20, 8, 56 + 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its ``name`` there, where its ``size`` bytes lie, and when it was written."""

    name: str
    path: Path
    size: int
    modified: float


class Sink(RawIOBase):
    """Keeps what an archiver writes until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: "ReadableBuffer") -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def archive_length(format: ArchiveFormat, members: Iterable[tuple[str, int]]) -> int:
    """Bytes of the archive that ``archive_pieces`` makes. ``members``: name and size of each."""
    return _zip_length(members) if format == "zip" else _tar_length(members)


def archive_pieces(format: ArchiveFormat, members: Iterable[Member]) -> Iterator[bytes]:
    """The archive, some 1 MiB at a time. Blocks.

    Errors: ``OSError``, also for a file that has not the stated size or that a symbolic link has taken the
    place of.
    """
    return _zip_pieces(members) if format == "zip" else _tar_pieces(members)


def _zip_pieces(members: Iterable[Member]) -> Iterator[bytes]:
    sink = Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for member in members:
            entry = ZipInfo(member.name, _zip_time(member.modified))
            entry.external_attr = _MODE << 16
            with (
                _opened(member) as file,
                archive.open(entry, "w", force_zip64=member.size > ZIP64_LIMIT) as written,
            ):
                for chunk in _chunks(file, member.size):
                    written.write(chunk)
                    yield sink.take()
    yield sink.take()


def _zip_length(members: Iterable[tuple[str, int]]) -> int:
    length = directory = count = 0
    for name, size in members:
        encoded = len(name.encode())
        large, far = size > ZIP64_LIMIT, length > ZIP64_LIMIT
        wide = [*([8, 8] if large else []), *([8] if far else [])]
        directory += _ENTRY + encoded + (4 + sum(wide) if wide else 0)
        length += _LOCAL_HEADER + encoded + size + _DESCRIPTOR
        length += (_ZIP64_HEADER + _ZIP64_DESCRIPTOR) if large else 0
        count += 1
    wide_end = count > ZIP_FILECOUNT_LIMIT or length > ZIP64_LIMIT or directory > ZIP64_LIMIT
    return length + directory + _END + (_ZIP64_END if wide_end else 0)


def _zip_time(modified: float) -> tuple[int, int, int, int, int, int]:
    """A zip file's times begin with 1980."""
    stamp = time.gmtime(modified)[:6]
    return max(stamp, (1980, 1, 1, 0, 0, 0))


def _tar_pieces(members: Iterable[Member]) -> Iterator[bytes]:
    length = 0
    for member in members:
        header = _tar_header(member.name, member.size, member.modified)
        padding = -member.size % tarfile.BLOCKSIZE
        yield header
        with _opened(member) as file:
            yield from _chunks(file, member.size)
        yield bytes(padding)
        length += len(header) + member.size + padding
    yield bytes(_tar_end(length))


def _tar_length(members: Iterable[tuple[str, int]]) -> int:
    length = 0
    for name, size in members:
        length += len(_tar_header(name, size, 0)) + size + -size % tarfile.BLOCKSIZE
    return length + _tar_end(length)


def _tar_header(name: str, size: int, modified: float) -> bytes:
    entry = tarfile.TarInfo(name)
    # Whole seconds: a fraction would need a header of its own, of a length that depends on it.
    entry.size, entry.mtime, entry.mode = size, int(modified), _MODE
    return entry.tobuf(tarfile.PAX_FORMAT)


def _tar_end(length: int) -> int:
    """Two empty blocks, and what fills the last record."""
    return 2 * tarfile.BLOCKSIZE + -(length + 2 * tarfile.BLOCKSIZE) % tarfile.RECORDSIZE


def _opened(member: Member) -> IO[bytes]:
    return open(member.path, "rb", buffering=0, opener=_no_link)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def _chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise OSError(f"{file.name} is shorter than it was")
        left -= len(chunk)
        yield chunk
