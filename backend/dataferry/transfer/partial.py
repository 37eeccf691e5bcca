"""The folder a fetch works in, and what it remembers there.

::

    <partial>/
      lock            held while a fetch is under way
      journal.jsonl   a line about the revision, then one for each file that is whole
      parts/          files under way; of no use to a later run
      archives/       whole archives, until they are unpacked
      tree/           what becomes the target
      finished.json   written when the tree is whole, in case the end is cut short
"""

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from dataferry.core.errors import Conflict
from dataferry.core.types import FileEntry, Manifest
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.digests import sha256_of
from dataferry.transfer.disk import SYNC_BYTES, disk_faults

_FORMAT = 1


class Partial:
    """One manifest's work in one folder. Methods raise ``DiskFull`` and ``StoreNotWritable``."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self.root = root
        self.tree = root / "tree"
        self._manifest = manifest
        self._journal = root / "journal.jsonl"
        self._finished = root / "finished.json"
        self._writing = threading.Lock()

    @classmethod
    @contextmanager
    def locked(cls, root: Path, manifest: Manifest) -> Iterator[Self]:
        """The folder, made if need be, and nobody else's meanwhile.

        Errors: ``Conflict`` while another fetch, in this process or another, works in it.
        """
        with disk_faults(root):
            descriptor = _lock(root)
        try:
            yield cls(root, manifest)
        finally:
            os.close(descriptor)

    # -- what an earlier run has left ----------------------------------------------------------

    def restore(self, proceed: Callable[[], None]) -> dict[str, FetchedFile]:
        """Files of the manifest that are whole already, by path; everything else is swept away.

        ``proceed`` is called between files and may raise to stop.
        """
        with disk_faults(self.root):
            remembered = self._remembered()
            whole = {}
            for entry in self._manifest.files:
                proceed()
                file = remembered.get(entry.path)
                if file is not None and self._is_whole(entry, file):
                    whole[entry.path] = file
            self._sweep(whole)
            self._begin_journal(whole)
        return whole

    def _remembered(self) -> dict[str, FetchedFile]:
        """The journal's files, by path, as far as it speaks of this revision and these checksums."""
        try:
            lines = self._journal.read_text().splitlines()
        except FileNotFoundError:
            return {}
        records = list(_records(lines))
        if not records or records[0] != self._header():
            return {}
        promised = {entry.path: _promised(entry) for entry in self._manifest.files}
        files = {}
        for record in records[1:]:
            with suppress(TypeError):  # a line of another shape
                if promised.get(record.get("path", "")) == record.pop("promised", None):
                    file = FetchedFile(**record)
                    files[file.path] = file
        return files

    def _is_whole(self, entry: FileEntry, file: FetchedFile) -> bool:
        """Its size is right; and if it was too small to be synced on its own, so are its bytes, which
        a power cut could have taken."""
        home = self.home(entry)
        if entry.size not in (None, file.size) or not home.is_file() or home.stat().st_size != file.size:
            return False
        return file.size >= SYNC_BYTES or sha256_of(home) == file.sha256

    def _sweep(self, whole: Mapping[str, FetchedFile]) -> None:
        """Leave the files that are whole, and no other."""
        shutil.rmtree(self.root / "parts", ignore_errors=True)
        self._finished.unlink(missing_ok=True)
        kept = {self.home(entry) for entry in self._manifest.files if entry.path in whole}
        for folder in (self.tree, self.root / "archives"):
            for place, folders, files in os.walk(folder, topdown=False):
                for name in files:
                    if Path(place, name) not in kept:
                        Path(place, name).unlink()
                for name in folders:
                    with suppress(OSError):  # it holds a kept file
                        Path(place, name).rmdir()
        for folder in (self.tree, self.root / "archives", self.root / "parts"):
            folder.mkdir(exist_ok=True)

    def _begin_journal(self, whole: Mapping[str, FetchedFile]) -> None:
        """A journal of what is there, in place of the old one, whose last line may be torn."""
        lines = [json.dumps(self._header())]
        lines += [
            self._line(entry, whole[entry.path]) for entry in self._manifest.files if entry.path in whole
        ]
        fresh = self._journal.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n")
        fresh.rename(self._journal)

    # -- files on their way --------------------------------------------------------------------

    def part(self, entry: FileEntry) -> Path:
        """Where a file is written before it is verified."""
        return self.root / "parts" / _name(entry)

    def home(self, entry: FileEntry) -> Path:
        """Where a verified file lies: in the tree, or apart while it is still to be unpacked."""
        return self.root / "archives" / _name(entry) if entry.unpack else self.tree / entry.path

    def land(self, entry: FileEntry, file: FetchedFile) -> None:
        """A part has been verified: it takes its place, read-only, and the journal says so."""
        home = self.home(entry)
        with disk_faults(self.root), self._writing:
            self.part(entry).chmod(0o444)
            home.parent.mkdir(parents=True, exist_ok=True)
            self.part(entry).rename(home)
            with self._journal.open("a") as journal:
                journal.write(self._line(entry, file) + "\n")

    def forget(self, entry: FileEntry) -> None:
        """A file that proved useless is fetched again by the next run."""
        with disk_faults(self.root):
            self.home(entry).unlink(missing_ok=True)

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
            "files": [asdict(file) for file in files],
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
            return tuple(FetchedFile(**file) for file in record["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def _header(self) -> dict[str, Any]:
        return {"format": _FORMAT, "ref": str(self._manifest.ref), "revision": self._manifest.revision}

    def _line(self, entry: FileEntry, file: FetchedFile) -> str:
        return json.dumps(asdict(file) | {"promised": _promised(entry)})

    def _fingerprint(self) -> str:
        files = [(entry.path, entry.unpack, _promised(entry)) for entry in self._manifest.files]
        return sha256(json.dumps([self._header(), files]).encode()).hexdigest()


def _promised(entry: FileEntry) -> str | None:
    return f"{entry.checksum.algorithm}:{entry.checksum.value}" if entry.checksum else None


def _name(entry: FileEntry) -> str:
    """A flat name for a path, the same in every run."""
    return sha256(entry.path.encode()).hexdigest()[:32]


def _records(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue  # torn by a kill
        if isinstance(record, dict):
            yield record


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
