"""Parts of a file at its source, without a download: bounded in bytes and in time."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from dataferry.core.errors import Cancelled, ContentChanged, NetworkFault, SourceTimeout, TransferError
from dataferry.core.types import DatasetRef, FileEntry, Http
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.http.client import HttpClient, HttpResponse
from dataferry.transfer.http.content_encoding import DecodedBody
from dataferry.transfer.http.requester import Requester
from dataferry.transfer.http.resolved_url import ResolvedUrl
from dataferry.transfer.http.response_errors import content_range
from dataferry.transfer.http.urls import host_of
from dataferry.transfer.http.web_pages import check_is_file
from dataferry.transfer.limits.governor import Member

T = TypeVar("T")

#: Requests at one time.
_CONNECTIONS = 6
#: Spans with less between them are one request.
_GAP_BYTES = 32 << 10
_ATTEMPTS = 2
_NOTHING_THERE = 416


class PartialFile:
    """One file of ``ref``, called ``path``, of which parts are read until ``deadline`` (monotonic seconds).

    As a context manager: leaving it closes its connections. Every method may be called from any thread.

    Errors: those of ``Requester.request``; ``SourceTimeout`` at the deadline; ``Cancelled`` once it was
    stopped; ``TransferError`` where a page came in place of the file, or more than ``max_bytes`` would be
    fetched, or its server knows no ranges; ``ContentChanged`` where it has not the bytes of ``etag`` any
    more.
    """

    def __init__(
        self,
        ref: DatasetRef,
        path: str,
        origin: Http,
        member: Member,
        *,
        deadline: float,
        max_bytes: int,
        etag: str | None = None,
    ) -> None:
        self._path = path
        self._left = max_bytes
        self._lock = threading.Lock()
        self._scheduler = _Deadline(deadline, ref)
        self._url = ResolvedUrl(origin)
        seconds = self._scheduler.left_s
        self._client = HttpClient(
            connections=_CONNECTIONS, connect_timeout_s=min(5.0, seconds), read_timeout_s=seconds
        )
        limits = Limits(connections=_CONNECTIONS)
        self._requester = Requester(ref, self._client, member, self._scheduler, limits, lambda _note: None)
        #: A strong validator of its bytes, as its server tells it or as it was told before: spans are only
        #: taken of that file.
        self.etag = etag
        #: Bytes of the whole file; None until its server has told.
        self.size: int | None = None
        #: Bytes that have arrived.
        self.fetched = 0
        #: Where the bytes came from.
        self.host = host_of(origin.url)

    def __enter__(self) -> Self:
        # The deadline ends a read that is under way too.
        self._alarm = threading.Timer(self._scheduler.left_s, self._client.shutdown)
        self._alarm.daemon = True
        self._alarm.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.cancel()
        self._client.shutdown()
        self._client.close()

    def stop(self) -> None:
        """End what is under way."""
        self._scheduler.stopped.set()
        self._client.shutdown()

    def head(self, limit: int) -> tuple[bytes, bool]:
        """The first ``limit`` bytes, and whether these are all. A server that knows no ranges sends the whole
        file, of which no more is read."""
        return self._tried(lambda: self._head(limit))

    def tail(self, limit: int) -> bytes:
        """The last ``limit`` bytes, after which ``size`` is known."""
        return self._tried(lambda: self._tail(limit))

    def spans(self, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        """The bytes of several spans, each from its first byte to the one before its end. Neighbours are
        fetched together, the others at one time."""
        groups = _joined(spans)
        with ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="preview-range") as pool:
            found = list(pool.map(lambda group: self._tried(lambda: self._span(*group)), groups))
        return [_cut_out(span, groups, found) for span in spans]

    # -- requests -----------------------------------------------------------------------------

    def _tried(self, read: Callable[[], T]) -> T:
        """What ``read`` returns; a connection that broke is given one more try."""
        for attempt in range(_ATTEMPTS):
            try:
                return read()
            except NetworkFault:
                self._scheduler.check_cancelled()
                if attempt + 1 == _ATTEMPTS:
                    raise
        raise AssertionError

    def _head(self, limit: int) -> tuple[bytes, bool]:
        headers = {"Range": f"bytes=0-{limit - 1}"}
        expected = frozenset({200, 206, _NOTHING_THERE})
        with self._requester.request(self._path, self._url, headers, expected) as response:
            if response.status == _NOTHING_THERE:
                self.size = 0
                return b"", True
            body = DecodedBody(response, self._path, floor=1 << 30)
            check_is_file(self._path, response.host, response.headers, body.head)
            if not body.encoded:
                return self._plain_head(response, limit)
            if response.status == 200:
                return self._decoded_head(body, response, limit)
        with self._requester.request(self._path, self._url, {}) as response:  # a range of what was packed
            body = DecodedBody(response, self._path, floor=1 << 30)
            return self._decoded_head(body, response, limit)

    def _plain_head(self, response: HttpResponse, limit: int) -> tuple[bytes, bool]:
        told = content_range(response.headers) if response.status == 206 else None
        if response.status == 206 and (told is None or told[0] != 0):
            raise self._wrong_range(response)
        data = self._read(response, limit)
        if told is None:
            self.size = response.length
            return data, len(data) < limit or response.length == limit
        # Some servers write the end of what they sent in place of the size: that alone ends no file.
        size = told[2]
        whole = len(data) < limit and (size is None or size <= len(data))
        self.size = len(data) if whole else size if size is not None and size > len(data) else None
        return data, whole

    def _decoded_head(self, body: DecodedBody, response: HttpResponse, limit: int) -> tuple[bytes, bool]:
        self.host = response.host
        data = bytearray()
        buffer = memoryview(bytearray(64 << 10))
        while len(data) <= limit and (count := body.readinto(buffer)):
            self._scheduler.check_cancelled()
            self._take(count)
            data += buffer[:count]
        if len(data) <= limit:
            self.size = len(data)
        return bytes(data[:limit]), len(data) <= limit

    def _tail(self, limit: int) -> bytes:
        headers = {"Range": f"bytes=-{limit}"}
        with self._requester.request(self._path, self._url, headers, frozenset({200, 206})) as response:
            told = content_range(response.headers)
            if response.status == 200 or told is None or told[2] is None:
                raise TransferError(
                    f"{response.host} sends {self._path} only as a whole, so that it cannot be looked into.",
                    next_step="Download it to see what is in it.",
                )
            first, last, self.size = told
            if last + 1 != self.size or last - first + 1 > limit:
                raise self._wrong_range(response)
            self.etag = _strong(response.headers.get("etag"))
            return self._whole(response, last - first + 1)

    def _span(self, start: int, end: int) -> bytes:
        headers = {"Range": f"bytes={start}-{end - 1}"}
        if self.etag is not None:
            headers["If-Range"] = self.etag
        with self._requester.request(self._path, self._url, headers, frozenset({200, 206})) as response:
            tag = _strong(response.headers.get("etag"))
            if response.status == 200 or (None not in (self.etag, tag) and tag != self.etag):
                raise self._whole_instead(response, tag)
            told = content_range(response.headers)
            if told is None or told[:2] != (start, end - 1):
                raise self._wrong_range(response)
            return self._whole(response, end - start)

    def _whole(self, response: HttpResponse, length: int) -> bytes:
        data = self._read(response, length)
        if len(data) < length:
            raise NetworkFault(f"{self._path} ended after {len(data)} of {length} bytes.")
        return data

    def _read(self, response: HttpResponse, limit: int) -> bytes:
        self.host = response.host
        parts = []
        while limit > 0 and (part := response.read1(limit)):
            self._scheduler.check_cancelled()
            self._take(len(part))
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)

    def _take(self, count: int) -> None:
        with self._lock:
            self.fetched += count
            self._left -= count
            if self._left < 0:
                raise TransferError(
                    f"{self._path} takes too much to be looked into.",
                    next_step="Download it to see what is in it.",
                )

    def _whole_instead(self, response: HttpResponse, tag: str | None) -> TransferError:
        """Of a server that sends all of it: it knows no ranges, or has another file, as ``tag`` says."""
        if self.etag is not None and tag != self.etag:
            return ContentChanged(
                f"{self._path} is another file by now at {response.host}.", next_step="Look at it once more."
            )
        return TransferError(
            f"{response.host} sends {self._path} only as a whole, so that it cannot be looked into.",
            next_step="Download it to see what is in it.",
        )

    def _wrong_range(self, response: HttpResponse) -> TransferError:
        return TransferError(
            f"{response.host} sent another part of {self._path} than the one that was asked for.",
            next_step="Download it to see what is in it.",
        )


def _strong(etag: str | None) -> str | None:
    """A validator that ``If-Range`` may have; None for a weak one."""
    return etag if etag and etag.startswith('"') else None


class _Deadline:
    """What ``Requester`` asks of a scheduler, for one short look."""

    def __init__(self, deadline: float, ref: DatasetRef) -> None:
        self._deadline = deadline
        self._label = ref.label
        self.stopped = threading.Event()

    @property
    def left_s(self) -> float:
        return max(0.05, self._deadline - time.monotonic())

    def check_cancelled(self) -> None:
        if self.stopped.is_set():
            raise Cancelled
        if time.monotonic() >= self._deadline:
            raise SourceTimeout(
                f"{self._label} did not send the first rows in time.", next_step="Try again in a moment."
            )

    def sleep(self, seconds: float) -> None:
        self.stopped.wait(min(seconds, self.left_s))
        self.check_cancelled()

    def response_started(self, latency_s: float) -> None: ...

    def wake(self) -> None: ...

    def kept(self, count: int) -> None: ...

    def discarded(self, entry: FileEntry, count: int) -> None: ...

    def connection_is_slow(self) -> None: ...

    def completed(self, entry: FileEntry, file: FetchedFile) -> None: ...

    def failed(self, error: Exception, entry: FileEntry) -> None: ...


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, neighbours as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1] + _GAP_BYTES:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _cut_out(span: tuple[int, int], groups: Sequence[tuple[int, int]], found: Sequence[bytes]) -> bytes:
    start, end = span
    for (first, last), data in zip(groups, found, strict=True):
        if first <= start and end <= last:
            return data[start - first : end - first]
    return b""
