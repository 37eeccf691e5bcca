"""Calls a source in its own threads, within a deadline, and fails at once while its hub is unreachable."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from dataferry.core.errors import (
    DataferryError,
    SourceError,
    SourceProtocolError,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import SOURCE_LABELS, Credential, SourceName
from dataferry.sources.base import Source
from dataferry.sources.cache import TtlCache
from dataferry.sources.pools import SourcePool
from dataferry.sources.reachability import Reachability

T = TypeVar("T")

#: How long a failure is remembered for the sources' status, at least.
FAILURE_TTL_S = 30.0

_log = logging.getLogger(__name__)


class Dispatcher:
    """Runs the calls of every source, and remembers the last failure of each."""

    def __init__(
        self,
        sources: Mapping[SourceName, Source],
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hubs = {
            name: source.endpoint for name, source in sources.items() if source.endpoint is not None
        }
        # One URL's slow server says nothing of the next one's: only hubs have a breaker.
        self._pools = {
            name: SourcePool(name, source.threads, settings.breaker_s if name in self._hubs else 0.0)
            for name, source in sources.items()
        }
        self._reachability = Reachability(settings.connect_timeout_s, clock)
        self._failures = TtlCache[SourceError](max(settings.breaker_s, FAILURE_TTL_S), 1024, clock)

    async def call(
        self,
        name: SourceName,
        credential: Credential,
        deadline_s: float,
        function: Callable[..., T],
        *args: object,
    ) -> T:
        """``function(*args, credential)``, one of the source's methods, in one of its threads.

        Errors: only ``DataferryError``; ``SourceTimeout`` at the deadline.
        """
        key = (name, credential.fingerprint)
        try:
            result = await self._call_if_reachable(name, deadline_s, function, *args, credential)
        except SourceError as error:
            self._failures.put(key, error)
            raise
        self._failures.drop(key)
        return result

    async def check_reachable(self, name: SourceName) -> None:
        """Probe the source's hub, unless it was probed lately. Errors: ``SourceUnreachable``."""
        if name in self._hubs and not await self._reachability.check(self._hubs[name]):
            raise unreachable(name)

    def failure(self, name: SourceName, credential: Credential) -> SourceError | None:
        """The last failure of calls with this credential; None once a later one succeeded."""
        return self._failures.get((name, credential.fingerprint))

    def close(self) -> None:
        """Refuse further calls. Those under way are left to their socket timeouts."""
        for pool in self._pools.values():
            pool.close()

    async def _call_if_reachable(
        self, name: SourceName, deadline_s: float, function: Callable[..., T], *args: object
    ) -> T:
        """Call within the deadline, but fail as soon as a probe finds the hub unreachable."""
        hub = self._hubs.get(name)
        if hub is not None and self._reachability.known(hub) is False:
            raise unreachable(name)
        work: asyncio.Task[T] = asyncio.create_task(
            self._pools[name].run(deadline_s, translate_errors, name, function, *args)
        )
        try:
            if hub is not None and self._reachability.known(hub) is None:
                probe = asyncio.create_task(self._reachability.check(hub))
                await asyncio.wait({work, probe}, return_when=asyncio.FIRST_COMPLETED)
                if not work.done() and not probe.result():
                    raise unreachable(name)
            answer = await work
        finally:
            work.cancel()
        if hub is not None:
            self._reachability.record(hub, reachable=True)
        return answer


def unreachable(name: SourceName) -> SourceUnreachable:
    return SourceUnreachable(
        f"{SOURCE_LABELS[name]} cannot be reached.",
        next_step="Check the server's network connection, and its proxy where one is needed.",
        setting="HTTPS_PROXY",
    )


def translate_errors(name: SourceName, function: Callable[..., T], *args: object) -> T:
    """Call ``function``; what it raises beside a ``DataferryError`` becomes a ``SourceError``."""
    label = SOURCE_LABELS[name]
    try:
        return function(*args)
    except DataferryError:
        raise
    except TimeoutError as error:
        raise SourceTimeout(f"{label} took too long to answer.", next_step="Try again.") from error
    except Exception as error:
        _log.exception("%s: an answer that cannot be read", label)
        raise SourceProtocolError(
            f"{label}'s answer cannot be read ({type(error).__name__}).",
            next_step="Try again later; if it stays so, ask an admin: `dataferry doctor --live` tells more.",
        ) from error
