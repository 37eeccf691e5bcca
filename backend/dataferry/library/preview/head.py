"""The first bytes of a file, unpacked: never more than is shown, whatever the file holds."""

import bz2
import gzip
import io
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal, Protocol, cast

from dataferry.library.preview.table import NotATable

#: Of a text file at most so much is read.
HEAD_BYTES = 2 << 20
#: A packed file that can only be read as a whole is unpacked up to this size.
WHOLE_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 18
#: What unpacking xz or zstd may take in memory: a header of a few bytes can ask for 4 GiB.
_MAX_MEMORY = 256 << 20

Packing = Literal["gzip", "bz2", "xz", "zstd", "zip"]
Kind = Literal["text", "parquet", "arrow", "xlsx", "xls"]
_SUFFIXES: dict[str, Packing] = {
    ".gz": "gzip",
    ".bz2": "bz2",
    ".xz": "xz",
    ".zst": "zstd",
    ".zip": "zip",
}
_PACKED: tuple[tuple[bytes, Packing], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1\0\0", "arrow"),
    # The mark of a message, with which a stream of them begins.
    (b"\xff\xff\xff\xff", "arrow"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
)
#: What precedes each file in a zip archive: signature, version, flags, method, time, date, CRC, two sizes,
#: and the lengths of its name and of what follows that.
_LOCAL_HEADER = struct.Struct("<IHHHHHIIIHH")


@dataclass(frozen=True, slots=True)
class Head:
    """``data``: the first bytes, unpacked. ``complete``: the file has no more. ``name``: what was packed,
    where that has a name, else the file's without the packing's suffix. ``packing`` is what the bytes say,
    ``named_packing`` what the suffix says: pandas goes by the suffix. ``damage``: why it ends early."""

    path: Path
    name: str
    kind: Kind
    data: bytes
    complete: bool
    packing: Packing | None = None
    named_packing: Packing | None = None
    damage: str | None = None

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


def read_head(path: Path, name: str, limit: int = HEAD_BYTES, *, cut: bool = False) -> Head:
    """The head of the file ``path``, which its dataset calls ``name``. ``cut``: ``path`` holds only its
    beginning.

    Errors: ``OSError``; ``NotATable`` for a packed file that cannot be unpacked, and for a zip archive of
    anything but one file.
    """
    named = _SUFFIXES.get(PurePosixPath(name).suffix.lower())
    inner = name.rpartition(".")[0] if named else name
    with path.open("rb") as file:
        start = file.read(8)
    packing = next((packing for magic, packing in _PACKED if start.startswith(magic)), None)
    if packing == "zip" and cut:
        data, inner = _beginning_of_zip(path, inner, limit)
        return Head(path, inner, _kind(data, complete=False), data, False, packing, named)
    if packing == "zip":
        with _archive(path) as archive:
            if _is_workbook(archive):
                return Head(path, inner, "xlsx", b"", False)
            inner = _only_member(archive).filename
    data, complete, damage = _unpacked(path, packing, limit, cut=cut)
    return Head(path, inner, _kind(data, complete), data, complete, packing, named, damage)


def _beginning_of_zip(path: Path, name: str, limit: int) -> tuple[bytes, str]:
    """The first bytes of the first file in an archive whose end is not there, and its name. ``name``: of the
    archive, without its suffix. Errors: ``NotATable``."""
    packed = path.read_bytes()
    try:
        _, _, flags, method, *_, name_length, extra_length = _LOCAL_HEADER.unpack_from(packed)
    except struct.error as error:
        raise NotATable("The archive cannot be read.") from error
    start = _LOCAL_HEADER.size + name_length
    inner = packed[_LOCAL_HEADER.size : start].decode("utf-8" if flags & 0x800 else "cp437", "replace")
    if flags & 1:
        raise NotATable("The archive is locked with a password.")
    if inner in ("[Content_Types].xml", "_rels/.rels") or inner.endswith("/"):
        raise NotATable("It is an archive that can only be read as a whole.")
    body = packed[start + extra_length :]
    if method == zipfile.ZIP_STORED:
        return body[:limit], inner
    if method != zipfile.ZIP_DEFLATED:
        raise NotATable("The archive is packed in a way that can only be read as a whole.")
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, limit), inner
    except zlib.error as error:
        raise NotATable(f"It cannot be unpacked: {error}") from error


