"""One file from its origin into the partial folder: written, hashed, checked, then moved."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import fsync

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    ContentChanged,
    NetworkFault,
    TransferError,
)
from dataferry.core.types import Bytes, Checksum, DatasetRef, FileEntry, Http
from dataferry.transfer.answers import check_body, published_checksum, refusal
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.digests import Digests
from dataferry.transfer.disk import SYNC_BYTES, disk_faults, preflight, write_all
from dataferry.transfer.http import HttpClient, HttpResponse
from dataferry.transfer.lease import Lease
from dataferry.transfer.meter import Meter
from dataferry.transfer.partial import Partial

_CHUNK = 1 << 20
#: Answers to an expired link; Google's storage says 400 (ExpiredToken), others 401 or 403.
_EXPIRED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class _Body:
    """Bytes on their way. ``size`` and ``checksum`` are the origin's word, None where it has none."""

    size: int | None
    checksum: Checksum | None
    read: Callable[[], bytes]


class Receiver:
    """Receives files for all lanes of one fetch. ``stop`` ends it at the next chunk, and nothing
    lands afterwards."""

    def __init__(
        self, ref: DatasetRef, client: HttpClient, partial: Partial, meter: Meter, limits: Limits
    ) -> None:
        self._ref = ref
        self._client = client
        self._partial = partial
        self._meter = meter
        self._limits = limits
        self._stopping = False
        self._landing = threading.Lock()

    def stop(self) -> None:
        with self._landing:
            self._stopping = True
        self._client.hang_up()

    def receive(self, entry: FileEntry) -> FetchedFile:
        """Fetch one file until it has landed. Bytes that differ from the promise are fetched once
        more: a cache or a line on the way may have broken them.

        Errors: the ``TransferError`` family, ``SourceRateLimited``, ``GatedDataset``,
        ``CredentialRejected``, ``Forbidden``, ``NotFound``, ``DiskFull``, ``StoreNotWritable``;
        ``Cancelled`` once stopped.
        """
        origin = entry.origin if isinstance(entry.origin, Bytes) else Lease(entry.origin)
        try:
            return self._receive(entry, origin, {})
        except ChecksumMismatch:
            return self._receive(entry, origin, {"Cache-Control": "no-cache"})

    def _receive(self, entry: FileEntry, origin: Bytes | Lease, headers: Mapping[str, str]) -> FetchedFile:
        written, learned = 0, None
        part = self._partial.part(entry)
        try:
            with self._body(entry, origin, headers) as body:
                if entry.size is None and body.size is not None:
                    preflight(body.size, self._partial.root, self._limits.min_free_bytes)
                    learned = body.size
                    self._meter.learn(learned)
                size = body.size if entry.size is None else entry.size
                digests = Digests(body.checksum, size)
                for count in self._write(entry, body, size, digests):
                    written += count
                    self._meter.add(count)
            with disk_faults(self._partial.root):
                grade = digests.verify(entry.path, part)
            if size is None:
                learned = written
                self._meter.learn(learned)
            return self._land(entry, FetchedFile(entry.path, written, digests.sha256, grade))
        except BaseException:
            # Bytes of an unfinished file are of no use to a later run, so they are not progress.
            self._meter.add(-written)
            if learned is not None:
                self._meter.unlearn(learned)
            raise

    def _write(self, entry: FileEntry, body: _Body, size: int | None, digests: Digests) -> Iterator[int]:
        """Write and hash the body; yields the bytes written, chunk by chunk."""
        part, folder = self._partial.part(entry), self._partial.root
        count = 0
        self._proceed()  # nothing is opened in a folder that may be another fetch's by now
        with disk_faults(folder):
            file = part.open("wb", buffering=0)
        with file:
            while chunk := body.read():
                self._proceed()
                count += len(chunk)
                if size is not None and count > size:
                    raise ContentChanged(f"{entry.path}: more bytes came than the {size} promised.")
                digests.update(chunk)
                with disk_faults(folder):
                    write_all(file, chunk)
                yield len(chunk)
            self._proceed()
            if size is not None and count < size:
                raise NetworkFault(f"{entry.path} ended after {count} of {size} bytes.")
            if count >= SYNC_BYTES:
                with disk_faults(folder):
                    fsync(file.fileno())

    def _land(self, entry: FileEntry, file: FetchedFile) -> FetchedFile:
        with self._landing:
            self._proceed()
            self._partial.land(entry, file)
        self._meter.landed()
        return file

    def _proceed(self) -> None:
        if self._stopping:
            raise Cancelled

    @contextmanager
    def _body(self, entry: FileEntry, origin: Bytes | Lease, headers: Mapping[str, str]) -> Iterator[_Body]:
        if isinstance(origin, Bytes):
            with _local(entry, origin) as body:
                yield body
            return
        with self._answer(entry, origin, headers) as response:
            check_body(response, entry.path)
            length = response.length
            if entry.size is not None and length not in (None, entry.size):
                raise ContentChanged(
                    f"{entry.path} has {length} bytes at its source now, not the {entry.size} promised.",
                    next_step="Try again: the file list is read anew.",
                )
            checksum = entry.checksum or published_checksum(response.headers)
            yield _Body(length, checksum, response.read1)

    def _answer(self, entry: FileEntry, lease: Lease, headers: Mapping[str, str]) -> HttpResponse:
        """An answer that holds the file; an expired link is renewed once."""
        renewed = False
        while True:
            self._proceed()
            origin = lease.origin
            response = self._client.open(origin, headers=headers)
            if response.status == 200:
                return response
            with response:
                error = refusal(response, entry.path, self._ref, signed_in=_signed_in(origin))
            if renewed or response.status not in _EXPIRED or not lease.renew(origin):
                raise error
            renewed = True


def _signed_in(origin: Http) -> bool:
    return any(name.lower() == "authorization" for name in origin.headers)


@contextmanager
def _local(entry: FileEntry, origin: Bytes) -> Iterator[_Body]:
    """Bytes of this machine."""

    def read() -> bytes:
        try:
            return stream.read(_CHUNK)
        except OSError as error:
            raise TransferError(f"{entry.path} cannot be read: {error.strerror}.") from error

    with origin.open() as stream:
        yield _Body(None, entry.checksum, read)
