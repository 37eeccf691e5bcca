"""A web server with files behind links, for tests of direct links."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self


@dataclass
class Page:
    """What the server has at one path. ``head`` is HEAD's own status where it differs; ``headers`` may have
    a name more than once, as pairs."""

    body: bytes = b"x" * 1234
    status: int = 200
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    head: int | None = None
    ranges: bool = True
    told: bool = True
    """Whether HEAD tells the length."""


@dataclass(frozen=True)
class Asked:
    """One request. ``number`` counts those to its path, from 0."""

    method: str
    path: str
    headers: Mapping[str, str]
    number: int


#: What a path answers with, which may be another thing each time.
Answer = Page | Callable[[Asked], Page]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in mid-answer is an ordinary event here.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LinkServer:
    """An ordinary web server with ``pages`` by path; ``asked`` is what it was asked, as sent, and
    ``requests`` the same with headers."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.requests: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.command, self.path))
                path = self.path.partition("?")[0]
                number = sum(each.path == path for each in outer.requests)
                asked = Asked(self.command, path, dict(self.headers.items()), number)
                outer.requests.append(asked)
                page = outer.pages.get(path, Page(status=404))
                outer.answer(self, page(asked) if callable(page) else page)

            do_HEAD = do_GET

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._server = _Server((host, 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.host = f"{host}:{self._server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler, page: Page) -> None:
        head = handler.command == "HEAD"
        status, body = page.status, page.body
        headers = list(page.headers.items()) if isinstance(page.headers, Mapping) else list(page.headers)
        if head and page.head is not None:
            status = page.head
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
        if status == 200 and not head and page.ranges and span is not None:
            total, first = len(body), int(span[1])
            last = min(int(span[2] or total), total - 1)
            status = 206 if first < total else 416
            headers.append(
                ("Content-Range", f"bytes {first}-{last}/{total}" if first < total else f"bytes */{total}")
            )
            body = body[first : last + 1]
        handler.send_response(status)
        for name, value in headers:
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
