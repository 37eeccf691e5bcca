"""A small HTTP file server with named faults, for real clients over real sockets.

::

    with FileServer({"a.bin": b"…"}) as server:
        server.fault("a.bin", "drop", after=100)
        server.url("a.bin")

It speaks HTTP/1.1 with keep-alive, ranges, ``ETag``, ``If-Match`` and ``If-Range``; every request is kept in
``server.requests``, and how many bytes of bodies went out in ``server.served``. The faults that it knows
stand in ``files_wire``.
"""

import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import md5, sha1, sha256
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote
from zlib import crc32

import google_crc32c

from dataferry.core.types import Checksum, DatasetRef, FileEntry, HashName, Http, Manifest
from tests.fakes.files_wire import Crowd, Fault, FaultName, Handler, Request

#: Longer than a thread needs to come to its end, and shorter than a request takes.
_LEAVES_WITHIN_S = 0.05

__all__ = ["Crowd", "FaultName", "FileServer", "Request", "checksum"]


class FileServer:
    """Serves ``files`` (path → bytes) from a thread for each connection."""

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        bytes_per_s: float | None = None,
    ) -> None:
        self.files: dict[str, bytes] = dict(files or {})
        #: Extra headers of a path's answers.
        self.headers: dict[str, Mapping[str, str]] = {}
        #: How many are served at one time.
        self.crowd: Crowd | None = None
        #: The lease that the fault ``expired`` accepts.
        self.leases: dict[str, str] = {}
        #: The pace of each connection; None for as fast as it goes.
        self.bytes_per_s = bytes_per_s
        #: The paces of one connection after another, where they differ.
        self.rates: Iterator[float] | None = None
        #: Bytes that were sent, by the pace of their connection.
        self.sent_at: Counter[float | None] = Counter()
        self.requests: list[Request] = []
        self.connections = 0
        #: Bytes of bodies that were sent, by path.
        self.served: Counter[str] = Counter()
        #: How many bodies were on their way at one time, at most, by path.
        self.most_at_once: Counter[str] = Counter()
        #: Bodies that are on their way now.
        self.under_way: Counter[str] = Counter()
        self._tags: dict[str, tuple[bytes, str]] = {}
        self._faults: dict[str, list[Fault]] = {}
        self._changed = threading.Condition()
        self._host = host
        self._tls = tls
        self._released = threading.Event()

    def fault(self, path: str, name: FaultName, *, times: int | None = None, **how: Any) -> None:
        """Answers to ``path`` fail in this way, always or the next ``times`` times, once ``skip`` were
        served as they should be. ``*`` is any path."""
        with self._changed:
            self._faults.setdefault(path, []).append(Fault(name, times, **how))

    def heal(self, path: str) -> None:
        """Take its faults back; what was stalled by them is cut."""
        with self._changed:
            for fault in self._faults.pop(path, []):
                fault.lifted.set()

    def url(self, path: str, query: str = "") -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{self.address}/{quote(path)}" + (f"?{query}" if query else "")

    @property
    def address(self) -> str:
        return f"{self._host}:{self._server.server_address[1]}"

    @property
    def served_bytes(self) -> int:
        """Bytes of bodies that were sent. Those that a client never read may be among them."""
        return sum(self.served.values())

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
        with self._changed:
            return sum(request.path == path for request in self.requests)

    def wait_served(self, path: str, count: int, within_s: float = 20.0) -> None:
        """Until so many bytes of a file have been sent."""
        with self._changed:
            reached = self._changed.wait_for(lambda: self.served[path] >= count, within_s)
        assert reached, f"{self.served[path]} bytes of {path} were sent in {within_s} s, not {count}"

    def __enter__(self) -> Self:
        served: FileServer = self

        class Bound(Handler):
            files = served

        self._server = _Server((self._host, 0), Bound)
        if self._tls:
            # A handshake is made by a connection's own thread, if it is admitted at all.
            self._server.socket = self._tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        for path in list(self._faults):
            self.heal(path)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # -- for the handler -----------------------------------------------------------------------

    @property
    def resets_the_rest(self) -> bool:
        return self.crowd is not None and self.crowd.status is None

    @contextmanager
    def admitted(self, by: Literal["connections", "requests"]) -> Iterator[bool]:
        """Whether there is room for one more, and inside the block it is taken."""
        crowd = self.crowd
        if crowd is None or crowd.by != by:
            yield True
            return
        with self._changed:
            # Who has just sent its last byte is about to leave, and its client may be here again already.
            room = self._changed.wait_for(lambda: crowd.served < crowd.most, timeout=_LEAVES_WITHIN_S)
            crowd.served += room
            crowd.refused += not room
            crowd.peak = max(crowd.peak, crowd.served)
        try:
            yield room
        finally:
            with self._changed:
                crowd.served -= room
                self._changed.notify_all()

    def connected(self) -> float | None:
        """One more connection; its pace, if it has one of its own."""
        with self._changed:
            self.connections += 1
            return next(self.rates) if self.rates else None

    def take_fault(self, request: Request) -> Fault | None:
        """The next fault of this request, now used up once."""
        with self._changed:
            for faults in (self._faults.get(request.path, []), self._faults.get("*", [])):
                for fault in faults:
                    if not fault.fits(request):
                        continue
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    if fault.times is None:
                        return fault
                    if fault.times > 0:
                        fault.times -= 1
                        return fault
        return None

    def note(self, request: Request) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def tag(self, path: str) -> str:
        """The ETag of what is at a path now."""
        body = self.files[path]
        known, tag = self._tags.get(path, (b"", ""))
        if known is not body or not tag:
            tag = f'"{sha256(body).hexdigest()[:16]}"'
            self._tags[path] = body, tag
        return tag

    def sending(self, path: str, by: int) -> None:
        """A body begins (+1) or ends (−1)."""
        with self._changed:
            self.under_way[path] += by
            self.most_at_once[path] = max(self.most_at_once[path], self.under_way[path])

    def sent(self, path: str, count: int) -> None:
        with self._changed:
            self.served[path] += count
            self._changed.notify_all()

    def pause(self, seconds: float) -> bool:
        """Wait; True once the server closes."""
        return self._released.wait(seconds)


def checksum(body: bytes, algorithm: HashName) -> Checksum:
    """What a publisher would promise of ``body``."""
    value = {
        "sha256": lambda: sha256(body).hexdigest(),
        "md5": lambda: md5(body).hexdigest(),
        "git-sha1": lambda: sha1(b"blob %d\0" % len(body) + body).hexdigest(),
        "crc32": lambda: f"{crc32(body):08x}",
        "crc32c": lambda: f"{google_crc32c.value(body):08x}",
    }[algorithm]()
    return Checksum(algorithm, value, "transport" if algorithm.startswith("crc32") else "publisher")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""
