"""Whether a hub's address accepts connections, known sooner than its client library knows it.

Client libraries retry for up to half a minute when nothing answers, and a name server that is cut off
takes ten seconds to say nothing. A probe beside the request tells within the connect timeout, so that
a search without a network is answered at once while a slow hub keeps its whole deadline.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

Address = tuple[str, int]

#: How long a probe's result is kept: a failure briefly, since networks come back.
FAILURE_TTL_S, SUCCESS_TTL_S = 5.0, 60.0


@dataclass(frozen=True, slots=True)
class _Result:
    reachable: bool
    expires: float


class Reachability:
    """Connection probes whose results are kept for a while; one at a time for each address."""

    def __init__(self, connect_timeout_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout_s = connect_timeout_s
        self._clock = clock
        self._results: dict[Address, _Result] = {}
        self._probes: dict[Address, asyncio.Task[bool]] = {}

    def known(self, url: str) -> bool | None:
        """The last result; None where there is none, or it has expired."""
        result = self._results.get(_address(url))
        return result.reachable if result is not None and result.expires > self._clock() else None

    def record(self, url: str, *, reachable: bool) -> None:
        """Record what a real request found."""
        self._store(_address(url), reachable)

    async def check(self, url: str) -> bool:
        """Whether ``url``'s host, or the proxy that leads to it, accepts a connection in time."""
        known = self.known(url)
        if known is not None:
            return known
        address = _address(url)
        probe = self._probes.get(address)
        if probe is None or probe.done():
            probe = self._probes[address] = asyncio.create_task(self._probe(address))
        return await asyncio.shield(probe)

    async def _probe(self, address: Address) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                reachable = await _connects(address)
        except TimeoutError:
            reachable = False
        self._store(address, reachable)
        return reachable

    def _store(self, address: Address, reachable: bool) -> None:
        ttl_s = SUCCESS_TTL_S if reachable else FAILURE_TTL_S
        self._results[address] = _Result(reachable, self._clock() + ttl_s)


async def _connects(address: Address) -> bool:
    """Try every address of the host at once, so that one dead protocol does not hide a live one."""
    attempts = [asyncio.create_task(_opens(*found)) for found in await _resolve(address)]
    try:
        for attempt in asyncio.as_completed(attempts):
            if await attempt:
                return True
        return False
    finally:
        for task in attempts:
            task.cancel()


async def _opens(family: int, where: tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connection, where)
        except OSError:
            return False
        return True


async def _resolve(address: Address) -> list[tuple[int, tuple[str, int]]]:
    """The host's addresses; none where its name is not known.

    The look-up cannot be interrupted, so it has a thread that nobody waits for, neither here nor at
    the end of the process.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[tuple[int, tuple[str, int]]]] = loop.create_future()

    def deliver(found: list[tuple[int, tuple[str, int]]]) -> None:
        if not answer.done():
            answer.set_result(found)

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            entries = []
        found: list[tuple[int, tuple[str, int]]]
        found = [(entry[0], (str(entry[4][0]), int(entry[4][1]))) for entry in entries]
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, found)

    Thread(target=look_up, name="resolve", daemon=True).start()
    return await answer


def _address(url: str) -> Address:
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme) or getproxies().get("all")
    if proxy and not proxy_bypass(host):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host = parts.hostname or ""
    return host, parts.port or (443 if parts.scheme == "https" else 80)
