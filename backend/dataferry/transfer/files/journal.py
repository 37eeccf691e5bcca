"""What a fetch remembers of its files, so that a kill or a power cut costs little.

One JSON object a line, in ``<partial>/journal.jsonl``::

    {"format": 2, "ref": "kaggle:uciml/iris", "revision": "3", "boot": "5f0e…"}
    {"begun": "big.bin", "size": 2147483648, "validator": "\\"9f86…\\"", "promised": "sha256:6bb8…"}
    {"bytes": "big.bin", "at": [[0, 4194304]]}          # the kernel has them: a kill loses nothing
    {"synced": "big.bin", "at": [[0, 268435456]]}       # the disk has them: a power cut loses nothing
    {"path": "small.csv", "size": 20480, "sha256": "…", "grade": "publisher", "promised": "md5:…"}

A line ``begun`` forgets what was said of the file before. Lines ``bytes`` count only if the system was
not started anew since (``boot``). A last line that is torn is ignored.
"""

import json
import os
import platform
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataferry.core.types import FileEntry, Manifest
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.files.disk import sync_data, write_all
from dataferry.transfer.files.spans import Range, merged

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Begun:
    """A large file under way: which bytes of which version of it are on disk."""

    path: str
    size: int
    #: What the server calls this version; None where it does not say.
    validator: str | None
    #: Bytes that a kill does not take away, and those of them that a power cut does not either.
    held: tuple[Range, ...] = ()
    synced: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the journal says of files whose promise is still the same, by path."""

    whole: Mapping[str, FetchedFile]
    begun: Mapping[str, Begun]


class Journal:
    """Read once, begun anew, then appended to from many threads. Methods raise ``OSError``.

    ``boot`` names this run of the system; None where it has no name, and a power cut is assumed.
    """

    def __init__(self, path: Path, manifest: Manifest, boot: str | None) -> None:
        self._path = path
        self._header = {"format": _FORMAT, "ref": str(manifest.ref), "revision": manifest.revision}
        self._promises = {entry.path: promised(entry) for entry in manifest.files}
        self._boot = boot
        self._lock = threading.Lock()
        self._file: int | None = None
        self._dirty = False

    def read(self) -> Remembered:
        """Nothing where there is no journal, or one of another revision."""
        try:
            records = list(_records(self._path.read_bytes()))
        except FileNotFoundError:
            records = []
        if not records or any(records[0].get(name) != value for name, value in self._header.items()):
            return Remembered({}, {})
        same_boot = self._boot is not None and records[0].get("boot") == self._boot
        reading = _Reading(self._promises, same_boot=same_boot)
        for record in records[1:]:
            with suppress(KeyError, TypeError, ValueError):  # a line of another shape
                reading.take(record)
        return Remembered(reading.whole, reading.begun)

    def start(self, whole: Iterable[FetchedFile], begun: Iterable[Begun]) -> None:
        """A journal of just this in place of the old one, whose last line may be torn."""
        lines = [self._header | {"boot": self._boot}]
        lines += [self._whole_line(file) for file in whole]
        for part in begun:
            lines += [self._begun_line(part)]
            lines += [{"synced": part.path, "at": part.synced}, {"bytes": part.path, "at": part.held}]
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        self._file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        write_all(self._file, "".join(json.dumps(line) + "\n" for line in lines).encode())
        os.fsync(self._file)
        os.rename(fresh, self._path)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    # -- lines -----------------------------------------------------------------------------------

    def whole(self, file: FetchedFile) -> None:
        """A file is verified and in its place."""
        self._append(self._whole_line(file))

    def begun(self, part: Begun) -> None:
        """A file starts from nothing. Synced at once: bytes of another version must not be taken for
        this one's."""
        self._append(self._begun_line(part))
        self.sync()

    def bytes(self, path: str, held: Range) -> None:
        """Bytes have been written."""
        self._append({"bytes": path, "at": [held]})

    def synced(self, path: str, held: Iterable[Range]) -> None:
        """Bytes have been written and synced."""
        self._append({"synced": path, "at": list(held)})

    def sync(self) -> None:
        """What was said so far survives a power cut."""
        with self._lock:
            if self._file is not None and self._dirty:
                self._dirty = False
                sync_data(self._file)

    def _append(self, line: Mapping[str, Any]) -> None:
        encoded = json.dumps(line).encode() + b"\n"
        with self._lock:
            if self._file is not None:
                self._dirty = True
                write_all(self._file, encoded)

    def _whole_line(self, file: FetchedFile) -> dict[str, Any]:
        line = {"path": file.path, "size": file.size, "sha256": file.sha256, "grade": file.grade}
        return line | {"promised": self._promises[file.path]}

    def _begun_line(self, part: Begun) -> dict[str, Any]:
        line = {"begun": part.path, "size": part.size, "validator": part.validator}
        return line | {"promised": self._promises[part.path]}


class _Reading:
    """The lines of a journal, taken in order."""

    def __init__(self, promises: Mapping[str, str | None], *, same_boot: bool) -> None:
        self.whole: dict[str, FetchedFile] = {}
        self.begun: dict[str, Begun] = {}
        self._promises = promises
        self._same_boot = same_boot

    def take(self, record: dict[str, Any]) -> None:
        """Errors: ``KeyError``, ``TypeError`` and ``ValueError`` for what is no line of ours."""
        if "begun" in record:
            part = Begun(str(record["begun"]), int(record["size"]), record["validator"])
            self.begun.pop(part.path, None)
            if self._promises[part.path] == record["promised"]:
                self.begun[part.path] = part
        elif "synced" in record:
            self._hold(record["synced"], record["at"], synced=True)
        elif "bytes" in record:
            if self._same_boot:
                self._hold(record["bytes"], record["at"], synced=False)
        elif self._promises[record["path"]] == record.pop("promised"):
            file = FetchedFile(**record)
            self.whole[file.path] = file
            self.begun.pop(file.path, None)

    def _hold(self, path: str, at: list[Range], *, synced: bool) -> None:
        part = self.begun[path]
        ranges = [(int(start), min(int(stop), part.size)) for start, stop in at]
        held = tuple(merged([*part.held, *ranges]))
        safe = tuple(merged([*part.synced, *ranges])) if synced else part.synced
        self.begun[path] = Begun(path, part.size, part.validator, held, safe)


def promised(entry: FileEntry) -> str | None:
    """The source's word on a file's bytes, as one text."""
    return f"{entry.checksum.algorithm}:{entry.checksum.value}" if entry.checksum else None


def boot_id() -> str | None:
    """A name of this run of the system; None where it has none."""
    if platform.system() != "Linux":
        return None
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip() or None
    except OSError:
        return None


def _records(text: bytes) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # torn by a kill
        if isinstance(record, dict):
            yield record
