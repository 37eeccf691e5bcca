"""A fetch in a process of its own, that can be killed and frozen like any other.

Processes are forked from one that has everything imported, so that twenty of them cost seconds.
"""

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dataferry.core.errors import DataferryError
from dataferry.core.types import Manifest, Progress
from dataferry.transfer import Limits, fetch

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.fetching"])


@dataclass(frozen=True)
class End:
    """How it ended: ``error`` is the class of what it raised; empty where it succeeded."""

    error: str = ""
    detail: str = ""
    transient: bool = False


def _fetch(manifest: Manifest, target: Path, limits: Limits, pipe: Connection) -> None:
    def listen(progress: Progress) -> None:
        pipe.send(progress)

    try:
        fetch(manifest, target, listen, threading.Event(), limits=limits)
    except DataferryError as error:
        pipe.send(End(type(error).__name__, error.detail, error.transient))
    else:
        pipe.send(End())


class Fetching:
    """``with Fetching(manifest, target) as child: child.until(…); child.kill()``."""

    def __init__(self, manifest: Manifest, target: Path, limits: Limits = Limits()) -> None:
        self.reports: list[Progress] = []
        self.end: End | None = None
        self._pipe, sending = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_fetch, args=(manifest, target, limits, sending), daemon=True)
        self._process.start()
        sending.close()
        self._changed = threading.Condition()
        self._gone = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, condition: Any, what: str, within_s: float = 30.0) -> None:
        """Until ``condition(progress)`` of its last report, or its end."""

        def reached() -> bool:
            return self._gone or self.end is not None or (bool(self.reports) and condition(self.reports[-1]))

        with self._changed:
            assert self._changed.wait_for(reached, within_s), f"not within {within_s} s: {what}"

    def result(self, within_s: float = 60.0) -> End:
        """How it ended. Fails where it was killed."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone, within_s)
        assert self.end is not None, "it was killed, or never ended"
        return self.end

    def kill(self) -> None:
        """SIGKILL. What it said last has been read once this returns."""
        self._process.kill()
        self._process.join()
        self._reader.join(10)

    def freeze(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    @property
    def _pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def _read(self) -> None:
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                break
            with self._changed:
                if isinstance(message, End):
                    self.end = message
                else:
                    self.reports.append(message)
                self._changed.notify_all()
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._pipe.close()
        self._process.close()
