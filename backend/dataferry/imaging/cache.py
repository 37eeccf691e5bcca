"""What was drawn, kept on disk up to a size in all, and drawn once for all who ask at one time.

::

    <folder>/3f/3f2a….bin     a line of JSON, and the bytes
"""

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from typing import Any

#: What is left of the limit once some were removed.
_AFTER = 0.9
#: Of the values in memory, before the disk is asked.
_LONGEST_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Kept:
    """``about``: what is known of the bytes, as JSON."""

    about: dict[str, Any]
    data: bytes


def cache_key(*parts: object) -> str:
    """A name for what was made of these, and of nothing else."""
    return blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=16).hexdigest()


class DiskCache:
    """Values by key, the ones that were not used for the longest time removed beyond ``limit_bytes``. Any
    thread and process may ask. What cannot be written is made again: the disk may be full."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder, self._limit = folder, limit_bytes
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Kept]] = {}
        #: Bytes on disk as far as this process knows; None until they were counted.
        self._size: int | None = None

    def peek(self, key: str) -> Kept | None:
        """What is kept of a key. Blocks."""
        path = self._path(key)
        try:
            with path.open("rb") as stream:
                head = stream.readline(_LONGEST_HEAD)
                about = json.loads(head)
                data = stream.read()
            if len(data) != about.pop("bytes"):
                return None
            with suppress(OSError):
                os.utime(path)  # when it was used last
            return Kept(about, data)
        except (OSError, ValueError, KeyError):
            return None

    def get(self, key: str, make: Callable[[], Kept]) -> Kept:
        """What is kept of a key, else what ``make`` returns, which is called once for all who ask meanwhile.
        Blocks. Errors: what ``make`` raises, for all of them."""
        kept = self.peek(key)
        if kept is not None:
            return kept
        with self._lock:
            future = self._under_way.get(key)
            mine = future is None
            if future is None:
                future = self._under_way[key] = Future()
        if not mine:
            return future.result()
        try:
            made = self.peek(key)  # another may have ended just now
            if made is None:
                made = make()
                self._write(key, made)
            future.set_result(made)
            return made
        except BaseException as error:
            future.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[key]

    def clear(self) -> None:
        """Remove all of it. Blocks."""
        for _used, _size, path in self._files():
            with suppress(OSError):
                os.unlink(path)
        with self._lock:
            self._size = None

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.bin"

    def _write(self, key: str, kept: Kept) -> None:
        head = json.dumps({**kept.about, "bytes": len(kept.data)}).encode() + b"\n"
        if self._limit <= 0 or len(head) > _LONGEST_HEAD:
            return
        path = self._path(key)
        partial = path.with_name(f".{token_hex(6)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.write_bytes(head + kept.data)
            partial.rename(path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            return
        with self._lock:
            if self._size is None:
                self._size = sum(size for _, size, _ in self._files())
            else:
                self._size += len(head) + len(kept.data)
            if self._size > self._limit:
                self._size = self._shrunk()

    def _files(self) -> list[tuple[int, int, str]]:
        """When each file was used last, its size and its path."""
        found = []
        with suppress(OSError):
            for folder in os.scandir(self._folder):
                if folder.is_dir(follow_symlinks=False):
                    for file in os.scandir(folder):
                        with suppress(OSError):
                            status = file.stat(follow_symlinks=False)
                            found.append((status.st_mtime_ns, status.st_size, file.path))
        return found

    def _shrunk(self) -> int:
        files = sorted(self._files())
        size = sum(length for _, length, _ in files)
        for _, length, path in files:
            if size <= _AFTER * self._limit:
                break
            with suppress(OSError):
                os.unlink(path)
                size -= length
        return size
