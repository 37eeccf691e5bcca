"""A folder is sent to the server, in pieces that go on where a line has dropped."""

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dataferry.client.client import Client
from dataferry.client.folder import Folder, LocalFile
from dataferry.client.progress import Show
from dataferry.core.errors import Conflict, NetworkFault, WrongOffset

#: Bytes in one request, and files.
PIECE_BYTES, PIECE_FILES = 16 * 2**20, 500
#: Files in one page of the announcement.
_PAGE_FILES = 5000
_REQUESTS = 3
#: Faults of one piece in a row, with a pause after each that doubles.
_TRIES, _PAUSE_S = 6, 0.5


@dataclass(frozen=True, slots=True)
class Sending:
    """A folder on its way. ``here``: bytes that had arrived before."""

    id: str
    ref: str
    here: int


def send(
    client: Client, folder: Folder, wanted: dict[str, Any], begun: Callable[[Sending], None], show: Show
) -> Any:
    """Send what is not there yet; the ticket of the job that brings it into the library. ``wanted``: the
    fields of the request but the sums; ``begun`` is called once it is known what is there.

    Errors: what the server refuses; ``NetworkFault`` where the line does not come back; ``Conflict`` for a
    file that changes while it is read.
    """
    sums = {"file_count": len(folder.files), "size": folder.size, "go_on": True}
    addition = client.call("POST", "/api/additions", json=wanted | sums, repeatable=True)
    path = f"/api/additions/{addition['id']}"
    arrived = _announced(client, path, folder.files)
    meter = _Meter(sum(arrived.offsets.values()), folder.size, show)
    begun(Sending(addition["id"], addition["ref"], meter.done))
    missing = [file for file in folder.files if file.path not in arrived.complete]
    sender = _Sender(client, path, meter, arrived.offsets)
    with ThreadPoolExecutor(_REQUESTS) as pool:
        tasks = [pool.submit(sender.send, group) for group in _groups(missing)]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            sender.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
    return client.call("POST", f"{path}/finish", repeatable=True)


@dataclass(frozen=True, slots=True)
class _Arrived:
    """``offsets``: bytes that are there of each file of which anything is."""

    offsets: dict[str, int]
    complete: set[str]


def _announced(client: Client, path: str, files: Sequence[LocalFile], *, first: bool = True) -> _Arrived:
    """Tell the server which files come; what it has of them. ``first``: there are no others."""
    arrived = _Arrived({}, set())
    for begin in range(0, len(files), _PAGE_FILES):
        page = [
            {"path": file.path, "size": file.size, "stamp": file.stamp}
            for file in files[begin : begin + _PAGE_FILES]
        ]
        body = {"files": page, "first": first and begin == 0}
        for one in client.call("POST", f"{path}/files", json=body, repeatable=True)["arrived"]:
            arrived.offsets[one["path"]] = one["offset"]
            if one["complete"]:
                arrived.complete.add(one["path"])
    return arrived


def _groups(files: Iterable[LocalFile]) -> Iterator[list[LocalFile]]:
    """Small files together, each large one alone."""
    group: list[LocalFile] = []
    size = 0
    for file in files:
        if file.size > PIECE_BYTES:
            yield [file]
            continue
        if group and (size + file.size > PIECE_BYTES or len(group) == PIECE_FILES):
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    if group:
        yield group


class _Meter:
    """Bytes that are there, of all threads together."""

    def __init__(self, done: int, total: int, show: Show) -> None:
        self.done, self._total, self._show = done, total, show
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self.done += count
            self._show(self.done, self._total)


class _Sender:
    """Sends groups of files, from several threads. ``stopped`` ends them."""

    def __init__(self, client: Client, path: str, meter: _Meter, offsets: dict[str, int]) -> None:
        self._client, self._path, self._meter, self._offsets = client, path, meter, offsets
        self.stopped = threading.Event()

    def send(self, group: list[LocalFile]) -> None:
        if len(group) == 1 and group[0].size > PIECE_BYTES:
            self._send_large(group[0])
            return
        # What is there of a small file is sent once more.
        self._meter.add(-sum(self._offsets.get(file.path, 0) for file in group))
        body = b"".join(_piece(file, 0, file.size) for file in group)
        self._tried(lambda: self._post(body))
        self._meter.add(sum(file.size for file in group))

    def _send_large(self, file: LocalFile) -> None:
        offset = self._offsets.get(file.path, 0)
        while offset < file.size and not self.stopped.is_set():
            length = min(PIECE_BYTES, file.size - offset)
            body = _piece(file, offset, length)
            reached = self._tried(lambda body=body: self._post(body), lambda: self._offset_of(file))  # type: ignore[misc]
            reached = offset + length if reached is None else reached
            self._meter.add(reached - offset)
            offset = reached

    def _post(self, body: bytes) -> None:
        self._client.call("POST", f"{self._path}/data", content=body)

    def _offset_of(self, file: LocalFile) -> int:
        """Where a file goes on after a fault."""
        return _announced(self._client, self._path, [file], first=False).offsets.get(file.path, 0)

    def _tried(self, post: Callable[[], None], instead: Callable[[], int] | None = None) -> int | None:
        """``post`` until it succeeds, or what ``instead`` says after a fault. Errors: the last fault's."""
        pause_s = _PAUSE_S
        for left in reversed(range(_TRIES)):
            try:
                post()
                return None
            except (NetworkFault, WrongOffset):
                if not left or self.stopped.wait(pause_s):
                    raise
                pause_s *= 2
            if instead is not None:
                try:
                    return instead()
                except NetworkFault:
                    continue
        return None


def _piece(file: LocalFile, offset: int, length: int) -> bytes:
    """As the server reads it. Errors: ``Conflict`` for a file that is another one by now."""
    try:
        with file.place.open("rb") as stream:
            stream.seek(offset)
            data = stream.read(length)
            changed = len(data) != length or os.fstat(stream.fileno()).st_mtime_ns != int(file.stamp)
    except OSError as error:
        raise Conflict(
            f"{file.path} cannot be read: {error.strerror}.",
            next_step="Mend that, and run the command again.",
        ) from error
    if changed:
        raise Conflict(
            f"{file.path} has changed while it was sent.", next_step="Run the command again once it is done."
        )
    head = {"path": file.path, "offset": offset, "length": length}
    return json.dumps(head).encode() + b"\n" + data
