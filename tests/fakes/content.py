"""Bytes that a fake serves: held in memory, or made as they are read."""

import hashlib
import random
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

import google_crc32c

BLOCK = 1 << 20


class Content(Protocol):
    """Bytes of a known size that can be read anywhere."""

    size: int

    def read(self, start: int, length: int) -> bytes: ...


class Blob:
    """The checksums of a content, each computed at most once and only when somebody asks."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.size = content.size

    def read(self, start: int, length: int) -> bytes:
        return self.content.read(start, length)

    def blocks(self) -> Iterator[bytes]:
        for start in range(0, self.size, BLOCK):
            yield self.read(start, min(BLOCK, self.size - start))

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()

    @cached_property
    def md5(self) -> bytes:
        """The raw digest: Google's storage writes it in base64."""
        digest = hashlib.md5(usedforsecurity=False)
        for block in self.blocks():
            digest.update(block)
        return digest.digest()

    @cached_property
    def crc32c(self) -> bytes:
        """As Google's storage writes it in base64."""
        checksum = google_crc32c.Checksum()
        for block in self.blocks():
            checksum.update(block)
        return bytes(checksum.digest())

    @cached_property
    def git_sha1(self) -> str:
        """Git's blob id."""
        digest = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()

    @cached_property
    def crc32(self) -> int:
        value = 0
        for block in self.blocks():
            value = zlib.crc32(block, value)
        return value


class InMemory:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        return self._data[start : start + length]


class Generated:
    """``size`` bytes from a seed, cheap to make at any position.

    Every block of 1 MiB is the same noise behind its own number, so that a block in the wrong place
    is found out by any checksum.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self._noise = random.Random(seed).randbytes(BLOCK - 8)

    def read(self, start: int, length: int) -> bytes:
        end = min(start + length, self.size)
        parts = []
        while start < end:
            number, offset = divmod(start, BLOCK)
            block = number.to_bytes(8, "big") + self._noise
            parts.append(block[offset : offset + end - start])
            start += len(parts[-1])
        return b"".join(parts)


def text(value: str) -> Blob:
    return Blob(InMemory(value.encode()))


def binary(value: bytes) -> Blob:
    return Blob(InMemory(value))


def generated(size: int, seed: int) -> Blob:
    return Blob(Generated(size, seed))
