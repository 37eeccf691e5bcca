"""One file in one answer: small ones, those of unknown size, and bytes of this machine."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import fsync

from dataferry.core.errors import ChecksumMismatch, ContentChanged, NetworkFault, TransferError
from dataferry.core.files.digests import Digests
from dataferry.core.types import Bytes, Checksum, FileEntry
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.files.disk import SYNC_BYTES, disk_faults, preflight, write_all
from dataferry.transfer.http.client import HttpResponse
from dataferry.transfer.http.resolved_url import Lease
from dataferry.transfer.http.response_errors import check_body, published_checksum
from dataferry.transfer.ranged_download import Surroundings


class IsLarge(Exception):
    """A file whose size was not known is worth several connections."""

    def __init__(self, size: int) -> None:
        self.size = size


@dataclass(frozen=True, slots=True)
class _Body:
    """Bytes on their way. ``size`` and ``checksum`` are the origin's word, None where it has none."""

    size: int | None
    checksum: Checksum | None
    read: Callable[[memoryview], int]


class Receiver:
    """Receives files for all connections of one fetch."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._work = around.work
        self._meter = around.meter

    def receive(self, entry: FileEntry, buffer: memoryview) -> FetchedFile:
        """Fetch one file until it has landed. Bytes that differ from the promise are fetched once
        more: a cache or a line on the way may have broken them.

        Errors: as ``fetch``; ``Cancelled`` once stopped; ``IsLarge``.
        """
        origin = entry.origin if isinstance(entry.origin, Bytes) else Lease(entry.origin)
        try:
            return self._receive(entry, origin, {}, buffer)
        except ChecksumMismatch:
            self._meter.note(f"{entry.path} arrived damaged; it is fetched anew.")
            return self._receive(entry, origin, {"Cache-Control": "no-cache"}, buffer)

    def _receive(
        self, entry: FileEntry, origin: Bytes | Lease, headers: Mapping[str, str], buffer: memoryview
    ) -> FetchedFile:
        with self._body(entry, origin, headers) as body:
            size = body.size if entry.size is None else entry.size
            with _Count(self._around, entry, body.size) as count:
                digests = Digests(body.checksum, size)
                if size is not None and size < len(buffer):
                    return self._in_memory(entry, body, size, digests, buffer, count)
                return self._by_the_part(entry, body, size, digests, buffer, count)

    def _in_memory(
        self,
        entry: FileEntry,
        body: _Body,
        size: int,
        digests: Digests,
        buffer: memoryview,
        count: "_Count",
    ) -> FetchedFile:
        # One byte more than promised is asked for, so that a longer body is noticed.
        while (read := body.read(buffer[count.bytes : size + 1])) > 0:
            count.add(read)
            _check_count(entry, count.bytes, size)
        _check_whole(entry, count.bytes, size)
        digests.update(buffer[:size])
        grade = digests.verify(entry.path)
        file = FetchedFile(entry.path, size, digests.sha256, grade)
        with self._around.gate:
            self._work.land_bytes(entry, buffer[:size], file)
        count.landed(size)
        return file

    def _by_the_part(
        self,
        entry: FileEntry,
        body: _Body,
        size: int | None,
        digests: Digests,
        buffer: memoryview,
        count: "_Count",
    ) -> FetchedFile:
        part, folder = self._work.part(entry), self._work.root
        with self._around.gate, disk_faults(folder):
            file = part.open("wb", buffering=0)
        with file:
            while (read := body.read(buffer)) > 0:
                count.add(read)
                _check_count(entry, count.bytes, size)
                digests.update(buffer[:read])
                with self._around.gate, disk_faults(folder):
                    write_all(file.fileno(), buffer[:read])
            _check_whole(entry, count.bytes, size)
            if count.bytes >= SYNC_BYTES:
                with disk_faults(folder):
                    fsync(file.fileno())
        with self._around.gate, disk_faults(folder):
            grade = digests.verify(entry.path, part)
            fetched = FetchedFile(entry.path, count.bytes, digests.sha256, grade)
            self._work.land(entry, fetched)
        count.landed(fetched.size)
        return fetched

    @contextmanager
    def _body(self, entry: FileEntry, origin: Bytes | Lease, headers: Mapping[str, str]) -> Iterator[_Body]:
        if isinstance(origin, Bytes):
            with _local(entry, origin) as body:
                yield body
            return
        with self._around.asking.ask(entry.path, origin, headers) as response:
            check_body(response, entry.path)
            length = response.length
            if entry.size is None and self._splits(response, length):
                preflight(length or 0, self._work.root, self._around.limits.min_free_bytes)
                raise IsLarge(length or 0)
            if entry.size is not None and length not in (None, entry.size):
                raise ContentChanged(
                    f"{entry.path} has {length} bytes at its source now, not the {entry.size} promised.",
                    next_step="Try again: the file list is read anew.",
                )
            checksum = entry.checksum or published_checksum(response.headers)
            yield _Body(length, checksum, response.readinto)

    def _splits(self, response: HttpResponse, length: int | None) -> bool:
        ranges = response.headers.get("accept-ranges", "").strip().lower() == "bytes"
        return ranges and length is not None and length > self._around.limits.piece_bytes


class _Count:
    """The bytes of one file in the meter. Those of a file that does not land are taken back: they are of
    no use to a later run."""

    def __init__(self, around: Surroundings, entry: FileEntry, size: int | None) -> None:
        self._around = around
        self._learned: int | None = None
        self._unsized = entry.size is None
        self._landed = False
        self.bytes = 0
        if self._unsized and size is not None:
            preflight(size, around.work.root, around.limits.min_free_bytes)
            self._learn(size)

    def add(self, count: int) -> None:
        """Errors: ``Cancelled``."""
        self._around.proceed()
        self._around.member.spend(count, self._around.proceed)
        self.bytes += count
        self._around.meter.add(count)

    def landed(self, size: int) -> None:
        if self._unsized and self._learned is None:
            self._learn(size)
        self._landed = True

    def _learn(self, size: int) -> None:
        self._learned = size
        self._around.meter.learn(size)

    def __enter__(self) -> "_Count":
        return self

    def __exit__(self, *_: object) -> None:
        if self._landed:
            return
        self._around.meter.add(-self.bytes)
        if self._learned is not None:
            self._around.meter.unlearn(self._learned)


def _check_count(entry: FileEntry, count: int, size: int | None) -> None:
    if size is not None and count > size:
        raise ContentChanged(f"{entry.path}: more bytes came than the {size} promised.")


def _check_whole(entry: FileEntry, count: int, size: int | None) -> None:
    if size is not None and count < size:
        raise NetworkFault(f"{entry.path} ended after {count} of {size} bytes.")


@contextmanager
def _local(entry: FileEntry, origin: Bytes) -> Iterator[_Body]:
    """Bytes of this machine."""

    def read(buffer: memoryview) -> int:
        try:
            chunk = stream.read(len(buffer))
        except OSError as error:
            raise TransferError(f"{entry.path} cannot be read: {error.strerror}.") from error
        buffer[: len(chunk)] = chunk
        return len(chunk)

    with origin.open() as stream:
        yield _Body(None, entry.checksum, read)
