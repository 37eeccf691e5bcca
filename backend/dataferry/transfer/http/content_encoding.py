"""``Content-Encoding``: what a server packed on the way, though it was asked not to, is undone on arrival.

A coding is believed where the bytes bear it out. One that only repeats what the file's name says
(``data.csv.gz`` as ``gzip``) is the file's own and stays; ``aws-chunked``, ``utf-8`` and the like are no
packing at all. RFC 9110, section 8.4.
"""

import bz2
import codecs
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli

from dataferry.core.errors import NetworkFault, TransferError, UnsafeArchive
from dataferry.transfer.http.client import PEEK_BYTES, HttpResponse
from dataferry.transfer.http.http1 import Headers

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

#: More codings on top of each other are nobody's honest file.
_MAX_CODINGS = 4
_CHUNK_BYTES = 64 * 1024
#: How many packed bytes are looked at for the first unpacked ones: zstd and bzip2 pack in blocks.
_BLOCK_BYTES = (PEEK_BYTES, 256 * 1024, 1024 * 1024)
#: What a decoder of xz may take of the memory.
_XZ_MEMORY_BYTES = 256 * 2**20

_NAMES = {
    "gzip": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
    "x-deflate": "deflate",
    "br": "br",
    "brotli": "br",
    "zstd": "zstd",
    "x-zstd": "zstd",
    "bzip2": "bzip2",
    "x-bzip2": "bzip2",
    "x-bzip": "bzip2",
    "bz2": "bzip2",
    "xz": "xz",
    "x-xz": "xz",
    "compress": "compress",
    "x-compress": "compress",
}
#: What stands in this header and packs nothing, beside the names of character sets and media types.
_NO_CODINGS = frozenset(
    {"", "identity", "none", "aws-chunked", "chunked", "binary", "7bit", "8bit", "amz-1.0"}
)
_MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
_SUFFIXES = {
    "gzip": (".gz", ".tgz", ".taz", ".svgz", ".gzip"),
    "bzip2": (".bz2", ".tbz2", ".tbz", ".tb2"),
    "xz": (".xz", ".txz"),
    "zstd": (".zst", ".zstd", ".tzst"),
    "br": (".br",),
    "compress": (".z", ".taz"),
}
_TYPES = {
    "gzip": ("application/gzip", "application/x-gzip", "application/x-gunzip", "application/gzipped"),
    "bzip2": ("application/x-bzip2", "application/x-bzip"),
    "xz": ("application/x-xz",),
    "zstd": ("application/zstd",),
    "compress": ("application/x-compress",),
}


class _Decoder(Protocol):
    """What Python's own decompressors have in common."""

    def decompress(self, data: bytes, max_length: int) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


class _Damaged(Exception):
    """The bytes are not of the coding."""


class DecodedBody:
    """A response's body as the file's own bytes. Those of a file at ``path`` may grow to ``ratio`` times what
    arrives, and always to ``floor`` bytes.

    Errors: ``TransferError`` for a coding that is not known here.
    """

    def __init__(self, response: HttpResponse, path: str, *, ratio: int = 1, floor: int = 0) -> None:
        self._response = response
        self._path = path
        self._ratio, self._floor = ratio, floor
        self._received = self._given = 0
        self._codings, self._head = _codings_on_the_way(response, path)
        self._read: Callable[[int], bytes] = self._receive
        for coding in reversed(self._codings):
            self._read = _Layer(coding, self._read).read

    @property
    def encoded(self) -> bool:
        """Whether it was packed on the way: then neither ``Content-Length`` nor a range tells of the file."""
        return bool(self._codings)

    @property
    def head(self) -> bytes:
        """The file's first bytes, ``PEEK_BYTES`` if it has so many; they stay to be read."""
        return self._response.peek(PEEK_BYTES) if self._head is None else self._head

    def readinto(self, buffer: memoryview) -> int:
        """As ``HttpResponse.readinto``. Errors: those, ``TransferError`` for bytes that cannot be unpacked,
        and ``UnsafeArchive`` where they grow beyond all measure."""
        if not self.encoded:
            return self._response.readinto(buffer)
        try:
            chunk = self._read(len(buffer))
        except EOFError as error:
            raise NetworkFault(f"{self._path} ended early: {self._response.host} packed it.") from error
        except _Damaged as error:
            raise TransferError(
                f"{self._response.host} sends {self._path} packed as {'+'.join(self._codings)}, and damaged.",
                next_step="Try again later; if it stays so, tell its publisher.",
            ) from error
        self._given += len(chunk)
        if self._given > max(self._floor, self._ratio * self._received):
            raise UnsafeArchive(
                f"{self._path} grows to more than {self._ratio} times what {self._response.host} sends, "
                "which looks like a bomb."
            )
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _receive(self, limit: int) -> bytes:
        chunk = self._response.read1(min(limit, _CHUNK_BYTES))
        self._received += len(chunk)
        return chunk