def unpacked(head: Head) -> Iterator[bytes]:
    """All of the file, unpacked, some at a time. Errors: ``NotATable`` where it is damaged."""
    try:
        yield from _stream(head.path, head.packing)
    except (EOFError, RuntimeError, ValueError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
        raise NotATable(f"It is damaged: {error}") from error


def whole(head: Head) -> bytes:
    """All of a packed file. Errors: ``NotATable`` beyond ``WHOLE_BYTES``."""
    data, complete, damage = _unpacked(head.path, head.packing, WHOLE_BYTES)
    if damage is not None:
        raise NotATable(f"It is damaged: {damage}")
    if not complete:
        raise NotATable(f"It is packed, and larger than {WHOLE_BYTES >> 20} MiB.")
    return data


def _kind(data: bytes, complete: bool) -> Kind:
    if complete and data.startswith(b"PK\x03\x04"):
        with _archive(io.BytesIO(data)) as archive:
            return "xlsx" if _is_workbook(archive) else "text"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "text")


def _unpacked(
    path: Path, packing: Packing | None, limit: int, *, cut: bool = False
) -> tuple[bytes, bool, str | None]:
    """At most ``limit`` bytes, whether these are all, and why unpacking ended early, where it did. A file
    that is ``cut`` may end anywhere.

    Errors: ``NotATable`` where not a byte can be unpacked.
    """
    parts: list[bytes] = []
    length = 0
    try:
        for part in _stream(path, packing):
            parts.append(part)
            length += len(part)
            if length > limit:
                break
    except (
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        lzma.LZMAError,
        zlib.error,
        zipfile.BadZipFile,
    ) as error:
        if packing is None:
            raise
        if cut and isinstance(error, EOFError):
            if not parts:
                raise NotATable("It is packed in parts that are too long to be looked into.") from error
            return b"".join(parts)[:limit], False, None
        if not parts:
            raise NotATable(f"It cannot be unpacked: {error}") from error
        # What came before the damage is worth showing.
        return b"".join(parts)[:limit], False, str(error)
    return b"".join(parts)[:limit], length <= limit and not cut, None


def _stream(path: Path, packing: Packing | None) -> Iterator[bytes]:
    with path.open("rb") as file:
        match packing:
            case None:
                yield from _chunks(file)
            case "gzip":
                with gzip.GzipFile(fileobj=file) as stream:
                    yield from _chunks(stream)
            case "bz2":
                with bz2.BZ2File(file) as stream:
                    yield from _chunks(stream)
            case "xz":
                yield from _xz(file)
            case "zstd":
                yield from _zstd(file)
            case "zip":
                with _archive(file) as archive, archive.open(_only_member(archive)) as member:
                    yield from _chunks(cast("_Readable", member))


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def _chunks(stream: _Readable) -> Iterator[bytes]:
    # read1() gives what there is before it meets damage.
    while chunk := stream.read1(_CHUNK_BYTES):
        yield chunk


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    """As ``lzma.open``, which has no limit of memory."""
    packed = file.read(_CHUNK_BYTES)
    while packed:
        stream = lzma.LZMADecompressor(memlimit=_MAX_MEMORY)
        while not stream.eof:
            if stream.needs_input and not packed and not (packed := file.read(_CHUNK_BYTES)):
                raise EOFError("it ends in the middle")
            part = stream.decompress(packed, _CHUNK_BYTES)
            packed = b""
            if part:
                yield part
        # Another stream may follow, or padding.
        packed = (stream.unused_data + file.read(_CHUNK_BYTES)).lstrip(b"\0")


def _zstd(file: IO[bytes]) -> Iterator[bytes]:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_MEMORY)
    with unpacker.stream_reader(file, read_across_frames=True, closefd=False) as stream:
        try:
            yield from _chunks(stream)
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error


def _archive(file: Path | IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise NotATable(f"The archive cannot be read: {error}") from error


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    return "xl/workbook.xml" in archive.namelist()


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Errors: ``NotATable`` where there is another number of files than one."""
    members = [
        one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise NotATable(f"It is an archive of {len(members):,} files.")
    return members[0]


@contextmanager
def on_disk(head: Head) -> Iterator[Path]:
    """The file itself, or what is packed in it: readers want a path, and the end first."""
    if head.packing is None:
        yield head.path.absolute()
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "unpacked"
        file.write_bytes(whole(head))
        yield file
