"""What a fetch keeps on disk about its files, so that a kill or a power cut costs little.

One JSON object a line, in ``<workdir>/journal.jsonl``::

    {"format": 2, "ref": "kaggle:uciml/iris", "revision": "3", "boot": "5f0e…"}
    {"begun": "big.bin", "size": 2147483648, "validator": "\\"9f86…\\"", "promised": "sha256:6bb8…"}
    {"bytes": "big.bin", "at": [[0, 4194304]]}          # the kernel has them: a kill loses nothing
    {"synced": "big.bin", "at": [[0, 268435456]]}       # the disk has them: a power cut loses nothing
    {"path": "small.csv", "size": 20480, "sha256": "…", "grade": "publisher", "promised": "md5:…"}

A ``begun`` line replaces what earlier lines say of the file. ``bytes`` lines count only if the system has
not been rebooted since (``boot``). A torn last line is ignored.
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

from dataferry.core.files.durable import sync_data, write_all
from dataferry.core.types import FileEntry, Manifest
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.files.spans import Range, merged

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class PartState:
    """A part file: which bytes of which version of a large file are on disk."""

    path: str
    size: int
    #: The server's ``ETag`` or ``Last-Modified``; None where it sends neither.
    validator: str | None
    #: Bytes that survive a kill, and those of them that survive a power cut.
    held: tuple[Range, ...] = ()
    synced: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class JournalState:
    """What the journal says of files whose checksum is still the same, by path."""

    completed: Mapping[str, FetchedFile]
    parts: Mapping[str, PartState]


class Journal:
    """Read once, rewritten, then appended to from many threads. Methods raise ``OSError``.

    ``boot`` identifies this boot of the system; None where it is unknown: then a power cut is assumed.
    """

    def __init__(self, path: Path, manifest: Manifest, boot: str | None) -> None:
        self._path = path
        self._header = {"format": _FORMAT, "ref": str(manifest.ref), "revision": manifest.revision}
        self._checksums = {entry.path: checksum_text(entry) for entry in manifest.files}
        self._boot = boot
        self._lock = threading.Lock()
        self._file: int | None = None
        self._dirty = False

    def read(self) -> JournalState:
        """Empty where there is no journal, or one of another revision."""
        try:
            records = list(_records(self._path.read_bytes()))
        except FileNotFoundError:
            records = []
        if not records or any(records[0].get(name) != value for name, value in self._header.items()):
            return JournalState({}, {})
        same_boot = self._boot is not None and records[0].get("boot") == self._boot
        reader = _JournalReader(self._checksums, same_boot=same_boot)
        for record in records[1:]:
            with suppress(KeyError, TypeError, ValueError):  # a line of another format
                reader.apply(record)
        return JournalState(reader.completed, reader.parts)

    def rewrite(self, completed: Iterable[FetchedFile], parts: Iterable[PartState]) -> None:
        """Replace the journal, whose last line may be torn, by one of this state alone."""
        lines = [self._header | {"boot": self._boot}]
        lines += [self._completed_line(file) for file in completed]
        for part in parts:
            lines += [self._started_line(part)]
            lines += [{"synced": part.path, "at": part.synced}, {"bytes": part.path, "at": part.held}]
        temporary = self._path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        self._file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        write_all(self._file, "".join(json.dumps(line) + "\n" for line in lines).encode())
        os.fsync(self._file)
        os.rename(temporary, self._path)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    # -- lines -----------------------------------------------------------------------------------

    def record_completed(self, file: FetchedFile) -> None:
        """A file is verified and in its place."""
        self._append(self._completed_line(file))

    def record_started(self, part: PartState) -> None:
        """A download starts from its first byte. Synced at once: bytes of another version must not be taken
        for this one's."""
        self._append(self._started_line(part))
        self.sync()

    def record_written(self, path: str, held: Range) -> None:
        """Bytes have been written."""
        self._append({"bytes": path, "at": [held]})

    def record_synced(self, path: str, held: Iterable[Range]) -> None:
        """Bytes have been written and synced."""
        self._append({"synced": path, "at": list(held)})

    def sync(self) -> None:
        """What was recorded so far survives a power cut."""
        with self._lock:
            if self._file is not None and self._dirty:
                sync_data(self._file)
                self._dirty = False

    def _append(self, line: Mapping[str, Any]) -> None:
        encoded = json.dumps(line).encode() + b"\n"
        with self._lock:
            if self._file is not None:
                self._dirty = True
                write_all(self._file, encoded)

    def _completed_line(self, file: FetchedFile) -> dict[str, Any]:
        line = {"path": file.path, "size": file.size, "sha256": file.sha256, "grade": file.grade}
        return line | {"promised": self._checksums[file.path]}

    def _started_line(self, part: PartState) -> dict[str, Any]:
        line = {"begun": part.path, "size": part.size, "validator": part.validator}
        return line | {"promised": self._checksums[part.path]}


class _JournalReader:
    """The state that a journal's lines add up to, applied in order."""

    def __init__(self, checksums: Mapping[str, str | None], *, same_boot: bool) -> None:
        self.completed: dict[str, FetchedFile] = {}
        self.parts: dict[str, PartState] = {}
        self._checksums = checksums
        self._same_boot = same_boot

    def apply(self, record: dict[str, Any]) -> None:
        """Errors: ``KeyError``, ``TypeError`` and ``ValueError`` for what is no journal line."""
        if "begun" in record:
            part = PartState(str(record["begun"]), int(record["size"]), record["validator"])
            self.parts.pop(part.path, None)
            if self._checksums[part.path] == record["promised"]:
                self.parts[part.path] = part
        elif "synced" in record:
            self._add_ranges(record["synced"], record["at"], synced=True)
        elif "bytes" in record:
            if self._same_boot:
                self._add_ranges(record["bytes"], record["at"], synced=False)
        elif self._checksums[record["path"]] == record.pop("promised"):
            file = FetchedFile(**record)
            self.completed[file.path] = file
            self.parts.pop(file.path, None)

    def _add_ranges(self, path: str, at: list[Range], *, synced: bool) -> None:
        part = self.parts[path]
        ranges = [(int(start), min(int(stop), part.size)) for start, stop in at]
        held = tuple(merged([*part.held, *ranges]))
        safe = tuple(merged([*part.synced, *ranges])) if synced else part.synced
        self.parts[path] = PartState(path, part.size, part.validator, held, safe)


def checksum_text(entry: FileEntry) -> str | None:
    """The checksum that the source promises, as one text; None where it promises none."""
    return f"{entry.checksum.algorithm}:{entry.checksum.value}" if entry.checksum else None


def boot_id() -> str | None:
    """Linux's identifier of this boot; None on other systems."""
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