def names_coding(headers: Headers, path: str) -> bool:
    """Whether the headers alone say that a body was packed on the way. Its bytes may say otherwise."""
    named = [_NAMES.get(name, name) for name in _tokens(headers) if not _packs_nothing(name)]
    return len(named) > 1 or any(not _is_of_the_file(coding, path, headers) for coding in named)


def _codings_on_the_way(response: HttpResponse, path: str) -> tuple[tuple[str, ...], bytes | None]:
    """The codings to undo, in the order in which they were applied, and the file's first bytes; None where
    they are those of the body.

    Errors: ``TransferError`` for a coding that is not known here.
    """
    named = [name for name in _tokens(response.headers) if not _packs_nothing(name)]
    if not named:
        return (), None
    codings = [_NAMES.get(name, name) for name in named]
    own = _is_of_the_file(codings[0], path, response.headers)
    unknown = [coding for coding in codings[own:] if coding not in _DECODERS]
    if unknown or len(codings) > _MAX_CODINGS:
        raise TransferError(
            f"{response.host} sends {path} packed as {(unknown or codings)[0][:20]!r}, "
            "which cannot be unpacked here.",
            next_step="Ask its publisher for a link to the file as it is.",
        )
    for size in _BLOCK_BYTES:
        packed = response.peek(size)
        undone, head = _undone(codings, packed, own=own)
        if head or len(packed) < size:
            break
    return undone, head


def _undone(codings: list[str], head: bytes, *, own: bool) -> tuple[tuple[str, ...], bytes]:
    """Those of the codings that the first bytes bear out, and what these unpack to. ``own``: the first of the
    codings may be the file's own."""
    undone: list[str] = []
    for place in range(len(codings) - 1, -1, -1):
        coding = codings[place]
        unpacked = _first_bytes(coding, head) if coding in _DECODERS else None
        if unpacked is None or (place == 0 and own and not _is_packed(coding, unpacked)):
            continue  # not packed after all, or by whoever made the file
        undone.insert(0, coding)
        head = unpacked
    return tuple(undone), head


def _is_packed(coding: str, head: bytes) -> bool:
    return coding in _MAGIC and head.startswith(_MAGIC[coding])


def _tokens(headers: Headers) -> list[str]:
    text = headers.get("content-encoding", "")
    return [token.strip().strip('"').lower() for token in text.split(",")]


def _packs_nothing(name: str) -> bool:
    if name in _NO_CODINGS or "/" in name:
        return True
    if name in _NAMES:
        return False
    try:
        # People put the character set here.
        return bool(codecs.lookup(name)._is_text_encoding)
    except LookupError:
        return False


