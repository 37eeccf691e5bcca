"""An S3 server: moto's, with faults in front of it that are chosen by name, and a list of what was asked."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

_DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Slow down</Message></Error>"
KEY, SECRET = "fake-key", "fake-secret"


@dataclass
class Faults:
    """``asked`` has method and path of every request. ``delay_s`` is waited before each answer. ``refused``
    says by method and path which requests get 403; the next ``busy`` ones get 503, the next ``cut`` answers
    end before their end. While ``held`` is set no answer comes."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    delay_s: float = 0.0
    refused: Callable[[str, str], bool] = lambda method, path: False
    busy: int = 0
    cut: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)


class _Faulty:
    """Stands before moto's application."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        faults, method, path = self._faults, environ["REQUEST_METHOD"], environ["PATH_INFO"]
        with self._lock:
            faults.asked.append((method, path))
            busy = faults.busy > 0
            faults.busy -= busy
            cut = not busy and method == "GET" and faults.cut > 0 and not environ["QUERY_STRING"]
            faults.cut -= cut
        time.sleep(faults.delay_s)
        while faults.held.is_set() and not faults.closing.wait(0.02):
            pass
        if faults.refused(method, path):
            return _error(environ, start, "403 Forbidden", _DENIED)
        if busy:
            return _error(environ, start, "503 Slow Down", _BUSY)
        answer = self._app(environ, start)
        if cut:
            whole = b"".join(answer)
            return [whole[: len(whole) // 2]]
        return answer


def _error(environ: dict[str, Any], start: Callable[..., Any], status: str, body: bytes) -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class S3:
    """A running server, with an empty bucket ``data``."""

    address: str
    faults: Faults


@contextmanager
def s3_server() -> Iterator[S3]:
    """Whose credentials are in the environment."""
    faults = Faults()
    server = make_server("127.0.0.1", 0, _Faulty(faults), threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", KEY)
            patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
            patch.delenv("AWS_PROFILE", raising=False)
            yield S3(f"http://127.0.0.1:{server.port}", faults)
    finally:
        faults.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
