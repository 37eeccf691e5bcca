"""How ``FileServer`` answers, and what it can do wrong."""

import gzip
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from urllib3 import HTTPHeaderDict

if TYPE_CHECKING:
    from tests.fakes.files import FileServer

FaultName = Literal[
    "hang_up",  # the connection is closed without an answer
    "drop",  # the line is cut after `after` bytes of the answer's body
    "stall",  # nothing more comes after `after` bytes, until the fault is taken back
    "slow",  # `bytes_per_s`
    "slow_first_byte",  # `seconds` before the answer begins
    "wrong_bytes",  # the right size, one byte changed
    "short_body",  # an honest Content-Length of `after` bytes, whatever was asked for
    "no_length",  # chunked, without Content-Length, and without ranges
    "short_chunked",  # chunked, and ends in good order after `after` bytes
    "too_long",  # chunked, with more bytes than there should be
    "endless",  # chunked, and never ends
    "gzip",  # packed although `identity` was asked for
    "status",  # `status` with `headers` in place of the file
    "ratelimit",  # 429 for `seconds`, said in the `style` retry-after or ratelimit
    "expired",  # 403 unless the query says lease=<the path's lease>
    "redirect",  # 302 to `to`
    "no_range",  # ranges are ignored: 200 with everything
    "lying_range",  # 206 with the bytes `shift` further on; `honest` says so in Content-Range
    "changed_etag",  # from this request on the file is `body`
    "stale_416",  # 416 to whatever range
    "mismatch",  # 412 to whatever If-Match
    "cut_whole",  # ranges are ignored, and the line is cut after `after` bytes
    "cut_chunked",  # the same in chunks, without Content-Length
    "same_prefix",  # 206 with the first `after` bytes, whatever range; a whole answer is cut there
    "partial_200",  # the range that was asked for, with Content-Range, as a 200
    "fresh_etag",  # every answer has another ETag, and is cut after `after` bytes if that is not 0
]
_OF_RANGES = frozenset({"no_range", "lying_range", "stale_416"})
#: The others have to do with a body, which an answer to HEAD has not.
_OF_HEADS = frozenset({"hang_up", "slow_first_byte", "status", "redirect", "expired", "no_length", "endless"})
_CHUNKED = frozenset({"no_length", "short_chunked", "too_long", "endless", "cut_chunked"})
_WITHOUT_RANGES = frozenset({"no_range", "no_length", "cut_whole", "cut_chunked"})
_SLICE = 256 * 1024
#: What the system may hold of a body that the client has not read: little, so that what was sent is
#: nearly what has arrived.
_SEND_BUFFER = 128 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` as it stood in the request line, unquoted and without its query."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    line: str
    #: When it arrived, in monotonic seconds.
    at: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Fault:
    name: FaultName | None = None
    times: int | None = None
    skip: int = 0
    after: int = 0
    seconds: float = 0.0
    bytes_per_s: float | None = None
    status: int = 500
    style: Literal["retry-after", "ratelimit"] = "retry-after"
    headers: Mapping[str, str] = field(default_factory=dict)
    to: str = ""
    shift: int = 1
    honest: bool = False
    body: bytes = field(default=b"", repr=False)
    #: Set when the fault is taken back, so that whatever it holds up ends.
    lifted: threading.Event = field(default_factory=threading.Event)

    def fits(self, request: Request) -> bool:
        """Whether it has anything to do with a request."""
        if self.name in _OF_RANGES:
            return "Range" in request.headers
        if request.method == "HEAD" and self.name not in _OF_HEADS:
            return False
        return self.name != "mismatch" or "If-Match" in request.headers

    def instead(self, request: Request, lease: str) -> tuple[int, Mapping[str, str]] | None:
        """Status and headers of an answer in place of the file."""
        match self.name:
            case "status":
                return self.status, self.headers
            case "ratelimit":
                whole = max(0, round(self.seconds))
                if self.style == "retry-after":
                    return 429, {"Retry-After": str(whole)}
                return 429, {"RateLimit": f'"resolvers";r=0;t={whole}'}
            case "redirect":
                return 302, {"Location": self.to}
            case "mismatch":
                return 412, {}
            case "expired" if request.query.get("lease") != [lease]:
                return 403, {}
        return None


@dataclass(slots=True)
class Crowd:
    """A server that serves ``most`` at one time and refuses the rest: with ``status`` and ``headers``, or
    None for a reset, before TLS begins or before an answer."""

    most: int
    by: Literal["connections", "requests"] = "connections"
    status: int | None = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What is served now, how many at most at one time, and what was refused.
    served: int = 0
    peak: int = 0
    refused: int = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    files: "FileServer"

    def handle(self) -> None:
        with self.files.admitted("connections") as admitted:
            self._admitted = admitted
            if not admitted and self.files.resets_the_rest:
                return reset(self.connection)
            return super().handle()

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._rate = self.files.connected()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)  # a proxy is sent the whole URL
        path, query = unquote(parts.path.lstrip("/")), parse_qs(parts.query)
        request = Request(self.command, path, query, HTTPHeaderDict(self.headers.items()), self.requestline)
        self.files.note(request)
        with self.files.admitted("requests") as admitted:
            if admitted and self._admitted:
                self._answer_request(request)
            else:
                self._refuse()

    do_HEAD = do_GET

    def _refuse(self) -> None:
        crowd = self.files.crowd
        self.close_connection = True
        if crowd is None or crowd.status is None:
            return reset(self.connection)
        return self._empty(crowd.status, {**crowd.headers, "Connection": "close"})

    def _answer_request(self, request: Request) -> None:
        path = request.path
        fault = self.files.take_fault(request) or Fault()
        if fault.name == "slow_first_byte":
            self.files.pause(fault.seconds)
        if fault.name == "hang_up":
            self.close_connection = True
            return None
        if fault.name == "changed_etag":
            self.files.files[path] = fault.body
        if instead := fault.instead(request, self.files.leases.get(path, "1")):
            return self._empty(*instead)
        body = self.files.files.get(path)
        if body is None:
            return self._empty(404, {})
        self._serve(path, body, fault)
        return None

    def _serve(self, path: str, body: bytes, fault: Fault) -> None:
        tag = self.files.tag(path)
        headers: dict[str, str] = {"ETag": tag, "Accept-Ranges": "bytes", **self.files.headers.get(path, {})}
        if self.headers.get("If-Match", tag) not in (tag, "*"):
            return self._empty(412, {})
        status, span = 200, range(len(body))
        if fault.name == "fresh_etag":
            headers["ETag"] = f'"{len(self.files.requests)}"'
        same = self.headers.get("If-Range", tag) == tag
        if same and fault.name not in _WITHOUT_RANGES and (asked := self._span(len(body))) is not None:
            if fault.name == "stale_416" or not asked:
                return self._empty(416, {"Content-Range": f"bytes */{len(body)}"})
            span = range(fault.after) if fault.name == "same_prefix" else asked
            asked = span
            told = _shifted(asked, fault) if fault.honest else asked
            status = 200 if fault.name == "partial_200" else 206
            headers["Content-Range"] = f"bytes {told.start}-{told.stop - 1}/{len(body)}"
        self._answer(path, status, headers, _spoiled(body, _shifted(span, fault), fault), fault)
        return None

    def _answer(
        self, path: str, status: int, headers: Mapping[str, str], body: memoryview, fault: Fault
    ) -> None:
        if fault.name == "gzip":
            body, headers = memoryview(gzip.compress(body)), {**headers, "Content-Encoding": "gzip"}
        chunked = fault.name in _CHUNKED
        framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body))}
        self._head(status, framing | dict(headers))
        if self.command == "HEAD":
            return
        self.files.sending(path, 1)
        try:
            self._send_chunked(path, body, fault) if chunked else self._send(path, body, fault)
        finally:
            self.files.sending(path, -1)

    def _send(self, path: str, body: memoryview, fault: Fault) -> None:
        broken = fault.name in ("drop", "stall", "cut_whole") or (
            fault.name in ("fresh_etag", "same_prefix") and 0 < fault.after < len(body)
        )
        pace = fault.bytes_per_s or self._rate or self.files.bytes_per_s
        begun, count = time.monotonic(), 0
        for piece in _pieces(body[: fault.after] if broken else body, pace):
            self.connection.sendall(piece)
            self.files.sent(path, len(piece))
            self.files.sent_at[pace] += len(piece)
            count += len(piece)
            if pace and (ahead := begun + count / pace - time.monotonic()) > 0:
                self.files.pause(ahead)
        if fault.name == "stall":
            fault.lifted.wait()
        if broken:
            self.close_connection = True

    def _send_chunked(self, path: str, body: memoryview, fault: Fault) -> None:
        if fault.name in ("short_chunked", "cut_chunked"):
            body = body[: fault.after]
        while True:
            for start in range(0, len(body), 64 * 1024):
                chunk = body[start : start + 64 * 1024]
                self.connection.sendall(b"".join((b"%x\r\n" % len(chunk), chunk, b"\r\n")))
                self.files.sent(path, len(chunk))
            if fault.name != "endless" or fault.lifted.is_set():
                break
        if fault.name in ("endless", "cut_chunked"):
            self.close_connection = True
            return
        self.connection.sendall(b"0\r\n\r\n")

    def _span(self, size: int) -> range | None:
        """The range asked for, empty where there is nothing of it; None where none was asked for."""
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if match is None or not any(match.groups()):
            return None
        if not match[1]:
            return range(max(0, size - int(match[2])), size)
        return range(int(match[1]), min(size, int(match[2]) + 1 if match[2] else size))

    def _empty(self, status: int, headers: Mapping[str, str]) -> None:
        self._head(status, {**headers, "Content-Length": "0"})

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def reset(connection: socket.socket) -> None:
    """Close a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _shifted(span: range, fault: Fault) -> range:
    """What a server sends that has lost its place."""
    by = fault.shift if fault.name == "lying_range" else 0
    return range(span.start + by, span.stop + by)


def _spoiled(body: bytes, span: range, fault: Fault) -> memoryview:
    """The bytes of an answer's body."""
    view = memoryview(body)[span.start : span.stop]
    if len(view) < len(span):  # shifted past the end
        view = memoryview(bytes(view) + bytes(len(span) - len(view)))
    if fault.name == "wrong_bytes" and view:
        middle = len(view) // 2
        view = memoryview(bytes(view[:middle]) + bytes([view[middle] ^ 1]) + bytes(view[middle + 1 :]))
    if fault.name == "short_body":
        view = view[: fault.after]
    if fault.name == "too_long":
        view = memoryview(bytes(view) + b"and then some")
    return view


def _pieces(body: memoryview, pace: float | None) -> Iterator[memoryview]:
    """A paced body goes out in about twenty pieces a second."""
    size = max(1, min(_SLICE, int(pace / 20))) if pace else _SLICE
    for start in range(0, len(body), size):
        yield body[start : start + size]
