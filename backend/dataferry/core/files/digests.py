"""Checksums, computed while bytes are received."""

import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import google_crc32c

from dataferry.core.errors import ChecksumMismatch
from dataferry.core.types import Checksum, Grade

_CHUNK_BYTES = 1 << 20


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


class _Crc32c:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = google_crc32c.extend(self._value, bytes(data))

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


class Digests:
    """SHA-256 always, and the promised hash beside it.

    ``size`` is needed before the first byte for ``git-sha1``, whose hash begins with it. Where it is
    not known, ``verify`` reads the file a second time.
    """

    def __init__(self, promised: Checksum | None, size: int | None) -> None:
        self._promised = promised
        self._sha256 = hashlib.sha256()
        self._second = None if promised is None else _hash_of(promised, size)

    def update(self, chunk: bytes | memoryview) -> None:
        self._sha256.update(chunk)
        if self._second is not None:
            self._second.update(chunk)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def verify(self, name: str, file: Path | None = None) -> Grade:
        """Compare with the promised checksum; whose checksum it is. ``file`` is needed where the size was not
        known.

        Errors: ``ChecksumMismatch``.
        """
        if self._promised is None:
            return "recorded"
        found = self._found(file)
        if found != self._promised.value.lower():
            raise ChecksumMismatch(
                f"{name}: the bytes are not those that the source promises "
                f"({self._promised.algorithm} {found[:12]}…, promised {self._promised.value[:12]}…).",
                next_step="Try again; if it stays so, the file is broken at its source.",
            )
        return self._promised.grade

    def _found(self, file: Path | None) -> str:
        assert self._promised is not None
        if self._promised.algorithm == "sha256":
            return self.sha256
        if self._second is not None:
            return self._second.hexdigest()
        assert file is not None
        late = _hash_of(self._promised, file.stat().st_size)
        assert late is not None
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                late.update(chunk)
        return late.hexdigest()


def _hash_of(promised: Checksum, size: int | None) -> _Hash | None:
    """The hash to keep beside SHA-256; None for SHA-256 itself, or while a size is missing."""
    match promised.algorithm:
        case "sha256":
            return None
        case "md5":
            return hashlib.md5(usedforsecurity=False)
        case "crc32":
            return _Crc32()
        case "crc32c":
            return _Crc32c()
        case "git-sha1":
            if size is None:
                return None
            return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_checksum(files: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over the lines ``<sha256>  <path>\\n``, sorted by path, as ``sha256sum`` writes them.

    ``files``: pairs of path and sha256, ordered by the paths' code points.
    """
    whole = hashlib.sha256()
    for path, digest in files:
        whole.update(f"{digest}  {path}\n".encode())
    return whole.hexdigest()
