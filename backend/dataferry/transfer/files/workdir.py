"""The working folder of a fetch.

It has a lock (``folder_lock``) and in it each run that has a name works in a folder of its own
(``run_folders``)::

    <workdir>/
      journal.jsonl   which files are complete, and which bytes of others are here (see ``journal``)
      parts/          part files, each at its full size with the bytes that have arrived so far
      archives/       complete archives, until they are extracted
      tree/           becomes the target
      finished.json   written when the tree is complete, in case of a kill between the rename and the end
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Self

from dataferry.core.files.digests import sha256_of
from dataferry.core.files.durable import write_all
from dataferry.core.files.hardlinks import link_or_copy
from dataferry.core.files.no_links import is_regular
from dataferry.core.types import FileEntry, Manifest
from dataferry.transfer.contract import FetchedFile, FolderUser
from dataferry.transfer.files.disk import SYNC_BYTES, disk_faults
from dataferry.transfer.files.folder_lock import locked as folder_locked
from dataferry.transfer.files.journal import Journal, JournalState, PartState, boot_id, checksum_text
from dataferry.transfer.files.run_folders import open_run_folder


class Workdir:
    """The working folder of one manifest. Methods raise ``DiskFull`` and ``StoreNotWritable``."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self.root = root
        self.tree = root / "tree"
        self.journal = Journal(root / "journal.jsonl", manifest, boot_id())
        #: What a person should know of how the tree was made; kept for a run that finds it finished.
        self.note: str | None = None
        self._manifest = manifest
        self._finished = root / "finished.json"
        self._tree_name = str(self.tree)
        self._folders: set[str] = set()

    @classmethod
    @contextmanager
    def locked(cls, root: Path, manifest: Manifest, user: FolderUser | None = None) -> Iterator[Self]:
        """The folder, created if it is missing, and locked inside the block; of a ``user`` its own in it.

        Errors: ``FolderBusy`` while another fetch, in this process or another, works in it.
        """
        with folder_locked(root, user) as lock:
            if user is not None:
                with disk_faults(root):
                    root = open_run_folder(root, user.name, shared=lock.shared)
            work = cls(root, manifest)
            try:
                yield work
            finally:
                work.journal.close()

    # -- for the start: what an earlier run has left ---------------------------------------------

    def restore(self, check_cancelled: Callable[[], None]) -> JournalState:
        """Files of the manifest that are complete or partly here already; everything else is deleted.

        ``check_cancelled`` is called between files and may raise to stop.
        """
        with disk_faults(self.root):
            saved = self.journal.read()
            completed, parts = {}, {}
            for entry in self._manifest.files:
                check_cancelled()
                file, part = saved.completed.get(entry.path), saved.parts.get(entry.path)
                if file is not None and self._is_intact(entry, file):
                    completed[entry.path] = file
                elif part is not None and self._is_resumable(entry, part):
                    parts[entry.path] = part
            self._remove_leftovers(completed, parts)
            self.journal.rewrite(completed.values(), parts.values())
        return JournalState(completed, parts)

    def _is_intact(self, entry: FileEntry, file: FetchedFile) -> bool:
        """Its size is right; and if it was too small to be synced on its own, so are its bytes, which
        a power cut could have taken."""
        path = self.completed_path(entry)
        if (
            entry.promised_size not in (None, file.size)
            or not is_regular(path)
            or path.stat().st_size != file.size
        ):
            return False
        return file.size >= SYNC_BYTES or sha256_of(path) == file.sha256

    def _is_resumable(self, entry: FileEntry, part: PartState) -> bool:
        """Whether bytes can be added: something must prove in the end that they are of one version."""
        if entry.promised_size not in (None, part.size) or not (part.validator or entry.checksum):
            return False
        path = self.part_path(entry)
        return bool(part.held) and is_regular(path) and path.stat().st_size == part.size

    def _remove_leftovers(self, completed: Mapping[str, FetchedFile], parts: Mapping[str, PartState]) -> None:
        """Delete all files but those that are complete or can be resumed."""
        self._finished.unlink(missing_ok=True)
        kept = {self.completed_path(entry) for entry in self._manifest.files if entry.path in completed}
        kept |= {self.part_path(entry) for entry in self._manifest.files if entry.path in parts}
        for folder in (self.tree, self.root / "archives", self.root / "parts"):
            if folder.is_symlink():
                folder.unlink()
            for place, folders, files in os.walk(folder, topdown=False):
                for name in files:
                    if Path(place, name) not in kept:
                        Path(place, name).unlink()
                for name in folders:
                    path = Path(place, name)
                    with suppress(OSError):  # it holds a kept file
                        path.unlink() if path.is_symlink() else path.rmdir()
            folder.mkdir(exist_ok=True)

    # -- for downloads: where files go -----------------------------------------------------------

    def part_path(self, entry: FileEntry) -> Path:
        """Where a file is written before it is verified."""
        return self.root / "parts" / _name(entry)

    def completed_path(self, entry: FileEntry) -> Path:
        """Where a verified file is: in the tree, or in ``archives`` until it is extracted."""
        return self.root / "archives" / _name(entry) if entry.unpack else self.tree / entry.path

    def complete(self, entry: FileEntry, file: FetchedFile) -> None:
        """Move a verified part file into place, read-only, and record it."""
        with disk_faults(self.root):
            self.part_path(entry).chmod(0o444)
            self.part_path(entry).rename(self._with_folder(entry))
            self.journal.record_completed(file)

    def complete_from_memory(self, entry: FileEntry, body: bytes | memoryview, file: FetchedFile) -> None:
        """Write a small file that was verified in memory, and record it. It needs no temporary name: the next
        run deletes what the journal does not call complete."""
        with disk_faults(self.root):
            path = self._with_folder(entry)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
            try:
                os.fchmod(descriptor, 0o444)  # whatever the umask
                write_all(descriptor, body)
            except BaseException:
                os.unlink(path)
                raise
            finally:
                os.close(descriptor)
            self.journal.record_completed(file)

    def link_existing(self, entry: FileEntry, existing: Path, file: FetchedFile) -> bool:
        """Link a file of this machine into the tree, and record it; False if it no longer exists."""
        with disk_faults(self.root):
            try:
                link_or_copy(existing, Path(self._with_folder(entry)), scratch=self.root / "parts")
            except FileNotFoundError:
                return False
            self.journal.record_completed(file)
        return True

    def discard(self, entry: FileEntry) -> None:
        """Delete a useless file, so that the next run downloads it again."""
        with disk_faults(self.root):
            self.completed_path(entry).unlink(missing_ok=True)

    def size_of(self, entry: FileEntry) -> int:
        """Bytes of a verified file on disk. Errors: ``OSError``."""
        return os.stat(self._completed_name(entry)).st_size

    def _completed_name(self, entry: FileEntry) -> str:
        # A Path for each of many thousand files costs as much as writing them.
        return str(self.completed_path(entry)) if entry.unpack else f"{self._tree_name}/{entry.path}"

    def _with_folder(self, entry: FileEntry) -> str:
        path = self._completed_name(entry)
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            os.makedirs(folder, exist_ok=True)
            self._folders.add(folder)
        return path

    @property
    def folds_case(self) -> bool:
        """Whether the file system takes ``a`` and ``A`` for one name."""
        return (self.root / "LOCK").exists()

    # -- for the end: the tree becomes the target -------------------------------------------------

    def write_finished(self, files: tuple[FetchedFile, ...]) -> int:
        """Record that the tree is complete, for a run that finds it moved and this folder still here. The
        tree's inode."""
        inode = self.tree.stat().st_ino
        record = {
            "manifest": self._fingerprint(),
            "inode": inode,
            "files": [[file.path, file.size, file.sha256, file.grade] for file in files],
            "note": self.note,
        }
        with disk_faults(self.root):
            temporary = self._finished.with_suffix(".new")
            temporary.write_text(json.dumps(record))
            temporary.rename(self._finished)
        return inode

    def read_finished(self, target: Path) -> tuple[FetchedFile, ...] | None:
        """The files of a run that was killed after it had moved this manifest's tree to ``target``."""
        try:
            record = json.loads(self._finished.read_text())
            moved = record["inode"] == target.stat().st_ino
            if not moved or record["manifest"] != self._fingerprint():
                return None
            self.note = record.get("note")
            return tuple(FetchedFile(*file) for file in record["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def _fingerprint(self) -> str:
        files = [(entry.path, entry.unpack, checksum_text(entry)) for entry in self._manifest.files]
        described = [str(self._manifest.ref), self._manifest.revision, files]
        return sha256(json.dumps(described).encode()).hexdigest()


@contextmanager
def hold_workdir(root: Path, user: FolderUser | None = None) -> Iterator[None]:
    """Keep every fetch out of a working folder inside the block, which may delete it. It is created if it is
    missing. Errors: ``FolderBusy`` while a fetch works in it, unless the ``user`` has overtaken that;
    ``StoreNotWritable``."""
    with folder_locked(root, user):
        yield


def discard_workdir(root: Path, user: FolderUser | None = None) -> None:
    """Delete a working folder that was given to ``fetch``, with everything in it. One that is gone is fine.

    Errors: those of ``hold_workdir``.
    """
    if root.exists():
        with hold_workdir(root, user):
            shutil.rmtree(root, ignore_errors=True)


def _name(entry: FileEntry) -> str:
    """A flat name for a path, the same in every run."""
    return sha256(entry.path.encode()).hexdigest()[:32]
