"""A web server with files behind links, for tests of direct links."""

import sys
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self


@dataclass
class Page:
    """What the server has at one path. ``head`` is HEAD's own status where it differs."""

    body: bytes = b"x" * 1234
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    head: int | None = None
    ranges: bool = True
    told: bool = True
    """Whether HEAD tells the length."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in mid-answer is an ordinary event here.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LinkServer:
    """An ordinary web server with ``pages`` by path; ``asked`` is what it was asked, as sent."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.command, self.path))
                page = outer.pages.get(self.path.partition("?")[0], Page(status=404))
                outer.answer(self, page)

            do_HEAD = do_GET

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler, page: Page) -> None:
        head = handler.command == "HEAD"
        status, headers, body = page.status, dict(page.headers), page.body
        if head and page.head is not None:
            status = page.head
        if status == 200 and not head and page.ranges and handler.headers.get("Range"):
            status = 206 if body else 416
            headers["Content-Range"] = f"bytes 0-0/{len(body)}" if body else "bytes */0"
            body = body[:1]
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if not head or page.told:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if not head:
            handler.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
