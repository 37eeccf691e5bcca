"""A file downloaded in one response: small files, those of unknown size, and bytes of this machine."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import fsync

from dataferry.core.errors import ChecksumMismatch, ContentChanged, NetworkFault, TransferError
from dataferry.core.files.digests import Digests
from dataferry.core.files.durable import write_all
from dataferry.core.types import Bytes, Checksum, FileEntry
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.download_context import DownloadContext
from dataferry.transfer.files.disk import SYNC_BYTES, disk_faults, preflight
from dataferry.transfer.http.client import HttpResponse
from dataferry.transfer.http.content_encoding import DecodedBody
from dataferry.transfer.http.resolved_url import ResolvedUrl
from dataferry.transfer.http.response_errors import published_checksum
from dataferry.transfer.http.web_pages import check_is_file


class LargeFileDiscovered(Exception):
    """A file of unknown size is large enough for a ranged download. ``size`` is in bytes."""

    def __init__(self, size: int) -> None:
        self.size = size


@dataclass(frozen=True, slots=True)
class _Body:
    """Bytes of a file. ``size`` and ``checksum`` are what its origin says, None where it says nothing.
    ``read`` fills a buffer and returns the number of bytes, 0 at the end."""

    size: int | None
    checksum: Checksum | None
    read: Callable[[memoryview], int]


@dataclass(slots=True)
class _Way:
    """How a file is requested and read. ``decode``: whether what is packed on the way is to be unpacked, None
    where that is yet to be found out; ``decoded``: whether it was, None where nothing was packed."""

    in_one_response: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    decode: bool | None = None
    decoded: bool | None = None


class SingleDownloader:
    """Downloads files for all connections of one fetch."""

    def __init__(self, context: DownloadContext) -> None:
        self._context = context
        self._workdir = context.workdir
        self._meter = context.meter

    def download(self, entry: FileEntry, buffer: memoryview, *, in_one_response: bool = False) -> FetchedFile:
        """Download one file and put it in place. Bytes that do not match the checksum are downloaded once
        more: a cache or a connection may have damaged them, or the checksum is that of what was packed on
        the way.

        Errors: as ``fetch``; ``Cancelled`` once the fetch has stopped; ``LargeFileDiscovered`` unless it is
        to come ``in_one_response``.
        """
        origin = entry.origin if isinstance(entry.origin, Bytes) else ResolvedUrl(entry.origin)
        way = _Way(in_one_response)
        try:
            return self._download(entry, origin, way, buffer)
        except (ChecksumMismatch, ContentChanged) as error:
            if isinstance(error, ContentChanged) and way.decoded is None:
                raise
            self._meter.note(f"{entry.path} arrived damaged; it is fetched anew.")
            way.headers, way.decode = {"Cache-Control": "no-cache"}, not way.decoded
            return self._download(entry, origin, way, buffer)

    def _download(
        self, entry: FileEntry, origin: Bytes | ResolvedUrl, way: "_Way", buffer: memoryview
    ) -> FetchedFile:
        with self._body(entry, origin, way) as body:
            size = body.size if entry.promised_size is None else entry.promised_size
            with _ByteCounter(self._context, entry, body.size) as counter:
                digests = Digests(body.checksum, size)
                if size is not None and size < len(buffer):
                    return self._download_to_memory(entry, body, size, digests, buffer, counter)
                return self._download_to_part_file(entry, body, size, digests, buffer, counter)

    def _download_to_memory(
        self,
        entry: FileEntry,
        body: _Body,
        size: int,
        digests: Digests,
        buffer: memoryview,
        counter: "_ByteCounter",
    ) -> FetchedFile:
        # The buffer has room for one byte more than promised, so that a longer body is noticed.
        while (read := body.read(buffer[counter.bytes : size + 1])) > 0:
            counter.add(read)
            _check_not_longer(entry, counter.bytes, size)
        _check_not_shorter(entry, counter.bytes, size)
        digests.update(buffer[:size])
        grade = digests.verify(entry.path)
        file = FetchedFile(entry.path, size, digests.sha256, grade)
        with self._context.write_gate:
            self._workdir.complete_from_memory(entry, buffer[:size], file)
        counter.complete(size)
        return file

    def _download_to_part_file(
        self,
        entry: FileEntry,
        body: _Body,
        size: int | None,
        digests: Digests,
        buffer: memoryview,
        counter: "_ByteCounter",
    ) -> FetchedFile:
        path, folder = self._workdir.part_path(entry), self._workdir.root
        with self._context.write_gate, disk_faults(folder):
            path.unlink(missing_ok=True)
            file = path.open("xb", buffering=0)
        with file:
            while (read := body.read(buffer)) > 0:
                counter.add(read)
                _check_not_longer(entry, counter.bytes, size)
                digests.update(buffer[:read])
                with self._context.write_gate, disk_faults(folder):
                    write_all(file.fileno(), buffer[:read])
            _check_not_shorter(entry, counter.bytes, size)
            if counter.bytes >= SYNC_BYTES:
                with disk_faults(folder):
                    fsync(file.fileno())
        with self._context.write_gate, disk_faults(folder):
            grade = digests.verify(entry.path, path)
            fetched = FetchedFile(entry.path, counter.bytes, digests.sha256, grade)
            self._workdir.complete(entry, fetched)
        counter.complete(fetched.size)
        return fetched

    @contextmanager
    def _body(self, entry: FileEntry, origin: Bytes | ResolvedUrl, way: "_Way") -> Iterator[_Body]:
        if isinstance(origin, Bytes):
            with _local_body(entry, origin) as body:
                yield body
            return
        limits = self._context.limits
        patient = not entry.is_promised
        with self._context.requester.request(entry.path, origin, way.headers, patient=patient) as response:
            decoded = DecodedBody(
                response, entry.path, ratio=limits.unpack_ratio, floor=limits.unpack_floor_bytes
            )
            length, promised = response.length, entry.promised_size
            if decoded.encoded:
                # A promised size tells which bytes are meant; else a promised checksum does, by its mismatch.
                fits = promised is not None and length == promised
                way.decoded = not fits if way.decode is None else way.decode
            if not entry.is_promised:
                check_is_file(entry.path, response.host, response.headers, decoded.head)
            if way.decoded:
                yield _Body(None, entry.checksum, decoded.readinto)
                return
            if promised is None and not way.in_one_response and self._is_worth_ranges(response, length):
                preflight(length or 0, self._workdir.root, limits.min_free_bytes)
                raise LargeFileDiscovered(length or 0)
            if promised is not None and length not in (None, promised):
                raise ContentChanged(
                    f"{entry.path} has {length} bytes at its source now, not the {promised} promised.",
                    next_step="Try again: the file list is read anew.",
                )
            checksum = entry.checksum or published_checksum(response.headers)
            yield _Body(length, checksum, response.readinto)

    def _is_worth_ranges(self, response: HttpResponse, length: int | None) -> bool:
        accepts_ranges = response.headers.get("accept-ranges", "").strip().lower() == "bytes"
        return accepts_ranges and length is not None and length > self._context.limits.piece_bytes


class _ByteCounter:
    """The bytes of one file in the progress meter. Those of a file that does not complete are subtracted:
    a later run cannot resume it."""

    def __init__(self, context: DownloadContext, entry: FileEntry, size: int | None) -> None:
        self._context = context
        self._entry = entry
        self._added_total: int | None = None
        self._size_is_unknown = entry.promised_size is None
        self._completed = False
        self.bytes = 0
        if self._size_is_unknown and size is not None:
            preflight(size, context.workdir.root, context.limits.min_free_bytes)
            self._add_total(size)

    def add(self, count: int) -> None:
        """Errors: ``Cancelled``."""
        check_cancelled = self._context.scheduler.check_cancelled
        check_cancelled()
        self._context.member.throttle(count, check_cancelled)
        self.bytes += count
        self._context.meter.add(count)

    def complete(self, size: int) -> None:
        if self._size_is_unknown and self._added_total is None:
            self._add_total(size)
        self._completed = True

    def _add_total(self, size: int) -> None:
        self._added_total = size
        self._context.meter.add_total(size)

    def __enter__(self) -> "_ByteCounter":
        return self

    def __exit__(self, *_: object) -> None:
        if self._completed:
            return
        self._context.meter.add(-self.bytes)
        self._context.scheduler.discarded(self._entry, self.bytes)
        if self._added_total is not None:
            self._context.meter.remove_total(self._added_total)


def _check_not_longer(entry: FileEntry, count: int, size: int | None) -> None:
    if size is not None and count > size:
        raise ContentChanged(f"{entry.path}: more bytes came than the {size} promised.")


def _check_not_shorter(entry: FileEntry, count: int, size: int | None) -> None:
    if size is not None and count < size:
        raise NetworkFault(f"{entry.path} ended after {count} of {size} bytes.")


@contextmanager
def _local_body(entry: FileEntry, origin: Bytes) -> Iterator[_Body]:
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
