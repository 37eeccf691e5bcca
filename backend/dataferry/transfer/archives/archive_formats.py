"""The archive formats: zip, tar in its compressions, and single compressed files.

All are read from a seekable stream, which may be a file that is still being downloaded: zip asks for its end
first, the others go from the first byte to the last.
"""

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing, nullcontext
from posixpath import basename
from tarfile import InvalidHeaderError, TruncatedHeaderError  # type: ignore[attr-defined]
from typing import IO, Any, BinaryIO, Literal, Self, cast

from dataferry.core.types import Grade
from dataferry.transfer.archives.extract import DamagedArchive, ExtractionTree, archive_faults, decode_name
from dataferry.transfer.archives.growing_file import prioritized

Format = Literal["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "gz", "bz2", "xz"]

_MAGIC: dict[bytes, Literal["gz", "bz2", "xz"]] = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_NAMED_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_OPEN: dict[str, Callable[[BinaryIO], Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_MAX_LINK_BYTES = 4096


def format_of(stream: BinaryIO, name: str) -> Format | None:
    """The format by the bytes of a file called ``name``; None for what is to stay as it is: what is no
    archive, or a single compressed file whose name does not say so.

    Errors: ``DamagedArchive``.
    """
    stream.seek(0)
    head = stream.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if _is_tar_header(head):
        return "tar"
    for magic, compression in _MAGIC.items():
        if head.startswith(magic):
            return _compressed_format(stream, name, compression)
    # A self-extracting zip begins with a program.
    with prioritized(stream):
        return "zip" if zipfile.is_zipfile(stream) else None


def _compressed_format(stream: BinaryIO, name: str, compression: Literal["gz", "bz2", "xz"]) -> Format | None:
    stream.seek(0)
    with archive_faults(name), closing(_OPEN[compression](stream)) as file:
        if _is_tar_header(file.read(512)):
            return cast(Format, f"tar.{compression}")
    single = name.lower().endswith(f".{compression}") and not is_named_archive(name)
    return compression if single else None


def is_named_archive(path: str) -> bool:
    """Whether a name promises an archive with members."""
    return path.lower().endswith(_NAMED_ARCHIVES)


def _is_tar_header(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def members_grade(format: Format, archive: Grade) -> Grade:
    """The grade of an archive's members: the publisher's where the archive has it, else that of the CRCs
    inside. A bare tar has none."""
    if archive == "publisher" or format == "tar":
        return archive
    return "transport"


def unpack(stream: BinaryIO, format: Format, tree: ExtractionTree, expect: Callable[[int], None]) -> None:
    """Write every file of the archive into the tree. ``expect`` is called with the number of files, as far as
    it is known.

    Errors: ``UnsafeArchive``, ``DamagedArchive``, ``DiskFull``, ``StoreNotWritable``.
    """
    with archive_faults(tree.archive):
        if format == "zip":
            _unpack_zip(stream, tree, expect)
        elif format in _OPEN:
            expect(1)
            _unpack_single(stream, format, tree)
        else:
            _unpack_tar(stream, format, tree)
        tree.resolve_links()


def _unpack_zip(stream: BinaryIO, tree: ExtractionTree, expect: Callable[[int], None]) -> None:
    with prioritized(stream):
        size = stream.seek(0, os.SEEK_END)
        container = zipfile.ZipFile(stream)
    with container:
        members = [member for member in container.infolist() if not _is_folder(member)]
        if sum(member.compress_size for member in members) > size:
            raise tree.refusal("its members overlap, which looks like a bomb")
        files: list[tuple[str, zipfile.ZipInfo]] = []
        # Every name and size is judged before the first byte is written.
        for member in members:
            if member.flag_bits & _ENCRYPTED:
                raise tree.refusal("it is protected by a password")
            kind = stat.S_IFMT(member.external_attr >> 16)
            tree.reserve_bytes(member.file_size)
            if kind == stat.S_IFLNK:
                if member.file_size > _MAX_LINK_BYTES:
                    raise tree.refusal("it holds a link of no sane length")
                tree.link(_zip_name(member), decode_name(container.read(member), "cp437"), hard=False)
            elif kind not in (0, stat.S_IFREG):
                raise tree.refusal(f"{_zip_name(member)!r} is neither a file nor a folder")
            elif (path := tree.reserve_path(_zip_name(member))) is not None:
                files.append((path, member))
        expect(len(members))
        # In the order in which they lie, and so arrive.
        for path, member in sorted(files, key=lambda each: each[1].header_offset):
            with container.open(member) as content:
                tree.write(path, member.file_size, content.read)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """UTF-8 where the flag says so or where it happens to be; else code page 437, as the format has it.
    Some Windows tools separate folders with a backslash."""
    name = member.orig_filename
    if not member.flag_bits & _UTF8_NAME:
        name = decode_name(name.encode("cp437"), "cp437")
    return name.replace("\\", "/")


def _is_folder(member: zipfile.ZipInfo) -> bool:
    return _zip_name(member).endswith("/") or stat.S_ISDIR(member.external_attr >> 16)


def _unpack_single(stream: BinaryIO, format: Format, tree: ExtractionTree) -> None:
    stream.seek(0)
    path = tree.reserve_path(basename(tree.archive)[: -len(format) - 1])
    if path is None:
        raise tree.refusal("it has no name")
    with closing(_OPEN[format](stream)) as plain:
        tree.write(path, None, _BoundedReader(plain, tree).read)


def _unpack_tar(stream: BinaryIO, format: Format, tree: ExtractionTree) -> None:
    compression = format.partition(".")[2]
    stream.seek(0)
    with closing(_OPEN[compression](stream)) if compression else nullcontext(stream) as plain:
        source = _BoundedReader(plain, tree)
        with tarfile.open(fileobj=cast(IO[bytes], source), mode="r|", tarinfo=_Header) as container:
            for member in container:
                tree.check_cancelled()
                _extract_tar_member(container, member, tree)
                # Else a member is remembered for every file of the archive.
                container.members = []  # type: ignore[attr-defined]
        # The compression's own checksum stands behind the last byte.
        while source.read(1 << 20):
            pass
    if not compression and not _ends_in_zeros(stream):
        raise DamagedArchive("it is cut short")


class _Header(tarfile.TarInfo):
    """A broken header in mid-archive is damage. By itself tarfile takes it for the end."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except (InvalidHeaderError, TruncatedHeaderError) as error:
            raise DamagedArchive(f"a header is broken: {error}") from error


def _ends_in_zeros(stream: BinaryIO) -> bool:
    """A tar ends in blocks of zeros; where no checksum stands behind it, one without was cut short."""
    stream.seek(-512, os.SEEK_END)
    return not any(stream.read())


def _extract_tar_member(container: tarfile.TarFile, member: tarfile.TarInfo, tree: ExtractionTree) -> None:
    name = _tar_text(member.name)
    if member.isdir():
        return
    if member.issym() or member.islnk():
        tree.reserve_bytes(0)
        tree.link(name, _tar_text(member.linkname), hard=member.islnk())
    elif member.isreg():
        tree.reserve_bytes(member.size)
        path, stream = tree.reserve_path(name), container.extractfile(member)
        if path is None or stream is None:
            raise DamagedArchive(f"{name!r} has no content")
        with stream:
            tree.write(path, member.size, stream.read)
    else:
        raise tree.refusal(f"{name!r} is neither a file nor a folder")


def _tar_text(text: str) -> str:
    return decode_name(text.encode("utf-8", "surrogateescape"), "latin-1")


class _BoundedReader:
    """Decompressed bytes, up to the tree's ``max_bytes``; headers count as well."""

    def __init__(self, plain: Any, tree: ExtractionTree) -> None:
        self._plain = plain
        self._tree = tree
        self._count = 0

    def read(self, size: int) -> bytes:
        self._tree.check_cancelled()
        chunk: bytes = self._plain.read(size)
        self._count += len(chunk)
        if self._count > self._tree.max_bytes:
            raise self._tree.refusal(
                f"it grows to more than {self._tree.max_bytes} bytes, which looks like a bomb"
            )
        return chunk
