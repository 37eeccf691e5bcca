"""Waiting for a result in an async test, with a deadline and no fixed sleeps."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(condition: Callable[[], Awaitable[T | None]], what: str, within_s: float = 10.0) -> T:
    """What ``condition`` returns once it is truthy; fails with ``what`` after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while True:
        value = await condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.01)
