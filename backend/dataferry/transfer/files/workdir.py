"""The folder a fetch works in, and what it remembers there.

::

    <partial>/
      lock            held while a fetch is under way
      journal.jsonl   what is whole and what is under way (see ``journal``)
      parts/          large files under way, each at its full size with the bytes it has so far
      archives/       whole archives, until they are unpacked
      tree/           what becomes the target
      finished.json   written when the tree is whole, in case the end is cut short
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Self

from dataferry.core.errors import Conflict
from dataferry.core.files.digests import sha256_of
from dataferry.core.files.hardlinks import share
from dataferry.core.types import FileEntry, Manifest
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.files.disk import SYNC_BYTES, disk_faults, write_all
from dataferry.transfer.files.journal import Begun, Journal, Remembered, boot_id, promised


class Partial:
    """One manifest's work in one folder. Methods raise ``DiskFull`` and ``StoreNotWritable``."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self.root = root
        self.tree = root / "tree"
        self.journal = Journal(root / "journal.jsonl", manifest, boot_id())
        self._manifest = manifest
        self._finished = root / "finished.json"
        self._tree_name = str(self.tree)
        self._folders: set[str] = set()

    @classmethod
    @contextmanager
    def locked(cls, root: Path, manifest: Manifest) -> Iterator[Self]:
        """The folder, made if need be, and nobody else's meanwhile.

        Errors: ``Conflict`` while another fetch, in this process or another, works in it.
        """
        with disk_faults(root):
            descriptor = _lock(root)
        work = cls(root, manifest)
        try:
            yield work
        finally:
            work.journal.close()
            os.close(descriptor)

    # -- what an earlier run has left ----------------------------------------------------------

    def restore(self, proceed: Callable[[], None]) -> Remembered:
        """Files of the manifest that are whole or under way already; everything else is swept away.

        ``proceed`` is called between files and may raise to stop.
        """
        with disk_faults(self.root):
            remembered = self.journal.read()
            whole, begun = {}, {}
            for entry in self._manifest.files:
                proceed()
                file, part = remembered.whole.get(entry.path), remembered.begun.get(entry.path)
                if file is not None and self._is_whole(entry, file):
                    whole[entry.path] = file
                elif part is not None and self._can_go_on(entry, part):
                    begun[entry.path] = part
            self._sweep(whole, begun)
            self.journal.start(whole.values(), begun.values())
        return Remembered(whole, begun)

    def _is_whole(self, entry: FileEntry, file: FetchedFile) -> bool:
        """Its size is right; and if it was too small to be synced on its own, so are its bytes, which
        a power cut could have taken."""
        home = self.home(entry)
        if entry.size not in (None, file.size) or not home.is_file() or home.stat().st_size != file.size:
            return False
        return file.size >= SYNC_BYTES or sha256_of(home) == file.sha256

    def _can_go_on(self, entry: FileEntry, part: Begun) -> bool:
        """Whether bytes can be added: something must tell in the end that they are of one version."""
        if entry.size not in (None, part.size) or not (part.validator or entry.checksum):
            return False
        place = self.part(entry)
        return bool(part.held) and place.is_file() and place.stat().st_size == part.size

    def _sweep(self, whole: Mapping[str, FetchedFile], begun: Mapping[str, Begun]) -> None:
        """Leave the files that are whole or can be gone on with, and no other."""
        self._finished.unlink(missing_ok=True)
        kept = {self.home(entry) for entry in self._manifest.files if entry.path in whole}
        kept |= {self.part(entry) for entry in self._manifest.files if entry.path in begun}
        for folder in (self.tree, self.root / "archives", self.root / "parts"):
            for place, folders, files in os.walk(folder, topdown=False):
                for name in files:
                    if Path(place, name) not in kept:
                        Path(place, name).unlink()
                for name in folders:
                    with suppress(OSError):  # it holds a kept file
                        Path(place, name).rmdir()
            folder.mkdir(exist_ok=True)

    # -- files on their way --------------------------------------------------------------------

    def part(self, entry: FileEntry) -> Path:
        """Where a file is written before it is verified."""
        return self.root / "parts" / _name(entry)

    def home(self, entry: FileEntry) -> Path:
        """Where a verified file lies: in the tree, or apart while it is still to be unpacked."""
        return self.root / "archives" / _name(entry) if entry.unpack else self.tree / entry.path

    def land(self, entry: FileEntry, file: FetchedFile) -> None:
        """A part has been verified: it takes its place, read-only, and the journal says so."""
        with disk_faults(self.root):
            self.part(entry).chmod(0o444)
            self.part(entry).rename(self._ready(entry))
            self.journal.whole(file)

    def land_bytes(self, entry: FileEntry, body: bytes | memoryview, file: FetchedFile) -> None:
        """A small file that was verified in memory. It needs no name of its own meanwhile: what the
        journal does not call whole is swept away."""
        with disk_faults(self.root):
            home = self._ready(entry)
            descriptor = os.open(home, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
            try:
                os.fchmod(descriptor, 0o444)  # whatever the umask
                write_all(descriptor, body)
            except BaseException:
                os.unlink(home)
                raise
            finally:
                os.close(descriptor)
            self.journal.whole(file)

    def link(self, entry: FileEntry, existing: Path, file: FetchedFile) -> bool:
        """A file that is here already stands in the tree too; False if it has gone meanwhile."""
        with disk_faults(self.root):
            try:
                share(existing, Path(self._ready(entry)), scratch=self.root / "parts")
            except FileNotFoundError:
                return False
            self.journal.whole(file)
        return True

    def forget(self, entry: FileEntry) -> None:
        """A file that proved useless is fetched again by the next run."""
        with disk_faults(self.root):
            self.home(entry).unlink(missing_ok=True)

    def size_of(self, entry: FileEntry) -> int:
        """Bytes of a verified file on disk. Errors: ``OSError``."""
        return os.stat(self._home_name(entry)).st_size

    def _home_name(self, entry: FileEntry) -> str:
        # A Path for each of many thousand files costs as much as writing them.
        return str(self.home(entry)) if entry.unpack else f"{self._tree_name}/{entry.path}"

    def _ready(self, entry: FileEntry) -> str:
        home = self._home_name(entry)
        folder = home.rpartition("/")[0]
        if folder not in self._folders:
            os.makedirs(folder, exist_ok=True)
            self._folders.add(folder)
        return home

    @property
    def folds_case(self) -> bool:
        """Whether the file system takes ``a`` and ``A`` for one name."""
        return (self.root / "LOCK").exists()

    # -- the end ---------------------------------------------------------------------------------

    def finish(self, files: tuple[FetchedFile, ...]) -> None:
        """Write down that the tree is whole, for a run that finds it moved and this folder still here."""
        record = {
            "manifest": self._fingerprint(),
            "inode": self.tree.stat().st_ino,
            "files": [[file.path, file.size, file.sha256, file.grade] for file in files],
        }
        with disk_faults(self.root):
            fresh = self._finished.with_suffix(".new")
            fresh.write_text(json.dumps(record))
            fresh.rename(self._finished)

    def finished(self, target: Path) -> tuple[FetchedFile, ...] | None:
        """The files of a run that was cut short after it had put this manifest's tree at ``target``."""
        try:
            record = json.loads(self._finished.read_text())
            moved = record["inode"] == target.stat().st_ino
            if not moved or record["manifest"] != self._fingerprint():
                return None
            return tuple(FetchedFile(*file) for file in record["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def _fingerprint(self) -> str:
        files = [(entry.path, entry.unpack, promised(entry)) for entry in self._manifest.files]
        described = [str(self._manifest.ref), self._manifest.revision, files]
        return sha256(json.dumps(described).encode()).hexdigest()


def _name(entry: FileEntry) -> str:
    """A flat name for a path, the same in every run."""
    return sha256(entry.path.encode()).hexdigest()[:32]


def _lock(root: Path) -> int:
    """A descriptor that holds the folder. Errors: ``Conflict``."""
    while True:
        # Private: a gated dataset's files are under way here.
        root.parent.mkdir(parents=True, exist_ok=True)
        try:
            root.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue  # a fetch that ended removed the folder just now
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.stat(root / "lock")):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise Conflict(
                f"Another download is at work in {root}.", next_step="Wait for it, or cancel it."
            ) from None
        except FileNotFoundError:
            pass
        os.close(descriptor)
