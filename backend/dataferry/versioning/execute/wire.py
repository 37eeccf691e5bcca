"""Between the command and the processes that run an index file's functions: JSON, one message a line.

A process is told how to set itself up, then one task after another:

    {"do": "ingest", "dataset": …, "function": …, "fields": [field, …]}
    {"do": "store", "fields": [field, …], "files": [[field's number, pending file], …]}
    {"do": "transform", "dataset": …, "function": …, "inputs": [field, …], "field": field, "batch": …,
     "rows": [[row's number, [value, …]], …]}

It answers with any number of ``{"values": […]}`` (of an ingest a list a row, else one value each), then
``{"end": true}`` or ``{"failed": failure}``. An ingest says ``{"total": rows}`` first, if it knows.
A value is a scalar, a ``StoredFile`` as a list, or a pending file as an object: one that is still to be taken
into the cache. Nothing but these comes from a process that runs the code of others.
"""

import json
import os
import select
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from dataferry.versioning.model.columns import StoredFile, Value
from dataferry.versioning.model.schema import Field

Message = dict[str, Any]
ROW = struct.Struct("<q")
"""How a process notes, in a file, which row it works on."""
NOTHING_YET = -1
KEPT = "kept"
"""Where, in its own folder, a sandboxed process leaves files, each named by its SHA-256."""
_encode = json.JSONEncoder(separators=(",", ":")).encode
_READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file that a row names. ``changed``: its time of change in ns, when it was named; ``shown``: how."""

    path: str
    changed: int
    size: int
    shown: str

    def entry(self) -> Message:
        """It as JSON has it."""
        return {"path": self.path, "changed": self.changed, "size": self.size, "shown": self.shown}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task was not done. ``kind``: ``value`` (what a function gave is wrong), ``raised`` (it raised
    something), ``module`` (a module is missing), ``full`` (the disk is). ``line``: of the index file;
    ``row``: which of the task's rows; ``text``: the end of a sentence that begins with the function, or with
    ``field`` where there is one."""

    kind: str
    text: str
    line: int | None = None
    row: int | None = None
    field: str | None = None


def encoded(value: Value | PendingFile) -> Any:
    """A value as JSON has it."""
    if isinstance(value, StoredFile):
        return [value.sha256, value.extension, value.size]
    return value.entry() if isinstance(value, PendingFile) else value


def decoded(value: Any) -> Value | PendingFile:
    """Errors: ``TypeError``, ``ValueError`` for what is no value."""
    if isinstance(value, list):
        digest, extension, size = value
        return StoredFile(str(digest), str(extension), int(size))
    return PendingFile(**value) if isinstance(value, dict) else value


def field_entry(field: Field) -> Message:
    return asdict(field)


def read_field(entry: Message) -> Field:
    return Field(entry["name"], entry["kind"], tuple(entry["formats"]), entry["optional"])


def send(handle: int, message: Message) -> None:
    """Errors: ``OSError`` when nobody reads any more."""
    rest = memoryview(_encode(message).encode() + b"\n")
    while rest:
        rest = rest[os.write(handle, rest) :]


def messages(handle: int, is_over: Callable[[], bool]) -> Iterator[Message]:
    """What comes, until the other side has closed it, or ``is_over`` with nothing left to read: others may
    hold the other side open. Errors: ``ValueError`` for what is no message."""
    buffer = bytearray()
    while True:
        over = is_over()
        if not select.select([handle], [], [], 0 if over else 0.5)[0]:
            if over:
                return
            continue
        data = os.read(handle, _READ_BYTES)
        if not data:
            return
        start = len(buffer)
        buffer += data
        if (end := buffer.rfind(b"\n", start)) >= 0:
            lines = bytes(buffer[:end])
            del buffer[: end + 1]
            for line in lines.split(b"\n"):
                yield json.loads(line)
