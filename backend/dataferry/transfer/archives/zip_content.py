"""What a zip holds: its members, unpacked."""

import bz2
import lzma
import os
import stat
import struct
from collections.abc import Callable
from typing import BinaryIO
from zlib import crc32

from dataferry.transfer.archives.compressed import Decompressor, Inflater
from dataferry.transfer.archives.extract import ExtractionTree
from dataferry.transfer.archives.faults import UNPACK_MEMORY_BYTES, CannotUnpack, DamagedArchive
from dataferry.transfer.archives.growing_file import prioritized
from dataferry.transfer.archives.zip_directory import ZipDirectory, ZipMember, read_directories

_STORED, _DEFLATED, _BZIP2, _LZMA, _XZ = 0, 8, 12, 14, 95
_METHODS = frozenset({_STORED, _DEFLATED, _BZIP2, _LZMA, _XZ})
_METHOD_NAMES = {
    1: "shrunk",
    6: "imploded",
    9: "Deflate64",
    20: "Zstandard",
    93: "Zstandard",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
}
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_MAGIC = b"PK\x03\x04"
_INPUT_BYTES = 256 * 1024
_MAX_LINK_BYTES = 4096
#: Length of the properties in bytes: one for the parameters, four for the size of the dictionary.
_LZMA_PROPERTIES = 5
#: Some programs write members that share a few bytes; a bomb's share thousands.
_TOLERATED_OVERLAP = 16


def unpack_zip(stream: BinaryIO, tree: ExtractionTree, expect: Callable[[int], None]) -> None:
    """Write every file into the tree. Every name and size is judged before the first byte is written; the
    directories come first where the file is still being downloaded.

    Errors: ``CannotUnpack``, ``DamagedArchive``, ``UnsafeArchive``, ``DiskFull``, ``StoreNotWritable``.
    """
    with prioritized(stream):
        directories = read_directories(stream)
        size = stream.seek(0, os.SEEK_END)
    _check_overlap(directories, size, tree)
    plan = _Plan(stream, tree)
    for directory in directories:
        if directory.guessed is not None:
            label, name = directory.guessed
            tree.notes.add("code_page", name, detail=label)
        for member in directory.members:
            tree.check_cancelled()
            plan.add(member)
    plan.run(expect)
    _note_remainders(stream, directories, size, tree)


def _check_overlap(directories: list[ZipDirectory], size: int, tree: ExtractionTree) -> None:
    # The same member may be listed twice.
    ranges = {
        (member.offset, member.offset + _LOCAL.size + member.packed, member.name)
        for directory in directories
        for member in directory.members
    }
    end = shared = 0
    for start, stop, _ in sorted(ranges):
        shared += max(0, min(end, stop) - start)
        end = max(end, stop)
    packed = sum(stop - start for start, stop, _ in ranges)
    if shared > _TOLERATED_OVERLAP * len(ranges) or packed > size + _TOLERATED_OVERLAP * len(ranges):
        raise tree.refusal("its members overlap, which looks like a bomb")
    if end > size:
        raise DamagedArchive("its members lie behind its end")


def _note_remainders(
    stream: BinaryIO, directories: list[ZipDirectory], size: int, tree: ExtractionTree
) -> None:
    """Say what lies behind the last zip and between the zips. What is before the first is a program that
    unpacks it."""
    for before, after in zip(directories, [*directories[1:], None], strict=True):
        end = size if after is None else after.begin
        count = _length_without_zeros(stream, before.end, end)
        if count:
            tree.notes.add("trailing", detail=f"{count} bytes")


def _length_without_zeros(stream: BinaryIO, start: int, end: int) -> int:
    """How many bytes there are, without zeros at the beginning and at the end."""
    first = last = None
    stream.seek(start)
    at = start
    while at < end and (block := stream.read(min(_INPUT_BYTES, end - at))):
        if block.strip(b"\0"):
            first = at + len(block) - len(block.lstrip(b"\0")) if first is None else first
            last = at + len(block.rstrip(b"\0"))
        at += len(block)
    return 0 if first is None or last is None else last - first