def _is_of_the_file(coding: str, path: str, headers: Headers) -> bool:
    """Whether the file is said to be packed so itself: old servers announce that as a Content-Encoding."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return path.lower().endswith(_SUFFIXES.get(coding, ())) or kind in _TYPES.get(coding, ())


def _first_bytes(coding: str, head: bytes) -> bytes | None:
    """What ``head`` unpacks to, as far as it reaches; None if it is not of the coding."""
    if not head or not head.startswith(_MAGIC.get(coding, b"")):
        return None
    pieces = [head]

    def read(limit: int) -> bytes:
        return pieces.pop() if pieces else b""

    layer = _Layer(coding, read)
    unpacked = b""
    try:
        while len(unpacked) < PEEK_BYTES and (chunk := layer.read(PEEK_BYTES)):
            unpacked += chunk
    except EOFError:
        pass  # the rest has not come yet
    except _Damaged:
        # What begins as it should is damaged; the others have no beginning that tells.
        return unpacked if coding in _MAGIC else None
    # Some text is the beginning of a short packed file by chance.
    return None if layer.has_rest else unpacked


class _Layer:
    """Undoes one coding of what ``source`` gives. Files of one coding that follow each other are one."""

    def __init__(self, coding: str, source: Callable[[int], bytes]) -> None:
        self._coding = coding
        self._source = source
        self._decoder = _DECODERS[coding]()
        self._pending = b""
        self._surplus = b""
        self._ended = False
        #: Whether something follows the end of what has no beginning to be known by.
        self.has_rest = False

    def read(self, limit: int) -> bytes:
        """At most ``limit`` bytes; empty at the end. Errors: ``EOFError``, ``_Damaged``."""
        chunk = self._surplus or self._decode(limit)
        self._surplus = chunk[limit:]
        return chunk[:limit] if self._surplus else chunk

    def _decode(self, limit: int) -> bytes:
        """About ``limit`` bytes: Brotli gives as much as it has ready."""
        while not self._ended:
            data, self._pending = self._pending, b""
            if not data and self._decoder.needs_input:
                data = self._source(_CHUNK_BYTES)
            came = bool(data)
            try:
                chunk = self._decoder.decompress(data, limit)
            except _ERRORS as error:
                raise _Damaged from error
            if self._decoder.eof:
                self._begin_next()
            elif not chunk and not came:
                raise EOFError("the packed bytes end too early")
            if chunk:
                return chunk
        return b""  # what follows the end is no part of the file, as for gzip's own program

    def _begin_next(self) -> None:
        rest, magic = self._decoder.unused_data, _MAGIC.get(self._coding)
        if magic is None:
            self._ended, self.has_rest = True, bool(rest)
            return
        while len(rest) < len(magic) and (more := self._source(_CHUNK_BYTES)):
            rest += more
        if rest.startswith(magic):
            self._decoder, self._pending = _DECODERS[self._coding](), rest
        else:
            self._ended = True


class _Inflate:
    """zlib's, with the interface of the others."""

    def __init__(self, window_bits: int) -> None:
        self._inflate = zlib.decompressobj(window_bits)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data


class _Deflate(_Inflate):
    """``deflate``: zlib's format by the book, yet many servers send it without zlib's two bytes."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._begun = False

    def decompress(self, data: bytes, max_length: int) -> bytes:
        try:
            return super().decompress(data, max_length)
        except zlib.error:
            if self._begun:
                raise
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return super().decompress(data, max_length)
        finally:
            self._begun = self._begun or bool(data)


class _Brotli:
    """Brotli's, with the interface of the others."""

    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()
        self.unused_data = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return bytes(self._decoder.process(data, output_buffer_limit=max_length))

    @property
    def eof(self) -> bool:
        return bool(self._decoder.is_finished())

    @property
    def needs_input(self) -> bool:
        return bool(self._decoder.can_accept_more_data())


def _gunzip() -> _Decoder:
    return _Inflate(zlib.MAX_WBITS | 16)


def _unxz() -> _Decoder:
    return lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": _gunzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": ZstdDecompressor,
    "bzip2": bz2.BZ2Decompressor,
    "xz": _unxz,
}
#: ``OSError`` is what bz2 raises; those of the connection have been translated by then.
_ERRORS = (zlib.error, lzma.LZMAError, ZstdError, brotli.error, OSError, ValueError)
