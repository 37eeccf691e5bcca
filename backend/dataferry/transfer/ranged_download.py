"""A large file, downloaded in spans over several connections."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    ContentChanged,
    DataferryError,
    Forbidden,
    NetworkFault,
    TransferError,
)
from dataferry.core.files.digests import Digests
from dataferry.core.types import FileEntry, Http
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.download_context import DownloadContext
from dataferry.transfer.files.disk import disk_faults
from dataferry.transfer.files.journal import PartState
from dataferry.transfer.files.part_file import PartFile
from dataferry.transfer.files.spans import Range, Span
from dataferry.transfer.http.client import HttpResponse
from dataferry.transfer.http.content_encoding import DecodedBody, names_coding
from dataferry.transfer.http.resolved_url import ResolvedUrl
from dataferry.transfer.http.response_errors import content_range, published_checksum, validator_of
from dataferry.transfer.http.web_pages import check_is_file
from dataferry.transfer.pace import SlowConnections
from dataferry.transfer.retries import FileTries

#: The time that one request should take: the latency before its response is then small beside it.
_TARGET_REQUEST_S = 2.0
#: Bytes are written once this many have arrived, or once the first of them has waited this long.
_WRITE_BYTES = 512 * 1024
_MAX_WRITE_DELAY_S = 0.1
#: A connection that downloads this many bytes a second leaves little for others to do.
_FAST_BYTES_PER_S = 150e6
#: A file whose validator changes more often during a download is requested as a whole instead.
_MAX_CHANGES = 2
#: The same where nothing is promised of it: a file that changed once is another one, else its servers differ.
_MAX_FREE_CHANGES = 1
_CHANGED = "changed at its source"
_BROKE_OFF = "broke off, and its server cannot continue it"
_EXPECTED_STATUSES = frozenset({200, 206, 412, 416})


@dataclass(frozen=True, slots=True)
class RangeRequest:
    """A span of one part file, for one connection."""

    download: "RangedDownload"
    part_file: PartFile
    span: Span
    #: Without a ``Range`` header: the whole file in one response.
    whole_file: bool = False
    #: The first request: whether the server honours ranges is not known yet.
    is_probe: bool = False


class OneResponseNeeded(Exception):
    """Nothing shows that the server's answers hold the same bytes: the file must come in one of them."""


class _RestartDownload(Exception):
    """What has arrived so far is of no use. The reason is its text, empty if nothing had arrived."""


class _SlowConnection(Exception):
    """Others to the same file are far faster: it is closed, and another brings the rest of the span."""


class _IgnoredRange(Exception):
    """A server that honours ranges sent other bytes this time."""


