"""What the fake hubs share: small HTTP servers (the hub and the two hosts of its storage), faults and a log.

Each host of a hub's storage stands on a port of its own, as the real ones are hosts of their own, so that a
client which carries its Authorization header over a redirect is found out (400, as the real ones answer).
"""

import json
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.content import Blob
from tests.fakes.faults import Fault, Faults, Where

CHUNK = 1 << 20
#: What the system may hold of a body that the client has not read: little, so that ``bytes_sent`` is
#: nearly what has arrived.
SEND_BUFFER = 128 * 1024
#: A hub's storage answers on two hosts.
_STORAGE = ("storage", "edge")


@dataclass
class Request:
    """One request, as the log keeps it. ``dataset`` and ``file`` are filled in by the route."""

    server: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = field(default=b"", repr=False)
    dataset: str | None = None
    file: str | None = None
    status: int | None = None
    bytes_sent: int = 0
    at: float = field(default_factory=time.time)

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def one(self, name: str) -> str | None:
        return self.query.get(name, [None])[0]

    @property
    def authorization(self) -> str | None:
        return self.headers.get("authorization")


@dataclass
class Reply:
    """A whole answer. ``content`` is served with ranges and ETag, ``body`` as it is."""

    status: int = 200
    #: A list is a header line for each of its values, or none.
    headers: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""
    content: Blob | None = None
    etag: str | None = None
    #: Bytes a second on each connection, where the dataset is a slow one.
    bytes_per_s: float | None = None


def reply_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    told = {"Content-Type": "application/json; charset=utf-8"} | (headers or {})
    return Reply(status, told, json.dumps(value).encode())


class HangUp(Exception):
    """Close the connection now."""


class FakeServer:
    """A fake hub. ``with KaggleFake() as fake: fake.url``; ``fake.fault("drop_after", bytes=1000)``.

    Another process sets faults with ``POST /_fault`` (the arguments of ``fault`` as JSON), clears them
    with ``DELETE /_fault`` and reads the log with ``GET /_log``.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.faults = Faults()
        self.log: list[Request] = []
        self.stopping = threading.Event()
        self._servers = {
            "hub": _Server((host, port), self, "hub"),
            "storage": _Server((host, 0), self, "storage"),
            "edge": _Server((host, 0), self, "edge"),
        }
        self._threads: list[threading.Thread] = []
        self.url = f"http://{host}:{self._servers['hub'].server_port}"
        self._storage_urls = [f"http://{host}:{self._servers[name].server_port}" for name in _STORAGE]
        self._refused = 0

    @property
    def storage_url(self) -> str:
        """Where the next address leads: to the other host after each refusal."""
        return self._storage_urls[self._refused % len(self._storage_urls)]

    # -- what a hub writes -------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        """A request to the hub itself."""
        raise NotImplementedError

    def store(self, request: Request) -> Reply:
        """A request to the hub's storage."""
        raise NotImplementedError

    def not_json(self, kind: str) -> Reply:
        """What ``garbage`` answers."""
        if kind == "json":
            return Reply(200, {"Content-Type": "application/json"}, b'{"datasets": [{"ref": ')
        if kind == "shape":
            return reply_json({"datasets": 5, "siblings": "no", "id": 7, "ref": 7})
        return Reply(200, {"Content-Type": "text/html"}, b"<!doctype html><title>Be right back</title>")

    # -- what a test calls --------------------------------------------------------------------

    def start(self) -> Self:
        for name, server in self._servers.items():
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.02}, name=f"fake-{name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self) -> None:
        self.stopping.set()
        self.faults.clear()
        for server in self._servers.values():
            if self._threads:
                server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def behind_names(self, domain: str) -> dict[str, int]:
        """Write https addresses of names in ``domain`` in place of its own, for clients that come through a
        proxy. Returns the port that stands behind each name."""
        self.url = f"https://hub.{domain}"
        self._storage_urls = [f"https://{name}.{domain}" for name in _STORAGE]
        return {f"{name}.{domain}": server.server_port for name, server in self._servers.items()}

    def fault(self, name: str, **arguments: Any) -> None:
        """Set a fault: see ``tests.fakes.faults``. ``dataset``, ``path``, ``where``, ``times`` narrow it."""
        self.faults.add(name, **arguments)

    def heal(self) -> None:
        """Clear every fault; what hangs goes on."""
        self.faults.clear()

    def requests(self, containing: str = "", *, server: str | None = None) -> list[Request]:
        """The log's requests whose path contains a text."""
        return [
            request
            for request in list(self.log)
            if containing in request.path and server in (None, request.server)
        ]

    # -- the road of a request ---------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        if request.path in ("/_fault", "/_log"):
            return self._control(request)
        self.log.append(request)
        if request.server in _STORAGE:
            return self.store(request)
        return self.answer(request)

    def _control(self, request: Request) -> Reply:
        if request.path == "/_log":
            entries = [
                asdict(entry) | {"body": entry.body.decode("utf-8", "replace")} for entry in list(self.log)
            ]
            return reply_json(entries)
        if request.method == "DELETE":
            self.heal()
            return Reply(204)
        try:
            self.fault(**request.json())
        except (ValueError, TypeError) as error:
            return reply_json({"error": str(error)}, 422)
        return Reply(204)

    def trouble(self, request: Request, where: Where) -> Reply | None:
        """The faults that any answer can have, in the order in which they would hit."""
        dataset, file = request.dataset, request.file
        if fault := self.faults.take("delay", where, dataset, file):
            fault.hold(fault.options["seconds"])
        if self.faults.take("hang_up", where, dataset, file):
            raise HangUp
        if request.server in _STORAGE and (fault := self.faults.take("edge_refuses", where, dataset, file)):
            self._refused += 1
            return _edge_refusal(fault.options["kind"])
        if fault := self.faults.take("server_error", where, dataset, file):
            return reply_json(
                {"error": "Internal error", "code": fault.options["status"], "message": "Internal error"},
                fault.options["status"],
            )
        if fault := self.faults.take("refused", where, dataset, file):
            # Imported here: refusals are made of replies.
            from tests.fakes.refusals import refusal

            return refusal(**fault.options)
        if fault := self.faults.take("rate_limit", where, dataset, file):
            return _rate_limited(fault)
        if fault := self.faults.take("garbage", where, dataset, file):
            return self.not_json(fault.options["kind"])
        return None


