"""Large files that arrive in parts, over several connections, and go on after an interruption.

partial/<sha256>          the file, as far as it is here, with holes
partial/<sha256>.parts    the offsets of the parts that are written, a line each
"""

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from hashlib import file_digest
from typing import NamedTuple

from dataferry.core.files.durable import write_all_at
from dataferry.versioning.model.cache import Cache

PART_BYTES = 16 << 20


class PartialFile:
    """One of these; another process that wants the same file waits until this one is closed."""

    def __init__(self, cache: Cache, digest: str, size: int) -> None:
        self._cache, self.digest, self.size = cache, digest, size
        folder = cache.folder / "partial"
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / digest
        self._parts_path = folder / f"{digest}.parts"
        self._parts = os.open(self._parts_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._parts, fcntl.LOCK_EX)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)

    def missing(self) -> list[tuple[int, int]]:
        """Begin and end of the parts that are not here."""
        written = {
            int(line) for line in os.pread(self._parts, 1 << 24, 0).split(b"\n")[:-1] if line.isdigit()
        }
        starts = range(0, self.size, PART_BYTES)
        return [(start, min(start + PART_BYTES, self.size)) for start in starts if start not in written]

    def write(self, start: int, data: bytes) -> None:
        write_all_at(self._file, memoryview(data), start)
        os.write(self._parts, b"%d\n" % start)

    def finish(self) -> bool:
        """Bring the file into the cache; False, and it is gone, if its bytes are not those of its name."""
        with self._path.open("rb") as file:
            whole = file_digest(file, "sha256").hexdigest() == self.digest
        if whole:
            self._cache.place(self._path, "objects", self.digest)
        self._path.unlink(missing_ok=True)
        self._parts_path.unlink(missing_ok=True)
        return whole

    def close(self) -> None:
        os.close(self._file)
        os.close(self._parts)


class Part(NamedTuple):
    """Bytes of a large file; none of one that is here but for its check."""

    file: PartialFile
    start: int
    end: int


class PartialFiles:
    """All parts that are missing of some large files. A file is open while parts of it are under way."""

    def __init__(self, cache: Cache, objects: Mapping[str, int]) -> None:
        self._cache, self._objects = cache, objects
        self._left: dict[PartialFile, int] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Part]:
        # In order, so that two processes that wait for each other's files never wait for ever.
        for digest, size in sorted(self._objects.items()):
            file = PartialFile(self._cache, digest, size)
            if self._cache.has("objects", digest):
                file.finish()
                file.close()
                continue
            missing = file.missing() or [(0, 0)]
            with self._lock:
                self._left[file] = len(missing)
            for start, end in missing:
                yield Part(file, start, end)

    def arrived(self, part: Part, data: bytes) -> bool:
        """Write a part, and finish its file with the last one; False if that is damaged."""
        if data:
            part.file.write(part.start, data)
        with self._lock:
            self._left[part.file] -= 1
            if self._left[part.file]:
                return True
            del self._left[part.file]
        try:
            return part.file.finish()
        finally:
            part.file.close()

    def close(self) -> None:
        """Those that did not arrive go on the next time."""
        for file in self._left:
            file.close()
        self._left.clear()
