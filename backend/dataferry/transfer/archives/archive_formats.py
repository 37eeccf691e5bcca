"""The archive formats: zip, tar in its compressions, and single compressed files.

All are read from a seekable stream, which may be a file that is still being downloaded: zip asks for its end
first, the others go from the first byte to the last.
"""

from collections.abc import Callable
from contextlib import suppress
from posixpath import basename
from typing import BinaryIO, Literal, cast

from dataferry.core.types import Grade
from dataferry.transfer.archives.compressed import CompressedStream, Compression, compression_of
from dataferry.transfer.archives.extract import ExtractionTree
from dataferry.transfer.archives.faults import CannotUnpack, EmptyArchive, archive_faults
from dataferry.transfer.archives.growing_file import prioritized
from dataferry.transfer.archives.tar_content import Reader, is_tar_header, unpack_tar
from dataferry.transfer.archives.zip_content import unpack_zip
from dataferry.transfer.archives.zip_directory import has_zip_end

Format = Literal["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "gz", "bz2", "xz"]

_NAMED_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
#: A member, the end of an empty zip, the first part of a split one, and a split one that needed no parts.
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK\x03\x04")
_OTHERS = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x28\xb5\x2f\xfd": "packed with Zstandard",
    b"\x04\x22\x4d\x18": "packed with LZ4",
    b"LZIP": "packed with lzip",
    b"\x1f\x9d": "packed with compress",
    b"\x1f\xa0": "packed with compress",
    b"MSCF": "a cabinet",
    b"\x60\xea": "an ARJ archive",
    b"xar!": "a xar archive",
    b"!<arch>\n": "an ar archive",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"PAR1": "a Parquet file",
}
_HEAD_BYTES = 512
#: So much of a stream that should be a tar is looked at for damage.
_VERIFIED_BYTES = 64 << 20


def format_of(stream: BinaryIO, name: str) -> Format | None:
    """The format by the bytes of a file called ``name``; None for what is to stay as it is: what is no
    archive, or a single compressed file whose name does not say so.

    Errors: ``DamagedArchive``; ``CannotUnpack`` for an archive of another kind under an archive's name.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    if head.startswith(_ZIP_MAGIC):
        return "zip"
    if is_tar_header(head) or (_is_tar_name(name) and head and not any(head)):
        return "tar"
    if compression := compression_of(head):
        return _compressed_format(stream, name, compression)
    # A self-extracting zip begins with a program.
    with prioritized(stream):
        if has_zip_end(stream):
            return "zip"
    kind = next((kind for magic, kind in _OTHERS.items() if head.startswith(magic)), None)
    if kind is not None and is_named_archive(name):
        raise CannotUnpack(f"it is {kind}")
    return None


def _compressed_format(stream: BinaryIO, name: str, compression: Compression) -> Format | None:
    stream.seek(0)
    plain = CompressedStream(stream, compression)
    head = b""
    with archive_faults():
        while len(head) < _HEAD_BYTES and (chunk := plain.read(_HEAD_BYTES - len(head))):
            head += chunk
    if is_tar_header(head) or (_is_tar_name(name) and head and not any(head)):
        return cast(Format, f"tar.{compression}")
    if is_named_archive(name):
        with archive_faults():
            _verify_beginning(plain)
        raise CannotUnpack(f"it is one file packed with {_COMPRESSION_NAMES[compression]}")
    return compression if name.lower().endswith(f".{compression}") else None


def _verify_beginning(plain: CompressedStream) -> None:
    """Damage is found only at the end of a block or of the stream, and until then what comes is no tar."""
    rest = _VERIFIED_BYTES
    while rest > 0 and (chunk := plain.read(min(rest, 1 << 20))):
        rest -= len(chunk)


_COMPRESSION_NAMES: dict[Compression, str] = {"gz": "gzip", "bz2": "bzip2", "xz": "xz"}


def is_named_archive(path: str) -> bool:
    """Whether a name promises an archive with members."""
    return path.lower().endswith(_NAMED_ARCHIVES)


def _is_tar_name(path: str) -> bool:
    return is_named_archive(path) and not path.lower().endswith(".zip")


def is_page(stream: BinaryIO) -> bool:
    """Whether a file that is no archive is text, such as a page that was sent in the archive's place."""
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    with suppress(UnicodeDecodeError):
        head.decode("utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
        return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return head.lstrip().startswith(b"<")


def members_grade(format: Format, archive: Grade) -> Grade:
    """The grade of an archive's members: the publisher's where the archive has it, else that of the CRCs
    inside. A bare tar has none."""
    if archive == "publisher" or format == "tar":
        return archive
    return "transport"


def unpack(stream: BinaryIO, format: Format, tree: ExtractionTree, expect: Callable[[int], None]) -> None:
    """Write every file of the archive into the tree. ``expect`` is called with the number of files, as far as
    it is known.

    Errors: ``CannotUnpack``, ``UnsafeArchive``, ``DamagedArchive``, ``DiskFull``, ``StoreNotWritable``.
    """
    with archive_faults():
        if format == "zip":
            unpack_zip(stream, tree, expect)
        elif format in ("gz", "bz2", "xz"):
            expect(1)
            _unpack_single(stream, format, tree)
        else:
            _unpack_tar(stream, format, tree)
        tree.resolve_links()
    if not tree.files and tree.holds_devices:
        raise tree.refusal("it holds nothing but what is neither a file nor a folder")
    if not tree.files:
        raise EmptyArchive("it holds no files")


def _unpack_single(stream: BinaryIO, format: Compression, tree: ExtractionTree) -> None:
    path = tree.reserve_path(basename(tree.archive)[: -len(format) - 1])
    if path is None:
        raise CannotUnpack("its name says none for what is in it")
    stream.seek(0)
    plain = CompressedStream(stream, format)
    tree.write(path, None, _BoundedReader(plain, tree).read)
    _note_trailing(plain, tree)


def _unpack_tar(stream: BinaryIO, format: Format, tree: ExtractionTree) -> None:
    compression = format.partition(".")[2]
    stream.seek(0)
    if compression:
        plain = CompressedStream(stream, cast(Compression, compression))
        unpack_tar(_BoundedReader(plain, tree), tree, checked=True)
        _note_trailing(plain, tree)
    else:
        unpack_tar(_BoundedReader(stream, tree), tree, checked=False)


def _note_trailing(plain: CompressedStream, tree: ExtractionTree) -> None:
    if plain.trailing:
        tree.notes.add("trailing", detail=f"{plain.trailing} bytes")


class _BoundedReader:
    """Decompressed bytes, up to the tree's ``max_bytes``; headers count as well."""

    def __init__(self, plain: Reader, tree: ExtractionTree) -> None:
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
