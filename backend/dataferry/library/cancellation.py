"""Calls that a job waits for, and gives up once it is cancelled."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

from dataferry.core.errors import Cancelled

T = TypeVar("T")

_CANCEL_POLL_S = 0.1


def unless_cancelled(cancel: threading.Event, call: Callable[..., T], *args: Any) -> T:
    """What ``call(*args)`` returns or raises. It waits for a server, and is left to its own timeouts once
    nobody wants its answer. Errors: ``Cancelled``."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call(*args))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=copy_context().run, args=(run,), name="library-call", daemon=True).start()
    while not cancel.is_set():
        with suppress(TimeoutError):
            return answer.result(_CANCEL_POLL_S)
    raise Cancelled
