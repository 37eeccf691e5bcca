"""A TCP line to a Postgres that listens on a Unix socket, and that can be cut: what is between a worker and
its database on another machine.

As root on Linux the worker stands in a network namespace of its own, and the cut takes its interface down: no
packet is acknowledged, and nobody says so. Elsewhere the line's bytes stay where they are.
"""

import os
import selectors
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace that reaches this one by two interfaces: one for the database, one for the rest."""

    name: str
    #: This side's addresses.
    database: str
    others: str

    @property
    def command(self) -> list[str]:
        """What a command begins with that is run in it."""
        return ["ip", "netns", "exec", self.name]

    def set_database_interface(self, state: str) -> None:
        _ip("link", "set", f"{self.name}-db", state)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def namespace() -> Iterator[Namespace | None]:
    """One for this process; None where this machine has none to give."""
    name, net = f"df{os.getpid() % 100_000}", f"10.{os.getpid() % 200 + 20}"
    made = Namespace(name, f"{net}.1.1", f"{net}.2.1")
    if shutil.which("ip") is None:
        yield None
        return
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError:
        yield None
        return
    try:
        for suffix, address in (("db", made.database), ("web", made.others)):
            ours, theirs = f"{name}-{suffix}", f"{suffix}0"
            _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
            _ip("addr", "add", f"{address}/24", "dev", ours)
            _ip("-n", name, "addr", "add", f"{address.rpartition('.')[0]}.2/24", "dev", theirs)
            _ip("link", "set", ours, "up")
            _ip("-n", name, "link", "set", theirs, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield made
    finally:
        _ip("netns", "delete", name)


class DatabaseLine:
    """``with DatabaseLine(url, place) as line:`` a client connects to ``line.url``; ``line.cut()`` cuts
    it."""

    def __init__(self, url: str, place: Namespace | None = None) -> None:
        parts = urlsplit(url)
        self._path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._place = place
        self._listener = socket.create_server((place.database if place else "127.0.0.1", 0))
        host, port = self._listener.getsockname()[:2]
        self.url = f"postgresql://postgres@{host}:{port}{parts.path}"
        self._open = threading.Event()
        self._open.set()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "DatabaseLine":
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._open.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing passes inside the block."""
        if self._place is not None:
            self._place.set_database_interface("down")
        else:
            self._open.clear()
        try:
            yield
        finally:
            if self._place is not None:
                self._place.set_database_interface("up")
            self._open.set()

    def _start(self, act: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._ended.is_set():
                client, _ = self._listener.accept()
                self._start(self._forward, client)

    def _forward(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._path)
            other = {client: server, server: client}
            with selectors.DefaultSelector() as selector:
                for end in other:
                    selector.register(end, selectors.EVENT_READ)
                while not self._ended.is_set():
                    for key, _ in selector.select(0.2):
                        self._open.wait()
                        source = key.fileobj
                        assert isinstance(source, socket.socket)
                        chunk = source.recv(_CHUNK)
                        if not chunk:
                            return
                        other[source].sendall(chunk)
