"""The content-addressed cache of a repository: every file and every column once, under its SHA-256.

    .git/datasets/
      objects/ab/cdef…     a file of a dataset, read-only
      columns/ab/cdef…     a column file, compressed (``columns``)
      tmp/                 what is being made; everything comes to its place by a rename, from here or,
                           of small files, from a name beside it
      in-use               locked by who adds to it, and alone by who deletes from it

All worktrees of a repository share it. What is in it has its name's bytes: it came by a rename, once it was
hashed.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Literal

from dataferry.core.errors import Conflict

Kind = Literal["objects", "columns"]
#: How the names of files begin that are still being written beside their places.
UNFINISHED = ".new-"


class Cache:
    """The cache in ``folder``, which is made when something is first kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = str(folder)

    def path(self, kind: Kind, digest: str) -> Path:
        """Where something of this SHA-256 is, or would be."""
        return self.folder / kind / digest[:2] / digest[2:]

    def has(self, kind: Kind, digest: str) -> bool:
        return os.path.exists(f"{self._root}/{kind}/{digest[:2]}/{digest[2:]}")

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the cache's own disk, deleted at the end; if this process is killed, by ``sweep``."""
        folder, handle = self._locked_scratch()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)

    def sweep(self) -> None:
        """Delete the scratch folders of processes that were killed."""
        with contextlib.suppress(FileNotFoundError):
            for folder in (self.folder / "tmp").iterdir():
                with contextlib.suppress(OSError):
                    handle = os.open(folder, os.O_RDONLY)
                    try:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(folder, ignore_errors=True)
                    finally:
                        os.close(handle)

    def _locked_scratch(self) -> tuple[Path, int]:
        """A new folder, with a handle that holds its lock for as long as it is open."""
        parent = self.folder / "tmp"
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            folder = Path(tempfile.mkdtemp(dir=parent))
            # Another process may sweep it away before it is locked.
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(folder, os.O_RDONLY)
                fcntl.flock(handle, fcntl.LOCK_EX)
                if folder.exists():
                    return folder, handle
                os.close(handle)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A path for one file, as ``scratch`` is for many: a folder takes longer than a file."""
        parent = self.folder / "tmp"
        parent.mkdir(parents=True, exist_ok=True)
        path = parent / secrets.token_hex(8)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Nothing is deleted meanwhile: for who makes something out of what is in the cache. It waits for a
        deletion under way."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def deleting(self) -> Iterator[None]:
        """Errors: ``Conflict`` while somebody adds to the cache."""
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield
        except BlockingIOError as error:
            raise Conflict(
                "A commit, push or fetch of this repository is at work.",
                next_step="Wait until it is done, then try again.",
            ) from error

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "in-use").open("a") as file:
            fcntl.flock(file, how)
            yield

    def keep_file(self, path: Path, *, move: bool) -> tuple[str, int]:
        """Take a file into the cache: its SHA-256 and its size in bytes. With ``move`` it is renamed, which
        is only for files that lie in ``scratch``: they are nobody else's. Errors: ``OSError``."""
        if not move:
            with self._temporary() as copy:
                shutil.copyfile(path, copy)
                return self.keep_file(copy, move=True)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
        self.place(path, "objects", digest)
        return digest, size

    def keep_bytes(self, data: bytes) -> tuple[str, int]:
        """As ``keep_file``, of bytes in memory."""
        digest = sha256(data).hexdigest()
        if not self._touch(self.path("objects", digest)):
            with self._temporary() as path:
                path.write_bytes(data)
                self.place(path, "objects", digest)
        return digest, len(data)

    def place(self, path: Path, kind: Kind, digest: str) -> None:
        """Rename a finished file of ``scratch``, whose bytes have this SHA-256, to its place. What is there
        already stays, and counts as new."""
        target = self.path(kind, digest)
        if self._touch(target):
            return
        os.chmod(path, 0o444)
        try:
            os.rename(path, target)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(path, target)

    def _touch(self, path: Path) -> bool:
        """What is old and nothing needs is deleted (``gc``): this is needed from now on. False if it is not
        there."""
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        except PermissionError:  # a cache of several people
            return path.exists()
        return True

    def digests(self, kind: Kind) -> Iterator[tuple[str, os.stat_result]]:
        """Everything of one kind that is here, with its file's times and size."""
        for folder, entry in self._entries(kind):
            if not entry.name.startswith(UNFINISHED):
                yield folder + entry.name, entry.stat(follow_symlinks=False)

    def clear_unfinished(self) -> None:
        """Remove what processes that were killed have left half written. Only while nobody adds
        (``deleting``)."""
        for _folder, entry in self._entries("objects"):
            if entry.name.startswith(UNFINISHED):
                os.unlink(entry.path)

    def _entries(self, kind: Kind) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
        with contextlib.suppress(FileNotFoundError):
            for folder in sorted((self.folder / kind).iterdir()):
                with os.scandir(folder) as entries:
                    for entry in entries:
                        yield folder.name, entry
