"""Several downloads of one command: asked for one after the other, followed over one connection."""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dataferry.cli.client import Client
from dataferry.cli.output import ExitCode
from dataferry.core.errors import Conflict, DataferryError
from dataferry.core.job_types import FINAL_STATES, JobView

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

#: Downloads under way at a time; the server queues them, and a socket follows a limited number.
_AT_ONCE = 50


@dataclass(frozen=True)
class Outcome:
    """How one of the downloads ended."""

    ref: str
    job: JobView | None = None
    #: Why there is no dataset; None also for a job that was cancelled.
    error: DataferryError | None = None

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return ExitCode.of(self.error.code)
        cancelled = self.job is not None and self.job.state == "cancelled"
        return ExitCode.CANCELLED if cancelled else ExitCode.OK

    @classmethod
    def of(cls, ref: str, job: JobView) -> "Outcome":
        if job.state != "failed":
            return cls(ref, job)
        if job.problem is None:
            return cls(ref, job, Conflict("The job failed.", next_step="Look at the server's log."))
        return cls(ref, job, job.problem.restore())


@dataclass(frozen=True)
class _Answer:
    """To the request of the download at a place in the list."""

    place: int
    ticket: dict[str, Any] | None = None
    error: Exception | None = None


class Batch:
    """Downloads by their refs; ``bodies`` are their requests, in the same order.

    Requests and the connection have threads of their own, so that the main one waits for a queue alone:
    Ctrl+C interrupts it at once, whatever a hub is doing.
    """

    def __init__(
        self,
        client: Client,
        bodies: Mapping[str, dict[str, Any]],
        *,
        on_ticket: Callable[[dict[str, Any]], None],
        on_change: Callable[[JobView], None],
    ) -> None:
        self._client = client
        self._bodies = bodies
        self._on_ticket = on_ticket
        self._on_change = on_change
        self._news: queue.SimpleQueue[_Answer | JobView | Exception] = queue.SimpleQueue()
        self._room = threading.Semaphore(_AT_ONCE)
        self._following = Following(client, self._news.put)
        #: The jobs that are under way, and the places in the list that each is for.
        self.under_way: dict[str, list[int]] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """One for each ref, in their order, as soon as those before it are there."""
        threading.Thread(target=self._ask, daemon=True).start()
        refs = list(self._bodies)
        done: dict[int, Outcome] = {}
        for place in range(len(refs)):
            while place not in done:
                self._take(self._news.get(), refs, done)
            yield done.pop(place)

    def _ask(self) -> None:
        for place, body in enumerate(self._bodies.values()):
            self._room.acquire()
            try:
                ticket = self._client.call(
                    "POST", "/api/datasets/download-dataset", json=body, repeatable=True
                )
            except Exception as error:
                self._news.put(_Answer(place, error=error))
            else:
                self._news.put(_Answer(place, ticket))

    def _take(
        self, news: _Answer | JobView | Exception, refs: Sequence[str], done: dict[int, Outcome]
    ) -> None:
        """Note what has happened. Errors: what ended the connection for good."""
        if isinstance(news, JobView):
            self._on_change(news)
            if news.state in FINAL_STATES:
                for place in self.under_way.pop(news.id, []):
                    done[place] = Outcome.of(refs[place], news)
                    self._room.release()
                self._following.remove(news.id)
        elif isinstance(news, _Answer) and news.ticket is not None:
            self._on_ticket(news.ticket)
            self.under_way.setdefault(news.ticket["job_id"], []).append(news.place)
            self._following.add(news.ticket["job_id"])
        elif isinstance(news, _Answer) and isinstance(news.error, DataferryError):
            done[news.place] = Outcome(refs[news.place], error=news.error)
            self._room.release()
        else:
            raise (news.error or Conflict("No answer.")) if isinstance(news, _Answer) else news


class Following:
    """Jobs that are followed over one connection, in a thread. ``tell`` is called there with every view of
    each of them, and with the error that ends it."""

    def __init__(self, client: Client, tell: Callable[[JobView | Exception], None]) -> None:
        self._client = client
        self._tell = tell
        self._lock = threading.Lock()
        self._job_ids: set[str] = set()
        self._socket: ClientConnection | None = None
        self._thread: threading.Thread | None = None

    def add(self, job_id: str) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._job_ids.add(job_id)
            self._send("subscribe", job_id)

    def remove(self, job_id: str) -> None:
        with self._lock:
            self._job_ids.discard(job_id)
            self._send("unsubscribe", job_id)

    def _send(self, op: str, job_id: str) -> None:
        from websockets.exceptions import ConnectionClosed

        if self._socket is not None:
            with suppress(ConnectionClosed):  # the next connection begins with what is followed then
                self._socket.send(json.dumps({"op": op, "topic": f"job:{job_id}"}))

    def _opened(self, socket: "ClientConnection") -> None:
        with self._lock:
            self._socket = socket
            for job_id in self._job_ids:
                self._send("subscribe", job_id)

    def _run(self) -> None:
        try:
            for job in self._client.events(self._opened):
                self._tell(job)
        except Exception as error:
            self._tell(error)
