"""Files as the Hub knows them.

The Hub knows a small file by git's SHA-1 and a large one by its SHA-256, as git LFS does. The library has the
SHA-256 of every file; git's is there where the source was the Hub itself. So a file is what it is at the Hub
where that is known, and else one of LFS, whatever its size: clients check each by the hash that it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from dataferry.library.file_trees import StoredFile
from dataferry.sources.base import ListedFile


@dataclass(frozen=True, slots=True)
class Blob:
    """A file. ``oid``: git's SHA-1 of the file, or of the pointer that stands for it in git where it has a
    ``sha256``."""

    path: str
    size: int
    oid: str
    sha256: str | None

    @property
    def etag(self) -> str:
        """What its content is known by."""
        return self.sha256 or self.oid

    def entry(self) -> dict[str, Any]:
        """As ``tree`` and ``paths-info`` tell of it."""
        told: dict[str, Any] = {"type": "file", "oid": self.oid, "size": self.size, "path": self.path}
        if self.sha256 is not None:
            pointer = _pointer(self.sha256, self.size)
            told["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": len(pointer)}
        return told

    def sibling(self, *, with_blobs: bool) -> dict[str, Any]:
        """As a dataset's ``siblings`` tell of it."""
        told: dict[str, Any] = {"rfilename": self.path}
        if with_blobs:
            told |= {"size": self.size, "blobId": self.oid}
            if self.sha256 is not None:
                pointer = _pointer(self.sha256, self.size)
                told["lfs"] = {"sha256": self.sha256, "size": self.size, "pointerSize": len(pointer)}
        return told


def blob_of(file: StoredFile) -> Blob:
    if file.git_oid is not None:
        return Blob(file.path, file.size, file.git_oid, None)
    return _large(file.path, file.size, file.sha256)


def blobs_at_source(files: Sequence[ListedFile]) -> list[Blob] | None:
    """Files that are not here, as their source lists them; None where it does not tell their hashes."""
    blobs = [_listed(file) for file in files]
    return None if None in blobs else [blob for blob in blobs if blob is not None]


def _listed(file: ListedFile) -> Blob | None:
    if file.checksum is None or file.size is None:
        return None
    match file.checksum.algorithm:
        case "sha256":
            return _large(file.path, file.size, file.checksum.value)
        case "git-sha1":
            return Blob(file.path, file.size, file.checksum.value, None)
        case _:
            return None


def _large(path: str, size: int, sha256: str) -> Blob:
    pointer = _pointer(sha256, size)
    oid = sha1(b"blob %d\0" % len(pointer) + pointer, usedforsecurity=False).hexdigest()
    return Blob(path, size, oid, sha256)


def _pointer(sha256: str, size: int) -> bytes:
    """What git LFS keeps in git in place of a file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
