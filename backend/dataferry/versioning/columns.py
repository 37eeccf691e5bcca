"""Column files: the values of one field for some rows, one line a row, in their order.

Of a file a line is ``<sha256> <extension> <bytes>``, of any other value its JSON; of no value ``-``. A column
file is named by the SHA-256 of these lines and compressed on disk; it is read and written as a stream, for
there may be millions of rows.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dataferry.core.errors import InvalidInput
from dataferry.versioning.cache import Cache
from dataferry.versioning.schema import FieldKind

_CHUNK_BYTES = 1 << 18
_NOTHING = b"-"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the cache. ``extension``: of the format that its bytes are in, without a dot."""

    sha256: str
    extension: str
    size: int


Value = StoredFile | int | float | str | bool | None
"""What a row has of a field; None is no value. A date is its ISO text, a path its POSIX text."""


def write_column(cache: Cache, values: Iterable[Value]) -> str:
    """Keep a column; its SHA-256."""
    digest, packer = sha256(), zlib.compressobj(1)
    with cache.scratch() as folder:
        path = folder / "column"
        with path.open("wb") as file:
            for chunk in _chunks(values):
                digest.update(chunk)
                file.write(packer.compress(chunk))
            file.write(packer.flush())
        cache.place(path, "columns", digest.hexdigest())
    return digest.hexdigest()


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


def _chunks(values: Iterable[Value]) -> Iterator[bytes]:
    buffer = bytearray()
    for value in values:
        buffer += _line(value) + b"\n"
        if len(buffer) >= _CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def _line(value: Value) -> bytes:
    if value is None:
        return _NOTHING
    if isinstance(value, StoredFile):
        return f"{value.sha256} {value.extension} {value.size}".encode()
    return json.dumps(value, ensure_ascii=False, allow_nan=True).encode()


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
    value: Value = json.loads(line)
    return value


def _damaged(digest: str) -> InvalidInput:
    return InvalidInput(
        f"The column {digest[:12]}… in the cache is damaged.",
        next_step="git datasets doctor removes it; git datasets fetch brings it again.",
    )
