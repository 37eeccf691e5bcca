"""Threads for blocking work, apart by how long it may take.

``asyncio.to_thread`` has one small pool for everything, name look-ups of client libraries included: a few
calls that hang in it hold up all others (python/cpython#112169, hatchet-dev/hatchet#4803). Calls to hubs have
threads of their own in ``sources.pools``, statements in ``core.db``.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Literal, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Work = Literal["short", "disk", "table", "query", "sample", "listing", "look", "upload", "arrival"]
"""``short``: in memory, or a few statements: what a click waits for. ``disk``: looks at files, whose number
or disk may make it slow. ``table``: reads a table, whose size may. ``query``: waits for a person's own query.
``sample``: calls a plugin, which may never return. ``listing``: has a source list files. ``look``: looks into
a file at its source. ``upload``: encrypts, and waits for what decodes an image. ``arrival``: writes
what a person adds, as fast as the disk takes it."""

_EXECUTORS: dict[Work, ThreadPoolExecutor] = {
    "short": ThreadPoolExecutor(8, thread_name_prefix="short"),
    "disk": ThreadPoolExecutor(4, thread_name_prefix="disk"),
    "table": ThreadPoolExecutor(4, thread_name_prefix="table"),
    "sample": ThreadPoolExecutor(4, thread_name_prefix="sample"),
    "query": ThreadPoolExecutor(6, thread_name_prefix="query"),
    "listing": ThreadPoolExecutor(4, thread_name_prefix="listing"),
    "look": ThreadPoolExecutor(6, thread_name_prefix="look"),
    "upload": ThreadPoolExecutor(4, thread_name_prefix="upload"),
    "arrival": ThreadPoolExecutor(4, thread_name_prefix="arrival"),
}


async def in_thread(work: Work, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``function(…)`` returns or raises, in a thread for that kind of work."""
    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(
        _EXECUTORS[work], lambda: context.run(function, *args, **kwargs)
    )


async def in_thread_until_cancelled(work: Work, function: Callable[[threading.Event], T]) -> T:
    """What ``function`` returns or raises, in a thread; its event is set where who waits goes before."""
    cancel = threading.Event()
    try:
        return await in_thread(work, function, cancel)
    except asyncio.CancelledError:
        cancel.set()
        raise
