"""Taking the files of rows into the cache: each is looked at, hashed and brought to its place once."""

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from dataferry.core.files.hardlinks import reflink
from dataferry.versioning.declare.formats import HEAD_BYTES, extension_of, format_of, looks_like
from dataferry.versioning.model.cache import UNFINISHED, Cache
from dataferry.versioning.model.columns import StoredFile
from dataferry.versioning.model.schema import Field
from dataferry.versioning.model.values import WrongValue

#: Files up to this size are read at once.
_SMALL_BYTES = 4 << 20
_CHUNK_BYTES = 1 << 20
_READ_ONLY = 0o444
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_LFS_POINTER = b"version https://git-lfs"


class Intake:
    """Into ``cache``, through ``folder``, which is on its disk.

    With ``place`` files come to their places in the cache at once; without they stay in ``folder``, named by
    their SHA-256, for somebody who does not trust the process that this is in. Files below ``movable`` are
    moved, all others are copied, or share their blocks where the file system can do that.
    """

    def __init__(self, cache: Cache, folder: Path, *, movable: Path, place: bool) -> None:
        self._objects = str(cache.folder / "objects")
        self._folder = str(folder)
        self._movable = os.path.join(os.path.realpath(movable), "")
        self._place = place
        self._own = f"{UNFINISHED}{secrets.token_hex(4)}"
        self._number = 0

    def is_movable(self, path: str) -> bool:
        """Whether a file lies where only the functions of this run write, and has no other name."""
        if not path.startswith(self._movable) or not os.path.realpath(path).startswith(self._movable):
            return False
        found = os.lstat(path)
        return stat.S_ISREG(found.st_mode) and found.st_nlink == 1

    def take_bytes(self, data: bytes, field: Field) -> StoredFile:
        """Errors: ``WrongValue``, ``OSError``."""
        extension = _extension(data[:HEAD_BYTES], field, "", "")
        return self._keep_bytes(data, extension)

    def take_file(
        self,
        path: str,
        field: Field,
        *,
        shown: str = "",
        unchanged: tuple[int, int] | None = None,
        stays: bool = False,
    ) -> StoredFile:
        """``shown``: what errors call it. ``unchanged``: its time of change in ns, and its size, when it was
        named; a file that is written anew for each row would else be taken as it was at last. ``stays``:
        whether a movable file is linked into the cache, for another row may name it too.

        Errors: ``WrongValue``, ``OSError``."""
        shown = shown or path
        with _opened(path, shown) as (handle, found):
            if unchanged is not None and unchanged != (found.st_mtime_ns, found.st_size):
                raise WrongValue(f"is {shown}, which was changed after it was given: each row needs its own")
            movable = self.is_movable(path)
            if found.st_size <= _SMALL_BYTES and not movable:
                data = _read(handle, found.st_size)
                return self._keep_bytes(data, _extension(data[:HEAD_BYTES], field, shown, path))
            extension = _extension(os.read(handle, HEAD_BYTES), field, shown, path)
        temporary = path if movable else self._copy(path)
        os.chmod(temporary, _READ_ONLY)
        digest, size = _digest(temporary)
        self._finish(temporary, digest, stays=movable and stays)
        return StoredFile(digest, extension, size)

    def _keep_bytes(self, data: bytes, extension: str) -> StoredFile:
        digest = sha256(data).hexdigest()
        folder = f"{self._objects}/{digest[:2]}"
        if not os.path.exists(f"{folder}/{digest[2:]}"):
            # Beside its place: a rename from another folder waits for all others of the file system.
            temporary = self._temporary(folder if self._place else self._folder)
            _write(temporary, data)
            self._finish(temporary, digest)
        return StoredFile(digest, extension, len(data))

    def _copy(self, path: str) -> str:
        temporary = self._temporary(self._folder)
        if not reflink(Path(os.path.realpath(path)), Path(temporary)):
            with open(path, "rb") as source, open(temporary, "xb") as target:
                while data := source.read(_CHUNK_BYTES):
                    target.write(data)
        return temporary

    def _finish(self, temporary: str, digest: str, *, stays: bool = False) -> None:
        """Bring a whole file to where it belongs. What is there already has the same bytes."""
        bring = _link if stays else os.rename
        if not self._place:
            bring(temporary, f"{self._folder}/{digest}")
            return
        target = f"{self._objects}/{digest[:2]}/{digest[2:]}"
        try:
            bring(temporary, target)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            bring(temporary, target)

    def _temporary(self, folder: str) -> str:
        self._number += 1
        return f"{folder}/{self._own}-{self._number}"


def named_path(value: object) -> str | None:
    """The path that a value is, None if it is none. Errors: ``WrongValue`` for an address of the web."""
    if not isinstance(value, str | os.PathLike):
        return None
    path = os.fsdecode(value)
    if isinstance(value, str) and _URL.match(value):
        raise WrongValue(f"is the address {value}; the ingest has to download it, and to return the file")
    if not path or "\0" in path:
        raise WrongValue(f"is {path!r}, which is no path")
    return path


@contextlib.contextmanager
def _opened(path: str, shown: str) -> Iterator[tuple[int, os.stat_result]]:
    """The handle of a regular file, and what the system says of it. Errors: ``WrongValue``."""
    try:
        # Not blocking: a named pipe would wait for somebody to write.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise WrongValue(f"is {shown}, which does not exist") from error
    except PermissionError as error:
        raise WrongValue(f"is {shown}, which may not be read") from error
    except OSError as error:
        raise WrongValue(f"is {shown}, which cannot be opened: {error.strerror}") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device or a pipe"
            raise WrongValue(f"is {shown}, which is no file but {kind}")
        yield handle, found
    finally:
        os.close(handle)


def _read(handle: int, size: int) -> bytes:
    """All of a file that has, or had a moment ago, this size."""
    parts = []
    while data := os.read(handle, size + 1):
        parts.append(data)
        size -= len(data)
        if size == 0:
            break
        size = max(size, _CHUNK_BYTES)
    return b"".join(parts)


def _write(path: str, data: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _READ_ONLY)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _READ_ONLY)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(handle)


def _extension(head: bytes, field: Field, shown: str, name: str) -> str:
    found = format_of(head, field.formats, name=os.path.basename(name))
    if found is not None:
        return extension_of(found, head)
    what = f"is {shown}, which" if shown else "has bytes that"
    verb = "is" if shown else "are"
    if not head:
        raise WrongValue(f"{what} {verb} empty, and not {' or '.join(field.formats)}")
    if head.startswith(_LFS_POINTER):
        raise WrongValue(f"{what} {verb} a pointer of Git LFS; git lfs pull brings the file")
    like = looks_like(head)
    raise WrongValue(f"{what} {verb} {f'{like}, and ' if like else ''}not {' or '.join(field.formats)}")


def _link(existing: str, new: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.link(existing, new)


def _digest(path: str) -> tuple[str, int]:
    digest, size = sha256(), 0
    with open(path, "rb", buffering=0) as file:
        while data := file.read(_CHUNK_BYTES):
            digest.update(data)
            size += len(data)
    return digest.hexdigest(), size
