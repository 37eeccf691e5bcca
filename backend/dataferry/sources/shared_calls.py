"""One call for all who ask the same at one time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedCalls(Generic[T]):
    """Calls under way by their key. Use it from one event loop."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call[T]] = {}

    async def share(self, key: Hashable, begin: Callable[[], Awaitable[T]]) -> T:
        """What the call under way for ``key`` returns or raises; where there is none, that of ``begin()``.

        A caller that is cancelled leaves the call to the others; the last one to leave ends it.
        """
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(asyncio.ensure_future(begin()))
            call.future.add_done_callback(lambda _: self._forget(key, call))
        call.callers += 1
        try:
            return await asyncio.shield(call.future)
        finally:
            call.callers -= 1
            if not call.callers and not call.future.done():
                # Who comes from now on begins another: this one only ends.
                self._forget(key, call)
                call.future.cancel()

    def _forget(self, key: Hashable, call: "_Call[T]") -> None:
        if self._calls.get(key) is call:
            del self._calls[key]


class _Call(Generic[T]):
    def __init__(self, future: "asyncio.Future[T]") -> None:
        self.future = future
        self.callers = 0
