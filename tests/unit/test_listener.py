"""The listening socket when no descriptors are left. ``python -m`` of this file is the server's side."""

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dataferry.cli import listener
from dataferry.cli.listener import Listener, connection_limit


def test_the_loop_goes_on_while_there_are_no_descriptors() -> None:
    command = [sys.executable, "-m", "tests.unit.test_listener"]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = ("127.0.0.1", int(process.stdout.readline()))
        with contextlib.ExitStack() as held:
            for _ in range(80):
                held.enter_context(socket.create_connection(address, 20))
            complaints, turns = map(int, process.stdout.readline().split())
        assert complaints == 1, "each failure of a row was told"
        assert turns > 0
        with socket.create_connection(address, 20) as client:
            client.sendall(b"hello")
            assert client.recv(5) == b"hello"
        process.terminate()


def test_the_limit_is_what_the_process_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    limits = {"now": (1024, 4096)}
    monkeypatch.setattr(listener.resource, "getrlimit", lambda _kind: limits["now"])
    monkeypatch.setattr(listener.resource, "setrlimit", lambda _kind, both: given.append(both))
    assert connection_limit(2000, 32) == 2000
    assert given == [(2288, 4096)]
    limits["now"] = (1024, 1024)
    assert connection_limit(2000, 32) == 1024 - 32 - 256
    limits["now"] = (64, 64)
    assert connection_limit(2000, 32) == 16
    limits["now"] = (20_000, resource.RLIM_INFINITY)
    assert connection_limit(2000, 32) == 2000
    assert given[1:] == [(1024, 1024), (64, 64)]


class _Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.WriteTransport)
        self._transport.write(data)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    complaints: list[dict[str, Any]] = []
    full = asyncio.Event()

    def complain(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        complaints.append(context)
        full.set()

    loop.set_exception_handler(complain)
    with Listener(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        server = await loop.create_server(_Echo, sock=sock, backlog=2048)
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        sys.stdout.write(f"{sock.getsockname()[1]}\n")
        sys.stdout.flush()
        await full.wait()
        turns = 0
        for _ in range(100):  # what else is to do is done meanwhile
            await asyncio.sleep(0)
            turns += 1
        sys.stdout.write(f"{len(complaints)} {turns}\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
