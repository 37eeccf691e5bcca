"""Safe extraction: no member of an archive can do harm, and none is lost without a word.

A member is written only below the tree, never over a file that is not its own archive's, never through a
link. Links inside the archive become second names of the files they lead to; those that lead out of the tree
are refused, those that lead nowhere are left out and said. Neither the sizes that an archive declares nor the
bytes that come out of it may exceed ``Limits``. What a format keeps of its own checksums is verified on the
way.
"""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath, splitext

from dataferry.core.errors import Cancelled, UnsafeArchive
from dataferry.core.files.durable import write_all
from dataferry.core.files.safe_names import PathInUse, ReservedPaths, UnusablePath, check_path, shortened
from dataferry.core.types import Grade
from dataferry.transfer.archives.faults import DamagedArchive
from dataferry.transfer.archives.links import ArchiveLinks, FolderIndex, LeadsOutside
from dataferry.transfer.archives.notes import ArchiveNotes, Remark
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.files.disk import disk_faults, preflight
from dataferry.transfer.files.write_gate import WriteGate

_CHUNK_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: How deep links to folders in folders that are linked are followed.
_MAX_LINK_DEPTH = 40


@dataclass(frozen=True, slots=True)
class _Owner:
    """Which member has a path: its name, without what a file system cannot hold being changed, and its
    declared size in bytes."""

    name: str
    size: int | None


