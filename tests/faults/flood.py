"""An outsider's flood on a running server, and what somebody who is signed in notices of it.

``python -m tests.faults.flood [--seconds 60] [--silent 1100] [--slow 60] [--bodies 8] [--addresses 20]``:
silent connections, slow ones, and large bodies without a token, each opened again as soon as it is closed,
from a process of its own and so many addresses. Meanwhile one person asks for things, over a connection that
is kept and over new ones, and has a socket open. Prints a table; exit code 1 where a request took longer than
half a second or failed, or memory and descriptors do not come back. Measures time: nothing else should run.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from websockets.sync.client import connect

from tests.support.server import Client, Server

#: A request of somebody who is signed in takes no longer.
LONGEST_S = 0.5
#: Memory and descriptors are back within so long after the flood, but for so much: threads of a pool that
#: were not needed before keep their connection to the database.
RECOVERY_S = 30
GROWTH_BYTES = 32 * 2**20
KEPT_DESCRIPTORS = 16

_BODY = b'{"query": "' + b"x" * (16 * 2**20)
_PATHS = ("/api/auth/me", "/api/chats", "/api/jobs", "/api/datasets", "/")


@dataclass(frozen=True)
class Attack:
    """How many connections of each kind, from how many addresses of this machine."""

    silent: int
    slow: int
    bodies: int
    addresses: int = 1


@dataclass(frozen=True)
class Usage:
    """What a process holds now."""

    memory: int
    descriptors: int
    cpu_s: float

    @classmethod
    def of(cls, pid: int) -> "Usage":
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return cls(
            pages * os.sysconf("SC_PAGE_SIZE"),
            len(os.listdir(f"/proc/{pid}/fd")),
            sum(map(int, times)) / os.sysconf("SC_CLK_TCK"),
        )


@dataclass
class Noticed:
    """What the person noticed: seconds of each request, and what failed."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@contextmanager
def attack(address: str, kind: Attack) -> Iterator[Callable[[], int]]:
    """The flood while the body runs; yields how many connections it holds now."""
    context = multiprocessing.get_context("spawn")
    held = context.Value("i", 0)
    process = context.Process(target=_attack, args=(address, kind, held), daemon=True)
    process.start()
    try:
        yield lambda: held.value
    finally:
        process.terminate()
        process.join()


def _attack(address: str, kind: Attack, held: "Synchronized[int]") -> None:
    os.nice(10)  # as if it were on a machine of its own
    asyncio.run(_Attacker(address, kind, held).run())


class _Attacker:
    def __init__(self, address: str, kind: Attack, held: "Synchronized[int]") -> None:
        target = urlsplit(address)
        self._target = str(target.hostname), int(target.port or 80)
        self._kind = kind
        self._held = held

    async def run(self) -> None:
        acts = [self._silence] * self._kind.silent
        acts += [self._slow_headers, self._slow_body] * (self._kind.slow // 2)
        bodies = (self._large_body, self._fitting_body, self._endless_body)
        acts += [act for act, _ in zip(cycle(bodies), range(self._kind.bodies), strict=False)]
        await asyncio.gather(*(self._repeat(number, act) for number, act in enumerate(acts)))

    async def _repeat(self, number: int, act: Callable[..., "asyncio.Future[None]"]) -> None:
        own = f"127.0.1.{1 + number % self._kind.addresses}"
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(*self._target, local_addr=(own, 0))
                self._held.value += 1
                with suppress(OSError):
                    await act(reader, writer)
                self._held.value -= 1
                writer.transport.abort()
            await asyncio.sleep(0.1)

    async def _silence(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def _slow_headers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        await self._drip(reader, writer, b"X-A: a\r\n")

    async def _slow_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"POST /api/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n")
        await self._drip(reader, writer, b" ")

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> None:
        closed = asyncio.ensure_future(reader.read())
        try:
            while not closed.done():
                writer.write(data)
                await writer.drain()
                await asyncio.wait([closed], timeout=1)
        finally:
            closed.cancel()

    async def _large_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._send_body(reader, writer, 16 * 2**20)

    async def _fitting_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._send_body(reader, writer, 4 * 2**20)

    async def _send_body(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int
    ) -> None:
        writer.write(_post(b"Content-Length: %d" % length))
        for start in range(0, length, 65536):
            writer.write(_BODY[start : min(start + 65536, length)])
            await writer.drain()
        await reader.read()

    async def _endless_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_post(b"Authorization: Bearer x.y.z\r\nTransfer-Encoding: chunked"))
        while not reader.at_eof():
            writer.write(b"10000\r\n" + _BODY[:65536] + b"\r\n")
            await writer.drain()