class _Plan:
    """The members that will be written, by path."""

    def __init__(self, stream: BinaryIO, tree: ExtractionTree) -> None:
        self._stream = stream
        self._tree = tree
        self._members: dict[str, ZipMember] = {}
        self._reasons: set[str] = set()

    def add(self, member: ZipMember) -> None:
        if member.is_folder:
            self._tree.folder(member.name)
            return
        kind = stat.S_IFMT(member.mode)
        if kind not in (0, stat.S_IFREG, stat.S_IFLNK):
            self._tree.reserve_bytes(0)
            self._tree.leave_out("device", member.name)
        elif reason := _obstacle(member):
            self._tree.reserve_bytes(0)
            self._tree.leave_out("packed", member.name, detail=reason)
            self._reasons.add(reason)
        else:
            self._add_written(member)

    def _add_written(self, member: ZipMember) -> None:
        self._tree.reserve_bytes(member.size)
        if stat.S_ISLNK(member.mode) and member.size > _MAX_LINK_BYTES:
            raise self._tree.refusal("it holds a link of no sane length")
        path = self._tree.reserve_path(member.name, member.size)
        if path is None:
            return
        former = self._members.pop(path, None)
        if former is not None and (former.crc, former.size) != (member.crc, member.size):
            self._tree.notes.add("replaced", path)
        self._members[path] = member

    def run(self, expect: Callable[[int], None]) -> None:
        """Write them in the order in which they lie, and so arrive."""
        members = [(path, member) for path, member in self._members.items() if self._tree.owns(path)]
        if not members and self._reasons:
            raise CannotUnpack(f"it is {' and '.join(sorted(self._reasons))}")
        expect(len(members))
        for path, member in sorted(members, key=lambda each: each[1].offset):
            content = _Content(self._stream, member)
            if stat.S_ISLNK(member.mode):
                target = content.read(member.size + 1)
                self._tree.add_link(path, target.decode("utf-8", "surrogateescape"), hard=False)
            else:
                self._tree.write(path, member.size, content.read)


def _obstacle(member: ZipMember) -> str | None:
    """Why a member cannot be unpacked."""
    if member.encrypted:
        return "protected by a password"
    if member.method not in _METHODS:
        return f"packed with {_METHOD_NAMES.get(member.method, f'method {member.method}')}"
    return None


class _Content:
    """The plain bytes of a member, whose checksum is verified at their end."""

    def __init__(self, stream: BinaryIO, member: ZipMember) -> None:
        self._stream = stream
        self._member = member
        self._position = -1
        self._rest = member.packed
        self._crc = 0
        self._decompressor: Decompressor | None = None

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end.

        Errors: ``DamagedArchive``, and those of the decompressors.
        """
        if self._position < 0:
            self._open()
        chunk = self._plain(size)
        self._crc = crc32(chunk, self._crc)
        if not chunk and size > 0 and self._crc != self._member.crc:
            raise DamagedArchive(f"{self._member.name} has another checksum than the archive says")
        return chunk

    def _open(self) -> None:
        member = self._member
        self._stream.seek(member.offset)
        header = self._stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MAGIC):
            raise DamagedArchive(f"{member.name} is not where the archive says")
        *_, name, extra = _LOCAL.unpack(header)
        self._position = member.offset + _LOCAL.size + name + extra
        self._decompressor = self._new_decompressor()

    def _new_decompressor(self) -> Decompressor | None:
        method = self._member.method
        if method == _DEFLATED:
            return Inflater(-15)
        if method == _BZIP2:
            return bz2.BZ2Decompressor()
        if method == _XZ:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=UNPACK_MEMORY_BYTES)
        return self._lzma_decompressor() if method == _LZMA else None

    def _lzma_decompressor(self) -> Decompressor:
        """LZMA as zip has it: behind the version and the length of its properties they stand themselves."""
        properties = self._packed(int.from_bytes(self._packed(4)[2:], "little"))
        if len(properties) != _LZMA_PROPERTIES or properties[0] >= 9 * 5 * 5:
            raise DamagedArchive(f"{self._member.name} has broken LZMA properties")
        rest, lc = divmod(properties[0], 9)
        pb, lp = divmod(rest, 5)
        # More than all that comes out of it is never looked back at, whatever is declared.
        size = min(int.from_bytes(properties[1:], "little"), max(4096, self._member.size))
        if size > UNPACK_MEMORY_BYTES:
            raise CannotUnpack(f"it wants more than {UNPACK_MEMORY_BYTES >> 20} MiB of memory")
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": lc, "lp": lp, "pb": pb}]
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)

    def _plain(self, size: int) -> bytes:
        decompressor = self._decompressor
        if decompressor is None:
            return self._packed(size)
        while not decompressor.eof:
            data = self._packed(_INPUT_BYTES) if decompressor.needs_input else b""
            if not data and decompressor.needs_input:
                break  # cut short: size and checksum will tell
            if chunk := decompressor.decompress(data, size):
                return chunk
        return b""

    def _packed(self, size: int) -> bytes:
        self._stream.seek(self._position)
        data = self._stream.read(min(size, self._rest))
        self._position += len(data)
        self._rest -= len(data)
        return data
