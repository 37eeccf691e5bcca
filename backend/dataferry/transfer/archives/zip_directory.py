"""The directory of a zip, which alone says what is in it: names and sizes that members repeat do not count.

The layout is that of PKWARE's APPNOTE.TXT; ``Unicode Path`` is Info-ZIP's extra field 0x7075.
"""

import os
import stat
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO
from zlib import crc32

from dataferry.transfer.archives.code_pages import CodePage, guess_code_page, read_name, utf_8
from dataferry.transfer.archives.faults import CannotUnpack, DamagedArchive

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END_MAGIC, _END64_MAGIC, _LOCATOR_MAGIC = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_ENTRY_MAGIC = b"PK\x01\x02"
_SPLIT_MAGIC = b"PK\x07\x08"
_SPLIT = "it is one part of a split zip"
#: The end record with the longest comment.
_TAIL_BYTES = 65_535 + _END.size
_UTF8_NAME = 0x800
_ENCRYPTED = 0x2041  # by a password, strongly, or the directory itself
_UNICODE_PATH, _ZIP64 = 0x7075, 0x0001
_AES_METHOD = 99
#: Hosts in the upper byte of "version made by" that write names in a DOS code page: FAT, OS/2, NTFS, VFAT.
_DOS_HOSTS = frozenset({0, 6, 10, 11, 14})
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_WRAP = 1 << 32
#: So much may stand behind a zip.
_MAX_TRAILING = 16 << 20
#: How many places that look like an end are looked at.
_MAX_ENDS = 10_000
#: How many zips joined in one file are looked for.
_MAX_JOINED = 1000


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A member as the directory has it. ``offset`` is that of its local header in the file; sizes are in
    bytes, ``packed`` is what it takes in the archive."""

    name: str
    method: int
    encrypted: bool
    crc: int
    packed: int
    size: int
    offset: int
    mode: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/") or stat.S_ISDIR(self.mode)


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """``begin`` is the offset of the first member, ``end`` that behind the end record. ``guessed``: the code
    page in which names were read, and one of them; None where all say theirs."""

    members: list[ZipMember]
    begin: int
    end: int
    guessed: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class _Entry:
    raw: bytes
    flags: int
    host: int
    extra: bytes
    numbers: tuple[int, int, int, int, int, int]

    @property
    def declared_name(self) -> str | None:
        """The name in the encoding that is declared; None where none is."""
        for kind, content in _extra_fields(self.extra):
            if kind == _UNICODE_PATH and content[:1] == b"\x01" and len(content) > 5:
                fits = int.from_bytes(content[1:5], "little") == crc32(self.raw)
                if fits and (name := utf_8(content[5:])):
                    return name
        return utf_8(self.raw) if self.flags & _UTF8_NAME or self.raw.isascii() else None


def has_zip_end(stream: BinaryIO) -> bool:
    """Whether a file whose beginning is no zip's has the end of one, as a self-extracting zip has."""
    size = stream.seek(0, os.SEEK_END)
    return any(True for _ in _ends(stream, size, max(0, size - _TAIL_BYTES)))


def read_directories(stream: BinaryIO) -> list[ZipDirectory]:
    """The directories of all zips that were joined in a file, in their order.

    Errors: ``DamagedArchive`` where there is none, or it is cut; ``CannotUnpack`` for one part of a split zip
    and for an encrypted directory.
    """
    size = stream.seek(0, os.SEEK_END)
    last = _last_directory(stream, size, max(0, size - _MAX_TRAILING))
    if last is None and _read_at(stream, 0, 4) == _SPLIT_MAGIC:
        raise CannotUnpack(_SPLIT)
    if last is None:
        raise DamagedArchive("its directory is missing")
    directories = [last]
    while directories[0].begin > 0 and len(directories) < _MAX_JOINED:
        begin = directories[0].begin
        before = _last_directory(stream, begin, max(0, begin - _TAIL_BYTES))
        if before is None:
            break
        directories.insert(0, before)
    return directories


def _last_directory(stream: BinaryIO, size: int, lowest: int) -> ZipDirectory | None:
    """The directory of the zip that ends last below ``size``; its end record is above ``lowest``."""
    for at, record in _ends(stream, size, lowest):
        return _read_directory(stream, at, record)
    return None


def _ends(stream: BinaryIO, size: int, lowest: int) -> Iterator[tuple[int, bytes]]:
    """Where there are end records whose directory is where they say, the last one first."""
    high, looked_at = size, 0
    while high > lowest and looked_at < _MAX_ENDS:
        low = max(lowest, high - _TAIL_BYTES)
        # Overlaps the block before, so that a record on the border is found too.
        block = _read_at(stream, low, min(size, high + _END.size - 1) - low)
        found = len(block)
        while (found := block.rfind(_END_MAGIC, 0, found + 3)) >= 0:
            looked_at += 1
            record = block[found : found + _END.size]
            if len(record) == _END.size and low + found < high and _is_end(stream, size, low + found, record):
                yield low + found, record
        high = low


def _is_end(stream: BinaryIO, size: int, at: int, record: bytes) -> bool:
    _, disk, _, _, count, length, offset, comment = _END.unpack(record)
    if disk not in (0, _MAX16):
        return bool(at + _END.size + comment == size)
    if count == _MAX16 or _MAX32 in (length, offset):
        return True
    if count == 0:
        return at == 0
    places = (at - length, offset)
    return any(0 <= place < at and _read_at(stream, place, 4) == _ENTRY_MAGIC for place in places)


