"""The connections of one fetch: how many there are, and which bytes each of them downloads next."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context

from dataferry.core.errors import Cancelled, NetworkFault, SourceUnreachable
from dataferry.core.types import DatasetRef, FileEntry, Http
from dataferry.transfer.archives.streaming_extract import StreamingExtraction
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.download_context import DownloadContext
from dataferry.transfer.fault_severity import Severity, severity_of
from dataferry.transfer.files.disk import disk_faults
from dataferry.transfer.files.journal import PartState
from dataferry.transfer.files.progress import REPORT_INTERVAL_S, ProgressMeter
from dataferry.transfer.files.workdir import Workdir
from dataferry.transfer.files.write_gate import WriteGate
from dataferry.transfer.http.client import HttpClient
from dataferry.transfer.http.requester import Requester
from dataferry.transfer.limits.governor import Member
from dataferry.transfer.ranged_download import OneResponseNeeded, RangedDownload, RangeRequest
from dataferry.transfer.retries import FaultCounter, PausedFiles, RefetchBudget, backoff_s
from dataferry.transfer.single_download import LargeFileDiscovered, SingleDownloader

#: How long a stop waits for its threads; one that hangs in a name look-up is left to end by itself.
_JOIN_TIMEOUT_S = 0.5
#: A connection's buffer. A file that fits is verified in memory and written once.
_BUFFER_BYTES = 1 << 20
#: Attempts at a small file before its fault counts as the fetch's.
MAX_ATTEMPTS = 3
#: So many faults in a row end a fetch, at least; else two of each connection.
_MIN_FAULT_BUDGET = 4
#: A connection that storage refuses beside others waits for so many doublings of the first pause: 4 s.
_SHUT_OUT_DOUBLINGS = 4
#: How often an idle connection checks whether a slow one's span can be split.
_IDLE_POLL_S = 0.5

#: A first response that arrives within this, connecting included, comes from a server beside us: then one
#: connection downloads alone, until later responses take more than this part of the time.
_LOCAL_LATENCY_S = 0.002
_MAX_LATENCY_SHARE = 0.75
#: After this long without a byte on the only connection, the others start.
_STALL_S = 0.2

Work = FileEntry | RangeRequest


class ConnectionScheduler:
    """Threads with one connection each, which download the next bytes: of the first large file with missing
    bytes, else the next file, else half of the span of a slow connection. Used once, by ``run``.

    A permanent error stops everything. After a transient fault the bytes are requested again, after a pause,
    while the other connections continue; a run of faults without bytes that are kept ends the fetch, and so
    do too many bytes that arrive in vain. At a rate limit the connections
    finish what they are downloading and start nothing else.
    """

    def __init__(
        self,
        files: Iterable[FileEntry],
        parts: Mapping[str, PartState],
        *,
        ref: DatasetRef,
        workdir: Workdir,
        meter: ProgressMeter,
        member: Member,
        limits: Limits,
        extraction: StreamingExtraction,
    ) -> None:
        self._workdir = workdir
        self._meter = meter
        self._limits = limits
        self._write_gate = WriteGate()
        self._client = HttpClient(
            connections=limits.connections,
            connect_timeout_s=limits.connect_timeout_s,
            read_timeout_s=limits.stall_timeout_s,
        )
        self._context = DownloadContext(
            scheduler=self,
            requester=Requester(ref, self._client, member, self, limits, meter.note),
            member=member,
            workdir=workdir,
            write_gate=self._write_gate,
            meter=meter,
            limits=limits,
            extraction=extraction,
        )
        self._single_downloader = SingleDownloader(self._context)
        self._queue = deque(files)
        self._paused = PausedFiles()
        self._parts = dict(parts)
        self._ranged: list[RangedDownload] = []
        #: Files that must come in one response.
        self._undivided: set[str] = set()
        self._changed = threading.Condition()
        self._completed: dict[str, FetchedFile] = {}
        self._errors: list[Exception] = []
        self._attempts: Counter[str] = Counter()
        self._faults = FaultCounter()
        self._fault_budget = max(_MIN_FAULT_BUDGET, 2 * limits.connections)
        self._refetches = RefetchBudget(sum(entry.size or 0 for entry in self._queue), limits.refetch_bytes)
        #: Whether one connection is enough, as from a server beside us; None before the first response.
        self._one_is_enough: bool | None = None
        self._first_response_at = 0.0
        self._latency_total_s = 0.0
        #: Nothing further is started.
        self._ending = False
        #: Nothing further is downloaded or written.
        self._stopped = threading.Event()
        self._all_ended = threading.Event()
        self._running = limits.connections if self._queue else 0
        self._threads = [
            threading.Thread(
                target=copy_context().run,
                args=(self._run_connection, number),
                name=f"transfer-{number}",
                daemon=True,
            )
            for number in range(self._running)
        ]

    def run(self, check_cancelled: Callable[[], None]) -> dict[str, FetchedFile]:
        """Download the files, reporting progress from this thread; the completed files by path.

        Errors: the most severe of those met on the way; whatever ``check_cancelled`` raises.
        """
        if not self._threads:
            self._all_ended.set()
        sync_thread = threading.Thread(target=self._sync_regularly, name="transfer-sync", daemon=True)
        self._threads.append(sync_thread)
        try:
            for thread in self._threads:
                thread.start()
            while not self._all_ended.wait(REPORT_INTERVAL_S):
                check_cancelled()
                self._meter.report_if_due()
            check_cancelled()
            if self._errors:
                raise min(self._errors, key=severity_of)
            return self._completed
        finally:
            self._stop()

    def _stop(self) -> None:
        """Nothing further is downloaded or written once this returns."""
        self._stopped.set()
        self._client.shutdown()
        with self._changed:
            self._ending = True
            self._clear_queue()
            ranged = list(self._ranged)
            self._changed.notify_all()
        for download in ranged:
            download.stop()
        deadline = time.monotonic() + _JOIN_TIMEOUT_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._write_gate.close()
        self._client.close()

    def _sync_regularly(self) -> None:
        """Every few seconds, sync what has arrived, so that it survives a power cut."""
        while not self._stopped.wait(self._limits.sync_interval_s):
            try:
                with self._changed:
                    ranged = list(self._ranged)
                for download in ranged:
                    download.sync()
                with self._write_gate, disk_faults(self._workdir.root):
                    self._workdir.journal.sync()
            except Cancelled:
                continue  # a download was restarted, or the fetch stops
            except Exception as error:  # whatever it is: without this thread nothing would last
                with self._changed:
                    self._end_after(error)

    # -- for downloads (the ``Scheduler`` protocol) ---------------------------------------------------

    def check_cancelled(self) -> None:
        if self._stopped.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise Cancelled

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def kept(self, count: int) -> None:
        self._faults.kept(count)

    def discarded(self, entry: FileEntry, count: int) -> None:
        spent = self._refetches.spend(entry.path, count, size_known=entry.size is not None)
        if spent is not None:
            with self._changed:
                self._end_after(spent)

    def response_started(self, latency_s: float) -> None:
        if self._one_is_enough is None:
            with self._changed:
                self._one_is_enough = latency_s < _LOCAL_LATENCY_S
                self._first_response_at = time.monotonic()
                self._changed.notify_all()
        elif self._one_is_enough:
            self._latency_total_s += latency_s
            elapsed_s = time.monotonic() - self._first_response_at
            if self._latency_total_s > max(_LOCAL_LATENCY_S, _MAX_LATENCY_SHARE * elapsed_s):
                self.connection_is_slow()

    def connection_is_slow(self) -> None:
        if self._one_is_enough is not False:
            with self._changed:
                self._one_is_enough = False
                self._changed.notify_all()

    def completed(self, entry: FileEntry, file: FetchedFile) -> None:
        with self._changed:
            self._ranged = [each for each in self._ranged if each.entry is not entry]
            self._completed[file.path] = file
            self._changed.notify_all()
        self._faults.reset()
        self._meter.file_completed()

    def failed(self, error: Exception, entry: FileEntry) -> None:
        with self._changed:
            if severity_of(error) is Severity.TRANSIENT:
                self._abandon(entry, error)
            else:
                self._end_after(error)

    # -- one connection ------------------------------------------------------------------------------

    def _run_connection(self, number: int) -> None:
        try:
            if number > 0:
                self._wait_until_needed()
            buffer = memoryview(bytearray(_BUFFER_BYTES))
            while (work := self._next_work()) is not None:
                self._perform(work, buffer)
        except Exception as error:
            with self._changed:
                self._end_after(error)
        finally:
            with self._changed:
                self._running -= 1
                if self._running == 0:
                    self._all_ended.set()

    def _wait_until_needed(self) -> None:
        """Leave the work to one connection as long as that is enough: more threads would only contend."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._one_is_enough is not None or self._ending, 2 * _LOCAL_LATENCY_S
            )
            count = self._meter.bytes_done
            while not self._changed.wait_for(self._is_needed_or_over, _STALL_S):
                before, count = count, self._meter.bytes_done
                if count == before:
                    self.connection_is_slow()

    def _is_needed_or_over(self) -> bool:
        return not self._one_is_enough or self._ending or not (self._queue or self._paused or self._ranged)

    def _perform(self, work: Work, buffer: memoryview) -> None:
        try:
            if isinstance(work, RangeRequest):
                work.download.download(work, buffer)
            else:
                undivided = work.path in self._undivided
                file = self._single_downloader.download(work, buffer, in_one_response=undivided)
                with self._changed:
                    self._completed[file.path] = file
                self._faults.reset()
                self._meter.file_completed()
        except LargeFileDiscovered as found:
            assert isinstance(work, FileEntry)
            self._start_ranged(work, found.size)
        except OneResponseNeeded:
            assert isinstance(work, RangeRequest)
            self._queue_undivided(work.download)
        except Exception as error:
            pause_s = self._handle_fault(work, error)
            with self._changed:
                self._changed.wait_for(lambda: self._ending, pause_s)

    def _next_work(self) -> Work | None:
        """What this connection downloads next; None once there is nothing left. Waits for it."""
        with self._changed:
            while True:
                for download in self._ranged:
                    if not self._ending and (request := download.next_request()) is not None:
                        return request
                self._queue.extend(self._paused.take_due())
                if self._queue:
                    entry = self._queue.popleft()
                    if not self._is_large(entry):
                        return entry
                    self._start_ranged(entry, entry.size or 0)
                    continue
                if self._ending or not (self._ranged or self._paused):
                    self._changed.notify_all()
                    return None
                for download in self._ranged:
                    if (request := download.split_slowest()) is not None:
                        return request
                self._changed.wait(self._idle_s())

    def _idle_s(self) -> float:
        """How long an idle connection waits before it looks for work again."""
        due_at = [*self._paused.due_at, *(download.tries.paused_until for download in self._ranged)]
        now = time.monotonic()
        return min([_IDLE_POLL_S, *(at - now for at in due_at if at > now)])

    def _is_large(self, entry: FileEntry) -> bool:
        divided = isinstance(entry.origin, Http) and entry.path not in self._undivided
        return divided and (entry.size or 0) > self._limits.piece_bytes

    def _start_ranged(self, entry: FileEntry, size: int) -> None:
        if entry.promised_size is None:
            self._meter.add_total(size)
        with self._changed:
            saved = self._parts.pop(entry.path, None)
            if saved is not None and saved.size != size:  # another version by now
                self._meter.add(-sum(stop - start for start, stop in saved.held))
                saved = None
            self._ranged.append(RangedDownload(entry, size, saved, self._context))
            self._changed.notify_all()

    def _queue_undivided(self, download: RangedDownload) -> None:
        """Have a file come in one response, from its first byte."""
        with self._changed:
            if download not in self._ranged:
                return  # another of its connections has seen to it
            self._ranged.remove(download)
            self._undivided.add(download.entry.path)
        download.give_up()
        if download.entry.promised_size is None:
            self._meter.remove_total(download.size)
        with self._changed:
            if not self._ending:
                self._queue.append(download.entry)
            self._changed.notify_all()

    # -- faults --------------------------------------------------------------------------------------

    def _handle_fault(self, work: Work, error: Exception) -> float:
        """Retry, abandon the file, or end the fetch; the seconds until this connection continues."""
        faults = self._faults.add()
        pause_s = backoff_s(self._limits.backoff_s, faults)
        with self._changed:
            entry = work.download.entry if isinstance(work, RangeRequest) else work
            self._attempts[entry.path] += 1
            if severity_of(error) is not Severity.TRANSIENT or faults >= self._fault_budget:
                self._end_after(error)
            elif isinstance(error, SourceUnreachable) and self._is_under_way(work):
                # Its storage refuses fresh addresses, and still serves those that others hold.
                pause_s = max(pause_s, 2.0**_SHUT_OUT_DOUBLINGS * self._limits.refusal_backoff_s)
            elif not isinstance(error, NetworkFault):
                self._abandon(entry, error)
            elif isinstance(work, FileEntry):
                attempts = self._attempts[entry.path]
                if attempts < MAX_ATTEMPTS and not self._ending:
                    self._paused.add(entry, backoff_s(self._limits.backoff_s, attempts))
                else:
                    self._errors.append(error)
        return pause_s

    def _is_under_way(self, work: Work) -> bool:
        return isinstance(work, RangeRequest) and work.part_file.spans.is_under_way

    def _abandon(self, entry: FileEntry, error: Exception) -> None:
        """Leave one file to the next run; the others continue."""
        self._errors.append(error)
        for download in self._ranged:
            if download.entry is entry:
                download.stop()
        self._ranged = [download for download in self._ranged if download.entry is not entry]
        self._changed.notify_all()

    def _end_after(self, error: Exception) -> None:
        """Start nothing more; after a permanent error, end at once."""
        self._errors.append(error)
        self._ending = True
        self._clear_queue()
        self._changed.notify_all()
        if severity_of(error) is Severity.PERMANENT:
            self._all_ended.set()

    def _clear_queue(self) -> None:
        self._queue.clear()
        self._paused.clear()
