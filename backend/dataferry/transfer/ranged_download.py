"""A large file, brought in spans over several connections."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    ContentChanged,
    DataferryError,
    NetworkFault,
)
from dataferry.core.files.digests import Digests
from dataferry.core.types import FileEntry, Http
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.files.journal import Begun
from dataferry.transfer.files.part_file import Version
from dataferry.transfer.files.progress import Meter
from dataferry.transfer.files.spans import Range, Span
from dataferry.transfer.files.workdir import Partial
from dataferry.transfer.files.write_gate import Gate
from dataferry.transfer.http.client import HttpResponse
from dataferry.transfer.http.requester import Asking
from dataferry.transfer.http.resolved_url import Lease
from dataferry.transfer.http.response_errors import check_body, published_checksum, validator_of
from dataferry.transfer.limits.governor import Member

#: A request should keep its connection busy for so long: the pause before an answer then weighs little.
_SPAN_S = 2.0
#: Bytes are written once so many have come, or once the first of them has waited so long.
_WRITE_BYTES = 512 * 1024
_WRITE_S = 0.1
#: A connection that brings so many bytes a second leaves little for others to do.
_FAST_BPS = 150e6
#: A file that changes more often under way is fetched in one answer, over one connection.
_CHANGES = 2
_ANSWERS = frozenset({200, 206, 412, 416})
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the files of one fetch share. ``landed`` and ``failed`` are told of a file's end, ``moved``
    that there may be work again, ``slow`` that one connection alone does not bring all that can come, and
    ``follow`` that an archive's bytes begin to come."""

    asking: Asking
    member: Member
    work: Partial
    gate: Gate
    meter: Meter
    limits: Limits
    proceed: Callable[[], None]
    landed: Callable[[FileEntry, FetchedFile], None]
    failed: Callable[[Exception, FileEntry], None]
    moved: Callable[[], None]
    slow: Callable[[], None]
    follow: Callable[[FileEntry, Version], None]


@dataclass(frozen=True, slots=True)
class Share:
    """A span of one version of a file, for one connection."""

    file: "LargeFile"
    version: Version
    span: Span
    #: In one answer, over one connection.
    whole: bool = False
    #: The first to ask: how the server answers is not known yet.
    first: bool = False


class _Anew(Exception):
    """What has come so far is of no use."""


