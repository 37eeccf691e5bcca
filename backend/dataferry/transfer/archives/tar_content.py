"""What a tar holds: its members, one after the other, through all tars that were joined in it."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tarfile import (  # type: ignore[attr-defined]
    EOFHeaderError,
    InvalidHeaderError,
    TruncatedHeaderError,
    calc_chksums,
    nti,
)
from typing import IO, Protocol, Self, cast

from dataferry.transfer.archives.code_pages import guess_code_page, read_name, utf_8
from dataferry.transfer.archives.extract import ExtractionTree
from dataferry.transfer.archives.faults import CannotUnpack, DamagedArchive

_BLOCK = tarfile.BLOCKSIZE
_READ_BYTES = 64 * _BLOCK
#: Mode, owner, group, time and device numbers: nothing of them is used.
_UNUSED_FIELDS = ((100, 8), (108, 8), (116, 8), (136, 12), (329, 8), (337, 8))
_CHECKSUM = slice(148, 156)
_DEVICES = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
#: GNU's volume label, list of a folder and long names of old; Solaris' access rights.
_NO_FILES = (b"V", b"D", b"N", b"A")
_CONTINUED = b"M"
#: How much one member's headers may take: long names, PAX records and maps of sparse files are in memory.
_MAX_HEADER_BYTES = 1 << 20
#: How many headers may stand before one member. Programs write up to four.
_MAX_HEADERS = 32
#: Of PAX records that count for all members behind them; each member gets a copy.
_MAX_GLOBAL_BYTES = 1 << 16


class Reader(Protocol):
    """A stream that is read from its beginning to its end."""

    def read(self, size: int, /) -> bytes: ...


class _Stream(Protocol):
    """What tarfile makes of a stream."""

    fileobj: "_Counted"

    def tell(self) -> int: ...


class _NoHeader(Exception):
    """What follows the end mark is neither zeros nor a tar. ``offset`` is where it begins."""

    def __init__(self, offset: int) -> None:
        super().__init__()
        self.offset = offset


class _OversizedHeader(Exception):
    """A member has more headers, or longer ones, than any program writes."""


class _Header(tarfile.TarInfo):
    """A broken header in mid-archive is damage, behind an end mark it is no part of the archive. By itself
    tarfile takes the one for the end and passes over the other."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if buf and not any(buf):
            raise EOFHeaderError("end of file header")
        try:
            return super().frombuf(buf, encoding, errors)
        except InvalidHeaderError:
            # Old programs leave rubbish in fields that nobody needs.
            with suppress(InvalidHeaderError):
                if len(buf) == _BLOCK and nti(buf[_CHECKSUM]) in calc_chksums(buf):
                    return super().frombuf(_without_unused_fields(buf), encoding, errors)
            raise

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        container = cast(_Container, tarfile)
        try:
            with container.reading_header():
                header = super().fromtarfile(tarfile)
        except EOFHeaderError:
            container.ended = True
            container.pax_headers = {}
            raise
        except (InvalidHeaderError, TruncatedHeaderError) as error:
            if container.ended:
                raise _NoHeader(container.offset) from error
            raise DamagedArchive(f"a header is broken: {error}") from error
        container.ended = False
        return header

    def _proc_pax(self, container: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type == tarfile.XGLTYPE:
            own = cast(_Container, container)
            own.global_bytes += self.size
            if own.global_bytes > _MAX_GLOBAL_BYTES:
                raise _OversizedHeader
        return cast(tarfile.TarInfo, super()._proc_pax(container))  # type: ignore[misc]


class _Container(tarfile.TarFile):
    """``ended``: the last block was an end mark. ``global_bytes``: how long the PAX records that count for
    all members are, so far."""

    ended = False
    offset: int
    global_bytes = 0
    _depth = 0

    @contextmanager
    def reading_header(self) -> Iterator[None]:
        """Around the reading of a header, and in it of those that follow before the member's own. Errors:
        ``_OversizedHeader``."""
        stream = cast(_Stream, self.fileobj)
        if self._depth == 0:
            stream.fileobj.header_from = stream.tell()
        self._depth += 1
        try:
            if self._depth > _MAX_HEADERS:
                raise _OversizedHeader
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                stream.fileobj.header_from = None


def _without_unused_fields(buf: bytes | bytearray) -> bytes:
    header = bytearray(buf)
    for start, length in _UNUSED_FIELDS:
        header[start : start + length] = b"0" * (length - 1) + b"\0"
    header[_CHECKSUM] = b"%06o\0 " % calc_chksums(header)[0]
    return bytes(header)


def is_tar_header(block: bytes) -> bool:
    """Whether these are the first bytes of a tar that holds something."""
    try:
        _Header.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def unpack_tar(source: Reader, tree: ExtractionTree, *, checked: bool) -> None:
    """Write every file into the tree. ``checked``: a compression's checksum stands behind the last byte, so
    that a missing end mark is no damage.

    Errors: ``CannotUnpack``, ``DamagedArchive``, ``UnsafeArchive``, ``DiskFull``, ``StoreNotWritable``.
    """
    counted = _Counted(source)
    unpacker = _TarUnpacker(tree)
    trailing = None
    try:
        ended = unpacker.unpack(counted)
    except _NoHeader as error:
        ended, trailing = True, error.offset
    except _OversizedHeader as error:
        raise tree.refusal("a member's header is longer than any program writes") from error
    # The compression's own checksum stands behind the last byte.
    while counted.read(_READ_BYTES):
        pass
    if trailing is not None:
        tree.notes.add("trailing", detail=f"{counted.count - trailing} bytes")
    if not ended and not checked:
        raise DamagedArchive("it is cut short")
    unpacker.finish()


class _Counted:
    """``count``: how many bytes were read. ``header_from``: where the member begins whose headers are being
    read. Errors of ``read``: ``_OversizedHeader``."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        self.count = 0
        self.header_from: int | None = None

    def read(self, size: int) -> bytes:
        if self.header_from is not None and self.count - self.header_from > _MAX_HEADER_BYTES:
            raise _OversizedHeader
        chunk = self._source.read(size)
        self.count += len(chunk)
        return chunk


#: So many names are looked at again once the code page of the others is known.
_MAX_REVISED = 100_000


class _TarUnpacker:
    """Writes members as they come. Those whose names are no UTF-8 get theirs at the end, when all are
    known."""

    def __init__(self, tree: ExtractionTree) -> None:
        self._tree = tree
        #: Where members without a name yet were written, and their names.
        self._unnamed: list[tuple[str, bytes]] = []
        #: Links of which the name or the target is no UTF-8: both, and whether it is a hard link.
        self._links: list[tuple[bytes, bytes, bool]] = []
        #: Names that are UTF-8, perhaps by chance, and where they were written.
        self._revised: dict[bytes, str] = {}

    def unpack(self, source: _Counted) -> bool:
        """Whether there was an end mark. Errors: ``_NoHeader`` for what is behind it."""
        with _Container.open(
            fileobj=cast(IO[bytes], source),
            mode="r|",
            bufsize=_READ_BYTES,
            tarinfo=_Header,
            encoding="utf-8",
            errors="surrogateescape",
            ignore_zeros=True,
        ) as container:
            for member in container:
                self._tree.check_cancelled()
                self._member(container, member)
                # Else a member is remembered for every file of the archive.
                container.members = []  # type: ignore[attr-defined]
            return container.ended

    def _member(self, container: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = _raw(member.name)
        if member.isdir():
            self._tree.folder(name.decode("utf-8", "replace"))
        elif member.issym() or member.islnk():
            self._tree.reserve_bytes(0)
            self._link(name, _raw(member.linkname), hard=member.islnk())
        elif member.type == _CONTINUED:
            raise CannotUnpack("it is one part of a tar of several volumes")
        elif member.type in _DEVICES:
            self._tree.reserve_bytes(0)
            self._tree.leave_out("device", name.decode("utf-8", "replace"))
        elif member.type not in _NO_FILES:
            self._tree.reserve_bytes(member.size)
            self._file(container, member, name)

    def _file(self, container: tarfile.TarFile, member: tarfile.TarInfo, name: bytes) -> None:
        text = utf_8(name)
        path = self._tree.placeholder() if text is None else self._tree.reserve_path(text, member.size)
        stream = container.extractfile(member)
        if path is None or stream is None:
            return
        with stream:
            self._tree.write(path, member.size, stream.read)
        if text is None:
            self._unnamed.append((path, name))
        elif not name.isascii() and len(self._revised) < _MAX_REVISED:
            self._revised[name] = path

    def _link(self, name: bytes, target: bytes, *, hard: bool) -> None:
        text, leads_to = utf_8(name), utf_8(target)
        if text is None or leads_to is None:
            self._links.append((name, target, hard))
        elif (path := self._tree.reserve_path(text)) is not None:
            self._tree.add_link(path, leads_to, hard=hard)

    def finish(self) -> None:
        """Give names to what has none yet."""
        foreign = [name for _, name in self._unnamed]
        foreign += [text for name, target, _ in self._links for text in (name, target) if utf_8(text) is None]
        if not foreign:
            return
        page = guess_code_page(foreign)
        self._tree.notes.add("code_page", read_name(foreign[0], page), detail=page.label)
        for path, name in self._unnamed:
            self._tree.rename(path, read_name(name, page))
        for name, path in self._revised.items():
            if path in self._tree.files and (revised := read_name(name, page)) != utf_8(name):
                self._tree.rename(path, revised)
        for name, target, hard in self._links:
            if (place := self._tree.reserve_path(read_name(name, page))) is not None:
                self._tree.add_link(place, read_name(target, page), hard=hard)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
