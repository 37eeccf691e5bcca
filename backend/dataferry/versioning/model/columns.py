"""Column files: the values of one field for some rows, one line a row, in their order.

Of a file a line is ``<sha256> <extension> <bytes>``, of any other value its JSON; of no value ``-``. A column
file is named by the SHA-256 of these lines and compressed on disk; it is read and written as a stream, for
there may be millions of rows.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from json.encoder import encode_basestring
from pathlib import Path

from dataferry.core.errors import InvalidInput
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.schema import FieldKind

_CHUNK_BYTES = 1 << 18
_NOTHING = b"-"
_numbers = count()
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the cache. ``extension``: of the format that its bytes are in, without a dot."""

    sha256: str
    extension: str
    size: int


Value = StoredFile | int | float | str | bool | None
"""What a row has of a field; None is no value. A date is its ISO text, a path its POSIX text."""


class ColumnWriter:
    """A column that is written while its values come, in ``folder``, a scratch folder of the cache.

    ``rows`` and ``bytes`` count what there is so far: the values, and what is in files.
    """

    def __init__(self, cache: Cache, folder: Path) -> None:
        """Errors: ``OSError``."""
        self.rows, self.bytes = 0, 0
        self._cache = cache
        self._path = folder / f"column-{next(_numbers)}"
        self._file = self._path.open("xb")
        self._digest, self._packer = sha256(), zlib.compressobj(1)
        self._buffer = bytearray()

    def add(self, value: Value) -> None:
        """Errors: ``OSError``."""
        self.rows += 1
        if isinstance(value, StoredFile):
            self.bytes += value.size
        self._buffer += _line(value)
        self._buffer += b"\n"
        if len(self._buffer) >= _CHUNK_BYTES:
            self._flush()

    def keep(self) -> str:
        """End it and take it into the cache; its SHA-256. Errors: ``OSError``."""
        self._flush()
        self._file.write(self._packer.flush())
        self._file.close()
        digest = self._digest.hexdigest()
        self._cache.place(self._path, "columns", digest)
        return digest

    def close(self) -> None:
        """Leave it, if it is not kept."""
        self._file.close()

    def _flush(self) -> None:
        data = bytes(self._buffer)
        self._buffer.clear()
        self._digest.update(data)
        self._file.write(self._packer.compress(data))


def write_column(cache: Cache, values: Iterable[Value]) -> str:
    """Keep a column; its SHA-256. Errors: ``OSError``."""
    with cache.scratch() as folder, closing(ColumnWriter(cache, folder)) as writer:
        for value in values:
            writer.add(value)
        return writer.keep()


def read_column(cache: Cache, digest: str, kind: FieldKind) -> Iterator[Value]:
    """The values of a column that is in the cache, checked against its SHA-256 at the end.

    Errors: ``FileNotFoundError``; ``InvalidInput`` for one that is damaged.
    """
    read = _read_file if kind == "file" else _read_json
    try:
        for line in _lines(cache.path("columns", digest), digest):
            yield None if line == _NOTHING else read(line)
    except (zlib.error, ValueError) as error:
        raise _damaged(digest) from error


def check_column(path: Path, digest: str) -> None:
    """Errors: ``InvalidInput`` unless the file is the column of this SHA-256."""
    try:
        for _ in _lines(path, digest):
            pass
    except zlib.error as error:
        raise _damaged(digest) from error


def _line(value: Value) -> bytes:
    if value is None:
        return _NOTHING
    if isinstance(value, StoredFile):
        return f"{value.sha256} {value.extension} {value.size}".encode()
    if type(value) is int:
        return b"%d" % value
    return (encode_basestring(value) if isinstance(value, str) else _encode(value)).encode()


def _lines(path: Path, digest: str) -> Iterator[bytes]:
    unpacker, hashed, rest = zlib.decompressobj(), sha256(), b""
    with path.open("rb") as file:
        while packed := file.read(_CHUNK_BYTES):
            data = unpacker.decompress(packed)
            hashed.update(data)
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
    if rest or not unpacker.eof or hashed.hexdigest() != digest:
        raise _damaged(digest)


def _read_file(line: bytes) -> StoredFile:
    digest, extension, size = line.decode().split(" ")
    if not (digest.isalnum() and extension.isalnum()):  # names of files, whoever wrote the column
        raise ValueError(line)
    return StoredFile(digest, extension, int(size))


def _read_json(line: bytes) -> Value:
    value: Value = json.loads(line.decode())
    return value


def _damaged(digest: str) -> InvalidInput:
    return InvalidInput(
        f"The column {digest[:12]}… in the cache is damaged.",
        next_step="git datasets doctor removes it; git datasets fetch brings it again.",
    )