class RangedDownload:
    """One file of known size. A connection takes the ``next_request``, passes it to ``download``, and
    returns for the next.

    Ranges are requested as soon as the first response shows that the server honours them; if it does not,
    the whole file in one response over one connection.
    """

    def __init__(
        self, entry: FileEntry, size: int, saved: PartState | None, context: DownloadContext
    ) -> None:
        assert isinstance(entry.origin, Http)
        self.entry = entry
        self.size = size
        self._context = context
        self._url = ResolvedUrl(entry.origin)
        self._lock = threading.Lock()
        self._mode: Literal["unknown", "probing", "ranges", "whole"] = "unknown"
        self._part_file = PartFile(entry, size, context.workdir, saved, context.limits.piece_bytes)
        self.tries = FileTries(entry.path, context.limits.backoff_s)
        self._mismatches = 0
        self._slow = SlowConnections(self._url, size, context.limits, context.member)
        #: By thread: what its last request brought, in bytes a second.
        self._rates: dict[int, float] = {}
        self._headers: dict[str, str] = {}
        self._ended = False
        if saved is not None and self._part_file.spans.is_complete:
            self._part_file.open(saved.validator)
            self._part_file.start_hashing(entry.checksum, self._on_hashed)

    # -- for connections -------------------------------------------------------------------------

    def next_request(self) -> RangeRequest | None:
        """Missing bytes for one connection; None where there are none to request now."""
        with self._lock:
            if self._ended or self._mode == "probing" or self.tries.is_paused:
                return None
            whole_file = self._mode == "whole"
            span = self._part_file.spans.next_span(self.size if whole_file else self._span_bytes())
            if span is None:
                return None
            is_probe = self._mode == "unknown"
            if is_probe:
                self._mode = "probing"
            return RangeRequest(self, self._part_file, span, whole_file, is_probe)

    def split_slowest(self) -> RangeRequest | None:
        """Half of what a slow connection has yet to download; None where no connection is slow."""
        with self._lock:
            if self._ended or self._mode != "ranges":
                return None
            span = self._part_file.spans.split_slowest()
            return None if span is None else RangeRequest(self, self._part_file, span)

    def download(self, request: RangeRequest, buffer: memoryview) -> None:
        """Perform a request. Errors: as ``fetch``; the bytes that arrived before one are kept."""
        part_file, span = request.part_file, request.span
        started, first = time.monotonic(), span.position
        restart: str | None = None
        broke_off: DataferryError | None = None
        failed = False
        try:
            self._perform(request, buffer)
        except _SlowConnection:
            self._url.draw_anew()
        except _IgnoredRange:
            failed = True
            restart = self._restart_after_ignored()
        except _RestartDownload as error:
            failed, restart = True, str(error)
            if restart and not self.entry.is_promised and self.tries.changes >= _MAX_FREE_CHANGES:
                raise OneResponseNeeded from error
        except Cancelled:
            self._context.scheduler.check_cancelled()  # raises if the whole fetch stops
            if not part_file.write_gate.closed:
                raise
        except DataferryError as error:
            failed = True
            if not (request.whole_file or self._mode == "whole"):
                raise
            if not isinstance(error, NetworkFault):
                restart = ""
                raise
            restart, broke_off = _BROKE_OFF, error
        finally:
            part_file.release(span)
            if failed:
                self.tries.fault(others_go_on=part_file.spans.is_under_way)
            if restart is not None:
                self._restart(part_file, restart, broke_off)
            with self._lock:
                if request.is_probe and self._mode == "probing":
                    self._mode = "unknown"
            self._context.scheduler.wake()
        rate = (span.position - first) / max(time.monotonic() - started, 1e-6)
        self._rates[threading.get_ident()] = rate

    def sync(self) -> None:
        """Make what has arrived so far survive a power cut."""
        self._part_file.sync()

    def stop(self) -> None:
        """Nothing is written any more. What has arrived stays for a later run."""
        with self._lock:
            self._ended = True
            part_file = self._part_file
        part_file.close()

    def give_up(self) -> None:
        """The file comes in another way: nothing that has arrived is of use, in this run or a later one."""
        self.stop()
        self._context.meter.add(-self._part_file.spans.bytes_held)
        workdir = self._context.workdir
        with self._context.write_gate, disk_faults(workdir.root):
            workdir.journal.record_started(PartState(self.entry.path, self.size, None))

    def _span_bytes(self) -> int:
        """The size of the next span: enough to keep a connection busy, and smaller towards the end, so that
        all connections end together."""
        limits = self._context.limits
        even_share = self._part_file.spans.missing // (2 * limits.connections)
        wanted = int(self._rates.get(threading.get_ident(), 0.0) * _TARGET_REQUEST_S)
        return max(limits.piece_bytes, min(wanted, limits.span_bytes, even_share))

    # -- one response ------------------------------------------------------------------------------

    def _perform(self, request: RangeRequest, buffer: memoryview) -> None:
        part_file, wanted = request.part_file, (request.span.position, request.span.stop)
        headers = dict(self._headers)
        if not request.whole_file:
            headers["Range"] = f"bytes={wanted[0]}-{wanted[1] - 1}"
            if part_file.validator is not None and part_file.validator.startswith('"'):
                headers["If-Match"] = part_file.validator
        with self._request(request, headers) as response:
            self._accept(response, request, wanted)
            self._receive(response, request, buffer)

    def _request(self, request: RangeRequest, headers: Mapping[str, str]) -> HttpResponse:
        """Errors: ``OneResponseNeeded`` for a link whose server refuses ranges: it may give the whole."""
        is_link, ask = not self.entry.is_promised, self._context.requester.request
        try:
            return ask(self.entry.path, self._url, headers, _EXPECTED_STATUSES, patient=is_link)
        except (Forbidden, TransferError) as error:
            if is_link and request.is_probe and self.tries.ranges_are_refused(error):
                raise OneResponseNeeded from error
            raise

    def _accept(self, response: HttpResponse, request: RangeRequest, wanted: Range) -> None:
        """Check that the response holds the requested bytes of the version that is being downloaded.

        Errors: ``_RestartDownload`` where it is another version or no such range, ``ContentChanged`` where
        it is not the file of the manifest; ``OneResponseNeeded``.
        """
        part_file = request.part_file
        if response.status in (412, 416):
            raise _RestartDownload(_CHANGED)
        # Some servers send the range with a 200.
        is_part = not request.whole_file and (
            response.status == 206 or ("content-range" in response.headers and response.length != self.size)
        )
        self._check_content(response, from_start=not is_part or wanted[0] == 0)
        if is_part:
            fits = self._is_requested_range(response, wanted)
        else:
            self._check_size(response.length)
            fits = part_file.spans.extend_to_whole_file(request.span)
        validator = validator_of(response.headers)
        checksum = self.entry.checksum or published_checksum(response.headers)
        if not self.entry.is_promised:
            proof = response.status == 200 or validator or checksum
            if not proof or (response.status == 200 and response.length is None):
                raise OneResponseNeeded
        with self._lock:
            if not fits and self._mode == "ranges" and validator == part_file.validator:
                raise _IgnoredRange
            if part_file is self._part_file:
                self._mode = "ranges" if is_part and fits else "whole"
                self.tries.range_honoured()
            if not fits:
                raise _RestartDownload
            known = part_file.is_open or part_file.validator is not None
            if known and validator != part_file.validator:
                raise _RestartDownload(_CHANGED)
            if not part_file.is_open:
                part_file.open(validator)
                part_file.start_hashing(checksum, self._on_hashed)
                if self.entry.unpack:
                    self._context.extraction.follow(self.entry, part_file)
        self._context.scheduler.wake()

    def _check_content(self, response: HttpResponse, *, from_start: bool) -> None:
        """Errors: ``OneResponseNeeded`` for bytes that were packed on the way: a range of those is no range
        of the file; ``TransferError`` for a page in place of the file."""
        path, headers = self.entry.path, response.headers
        body = DecodedBody(response, path) if from_start else None
        if names_coding(headers, path) or (body is not None and body.encoded):
            raise OneResponseNeeded
        if body is not None and not self.entry.is_promised:
            check_is_file(path, response.host, headers, body.head)

    def _is_requested_range(self, response: HttpResponse, wanted: Range) -> bool:
        """Whether a response sends the bytes that were requested, or the first of them."""
        sent = content_range(response.headers)
        if sent is None:
            return False
        first, last, size = sent
        self._check_size(size)
        length = response.length
        return first == wanted[0] and last < wanted[1] and length in (None, last - first + 1)

    def _check_size(self, size: int | None) -> None:
        if size not in (None, self.size):
            if not self.entry.is_promised:
                raise OneResponseNeeded
            raise ContentChanged(
                f"{self.entry.path} has {size} bytes at its source now, not the {self.size} promised.",
                next_step="Try again: the file list is read anew.",
            )

    def _receive(self, response: HttpResponse, request: RangeRequest, buffer: memoryview) -> None:
        """Write the body as it arrives, up to the end of the span, which may decrease meanwhile."""
        part_file, span = request.part_file, request.span
        scheduler, member = self._context.scheduler, self._context.member
        pace = self._slow.pace_of(response.connection)
        started = written_at = arrived_at = time.monotonic()
        first, filled = span.position, 0
        try:
            while span.remaining > filled:
                asked_at = time.monotonic()
                count = response.readinto(buffer[filled : min(len(buffer), span.remaining)])
                if count == 0:
                    missing = span.remaining - filled
                    raise NetworkFault(f"{self.entry.path} ended early: {missing} bytes are missing.")
                before, arrived_at = arrived_at, time.monotonic()
                is_slow = self._slow.is_one(pace, count, arrived_at - before, arrived_at - asked_at)
                member.throttle(count, scheduler.check_cancelled)
                filled += count
                if filled >= _WRITE_BYTES or time.monotonic() - written_at >= _MAX_WRITE_DELAY_S:
                    full, filled = filled, 0
                    self._write(part_file, span, buffer[:full])
                    written_at = time.monotonic()
                    if (span.position - first) < _FAST_BYTES_PER_S * (written_at - started):
                        scheduler.connection_is_slow()
                if is_slow and self._mode == "ranges" and span.remaining > self._part_file.piece_bytes // 4:
                    raise _SlowConnection
        finally:
            if filled:
                self._write(part_file, span, buffer[: min(filled, span.remaining)])

    def _write(self, part_file: PartFile, span: Span, chunk: memoryview) -> None:
        self._context.scheduler.check_cancelled()
        count = part_file.write(span, chunk)
        self._context.meter.add(count)
        if self._mode == "ranges":  # else a fault throws it away
            self.tries.kept(count)
            self._context.scheduler.kept(count)

    # -- completion --------------------------------------------------------------------------------

    def _on_hashed(self, part_file: PartFile, digests: Digests) -> None:
        """Called by the hash thread after the last byte."""
        try:
            self._complete(part_file, digests)
        except Cancelled:
            pass
        except Exception as error:
            self._context.scheduler.failed(error, self.entry)

    def _complete(self, part_file: PartFile, digests: Digests) -> None:
        path = self.entry.path
        try:
            grade = digests.verify(path)
        except ChecksumMismatch:
            # A cache, a connection or a wrong range may have damaged the bytes: download the file once more,
            # past all caches and in one response.
            self._mismatches += 1
            if self._mismatches > 1:
                raise
            self._headers = {"Cache-Control": "no-cache"}
            self._mode = "whole"
            self._restart(part_file, "arrived damaged")
            self._context.scheduler.wake()
            return
        with self._lock:
            if part_file is not self._part_file or self._ended:
                return  # a late response showed that it is not the newest version
            self._ended = True
        part_file.finish()
        file = FetchedFile(path, self.size, digests.sha256, grade)
        with self._context.write_gate:
            self._context.workdir.complete(self.entry, file)
        self._context.scheduler.completed(self.entry, file)

    # -- faults ------------------------------------------------------------------------------------

    def _restart_after_ignored(self) -> str | None:
        """Why the file has to begin anew, now that its server ignored a range; None if it need not yet."""
        with self._lock:
            if self.tries.range_ignored():
                return None
            self._mode = "whole"
            return "is not sent in ranges any more"

    def _restart(self, part_file: PartFile, reason: str, broke_off: DataferryError | None = None) -> None:
        """Download from the first byte again. ``reason`` is shown; empty where nothing had arrived."""
        with self._lock:
            if part_file is not self._part_file or self._ended:
                return
            part_file.close()
            held = part_file.spans.bytes_held
            self._part_file = PartFile(
                self.entry, self.size, self._context.workdir, None, part_file.piece_bytes
            )
            spent = self.tries.restart(changed=reason == _CHANGED, broke_off=broke_off)
            if self._mode != "whole":
                self._mode = "unknown" if self.tries.changes <= _MAX_CHANGES else "whole"
        self._context.meter.add(-held)
        self._context.scheduler.discarded(self.entry, held)
        if spent is not None:
            self._context.scheduler.failed(spent, self.entry)
        elif reason:
            self._context.meter.note(f"{self.entry.path} {reason}; it is fetched anew.")
