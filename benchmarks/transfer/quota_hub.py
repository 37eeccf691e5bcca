"""A hub that counts requests in fixed windows, as HuggingFace's does, and refuses those beyond."""

import math
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self


class QuotaHub:
    """``quota`` requests in each window of ``window_s`` seconds; the first window begins with the hub.

    What it counts, window by window: ``served`` and ``refused``.
    """

    def __init__(self, site: Path, quota: int, window_s: float) -> None:
        self.quota, self.window_s = quota, window_s
        self.served: dict[int, int] = {}
        self.refused = 0
        self._site = site
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._began = time.monotonic()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def used(self) -> float:
        """The share of the quota that was used in the windows that are full: all but the last."""
        full = max(self.served, default=0)
        return sum(self.served.get(at, 0) for at in range(full)) / (self.quota * full) if full else math.nan

    def take(self) -> tuple[bool, dict[str, str]]:
        """Whether there is room for one more request, and the headers that tell of it."""
        now = time.monotonic() - self._began
        window = int(now // self.window_s)
        with self._lock:
            served = self.served.get(window, 0)
            room = served < self.quota
            if room:
                served = self.served[window] = served + 1
            else:
                self.refused += 1
        ends = math.ceil((window + 1) * self.window_s - now)
        return room, {
            "RateLimit": f'"resolvers";r={self.quota - served};t={ends}',
            "RateLimit-Policy": f'"fixed window";"resolvers";q={self.quota};w={self.window_s:.0f}',
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                room, headers = hub.take()
                body = (hub._site / self.path.lstrip("/")).read_bytes() if room else b""
                self.send_response(200 if room else 429)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
