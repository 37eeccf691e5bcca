"""Safe extraction: no member of an archive can do harm.

A member is written only below the tree, never over another, never through a link; links inside the
archive become second names of the file they lead to, all others are refused; and neither the sizes
that an archive declares nor the bytes that come out of it may exceed ``Limits``. What a format keeps
of its own checksums is verified on the way.
"""

import os
import re
import shutil
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from lzma import LZMAError
from pathlib import Path
from posixpath import dirname, join, normpath
from zipfile import BadZipFile

from dataferry.core.errors import UnsafeArchive
from dataferry.core.files.durable import write_all
from dataferry.core.files.safe_names import ReservedPaths, UnusablePath, check_path
from dataferry.core.types import Grade
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.files.disk import disk_faults, preflight

_CHUNK_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_READER_ERRORS = (
    BadZipFile,
    tarfile.TarError,
    zlib.error,
    LZMAError,
    EOFError,
    OSError,
    struct.error,
    UnicodeDecodeError,
    NotImplementedError,
)
#: The longest chain of links that is followed; Linux follows as many.
_MAX_LINK_HOPS = 40


class DamagedArchive(Exception):
    """Why an archive cannot be read to its end, or that its own checksums do not fit."""


@contextmanager
def archive_faults(name: str) -> Iterator[None]:
    """What the readers of archives raise, as ``DamagedArchive`` or ``UnsafeArchive``."""
    try:
        yield
    except NotImplementedError as error:
        raise UnsafeArchive(
            f"{name} is packed in a way that cannot be unpacked here ({error}).",
            next_step="Ask its publisher for a plain zip or tar.gz.",
        ) from error
    except _READER_ERRORS as error:
        raise DamagedArchive(str(error)) from error


class ExtractionTree:
    """Writes the members of one archive.

    They go beside where the archive itself would be, below ``root``; ``max_bytes`` is how much
    the archive may grow to, ``check_cancelled`` is
    called for every chunk and may raise to stop; ``on_member`` is called after every member.
    """

    def __init__(
        self,
        root: Path,
        reserved: ReservedPaths,
        limits: Limits,
        *,
        archive: str,
        max_bytes: int,
        grade: Grade,
        check_cancelled: Callable[[], None],
        on_member: Callable[[], None],
    ) -> None:
        self.archive = archive
        self.max_bytes = max_bytes
        self.check_cancelled = check_cancelled
        self.files: dict[str, FetchedFile] = {}
        self._root = root
        self._folder = dirname(archive)
        self._reserved = reserved
        self._limits = limits
        self._grade: Grade = grade
        self._on_member = on_member
        self._links: dict[str, str] = {}
        self._written: list[str] = []
        self._bytes = 0
        self._members = 0

    def refusal(self, reason: str) -> UnsafeArchive:
        return UnsafeArchive(f"{self.archive}: {reason}.", next_step="Tell its publisher.")

    def reserve_bytes(self, size: int) -> None:
        """Count a member of ``size`` declared bytes. Errors: ``UnsafeArchive``, ``DiskFull``."""
        self._bytes += size
        self._members += 1
        if self._bytes > self.max_bytes:
            raise self.refusal(f"it grows to more than {self.max_bytes} bytes, which looks like a bomb")
        if self._members > self._limits.unpack_files:
            raise self.refusal(f"it holds more than {self._limits.unpack_files} files")
        if size >= _CHUNK_BYTES:
            preflight(size, self._root, self._limits.min_free_bytes)

    def reserve_path(self, name: str) -> str | None:
        """A member's path in the tree, now reserved; None for the archive's root itself.

        Errors: ``UnsafeArchive`` for a name that leads out, collides, or is too long.
        """
        inner = self._normal(name)
        if inner is None:
            return None
        path = join(self._folder, inner)
        try:
            check_path(path)
            self._reserved.add(path)
        except UnusablePath as error:
            raise self.refusal(str(error)) from error
        return path

    def _normal(self, name: str) -> str | None:
        if name.startswith("/") or re.match(r"[A-Za-z]:[\\/]", name) or ".." in name.split("/"):
            raise self.refusal(f"a member wants to be written outside, at {_CONTROL.sub('?', name[:120])!r}")
        # Macs keep a folder's icon in a file called "Icon\r".
        return _CONTROL.sub("_", "/".join(part for part in name.split("/") if part not in ("", "."))) or None

    def write(self, path: str, size: int | None, read: Callable[[int], bytes]) -> None:
        """Write a member of ``size`` declared bytes, or of as many as come.

        Errors: ``DamagedArchive`` if there are not so many.
        """
        file = self._root / path
        digest, count = sha256(), 0
        with disk_faults(self._root):
            file.parent.mkdir(parents=True, exist_ok=True)
            out = file.open("xb", buffering=0)
        self._written.append(path)
        with out:
            # One byte more than declared is asked for: the end of a member is where its CRC is checked.
            while chunk := read(_CHUNK_BYTES if size is None else min(_CHUNK_BYTES, size - count + 1)):
                self.check_cancelled()
                count += len(chunk)
                if size is not None and count > size:
                    raise DamagedArchive(f"{path} is longer than the archive declares")
                digest.update(chunk)
                with disk_faults(self._root):
                    write_all(out.fileno(), chunk)
            with disk_faults(self._root):
                os.fchmod(out.fileno(), 0o444)
        if size is not None and count < size:
            raise DamagedArchive(f"{path} ends after {count} of {size} bytes")
        self.files[path] = FetchedFile(path, count, digest.hexdigest(), self._grade)
        self.check_cancelled()
        self._on_member()

    def remove_written(self) -> None:
        """Remove everything that was written: the archive was not what it should be."""
        for path in self._written:
            with suppress(OSError):
                (self._root / path).unlink()
        self.files.clear()

    def remove_empty_folders(self) -> None:
        """Remove the folders that ``remove_written`` left empty, while no other thread creates any here."""
        for path in self._written:
            folder = (self._root / path).parent
            with suppress(OSError):  # gone already, or another's files are in it
                while folder != self._root:
                    folder.rmdir()
                    folder = folder.parent

    def link(self, name: str, leads_to: str, *, hard: bool) -> None:
        """Record a link, which ``resolve_links`` creates once all files are extracted.

        ``leads_to`` is relative to the link's own folder, or to the archive's root for a hard link.
        """
        path = self.reserve_path(name)
        if path is None:
            raise self.refusal("its root is a link")
        folder = self._folder if hard else dirname(path)
        self._links[path] = normpath(join(folder, leads_to))

    def resolve_links(self) -> None:
        """Every link becomes a second name of the file it leads to.

        Errors: ``UnsafeArchive`` for a link to anything but a file of this archive: a path outside, a
        folder, something missing, itself.
        """
        for path in self._links:
            target = path
            for _ in range(_MAX_LINK_HOPS):
                if target not in self._links:
                    break
                target = self._links[target]
            original = self.files.get(target)
            if original is None:
                raise self.refusal(f"{path} is a link that leads to no file of the archive")
            link = self._root / path
            with disk_faults(self._root):
                link.parent.mkdir(parents=True, exist_ok=True)
                self._written.append(path)
                try:
                    os.link(self._root / target, link)
                except OSError:  # a file system without hard links
                    shutil.copy(self._root / target, link)
            self.files[path] = FetchedFile(path, original.size, original.sha256, original.grade)
            self._on_member()


def decode_name(raw: bytes, fallback: str) -> str:
    """A member's name: UTF-8 if it is that, else in the encoding its format falls back to."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(fallback)
