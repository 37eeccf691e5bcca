"""The bytes of one request, written as they arrive.

A request holds pieces of files, one after another: a line of JSON, ``{"path": …, "offset": …, "length": …}``,
and as many bytes. So a hundred small files need one request, and a large one goes on where it was cut off.
"""

import hashlib
import json
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Protocol

from dataferry.core.errors import BadUpload, WrongOffset
from dataferry.core.files.durable import sync_file_system, write_all
from dataferry.library.additions.file_list import FileList, ListedFile

_LONGEST_HEADER = 32_768
_CHUNK_BYTES = 1 << 20
#: Files that go on with a later request and whose hash is kept until then; that of others is computed again.
_MOST_HASHES = 256


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass
class Turns:
    """What the requests of one process tell each other, by the path of a part file.

    ``writers``: whose turn it is; a request whose line has died must not write after the next one.
    ``hashes``: of files that are not whole yet, with the bytes that they are of.
    """

    writers: "dict[str, Arrivals]" = field(default_factory=dict)
    hashes: "OrderedDict[str, tuple[int, _Hash]]" = field(default_factory=OrderedDict)


class Arrivals:
    """One request's. ``take`` what comes, and ``close`` at its end, whatever that was. Blocks."""

    def __init__(self, files: FileList, turns: Turns) -> None:
        self._files = files
        self._turns = turns
        self._reader = files.reader()
        self._header = bytearray()
        self._piece: _Piece | None = None
        self._arrived: list[tuple[str, str]] = []

    def take(self, data: bytes) -> None:
        """Errors: ``BadUpload`` for what is no piece of an announced file; ``WrongOffset``; ``OSError``."""
        rest = memoryview(data)
        while rest or (self._piece is not None and self._piece.left == 0):
            if self._piece is None:
                rest = self._read_header(rest)
                continue
            taken = rest[: self._piece.left]
            self._check_turn(self._piece)
            self._piece.write(taken)
            rest = rest[len(taken) :]
            if self._piece.left == 0:
                piece, self._piece = self._piece, None
                self._end(piece)

    def finish(self) -> None:
        """The request has ended. Errors: ``BadUpload`` where it was cut off."""
        if self._piece is not None or self._header:
            raise BadUpload("The request ended in the middle of a file.", next_step="Go on where it stopped.")

    def close(self) -> None:
        """What has arrived stays: whole files are written down, and a part can be gone on with."""
        try:
            if self._piece is not None:
                piece, self._piece = self._piece, None
                self._end(piece)
            if self._arrived:
                sync_file_system(self._files.folder)
                self._files.record(self._arrived)
                self._arrived = []
        finally:
            self._reader.close()
            for name in [name for name, writer in self._turns.writers.items() if writer is self]:
                del self._turns.writers[name]

    def _read_header(self, rest: memoryview) -> memoryview:
        """Up to the end of the line. Returns what follows."""
        data = bytes(rest[: _LONGEST_HEADER + 1])
        line, newline, _ = data.partition(b"\n")
        self._header += line
        if len(self._header) > _LONGEST_HEADER:
            raise BadUpload("The head of a file is too long.")
        if newline:
            header, self._header = bytes(self._header), bytearray()
            self._piece = self._begin(header)
        return rest[len(line) + len(newline) :]

    def _begin(self, header: bytes) -> "_Piece":
        path, offset, length = _parsed(header)
        file = self._files.find(self._reader, path)
        if file is None or offset + length > file.size:
            what = "was not announced" if file is None else f"was announced with {file.size} bytes"
            raise BadUpload(f"{path[:120]!r} {what}.", next_step="Announce the folder's files again.")
        if file.sha256 is not None:
            return _Piece(file, offset, length)  # it is here: the answer was lost on its way
        part = self._files.part(path)
        here = self._files.size_of_part(path)
        if offset not in (0, here):
            raise WrongOffset(f"{here} bytes of {path[:120]} are kept, and it was to go on at {offset}.")
        self._turns.writers[str(part)] = self
        known = self._turns.hashes.pop(str(part), None)
        part.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(part, flags, 0o600)
        try:
            os.ftruncate(descriptor, offset)
            digest = known[1] if known is not None and known[0] == offset else _hash_of(descriptor, offset)
            os.lseek(descriptor, offset, os.SEEK_SET)
        except BaseException:
            os.close(descriptor)
            raise
        return _Piece(file, offset, length, descriptor, digest, str(part))

    def _check_turn(self, piece: "_Piece") -> None:
        if piece.descriptor is not None and self._turns.writers.get(piece.name) is not self:
            raise WrongOffset("Another request goes on with this file.")

    def _end(self, piece: "_Piece") -> None:
        if piece.descriptor is None or piece.digest is None:
            return
        whole = piece.position == piece.file.size
        if whole:
            os.fchmod(piece.descriptor, 0o444)
        os.close(piece.descriptor)
        if self._turns.writers.get(piece.name) is not self:
            return
        if whole:
            self._arrived.append((piece.file.path, piece.digest.hexdigest()))
        else:
            self._turns.hashes[piece.name] = (piece.position, piece.digest)
            while len(self._turns.hashes) > _MOST_HASHES:
                self._turns.hashes.popitem(last=False)


@dataclass
class _Piece:
    """``left`` bytes of it are still to come. Without a ``descriptor`` they are thrown away."""

    file: ListedFile
    position: int
    left: int
    descriptor: int | None = None
    digest: _Hash | None = None
    name: str = ""

    def write(self, data: memoryview) -> None:
        if self.descriptor is not None and self.digest is not None:
            write_all(self.descriptor, data)
            self.digest.update(data)
        self.position += len(data)
        self.left -= len(data)


def piece_head(path: str, length: int, offset: int = 0) -> bytes:
    """The line before the bytes of a piece."""
    return json.dumps({"path": path, "offset": offset, "length": length}).encode() + b"\n"


def _parsed(header: bytes) -> tuple[str, int, int]:
    try:
        said: Any = json.loads(header)
        path, offset, length = said["path"], said.get("offset", 0), said["length"]
        good = isinstance(path, str) and type(offset) is int and type(length) is int
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good or offset < 0 or length < 0:
        raise BadUpload(
            "A file does not begin with a line that names its path, offset and length.",
            next_step="Send a line of JSON before the bytes of each file.",
        )
    return path, offset, length


def _hash_of(descriptor: int, size: int) -> _Hash:
    """Of the bytes that are in a file already."""
    digest = hashlib.sha256()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while size > 0 and (chunk := os.read(descriptor, min(size, _CHUNK_BYTES))):
        digest.update(chunk)
        size -= len(chunk)
    return digest