class ExtractionTree:
    """Writes the members of one archive.

    They go beside where the archive itself would be, below ``root``; ``max_bytes`` is how much the archive
    may grow to, ``check_cancelled`` is called for every chunk and may raise to stop; ``on_member`` is called
    after every member. Every change of the disk passes ``gate``. ``reserved`` is nested, and committed by the
    caller.
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
        gate: WriteGate,
    ) -> None:
        self.archive = archive
        self.max_bytes = max_bytes
        self.check_cancelled = check_cancelled
        self.files: dict[str, FetchedFile] = {}
        self.notes = ArchiveNotes(archive)
        #: Something of it could not be unpacked, so that the archive itself must be kept.
        self.incomplete = False
        self.holds_devices = False
        self._root = root
        self._folder = dirname(archive)
        self._reserved = reserved
        self._limits = limits
        self._grade: Grade = grade
        self._on_member = on_member
        self._gate = gate
        self._owners: dict[str, _Owner] = {}
        #: Paths of folders that the archive lists by themselves.
        self._listed_folders: set[str] = set()
        self._links = ArchiveLinks()
        self._written: list[str] = []
        self._bytes = 0
        self._members = 0
        self._placeholders = 0
        self._placeholder = secrets.token_hex(8)

    def refusal(self, reason: str) -> UnsafeArchive:
        return UnsafeArchive(
            f"{self.archive}: {reason}.",
            next_step="Ask for the archive itself with keep_archives, or tell its publisher.",
        )

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

    # -- names -------------------------------------------------------------------------------------

    def reserve_path(self, name: str, size: int | None = None) -> str | None:
        """A member's path in the tree, now reserved; None for the archive's root itself and for an empty file
        that only marks a folder. A path that the same name has already is given again.

        Errors: ``UnsafeArchive`` for a name that leads out or collides, or a path that is too long.
        """
        plain = self._plain_name(name)
        if not plain:
            return None
        # Macs keep a folder's icon in a file called "Icon\r".
        path = join(self._folder, fitting := shortened(_CONTROL.sub("_", plain)))
        if len(fitting) < len(plain):
            self.notes.add("shortened", fitting)
        try:
            check_path(path)
        except UnusablePath as error:
            raise self.refusal(str(error)) from error
        return self._claim(path, _Owner(plain, size))

    def _plain_name(self, name: str) -> str:
        if name.startswith("/") or re.match(r"[A-Za-z]:[\\/]", name) or ".." in name.split("/"):
            raise self.refusal(f"a member wants to be written outside, at {_CONTROL.sub('?', name[:120])!r}")
        return "/".join(part for part in name.split("/") if part not in ("", "."))

    def _claim(self, path: str, owner: _Owner) -> str | None:
        wanted, number = path, 1
        while True:
            former = self._owners.get(path)
            if former is not None and former.name == owner.name:
                break
            try:
                self._reserved.add(path)
                break
            except PathInUse as error:
                if error.kind == "folder" and owner.size == 0:
                    return None
                if error.kind == "above" and self._gives_way(error.other):
                    self._drop(error.other)
                    continue
                if error.kind != "file" or not self._reserved.holds(path):
                    raise self.refusal(str(error)) from error
                # Another name, for which this disk has one path with that.
                number += 1
                stem, suffix = splitext(wanted)
                path = f"{stem} ({number}){suffix}"
        self._owners[path] = owner
        if path != wanted:
            self.notes.add("renamed", f"{wanted} → {path}")
        return path

    def _gives_way(self, path: str) -> bool:
        """Whether a file may give way to a folder: an empty one, as object stores mark folders with, or one
        that the archive replaces by that folder later on."""
        owner = self._owners.get(path)
        if owner is None or path in self._links:
            return False
        return owner.size == 0 or path in self._listed_folders

    def _drop(self, path: str) -> None:
        self._reserved.discard(path)
        if self._owners.pop(path).size != 0:
            self.notes.add("replaced", path)
        if self.files.pop(path, None) is not None:
            with self._gate, disk_faults(self._root):
                (self._root / path).unlink()

    def owns(self, path: str) -> bool:
        """Whether a path that was reserved still is this archive's."""
        return path in self._owners

    def folder(self, name: str) -> None:
        """The archive lists a folder. Folders are made for the files in them, so that its name need not be
        safe."""
        self._listed_folders.add(join(self._folder, name.strip("/")))

    def leave_out(self, remark: Remark, name: str, *, detail: str = "") -> None:
        """A member that is not written, and said. Errors: ``UnsafeArchive`` for a name that leads out."""
        self._plain_name(name)
        self.notes.add(remark, name, detail=detail)
        self.incomplete |= remark == "packed"
        self.holds_devices |= remark == "device"

    # -- files -------------------------------------------------------------------------------------

    def write(self, path: str, size: int | None, read: Callable[[int], bytes]) -> None:
        """Write a member of ``size`` declared bytes, or of as many as come. It replaces what the archive had
        at its path.

        Errors: ``DamagedArchive`` if there are not so many.
        """
        former = self._remove_former(path)
        file = self._root / path
        digest, count = sha256(), 0
        with self._gate, disk_faults(self._root):
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
                with self._gate, disk_faults(self._root):
                    write_all(out.fileno(), chunk)
            with self._gate, disk_faults(self._root):
                os.fchmod(out.fileno(), 0o444)
        if size is not None and count < size:
            raise DamagedArchive(f"{path} ends after {count} of {size} bytes")
        self._add_file(FetchedFile(path, count, digest.hexdigest(), self._grade), former)

    def _remove_former(self, path: str) -> FetchedFile | None:
        self._links.discard(path)
        former = self.files.pop(path, None)
        if former is not None:
            with self._gate, disk_faults(self._root):
                (self._root / path).unlink()
        return former

    def _add_file(self, file: FetchedFile, former: FetchedFile | None = None) -> None:
        if former is not None and former.sha256 != file.sha256:
            self.notes.add("replaced", file.path)
        self.files[file.path] = file
        self.check_cancelled()
        self._on_member()

    def placeholder(self) -> str:
        """A path for a member whose name is not known yet."""
        self._placeholders += 1
        path = self.reserve_path(f".unnamed-{self._placeholder}-{self._placeholders}")
        assert path is not None
        return path

    def rename(self, placeholder: str, name: str) -> None:
        """Give a member its name. Errors: as ``reserve_path``."""
        file = self.files.pop(placeholder)
        self._reserved.discard(placeholder)
        del self._owners[placeholder]
        path = self.reserve_path(name, file.size)
        if path is None:  # an empty file that only marks a folder
            with self._gate, disk_faults(self._root):
                (self._root / placeholder).unlink()
            return
        former = self._remove_former(path)
        with self._gate, disk_faults(self._root):
            (self._root / path).parent.mkdir(parents=True, exist_ok=True)
            self._written.append(path)
            (self._root / placeholder).rename(self._root / path)
        if former is not None and former.sha256 != file.sha256:
            self.notes.add("replaced", path)
        self.files[path] = replace(file, path=path)

    def remove_written(self) -> None:
        """Remove everything that was written: the archive was not what it should be. What a closed gate holds
        back is removed by the next run."""
        for path in self._written:
            with suppress(OSError, Cancelled), self._gate:
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

    # -- links -------------------------------------------------------------------------------------

    def add_link(self, path: str, leads_to: str, *, hard: bool) -> None:
        """A link at a reserved path. ``leads_to`` is relative to the link's own folder, or to the archive's
        root for a hard link, which is made at once where its file is there.

        Errors: ``UnsafeArchive`` if it leads out of the tree.
        """
        if hard and (target := normpath(join(self._folder, leads_to))) in self.files:
            if target != path:
                former = self._remove_former(path)
                self._second_name(target, path, former)
            return
        if self._remove_former(path) is not None:
            self.notes.add("replaced", path)
        if leads_to.startswith("/") and not hard:
            self.notes.add("absolute", f"{path} → {leads_to}")
            return
        try:
            if leads_to.startswith("/"):
                raise LeadsOutside
            self._links.add(path, self._folder if hard else dirname(path), leads_to)
        except LeadsOutside:
            raise self._leads_out(path) from None

    def resolve_links(self) -> None:
        """Every link becomes a second name of the file it leads to, and one to a folder a folder of second
        names. Those that lead to nothing of this archive, or into themselves, are left out.

        Errors: ``UnsafeArchive`` for a link that leads out of the tree.
        """
        folders: dict[str, str] = {}
        for path in self._links.paths():
            self.check_cancelled()
            try:
                target = self._links.destination(path)
            except LeadsOutside:
                raise self._leads_out(path) from None
            if target in self.files:
                self._second_name(target, path)
            elif target is None or not target or path.startswith(f"{target}/"):
                self._leave_link_out(path)
            else:
                folders[path] = target
        files, links = FolderIndex(self.files), FolderIndex(folders)
        for path in list(folders):
            self._link_folder(path, folders, files, links, _MAX_LINK_DEPTH)

    def _link_folder(
        self, path: str, folders: dict[str, str], files: FolderIndex, links: FolderIndex, depth: int
    ) -> None:
        target = folders.pop(path, None)
        if target is None:
            return
        for inner in links.below(target) if depth > 0 else []:
            self._link_folder(inner, folders, files, links, depth - 1)
        names = files.below(target)
        if not names:
            self._leave_link_out(path)
            return
        self._forget(path)
        for name in names:
            second = path + name[len(target) :]
            try:
                self._reserved.add(second)
            except PathInUse as error:
                raise self.refusal(str(error)) from error
            self._second_name(name, second)
            files.add(second)

    def _leave_link_out(self, path: str) -> None:
        self._forget(path)
        self.notes.add("dangling", path)

    def _forget(self, path: str) -> None:
        self._reserved.discard(path)
        self._owners.pop(path, None)

    def _leads_out(self, path: str) -> UnsafeArchive:
        return self.refusal(f"{path} is a link that leads out of the dataset's folder")

    def _second_name(self, target: str, path: str, former: FetchedFile | None = None) -> None:
        self.reserve_bytes(0)
        link = self._root / path
        with self._gate, disk_faults(self._root):
            link.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(self._root / target, link)
            except OSError:  # a file system without hard links, or with too many of this file
                linked = False
            else:
                linked = True
                self._written.append(path)
        original = self.files[target]
        if linked:
            self._add_file(replace(original, path=path), former)
            return
        self.reserve_bytes(original.size)
        with (self._root / target).open("rb") as content:
            self.write(path, original.size, content.read)
