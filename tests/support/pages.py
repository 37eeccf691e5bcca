"""A folder of files served as a page is, or what stands before a server whose page is away."""

from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self


class PageServer:
    """Serves ``folder``: a path that it has no file of is its ``index.html``, but below ``assets`` and
    ``api``, of which it only says that it lives. Without a folder every answer is a proxy's own page with
    ``status``. Both may be changed at any time, as an update changes them."""

    def __init__(self, folder: Path | None = None, *, port: int = 0, status: int = 502) -> None:
        self.folder = folder
        self.status = status
        owner = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0].lstrip("/")
                if owner.folder is None:
                    return self._say(owner.status, b"<html><h1>Bad gateway</h1></html>")
                if path == "api/health/live":
                    return self._say(200, b'{"ok": true}', "application/json")
                if path.startswith(("assets/", "api/")) or (owner.folder / path).is_file():
                    file = owner.folder / path
                else:
                    file = owner.folder / "index.html"
                if not file.is_file():
                    return self._say(404, b"<html><h1>Not found</h1></html>")
                return self._say(200, file.read_bytes(), self.guess_type(str(file)))

            do_POST = do_GET

            def _say(self, status: int, body: bytes, kind: str = "text/html") -> None:
                self.send_response(HTTPStatus(status))
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
