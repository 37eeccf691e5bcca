"""Archives made in memory, the ill-meant ones too."""

import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass


def zipped(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip of these members in this order; a name may come twice, and be whatever it likes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        names = set()
        for name, body in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            # ``writestr`` warns of a name that it knows already.
            if info.filename in names:
                del container.NameToInfo[info.filename]
            names.add(info.filename)
            container.writestr(info, body)
    return buffer.getvalue()


def zip_link(name: str) -> zipfile.ZipInfo:
    """A symbolic link; its body is where it leads."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def tarred(members: Iterable[tuple[str, bytes] | tarfile.TarInfo]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as container:
        for each in members:
            if isinstance(each, tarfile.TarInfo):
                container.addfile(each)
                continue
            info = tarfile.TarInfo(each[0])
            info.size = len(each[1])
            container.addfile(info, io.BytesIO(each[1]))
    return buffer.getvalue()


def tar_link(name: str, leads_to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info


@dataclass(frozen=True)
class RawMember:
    """A member of a zip, byte for byte: what its local header says may differ from the directory."""

    name: bytes
    body: bytes = b"1"
    local_name: bytes | None = None
    flags: int = 0
    #: 0 FAT, 3 Unix.
    host: int = 0
    extra: bytes = b""
    mode: int = 0
    method: int = zipfile.ZIP_DEFLATED
    #: The packed bytes, where Python cannot make them.
    packed: bytes | None = None
    local_sizes: tuple[int, int] | None = None
    descriptor: bool = False

    @property
    def data(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == zipfile.ZIP_STORED:
            return self.body
        deflate = zlib.compressobj(wbits=-15)
        return deflate.compress(self.body) + deflate.flush()


def raw_zip(*members: RawMember, before: bytes = b"", comment: bytes = b"", moved: bool = False) -> bytes:
    """A zip of these members, behind the bytes ``before``, by which offsets are ``moved`` or not."""
    out, directory = bytearray(before), bytearray()
    for member in members:
        crc, data = zlib.crc32(member.body), member.data
        flags = member.flags | (8 if member.descriptor else 0)
        offset = len(out) - (0 if moved else len(before))
        name = member.name if member.local_name is None else member.local_name
        sizes = (0, 0) if member.descriptor else (len(data), len(member.body))
        sizes = member.local_sizes or sizes
        known = 0 if member.descriptor else crc
        out += struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, flags, member.method, 0, 33, known, *sizes, len(name), 0
        )
        out += name + data
        if member.descriptor:
            out += struct.pack("<4s3L", b"PK\7\x08", crc, len(data), len(member.body))
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", member.host << 8 | 20, 20, flags, member.method, 0, 33, crc,
            len(data), len(member.body), len(member.name), len(member.extra), 0, 0, 0,
            member.mode << 16, offset,
        ) + member.name + member.extra  # fmt: skip
    begin = len(out) - (0 if moved else len(before))
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), begin, len(comment)
    )
    return bytes(out + directory + end + comment)


def unicode_path(name: bytes, text: str, *, crc: int | None = None) -> bytes:
    """Info-ZIP's extra field with a member's name in UTF-8, for the name ``name``."""
    content = struct.pack("<BL", 1, zlib.crc32(name) if crc is None else crc) + text.encode()
    return struct.pack("<2H", 0x7075, len(content)) + content


def tar_header(name: bytes, size: int, **fields: bytes) -> bytes:
    """A header with these raw bytes as its fields: mode, uid, gid, mtime, devmajor, devminor."""
    places = {"mode": 100, "uid": 108, "gid": 116, "mtime": 136, "devmajor": 329, "devminor": 337}
    header = bytearray(tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT))
    header[:100] = name.ljust(100, b"\0")
    header[124:136] = b"%011o\0" % size
    for field, value in fields.items():
        header[places[field] : places[field] + len(value)] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)