def _read_directory(stream: BinaryIO, at: int, record: bytes) -> ZipDirectory:
    _, disk, first_disk, _, count, length, offset, comment = _END.unpack(record)
    end, behind = at + _END.size + comment, at
    end64 = _read_end64(stream, at)
    if end64 is not None:
        behind, disk, first_disk, count, length, offset = end64
    if disk not in (0, _MAX16) or first_disk not in (0, _MAX16):
        raise CannotUnpack(_SPLIT)
    if length > behind:
        raise DamagedArchive("its directory is longer than what is before its end")
    # What lies before the zip, a program that unpacks it, say, has moved everything.
    moved = behind - length - offset
    if count and _read_at(stream, offset + moved, 4) != _ENTRY_MAGIC:
        moved = 0  # something lies between the directory and its end
    if offset + moved < 0 or moved < 0:
        raise DamagedArchive("its directory is not where it should be")
    block = _read_at(stream, offset + moved, length)
    entries = list(_entries(block))
    if end64 is None and moved > 0 and moved % _WRAP == 0:
        # The Mac's own program counts on modulo 4 GiB where others write a zip64.
        entries, offset, moved = list(_unwrapped(entries)), offset + moved, 0
    # Programs that do not know zip64 count modulo 65,536.
    if len(entries) < count or (len(entries) & _MAX16) != (count & _MAX16):
        raise DamagedArchive(f"its directory lists {len(entries)} of {count} members")
    members, guessed = _members(entries, moved)
    begin = min((member.offset for member in members), default=offset + moved)
    return ZipDirectory(members, begin, max(end, at + _END.size), guessed)


def _read_end64(stream: BinaryIO, at: int) -> tuple[int, int, int, int, int, int] | None:
    """Offset, disk, disk of the directory, members, length and offset of the directory, as zip64 has them."""
    locator = _read_at(stream, at - _LOCATOR.size, _LOCATOR.size) if at >= _LOCATOR.size else b""
    if not locator.startswith(_LOCATOR_MAGIC):
        return None
    recorded = _LOCATOR.unpack(locator)[2]
    for place in (at - _LOCATOR.size - _END64.size, recorded):
        record = _read_at(stream, place, _END64.size) if place >= 0 else b""
        if record.startswith(_END64_MAGIC) and len(record) == _END64.size:
            _, _, _, _, disk, first_disk, _, count, length, offset = _END64.unpack(record)
            return place, disk, first_disk, count, length, offset
    return None


def _entries(block: bytes) -> Iterator[_Entry]:
    at = 0
    while len(block) - at >= _ENTRY.size and block.startswith(_ENTRY_MAGIC, at):
        (_, made_by, _, flags, method, _, _, crc, packed, size, name, extra, comment, _, _, mode, offset) = (
            _ENTRY.unpack_from(block, at)
        )
        names = at + _ENTRY.size
        fields = block[names + name : names + name + extra]
        packed, size, offset = _wide(fields, packed, size, offset)
        kind = stat.S_IFMT(mode >> 16)
        if made_by >> 8 in _DOS_HOSTS and kind not in (stat.S_IFLNK, stat.S_IFDIR):
            mode = 0
        yield _Entry(
            block[names : names + name],
            flags,
            made_by >> 8,
            fields,
            (method, crc, packed, size, offset, mode >> 16),
        )
        at = names + name + extra + comment


def _unwrapped(entries: Iterable[_Entry]) -> Iterator[_Entry]:
    """Members of a zip of more than 4 GiB, which lie in the order of the directory."""
    wraps = end = 0
    for entry in entries:
        method, crc, packed, size, offset, mode = entry.numbers
        wraps += offset < end
        end = offset + packed
        yield replace(entry, numbers=(method, crc, packed, size, offset + wraps * _WRAP, mode))


def _wide(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset, also those that do not fit in 32 bits."""
    for kind, content in _extra_fields(extra):
        if kind == _ZIP64:
            numbers = iter(struct.unpack(f"<{len(content) // 8}Q", content[: len(content) // 8 * 8]))
            size = next(numbers, size) if size == _MAX32 else size
            packed = next(numbers, packed) if packed == _MAX32 else packed
            offset = next(numbers, offset) if offset == _MAX32 else offset
    return packed, size, offset


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each field; what is no field at the end is padding."""
    at = 0
    while len(extra) - at >= 4:
        kind, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length > len(extra):
            return
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _members(entries: list[_Entry], moved: int) -> tuple[list[ZipMember], tuple[str, str] | None]:
    names = [entry.declared_name for entry in entries]
    undeclared = [entry for entry, name in zip(entries, names, strict=True) if name is None]
    page: CodePage | None = None
    guessed = None
    if foreign := [entry for entry in undeclared if utf_8(entry.raw) is None]:
        dos = sum(entry.host in _DOS_HOSTS for entry in foreign) * 2 >= len(foreign)
        page = guess_code_page((entry.raw for entry in foreign), zip_from_dos=dos)
        guessed = (page.label, read_name(foreign[0].raw, page))
    members = []
    for entry, declared in zip(entries, names, strict=True):
        name = read_name(entry.raw, page) if declared is None else declared
        method, crc, packed, size, offset, mode = entry.numbers
        encrypted = bool(entry.flags & _ENCRYPTED) or method == _AES_METHOD
        # Some Windows tools separate folders with a backslash. In a letter of two bytes it is none.
        members.append(
            ZipMember(name.replace("\\", "/"), method, encrypted, crc, packed, size, offset + moved, mode)
        )
    return members, guessed


def _read_at(stream: BinaryIO, offset: int, length: int) -> bytes:
    """What is there; nothing at an offset that no file has."""
    if not 0 <= offset <= sys.maxsize:
        return b""
    stream.seek(offset)
    return stream.read(length)