def _post(headers: bytes) -> bytes:
    start = b"POST /api/datasets/search-all HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return start + headers + b"\r\n\r\n"


def ask(clients: Sequence[httpx.Client], seconds: float) -> Noticed:
    """What a person notices who asks for something every twentieth of a second, with each client in turn."""
    noticed = Noticed()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        turn, number = divmod(len(noticed.seconds), len(clients))
        path = _PATHS[turn % len(_PATHS)]
        began = time.monotonic()
        try:
            answer = clients[number].get(path)
            if not answer.is_success:
                noticed.failures.append(f"{path}: {answer.status_code}")
        except httpx.HTTPError as error:
            noticed.failures.append(f"{path}: {error!r}")
        noticed.seconds.append(time.monotonic() - began)
        threading.Event().wait(0.05)
    return noticed


def kept_and_new(client: Client) -> tuple[httpx.Client, httpx.Client]:
    """The client, and another of the same person that opens a connection for each request."""
    headers = {"Authorization": client.http.headers["Authorization"], "Connection": "close"}
    return client.http, httpx.Client(base_url=client.http.base_url, headers=headers, timeout=30)


def flood(kind: Attack, seconds: float) -> list[str]:
    """The flood on a server of its own, as a table on stdout; what did not hold."""
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data") as server:
        client = server.client()
        clients = kept_and_new(client)
        calm = ask(clients, min(5, seconds))
        before = Usage.of(server.pid)
        ticket = client.post("/api/auth/ws-ticket").json()["ticket"]
        url = f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}"
        with connect(url, proxy=None) as live, attack(server.address, kind) as held:
            noticed = ask(clients, seconds)
            during, open_now = Usage.of(server.pid), held()
            live.send(json.dumps({"op": "ping", "t": 1}))
            socket_answers = json.loads(live.recv(10)) == {"op": "pong", "t": 1}
        clients[1].close()
        after = _recovered(server.pid, before)
        log = server.log
    for name, what in (("calm", calm), ("flooded", noticed)):
        times = ", ".join(f"{p} % {what.percentile(p) * 1000:.0f} ms" for p in (50, 99, 100))
        print(f"{name:8} {len(what.seconds):5} requests: {times}; {len(what.failures)} failed")
    for name, usage in (("before", before), ("flooded", during), ("after", after)):
        print(f"{name:8} {usage.memory / 2**20:7.1f} MiB, {usage.descriptors} descriptors")
    cores = (during.cpu_s - before.cpu_s) / seconds
    print(f"{open_now} connections of the flood were open at its end; the server used {cores:.2f} cores")
    return list(_complaints(noticed, before, after, socket_answers, log))


def _recovered(pid: int, before: Usage) -> Usage:
    deadline = time.monotonic() + RECOVERY_S
    while (
        now := Usage.of(pid)
    ).descriptors > before.descriptors + KEPT_DESCRIPTORS and time.monotonic() < deadline:
        threading.Event().wait(0.2)
    return now


def _complaints(
    noticed: Noticed, before: Usage, after: Usage, socket_answers: bool, log: str
) -> Iterator[str]:
    if noticed.failures:
        yield f"{len(noticed.failures)} requests failed, the first: {noticed.failures[0]}"
    if max(noticed.seconds) > LONGEST_S:
        yield f"a request took {max(noticed.seconds) * 1000:.0f} ms"
    if after.descriptors > before.descriptors + KEPT_DESCRIPTORS:
        yield f"{after.descriptors - before.descriptors} descriptors are left open"
    if after.memory - before.memory > GROWTH_BYTES:
        yield f"memory grew by {(after.memory - before.memory) >> 20} MiB"
    if not socket_answers:
        yield "the socket did not answer"
    if "Traceback" in log:
        yield f"the log has tracebacks:\n{log[-3000:]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--silent", type=int, default=1100)
    parser.add_argument("--slow", type=int, default=60)
    parser.add_argument("--bodies", type=int, default=8)
    parser.add_argument("--addresses", type=int, default=20)
    given = parser.parse_args()
    with closing(socket.socket()) as probe:  # other systems have one loopback address
        try:
            probe.bind(("127.0.1.1", 0))
        except OSError:
            sys.exit("This needs the addresses 127.0.1.1 and up.")
    complaints = flood(Attack(given.silent, given.slow, given.bodies, given.addresses), given.seconds)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