def _edge_refusal(kind: str) -> Reply:
    """What HuggingFace's edges have sent in place of public files, and Google's storage to an old token."""
    if kind in ("text", "range"):
        why = "SignatureError: invalid key pair id" if kind == "text" else "invalid range"
        return Reply(403, {"Content-Type": "text/plain"}, f"Auth failed: {why}".encode())
    status, code = {"xml": (403, "AccessDenied"), "expired_token": (400, "ExpiredToken")}.get(
        kind, (400, "InvalidRequest")
    )
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Reply(status, {"Content-Type": "application/xml"}, body.encode())


def _rate_limited(fault: Fault) -> Reply:
    seconds = fault.options["seconds"]
    headers = {
        "retry-after": {"Retry-After": str(seconds)},
        "ratelimit": {
            "RateLimit": f'"resolvers";r=0;t={seconds}',
            "RateLimit-Policy": '"fixed window";"resolvers";q=3000;w=300',
        },
        "none": {},
    }[fault.options["style"]]
    reply = reply_json({"error": "Too many requests", "code": 429, "message": "Too many requests"}, 429)
    reply.headers.update(headers)
    return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], fake: FakeServer, name: str) -> None:
        super().__init__(address, _Handler)
        self.fake = fake
        self.name = name
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in mid-answer is an ordinary event here.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log is for assertions."""

    def do_GET(self) -> None:
        fake = self.server.fake
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.server.name,
            self.command,
            unquote(parts.path),
            parse_qs(parts.query),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        try:
            reply = fake.handle(request)
            if reply.content is None:
                self._send_whole(request, reply)
            else:
                _Download(self, fake, request, reply).send()
        except HangUp:
            self.close_connection = True

    do_POST = do_HEAD = do_DELETE = do_GET

    def send_headers(self, headers: dict[str, Any]) -> None:
        for name, value in headers.items():
            for line in value if isinstance(value, list) else [value]:
                self.send_header(name, line)

    def _send_whole(self, request: Request, reply: Reply) -> None:
        request.status = reply.status
        self.send_response(reply.status)
        self.send_headers(reply.headers)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
            request.bytes_sent = len(reply.body)
        self.wfile.flush()


class _Download:
    """One answer with a file's bytes: ranges (RFC 9110, section 14), preconditions, and the faults."""

    def __init__(self, handler: _Handler, fake: FakeServer, request: Request, reply: Reply) -> None:
        assert reply.content is not None
        self._handler, self._fake, self._request, self._reply = handler, fake, request, reply
        self._content = reply.content
        self._size = reply.content.size
        self._etag = reply.etag or f'"{reply.content.sha256[:32]}"'
        if fault := self._fault("short_body"):
            self._size = max(0, self._size - fault.options["bytes"])
        if self._fault("changed_etag"):
            self._etag = f'"changed-{time.monotonic_ns()}"'

    def _fault(self, name: str) -> Fault | None:
        return self._fake.faults.take(name, "bytes", self._request.dataset, self._request.file)

    def send(self) -> None:
        if fault := self._fault("slow_first_byte"):
            fault.hold(fault.options["seconds"])
        status, start, end = self._range()
        headers = {"Content-Type": "application/octet-stream", "ETag": self._etag, **self._reply.headers}
        if not self._fault("no_range"):
            headers["Accept-Ranges"] = "bytes"
        elif status in (206, 416):
            status, start, end = 200, 0, self._size
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{self._size}"
        elif status == 416:
            headers["Content-Range"] = f"bytes */{self._size}"
        self._request.status = status
        self._handler.send_response(status)
        self._handler.send_headers(headers)
        self._handler.send_header("Content-Length", str(end - start))
        self._handler.end_headers()
        self._handler.wfile.flush()
        if self._handler.command != "HEAD":
            self._body(start, end)

    def _range(self) -> tuple[int, int, int]:
        """Status and the half-open range of bytes to send."""
        headers = self._request.headers
        if "if-match" in headers and headers["if-match"] not in ("*", self._etag):
            return 412, 0, 0
        if headers.get("if-none-match") == self._etag:
            return 304, 0, 0
        wanted = headers.get("range", "")
        whole = (200, 0, self._size)
        if not wanted.startswith("bytes=") or "," in wanted:
            return whole
        if "if-range" in headers and headers["if-range"] != self._etag:
            return whole
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        try:
            start = int(first) if first else max(0, self._size - int(last))
            end = int(last) + 1 if first and last else self._size
        except ValueError:
            return whole
        if start >= self._size or end <= start:
            return 416, 0, 0
        return 206, start, min(end, self._size)

    def _body(self, start: int, end: int) -> None:
        drop, stall, slow = self._fault("drop_after"), self._fault("stall"), self._fault("slow")
        wrong = self._fault("wrong_bytes")
        rate = slow.options["bytes_per_s"] if slow else self._reply.bytes_per_s
        chunk = max(1, min(CHUNK, int(rate / 10))) if rate else CHUNK
        began, sent, end_at = time.monotonic(), 0, end - start
        for fault in (drop, stall):
            if fault is not None:
                end_at = min(end_at, fault.options["bytes"])
        while sent < end_at:
            piece = self._content.read(start + sent, min(chunk, end_at - sent))
            if wrong is not None:
                piece = self._spoiled(piece, start + sent, wrong)
            self._handler.wfile.write(piece)
            self._handler.wfile.flush()
            sent += len(piece)
            self._request.bytes_sent = sent
            if rate and (ahead := began + sent / rate - time.monotonic()) > 0:
                self._fake.stopping.wait(ahead)
        if sent == end - start:
            return
        if stall is not None and sent == stall.options["bytes"]:
            stall.hold(stall.options["seconds"])
        raise HangUp

    def _spoiled(self, piece: bytes, position: int, fault: Fault) -> bytes:
        at = fault.options["at"]
        offset = (self._size // 2 if at is None else at) - position
        if not 0 <= offset < len(piece):
            return piece
        return piece[:offset] + bytes([piece[offset] ^ 0xFF]) + piece[offset + 1 :]
