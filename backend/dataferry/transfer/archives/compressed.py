"""Compressed streams: gzip, bzip2 and xz, of one member or of several that were joined."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Literal, Protocol

from dataferry.transfer.archives.faults import UNPACK_MEMORY_BYTES

Compression = Literal["gz", "bz2", "xz"]

_MAGIC: dict[Compression, bytes] = {"gz": b"\x1f\x8b\x08", "bz2": b"BZh", "xz": b"\xfd7zXZ\x00"}
_INPUT_BYTES = 256 * 1024


class Decompressor(Protocol):
    """What ``bz2`` and ``lzma`` have; ``Inflater`` is the same for zlib."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Inflater:
    """Deflate, with the header that ``wbits`` says: 31 for gzip, whose checksum is verified, -15 for none."""

    def __init__(self, wbits: int) -> None:
        self._plain = zlib.decompressobj(wbits)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._plain.eof

    @property
    def unused_data(self) -> bytes:
        return self._plain.unused_data

    @property
    def needs_input(self) -> bool:
        """Whether all that was given is used up, and what came of it was returned."""
        return not self._full and not self._plain.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        chunk = self._plain.decompress(self._plain.unconsumed_tail + data, max(0, max_length))
        self._full = len(chunk) == max_length
        return chunk


_NEW: dict[Compression, Callable[[], Decompressor]] = {
    "gz": lambda: Inflater(31),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=UNPACK_MEMORY_BYTES),
}


def compression_of(head: bytes) -> Compression | None:
    """The compression that a file's first bytes tell."""
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), None)


class CompressedStream:
    """The plain bytes of a stream, through all members that were joined in it.

    Zeros behind a member are padding. Anything else that begins no member ends the stream, as it does for
    ``gzip``; ``trailing`` is how many bytes that is.
    """

    def __init__(self, stream: BinaryIO, compression: Compression) -> None:
        self._stream = stream
        self._compression = compression
        self._decompressor = _NEW[compression]()
        self._ended = False
        #: Known once ``read`` has returned nothing.
        self.trailing = 0

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end.

        Errors: ``EOFError`` where the stream is cut short; ``zlib.error``, ``lzma.LZMAError`` and ``OSError``
        where it is damaged.
        """
        while not self._ended and size > 0:
            if self._decompressor.eof:
                self._next_member()
                continue
            data = self._stream.read(_INPUT_BYTES) if self._decompressor.needs_input else b""
            if not data and self._decompressor.needs_input:
                raise EOFError("it is cut short")
            if chunk := self._decompressor.decompress(data, size):
                return chunk
        return b""

    def _next_member(self) -> None:
        rest, magic = self._decompressor.unused_data, _MAGIC[self._compression]
        while True:
            rest = rest.lstrip(b"\0")
            more = self._stream.read(_INPUT_BYTES) if len(rest) < len(magic) else b""
            if not more:
                break
            rest += more
        if rest.startswith(magic):
            self._decompressor = _Primed(_NEW[self._compression](), rest)
            return
        self._ended = True
        self.trailing = len(rest)
        while rest and (more := self._stream.read(_INPUT_BYTES)):
            self.trailing += len(more)


class _Primed:
    """A decompressor that has its first bytes already."""

    def __init__(self, inner: Decompressor, first: bytes) -> None:
        self._inner = inner
        self._first = first

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._first and self._inner.needs_input

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        data, self._first = self._first + data, b""
        return self._inner.decompress(data, max_length)
