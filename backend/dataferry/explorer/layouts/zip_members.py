"""The members of a zip, wherever it lies: its directory is read once, and a member by its place."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from dataferry.core.errors import DamagedFile
from dataferry.explorer.layouts.contract import Place
from dataferry.explorer.layouts.names import in_order, is_meant

#: A larger member is no picture that could be shown.
MAX_MEMBER_BYTES = 64 << 20
_LOCAL_HEADER = struct.Struct("<4s22xHH")
#: What may stand in a local header beside the name: extra fields.
HEADER_ROOM = 30 + 96
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """``places``: of the members by name, in natural order. ``encrypted`` and ``nested``: how many members
    need a password, or are archives themselves."""

    places: dict[str, Place]
    encrypted: int = 0
    nested: int = 0


def read_directory(stream: BinaryIO, file: str) -> ZipDirectory:
    """Of two members of one name the last counts, as for programs that unpack. Errors: ``DamagedFile``."""
    found: dict[str, Place] = {}
    encrypted = nested = 0
    try:
        with ZipFile(stream) as archive:
            for one in archive.infolist():
                name = one.filename.replace("\\", "/").lstrip("/")
                if one.is_dir() or not is_meant(name) or ".." in name.split("/"):
                    continue
                encrypted += bool(one.flag_bits & _ENCRYPTED)
                nested += name.lower().endswith(".zip")
                kinds = {ZIP_STORED: "stored", ZIP_DEFLATED: "deflated"}
                if one.flag_bits & _ENCRYPTED or one.compress_type not in kinds:
                    continue
                found[name] = Place(
                    "stored" if one.compress_type == ZIP_STORED else "deflated",
                    file,
                    one.header_offset,
                    one.compress_size,
                    one.file_size,
                    one.CRC,
                    local_header=True,
                )
    except (BadZipFile, OSError, ValueError, struct.error, NotImplementedError) as error:
        raise DamagedFile(f"{file} is no sound zip.", next_step="Verify the dataset.") from error
    return ZipDirectory({name: found[name] for name in in_order(found)}, encrypted, nested)


def span_of(name: str, place: Place) -> tuple[int, int]:
    """The bytes to read for a member: its local header, with room for extra fields, and what is packed."""
    if not place.local_header:
        return place.start, place.start + place.packed
    return place.start, place.start + HEADER_ROOM + len(name.encode()) + place.packed


def unpacked(raw: bytes, place: Place) -> bytes | None:
    """The member of which ``raw`` begins at ``place.start``; None where its local header is longer than was
    thought, so that more is to be read: ``needed`` says how much.

    Errors: ``DamagedFile`` where it is not what the directory says.
    """
    begin = 0
    if place.local_header:
        signature, name_length, extra_length = _LOCAL_HEADER.unpack_from(raw.ljust(_LOCAL_HEADER.size, b"\0"))
        if signature != b"PK\x03\x04":
            raise _damaged(place, "no member begins where its directory says")
        begin = 30 + name_length + extra_length
    if begin + place.packed > len(raw):
        return None
    data = raw[begin : begin + place.packed]
    if place.kind == "deflated":
        data = _inflated(data, place)
    if len(data) != place.size or (place.crc is not None and zlib.crc32(data) != place.crc):
        raise _damaged(place, "a member is not what its directory says")
    return data


def needed(raw: bytes, place: Place) -> int:
    """How many bytes from ``place.start`` on a member takes, by its local header."""
    _, name_length, extra_length = _LOCAL_HEADER.unpack_from(raw.ljust(_LOCAL_HEADER.size, b"\0"))
    return int(30 + name_length + extra_length + place.packed)


def read_members(stream: BinaryIO, places: Sequence[Place]) -> Iterator[bytes]:
    """Members of an archive that lies on this machine."""
    for place in places:
        if place.size > MAX_MEMBER_BYTES:
            raise _damaged(place, f"a member has {place.size:,} bytes, too many to show")
        stream.seek(place.start)
        raw = stream.read(place.packed + (1 << 10 if place.local_header else 0))
        data = unpacked(raw, place)
        if data is None:
            stream.seek(place.start)
            data = unpacked(stream.read(needed(raw, place)), place)
        if data is None:
            raise _damaged(place, "a member is cut off")
        yield data


def _inflated(data: bytes, place: Place) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(data, min(place.size, MAX_MEMBER_BYTES) + 1)
    except zlib.error as error:
        raise _damaged(place, "a member does not unpack") from error


def _damaged(place: Place, reason: str) -> DamagedFile:
    return DamagedFile(
        f"{place.file} cannot be read: {reason}.",
        next_step="Verify the dataset; if it differs, download it again.",
    )