class LargeFile:
    """One file of known size. Connections ``take`` a share, ``bring`` it, and come back for the next.

    It is asked for by ranges as soon as the first answer shows that the server knows them; if it does
    not, in one answer over one connection.
    """

    def __init__(self, entry: FileEntry, size: int, begun: Begun | None, around: Surroundings) -> None:
        assert isinstance(entry.origin, Http)
        self.entry = entry
        self.size = size
        self._around = around
        self._lease = Lease(entry.origin)
        self._lock = threading.Lock()
        self._way: Literal["unknown", "asking", "ranges", "whole"] = "unknown"
        self._version = Version(entry, size, around.work, begun, around.limits.piece_bytes)
        self._changes = 0
        self._mismatches = 0
        self._rate = 0.0
        self._headers: dict[str, str] = {}
        self._ended = False
        if begun is not None and self._version.spans.whole:
            self._version.begin(begun.validator)
            self._version.follow(entry.checksum, self._hashed)

    # -- for connections -------------------------------------------------------------------------

    def take(self) -> Share | None:
        """Missing bytes for one connection; None where there are none to be had now."""
        with self._lock:
            if self._ended or self._way == "asking":
                return None
            whole = self._way == "whole"
            span = self._version.spans.take(self.size if whole else self._want())
            if span is None:
                return None
            first = self._way == "unknown"
            if first:
                self._way = "asking"
            return Share(self, self._version, span, whole, first)

    def take_over(self) -> Share | None:
        """A part of what a slow connection has still to bring."""
        with self._lock:
            if self._ended or self._way != "ranges":
                return None
            span = self._version.spans.take_over()
            return None if span is None else Share(self, self._version, span)

    def bring(self, share: Share, buffer: memoryview) -> int:
        """Fetch a share; how many bytes came. Errors: as ``fetch``; the bytes until then are kept."""
        version, span = share.version, share.span
        started, first = time.monotonic(), span.position
        why: str | None = None
        lost = False
        try:
            self._ask(share, buffer)
        except _Anew as reason:
            why, lost = str(reason), True
        except Cancelled:
            self._around.proceed()  # raises if it is the whole fetch that stops
            if not version.gate.closed:
                raise
        except DataferryError:
            lost = share.whole or self._way == "whole"
            raise
        finally:
            version.give_back(span)
            if lost:
                self._begin_anew(version, why)
            with self._lock:
                if share.first and self._way == "asking":
                    self._way = "unknown"
            self._around.moved()
        brought = span.position - first
        self._rate = brought / max(time.monotonic() - started, 1e-6)
        return brought

    def sync(self) -> None:
        """Make what has come so far outlast a power cut."""
        self._version.sync()

    def stop(self) -> None:
        """Nothing is written any more. What has come stays for a later run."""
        with self._lock:
            self._ended = True
            version = self._version
        version.close()

    def _want(self) -> int:
        """Bytes of the next span: enough to keep a connection busy, and towards the end so few that all
        connections end together."""
        limits = self._around.limits
        share = self._version.spans.missing // (2 * limits.connections)
        return max(limits.piece_bytes, min(int(self._rate * _SPAN_S), limits.span_bytes, share))

    # -- one answer --------------------------------------------------------------------------------

    def _ask(self, share: Share, buffer: memoryview) -> None:
        version, wanted = share.version, (share.span.position, share.span.stop)
        headers = dict(self._headers)
        if not share.whole:
            headers["Range"] = f"bytes={wanted[0]}-{wanted[1] - 1}"
            if version.validator is not None and version.validator.startswith('"'):
                headers["If-Match"] = version.validator
        with self._around.asking.ask(self.entry.path, self._lease, headers, _ANSWERS) as response:
            self._accept(response, share, wanted)
            self._receive(response, share, buffer)

    def _accept(self, response: HttpResponse, share: Share, wanted: Range) -> None:
        """Whether the answer holds the share of the version that is under way.

        Errors: ``_Anew`` where it is another version or no such range, ``ContentChanged`` where it is not
        the file of the manifest.
        """
        version = share.version
        if response.status in (412, 416):
            raise _Anew("changed at its source")
        check_body(response, self.entry.path)
        if response.status == 206 and not share.whole:
            fits = self._fits(response, wanted)
        else:
            self._check_size(response.length)
            fits = version.spans.widen(share.span)
        validator = validator_of(response.headers)
        with self._lock:
            if version is self._version:
                self._way = "ranges" if response.status == 206 and fits else "whole"
            if not fits:
                raise _Anew
            known = version.open or version.validator is not None
            if known and validator != version.validator:
                raise _Anew("changed at its source")
            if not version.open:
                version.begin(validator)
                checksum = self.entry.checksum or published_checksum(response.headers)
                version.follow(checksum, self._hashed)
                if self.entry.unpack:
                    self._around.follow(self.entry, version)
        self._around.moved()

    def _fits(self, response: HttpResponse, wanted: Range) -> bool:
        """Whether a 206 brings the bytes that were asked for, or the first of them."""
        match = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
        if match is None:
            return False
        first, last = int(match[1]), int(match[2])
        if match[3] != "*":
            self._check_size(int(match[3]))
        length = response.length
        return first == wanted[0] and last < wanted[1] and length in (None, last - first + 1)

    def _check_size(self, size: int | None) -> None:
        if size not in (None, self.size):
            raise ContentChanged(
                f"{self.entry.path} has {size} bytes at its source now, not the {self.size} promised.",
                next_step="Try again: the file list is read anew.",
            )

    def _receive(self, response: HttpResponse, share: Share, buffer: memoryview) -> None:
        """The body, written as it comes. Ends early where another connection takes over the rest."""
        version, span = share.version, share.span
        begun = since = time.monotonic()
        first, filled = span.position, 0
        try:
            while span.left > filled:
                count = response.readinto(buffer[filled : min(len(buffer), span.left)])
                if count == 0:
                    left = span.left - filled
                    raise NetworkFault(f"{self.entry.path} ended early: {left} bytes are missing.")
                self._around.member.spend(count, self._around.proceed)
                filled += count
                if filled >= _WRITE_BYTES or time.monotonic() - since >= _WRITE_S:
                    full, filled = filled, 0
                    self._write(version, span, buffer[:full])
                    since = time.monotonic()
                    if (span.position - first) < _FAST_BPS * (since - begun):
                        self._around.slow()
        finally:
            if filled:
                self._write(version, span, buffer[: min(filled, span.left)])

    def _write(self, version: Version, span: Span, chunk: memoryview) -> None:
        self._around.proceed()
        self._around.meter.add(version.write(span, chunk))

    # -- the end -----------------------------------------------------------------------------------

    def _hashed(self, version: Version, digests: Digests) -> None:
        """Called by the follower: every byte is here."""
        try:
            self._land(version, digests)
        except Cancelled:
            pass
        except Exception as error:
            self._around.failed(error, self.entry)

    def _land(self, version: Version, digests: Digests) -> None:
        path = self.entry.path
        try:
            grade = digests.verify(path)
        except ChecksumMismatch:
            # A cache, a line or a mistaken range may have broken the bytes: once more, past all caches
            # and in one answer.
            self._mismatches += 1
            if self._mismatches > 1:
                raise
            self._headers = {"Cache-Control": "no-cache"}
            self._way = "whole"
            self._begin_anew(version, "arrived damaged")
            self._around.moved()
            return
        with self._lock:
            if version is not self._version or self._ended:
                return  # a late answer showed that it is not the newest
            self._ended = True
        version.finish()
        file = FetchedFile(path, self.size, digests.sha256, grade)
        with self._around.gate:
            self._around.work.land(self.entry, file)
        self._around.landed(self.entry, file)

    def _begin_anew(self, version: Version, why: str | None) -> None:
        """From the first byte again. ``why`` is told; None where nothing had come."""
        with self._lock:
            if version is not self._version or self._ended:
                return
            version.close()
            self._around.meter.add(-version.spans.count)
            self._version = Version(self.entry, self.size, self._around.work, None, version.piece)
            self._changes += bool(why)
            if self._way != "whole":
                self._way = "unknown" if self._changes <= _CHANGES else "whole"
        if why:
            self._around.meter.note(f"{self.entry.path} {why}; it is fetched anew.")
