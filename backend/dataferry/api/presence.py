"""Work that ends when the client which waits for it has left."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from dataferry.core.errors import NetworkFault

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns or raises; it is cancelled where the client goes before.

    Errors: ``NetworkFault``, which nobody is there to read.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    both: set[asyncio.Future[Any]] = {working, leaving}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise NetworkFault("The client has left.")
        return working.result()
    finally:
        for one in both:
            one.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
