"""What stays open for as long as its session lives: sockets, and answers that are being read."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress

from dataferry.accounts.security import Claims
from dataferry.realtime import Bus

log = logging.getLogger(__name__)

#: Sessions have ended in some process: every process looks which of its own are among them.
_TOPIC = "sessions-ended"

Living = Callable[[Collection[Claims]], Awaitable[set[Claims]]]
"""Those of the sessions that have not ended."""


class OpenSessions:
    """Tells holders that their session has ended: at once when a process of this bus ended it, within
    ``check_s`` when the command line did, or a message was lost. Lives on one event loop, but for
    ``announce``.
    """

    def __init__(self, living: Living, bus: Bus, *, check_s: float) -> None:
        self._living = living
        self._bus = bus
        self._check_s = check_s
        self._holders: dict[asyncio.Event, Claims] = {}
        self._look = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    def announce(self) -> None:
        """Some session has ended. Any thread."""
        self._bus.publish(_TOPIC, "")

    @asynccontextmanager
    async def hold(self, claims: Claims) -> AsyncIterator[asyncio.Event]:
        """The event is set when the session ends while the body runs. Whether it has ended before is for the
        body to look: what ends in between is seen by the one or the other."""
        ended = asyncio.Event()
        self._holders[ended] = claims
        if self._watching is None or self._watching.done():
            self._look = asyncio.Event()
            self._watching = asyncio.create_task(self._watch())
        try:
            stop_listening = await self._bus.listen(_TOPIC, self._on_message)
            try:
                yield ended
            finally:
                stop_listening()
        finally:
            del self._holders[ended]
            if not self._holders and self._watching is not None:
                self._watching.cancel()
                self._watching = None

    def _on_message(self, _text: str | None) -> None:
        self._look.set()

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), self._check_s)
            self._look.clear()
            try:
                await self._end_those_that_are_over()
            except Exception as fault:  # a database that is away for a while ends nobody's session
                log.warning("It cannot be seen which sessions have ended: %r", fault)

    async def _end_those_that_are_over(self) -> None:
        asked = dict(self._holders)
        living = await self._living(set(asked.values()))
        for ended, claims in asked.items():
            if claims not in living:
                ended.set()
