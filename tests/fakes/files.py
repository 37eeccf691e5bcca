"""A small HTTP file server with named faults, for real clients over real sockets.

::

    with FileServer({"a.bin": b"…"}) as server:
        server.fault("a.bin", "drop", after=100)
        server.url("a.bin")

It speaks HTTP/1.1 with keep-alive, ranges, ``ETag`` and ``If-Match``; every request is kept in
``server.requests``.
"""

import gzip
import re
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5, sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit
from zlib import crc32

from urllib3 import HTTPHeaderDict

from dataferry.core.types import Checksum, DatasetRef, FileEntry, HashName, Http, Manifest

FaultName = Literal[
    "hang_up",  # the connection is closed without an answer
    "drop",  # the line is cut after `after` bytes
    "stall",  # nothing more comes after `after` bytes, until the server closes
    "slow_first_byte",  # `seconds` before the answer begins
    "wrong_bytes",  # the right size, one byte changed
    "short_body",  # an honest Content-Length of `after` bytes
    "no_length",  # chunked, without Content-Length
    "short_chunked",  # chunked, and ends in good order after `after` bytes
    "too_long",  # chunked, with more bytes than there should be
    "gzip",  # packed although `identity` was asked for
    "status",  # `status` with `headers` in place of the file
    "expired",  # 403 unless the query says lease=<the path's lease>
    "redirect",  # 302 to `to`
    "no_range",  # ranges are ignored
]


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` as it stood in the request line, unquoted and without its query."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    line: str


@dataclass(slots=True)
class _Fault:
    name: FaultName | None = None
    times: int | None = None
    after: int = 0
    seconds: float = 0.0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    to: str = ""


class FileServer:
    """Serves ``files`` (path → bytes) from a thread for each connection."""

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.files: dict[str, bytes] = dict(files or {})
        #: Extra headers of a path's answers.
        self.headers: dict[str, Mapping[str, str]] = {}
        #: The lease that the fault ``expired`` accepts.
        self.leases: dict[str, str] = {}
        self.requests: list[Request] = []
        self.connections = 0
        self._faults: dict[str, list[_Fault]] = {}
        self._lock = threading.Lock()
        self._host = host
        self._tls = tls
        self._released = threading.Event()

    def fault(self, path: str, name: FaultName, *, times: int | None = None, **how: Any) -> None:
        """Answers to ``path`` fail in this way, always or the next ``times`` times. ``*`` is any path."""
        with self._lock:
            self._faults.setdefault(path, []).append(_Fault(name, times, **how))

    def heal(self, path: str) -> None:
        with self._lock:
            self._faults.pop(path, None)

    def url(self, path: str, query: str = "") -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{self.address}/{quote(path)}" + (f"?{query}" if query else "")

    @property
    def address(self) -> str:
        return f"{self._host}:{self._server.server_address[1]}"

    def manifest(
        self, *paths: str, promised: HashName | None = "sha256", sized: bool = True, **entry: Any
    ) -> Manifest:
        """Files of this server (all of them by default), with the checksums that they should have."""
        files = tuple(
            FileEntry(
                path,
                Http(self.url(path)),
                size=len(self.files[path]) if sized else None,
                checksum=checksum(self.files[path], promised) if promised else None,
                **entry,
            )
            for path in paths or self.files
        )
        return Manifest(DatasetRef.make("url", self.url("set")), "r1", files)

    def asked(self, path: str) -> int:
        """How often a file was asked for."""
        with self._lock:
            return sum(request.path == path for request in self.requests)

    def __enter__(self) -> Self:
        served: FileServer = self

        class Handler(_Handler):
            files = served

        self._server = _Server((self._host, 0), Handler)
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # -- for the handler -----------------------------------------------------------------------

    def _next_fault(self, path: str) -> _Fault | None:
        with self._lock:
            for faults in (self._faults.get(path, []), self._faults.get("*", [])):
                for fault in faults:
                    if fault.times is None:
                        return fault
                    if fault.times > 0:
                        fault.times -= 1
                        return fault
        return None

    def _note(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)

    def _pause(self, seconds: float | None = None) -> None:
        self._released.wait(seconds)


def checksum(body: bytes, algorithm: HashName) -> Checksum:
    """What a publisher would promise of ``body``."""
    value = {
        "sha256": lambda: sha256(body).hexdigest(),
        "md5": lambda: md5(body).hexdigest(),
        "git-sha1": lambda: sha1(b"blob %d\0" % len(body) + body).hexdigest(),
        "crc32": lambda: f"{crc32(body):08x}",
    }[algorithm]()
    return Checksum(algorithm, value, "transport" if algorithm == "crc32" else "publisher")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    files: FileServer

    def setup(self) -> None:
        super().setup()
        self.files.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)  # a proxy is sent the whole URL
        path, query = unquote(parts.path.lstrip("/")), parse_qs(parts.query)
        self.files._note(
            Request(self.command, path, query, HTTPHeaderDict(self.headers.items()), self.requestline)
        )
        fault = self.files._next_fault(path) or _Fault()
        if fault.name == "slow_first_byte":
            self.files._pause(fault.seconds)
        if fault.name == "hang_up":
            self.close_connection = True
            return None
        if fault.name == "status":
            return self._empty(fault.status, fault.headers)
        if fault.name == "redirect":
            return self._empty(302, {"Location": fault.to})
        if fault.name == "expired" and query.get("lease") != [self.files.leases.get(path, "1")]:
            return self._empty(403, {})
        body = self.files.files.get(path)
        if body is None:
            return self._empty(404, {})
        self._serve(path, body, fault)
        return None

    do_HEAD = do_GET

    def _serve(self, path: str, body: bytes, fault: _Fault) -> None:
        tag = f'"{sha256(body).hexdigest()[:16]}"'
        headers: dict[str, str] = {"ETag": tag, "Accept-Ranges": "bytes", **self.files.headers.get(path, {})}
        if self.headers.get("If-Match", tag) != tag:
            return self._empty(412, {})
        status = 200
        if fault.name != "no_range" and (span := self._span(len(body))):
            status = 206
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(body)}"
            body = body[span.start : span.stop]
        if fault.name == "wrong_bytes":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        if fault.name == "short_body":
            body = body[: fault.after]
        if fault.name == "gzip":
            body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
        if fault.name == "too_long":
            body += b"and then some"
        chunked = fault.name in ("no_length", "short_chunked", "too_long")
        framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body))}
        self.send_response(status)
        for name, value in (framing | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return None
        if chunked:
            return self._send_chunked(body[: fault.after] if fault.name == "short_chunked" else body)
        self._send(body, fault)
        return None

    def _send(self, body: bytes, fault: _Fault) -> None:
        if fault.name not in ("drop", "stall"):
            self.wfile.write(body)
            return
        self.wfile.write(body[: fault.after])
        self.wfile.flush()
        if fault.name == "stall":
            self.files._pause()
        self.close_connection = True

    def _send_chunked(self, body: bytes) -> None:
        for start in range(0, len(body), 1000):
            chunk = body[start : start + 1000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def _span(self, size: int) -> range | None:
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if match is None or int(match[1]) >= size:
            return None
        return range(int(match[1]), min(size, int(match[2]) + 1 if match[2] else size))

    def _empty(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
