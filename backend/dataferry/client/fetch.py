"""The files of a dataset from a server elsewhere into a folder of this machine: only what is missing, each
verified before it gets its name."""

import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dataferry.client.client import Client
from dataferry.client.progress import Show
from dataferry.core.errors import ChecksumMismatch, DiskFull, NetworkFault
from dataferry.core.files.digests import sha256_of
from dataferry.core.files.safe_names import UnusablePath, check_path
from dataferry.core.sizes import readable_bytes

_CHUNK_BYTES = 1 << 20
#: Files on their way at a time, and how often one that broke off goes on by itself.
_AT_ONCE, _TRIES = 4, 5
_PARTS = ".partial"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file that the server has. ``path`` is relative to the dataset's folder."""

    path: str
    size: int
    sha256: str


def served_files(receipt: Mapping[str, Any]) -> list[ServedFile]:
    """Those of a receipt. Errors: ``NetworkFault`` for a path that no file of a dataset can have."""
    files = [ServedFile(one["path"], one["size"], one["sha256"]) for one in receipt["files"]]
    try:
        for file in files:
            check_path(file.path)
    except UnusablePath as error:
        raise NetworkFault(
            f"The server names a file that cannot be one: {error}.", next_step="Check the server's address."
        ) from None
    return files


def fetch(client: Client, dataset_id: str, files: Sequence[ServedFile], folder: Path, show: Show) -> None:
    """Bring the files into ``folder``. One that is there stays: it got its name once it was verified. What
    has come of the others is kept, and the next call goes on from there. Another process that fetches into
    the same folder is waited for.

    Errors: ``NetworkFault``, ``ChecksumMismatch``, ``DiskFull``, and what the server answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        missing = [file for file in files if not _is_there(folder / file.path, file.size)]
        if not missing:
            return
        _check_room(missing, folder)
        counted = _Counted(show, sum(file.size for file in missing))
        (folder / _PARTS).mkdir(exist_ok=True)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            started = [
                pool.submit(_Fetching(client, dataset_id, file, folder, counted).run) for file in missing
            ]
            try:
                for one in started:
                    one.result()
            except BaseException:
                counted.stopped = True
                pool.shutdown(cancel_futures=True)
                raise
        shutil.rmtree(folder / _PARTS, ignore_errors=True)


class _Counted:
    """The bytes of all files together; may be told of by several threads."""

    def __init__(self, show: Show, total: int) -> None:
        self._show, self._total, self._done = show, total, 0
        self._lock = threading.Lock()
        self.stopped = False

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._show(self._done, self._total)


class _Fetching:
    """One file on its way."""

    def __init__(
        self, client: Client, dataset_id: str, file: ServedFile, folder: Path, counted: _Counted
    ) -> None:
        self._client, self._file, self._counted = client, file, counted
        self._address = f"/api/datasets/{quote(dataset_id, safe='')}/files/{quote(file.path)}"
        self._part = folder / _PARTS / part_name(file.path)
        self._target = folder / file.path

    def run(self) -> None:
        for tries_left in reversed(range(_TRIES)):
            try:
                self._receive()
                break
            except NetworkFault:
                if not tries_left or self._counted.stopped:
                    raise
        digest = sha256_of(self._part)
        if digest != self._file.sha256:
            self._part.unlink()
            raise ChecksumMismatch(
                f"What arrived of {self._file.path} is not what the server has verified.",
                next_step="Load it again; if it stays so, its copy there is damaged.",
            )
        self._target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self._part, self._target)

    def _receive(self) -> None:
        """What is missing of the file. Errors: ``NetworkFault``; what has come is kept."""
        have = self._part.stat().st_size if self._part.exists() else 0
        if have >= self._file.size:
            self._part.touch()
            return
        with self._client.stream_file(self._address, self._file.sha256, begin=have) as response:
            mode = "ab" if response.status_code == 206 else "wb"
            with self._part.open(mode) as part:
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    if self._counted.stopped:
                        return
                    part.write(chunk)
                    self._counted.add(len(chunk))


def part_name(path: str) -> str:
    """What a file is called while it is on its way: its path may be too long for one name."""
    return hashlib.sha256(path.encode()).hexdigest()


def _is_there(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _check_room(files: Sequence[ServedFile], folder: Path) -> None:
    needed, free = sum(file.size for file in files), shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFull(
            f"{folder} needs {readable_bytes(needed)}, and {readable_bytes(free)} are free there.",
            next_step="Free some space, or name another folder: dataferry.connect(…, cache=FOLDER).",
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; wait for another one that does."""
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
