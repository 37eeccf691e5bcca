"""Processes that answer queries: a few, started when they are first wanted, ended when nobody asks any more.

A stranger's Parquet may be read in place, and whatever it does to its reader costs that process, not the
server.
"""

import json
import logging
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dataferry.core.child_process import end_child, start_child
from dataferry.core.errors import Cancelled, DataferryError, InvalidInput, QueryTooLarge, Unreadable
from dataferry.core.idle_processes import IdleProcesses

log = logging.getLogger(__name__)

_MODULE = "dataferry.explorer.query_child"
_POLL_S = 0.02
#: After it was told to end a query, a process has this long before it is ended itself.
_GRACE_S = 1.0


class QueryProcesses:
    """A bounded pool. Blocks: for worker threads.

    ``timeout_s``: of one query; ``memory``: of one process, in DuckDB's words; ``idle_s``: after which a
    process that is not asked ends.
    """

    def __init__(
        self,
        folder: Path,
        *,
        count: int = 2,
        timeout_s: float = 20.0,
        memory: str = "1GB",
        idle_s: float = 120.0,
    ) -> None:
        self._setup = json.dumps({"folder": str(folder.absolute()), "memory": memory})
        self._timeout_s = timeout_s
        self._places = threading.BoundedSemaphore(count)
        self._idle = IdleProcesses[_QueryProcess](idle_s, "tables-idle")

    def run(self, sql: str, given: Sequence[Any], cancel: threading.Event | None = None) -> list[list[Any]]:
        """The rows of a query; numbers beyond 64 bits, dates and bytes should be cast to text in it.

        Errors: ``InvalidInput`` for a value that is none of its column's type; ``QueryTooLarge`` for what
        takes too long or too much memory; ``Unreadable``; ``Cancelled``.
        """
        cancel = cancel or threading.Event()
        deadline = time.monotonic() + self._timeout_s
        while not self._places.acquire(timeout=_POLL_S):
            if cancel.is_set():
                raise Cancelled
            if time.monotonic() > deadline:
                raise QueryTooLarge("Other queries are at work, and take long.", next_step="Try it again.")
        try:
            return self._run(sql, given, cancel, deadline)
        finally:
            self._places.release()

    def _run(
        self, sql: str, given: Sequence[Any], cancel: threading.Event, deadline: float
    ) -> list[list[Any]]:
        process = self._idle.take() or _QueryProcess(self._setup)
        keep = False
        try:
            answer = process.ask(sql, given, cancel, deadline)
            keep = process.usable
        finally:
            if keep:
                self._idle.give_back(process)
            else:
                process.end()
        return _rows(answer, cancel)

    def pids(self) -> list[int]:
        """Of the processes that are idle now."""
        return [one.pid for one in self._idle.waiting()]

    def close(self) -> None:
        """End those that are idle; the others end with their query."""
        self._idle.close()


class _QueryProcess:
    """One process, which answers one query at a time."""

    def __init__(self, setup: str) -> None:
        self._process = start_child(_MODULE)
        self._answers: list[dict[str, Any]] = []
        self._number = 0
        self._told = threading.Condition()
        self._write(setup)
        threading.Thread(target=self._listen, name="tables-answers", daemon=True).start()
        self.idle_since = time.monotonic()
        self.usable = True

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(
        self, sql: str, given: Sequence[Any], cancel: threading.Event, deadline: float
    ) -> dict[str, Any] | None:
        """The answer; None where it gave none."""
        self._number += 1
        self._write(json.dumps({"number": self._number, "sql": sql, "given": list(given)}))
        while True:
            answer = self._wait(_POLL_S)
            if answer is not None:
                return answer
            if not self.alive:
                self.usable = False
                return None
            if cancel.is_set() or time.monotonic() > deadline:
                self._write(json.dumps({"cancel": self._number}))
                self.usable = self._wait(_GRACE_S) is not None
                return {"error": "interrupted"}

    def _wait(self, seconds: float) -> dict[str, Any] | None:
        with self._told:
            self._told.wait_for(lambda: self._answers or not self.alive, seconds)
            return self._answers.pop() if self._answers else None

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError, OSError):  # closed while it is read
            for line in self._process.stdout:
                answer = json.loads(line)
                with self._told:
                    self._answers.append(answer)
                    self._told.notify_all()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # whether it lives is asked afterwards
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()

    def end(self) -> None:
        with suppress(subprocess.SubprocessError, OSError):
            end_child(self._process)


def _rows(answer: dict[str, Any] | None, cancel: threading.Event) -> list[list[Any]]:
    if answer is None:
        raise Unreadable("The table cannot be read: its file is damaged.", next_step="Verify the dataset.")
    if "rows" in answer:
        rows: list[list[Any]] = answer["rows"]
        return rows
    match answer["error"]:
        case "interrupted":
            if cancel.is_set():
                raise Cancelled
            raise QueryTooLarge("The query takes too long.")
        case "memory":
            raise QueryTooLarge("The query takes too much memory.")
        case "conversion":
            raise InvalidInput(answer["reason"], next_step="Give a value of the column's own type.")
    log.warning("a query failed: %s", answer.get("reason"))
    raise DataferryError(
        f"The table cannot be queried: {answer.get('reason')}", next_step="Prepare its tables again."
    )
