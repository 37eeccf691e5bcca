"""The connections of one fetch, and which file each of them is at."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from contextvars import copy_context
from enum import IntEnum

from dataferry.core.errors import Cancelled, DataferryError, NetworkFault, SourceRateLimited
from dataferry.core.types import FileEntry, Http
from dataferry.transfer.contract import FetchedFile
from dataferry.transfer.files.journal import Begun
from dataferry.transfer.ranged_download import LargeFile, Share, Surroundings
from dataferry.transfer.single_download import IsLarge, Receiver

#: What ``stop`` waits for its threads; one that hangs in a name look-up is left to end by itself.
_FAREWELL_S = 0.5
#: A connection's buffer, into which a small file goes whole.
_BUFFER = 1 << 20
#: A small file is asked for so often before its fault is the fetch's.
TRIES = 3
#: A connection that brought so much before it failed was no failure.
_PROGRESS = 256 * 1024
#: Pauses after faults: the first, and the longest.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
#: How often one that has nothing to do looks for a slow connection to help.
_LOOK_S = 0.5

#: One connection always; more unless the first answer, for which a connection is made, comes as from a
#: server beside us, and later ones take less than this part of the time.
_NEAR_S = 0.002
_WAITING = 0.75
#: An answer that keeps the one connection waiting for longer must not keep the other files waiting.
_STILL_S = 0.2

Work = FileEntry | Share


class Lanes:
    """Threads that each take the next bytes: of the first large file that still misses some, else the
    next file, else from a connection that is slow.

    A file that fails for good stops everything. After a passing fault it is asked for again, and the
    others go on; only when fault follows on fault is the rest left alone. At a rate limit, what is under
    way is finished and nothing else begun.
    """

    def __init__(self, files: Iterable[FileEntry], begun: Mapping[str, Begun], around: Surroundings) -> None:
        self._around = around
        self._receiver = Receiver(around)
        self._queue = deque(files)
        self._begun = dict(begun)
        self._large: list[LargeFile] = []
        self._changed = threading.Condition()
        self._received: dict[str, FetchedFile] = {}
        self._errors: list[Exception] = []
        self._tries: Counter[str] = Counter()
        self._faults_in_a_row = 0
        self._patience = 2 * around.limits.connections
        #: Whether answers come at once, so that one connection keeps this machine busy.
        self._near: bool | None = None
        self._near_since = 0.0
        self._waited_s = 0.0
        self._ending = False
        self._ended = threading.Event()
        self._running = around.limits.connections if self._queue else 0
        self._threads = [
            threading.Thread(
                target=copy_context().run, args=(self._drive, number), name=f"transfer-{number}", daemon=True
            )
            for number in range(self._running)
        ]

    def start(self) -> None:
        if not self._threads:
            self._ended.set()
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether all is done, after at most so long."""
        return self._ended.wait(seconds)

    def stop(self) -> None:
        """Nothing further is begun or written. The caller makes connections end."""
        with self._changed:
            self._ending = True
            self._queue.clear()
            large = list(self._large)
            self._changed.notify_all()
        for file in large:
            file.stop()
        deadline = time.monotonic() + _FAREWELL_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def sync(self) -> None:
        """Make what has come so far outlast a power cut. Errors: ``DiskFull``, ``StoreNotWritable``."""
        with self._changed:
            large = list(self._large)
        for file in large:
            file.sync()

    def received(self) -> dict[str, FetchedFile]:
        """The files by path. Errors: the gravest of those met on the way."""
        if self._errors:
            raise min(self._errors, key=_gravity)
        return self._received

    # -- told by files -----------------------------------------------------------------------------

    def landed(self, entry: FileEntry, file: FetchedFile) -> None:
        """A large file is whole."""
        with self._changed:
            self._large = [each for each in self._large if each.entry is not entry]
            self._received[file.path] = file
            self._changed.notify_all()
        self._around.meter.landed()

    def failed(self, error: Exception, entry: FileEntry | None = None) -> None:
        """A large file, or all of them, cannot become whole."""
        with self._changed:
            if entry is None or _gravity(error) is not _Gravity.PASSING:
                self._give_up(error)
            else:
                self._abandon(entry, error)

    def answered(self, seconds: float) -> None:
        """An answer began after so long."""
        if self._near is None:
            with self._changed:
                self._near, self._near_since = seconds < _NEAR_S, time.monotonic()
                self._changed.notify_all()
        elif self._near:
            self._waited_s += seconds
            if self._waited_s > max(_NEAR_S, _WAITING * (time.monotonic() - self._near_since)):
                self.slow()

    def slow(self) -> None:
        """More connections would bring more."""
        if self._near is not False:
            with self._changed:
                self._near = False
                self._changed.notify_all()

    def moved(self) -> None:
        """There may be work again."""
        with self._changed:
            self._changed.notify_all()

    # -- one connection ------------------------------------------------------------------------------

    def _drive(self, number: int) -> None:
        try:
            if number > 0:
                self._await_need()
            buffer = memoryview(bytearray(_BUFFER))
            while (work := self._next()) is not None:
                self._perform(work, buffer)
        except Exception as error:
            with self._changed:
                self._give_up(error)
        finally:
            with self._changed:
                self._running -= 1
                if self._running == 0:
                    self._ended.set()

    def _await_need(self) -> None:
        """Leave the work to one while it does as well: more threads would only take turns."""
        with self._changed:
            self._changed.wait_for(lambda: self._near is not None or self._ending, 2 * _NEAR_S)
            count = self._around.meter.count
            while not self._changed.wait_for(self._is_over, _STILL_S):
                before, count = count, self._around.meter.count
                if count == before:
                    self.slow()

    def _is_over(self) -> bool:
        return not self._near or self._ending or not (self._queue or self._large)

    def _perform(self, work: Work, buffer: memoryview) -> None:
        try:
            if isinstance(work, Share):
                self._bring(work, buffer)
            else:
                file = self._receiver.receive(work, buffer)
                with self._changed:
                    self._received[file.path] = file
                    self._faults_in_a_row = 0
                self._around.meter.landed()
        except IsLarge as found:
            assert isinstance(work, FileEntry)
            self._around.meter.learn(found.size)
            self._open(work, found.size)
        except Exception as error:
            pause = self._failed(work, error)
            self._rest(pause)

    def _bring(self, share: Share, buffer: memoryview) -> None:
        first = share.span.position
        try:
            share.file.bring(share, buffer)
        finally:
            if share.span.position - first >= min(_PROGRESS, share.file.size):
                with self._changed:
                    self._faults_in_a_row = 0

    def _next(self) -> Work | None:
        with self._changed:
            while True:
                for file in self._large:
                    if not self._ending and (share := file.take()) is not None:
                        return share
                if self._queue:
                    entry = self._queue.popleft()
                    if not self._is_large(entry):
                        return entry
                    self._open(entry, entry.size or 0)
                    continue
                if self._ending or not self._large:
                    self._changed.notify_all()
                    return None
                for file in self._large:
                    if (share := file.take_over()) is not None:
                        return share
                self._changed.wait(_LOOK_S)

    def _is_large(self, entry: FileEntry) -> bool:
        return isinstance(entry.origin, Http) and (entry.size or 0) > self._around.limits.piece_bytes

    def _open(self, entry: FileEntry, size: int) -> None:
        with self._changed:
            self._large.append(LargeFile(entry, size, self._begun.pop(entry.path, None), self._around))
            self._changed.notify_all()

    # -- faults --------------------------------------------------------------------------------------

    def _failed(self, work: Work, error: Exception) -> float:
        """What a fault means for the rest; the seconds until this connection tries anything else."""
        with self._changed:
            self._faults_in_a_row += 1
            faults = self._faults_in_a_row
            entry = work.file.entry if isinstance(work, Share) else work
            self._tries[entry.path] += 1
            if _gravity(error) is not _Gravity.PASSING or faults >= self._patience:
                self._give_up(error)
            elif not isinstance(error, NetworkFault):
                self._abandon(entry, error)
            elif isinstance(work, FileEntry):
                if self._tries[entry.path] < TRIES and not self._ending:
                    self._queue.append(entry)
                else:
                    self._errors.append(error)
        return min(_FIRST_PAUSE_S * 2.0 ** (faults - 1), _LONGEST_PAUSE_S)

    def _abandon(self, entry: FileEntry, error: Exception) -> None:
        """One file is left to the next run; the others go on."""
        self._errors.append(error)
        for file in self._large:
            if file.entry is entry:
                file.stop()
        self._large = [file for file in self._large if file.entry is not entry]
        self._changed.notify_all()

    def _give_up(self, error: Exception) -> None:
        """Begin nothing more; after a fault that is for good, end at once."""
        self._errors.append(error)
        self._ending = True
        self._queue.clear()
        self._changed.notify_all()
        if _gravity(error) is _Gravity.FOR_GOOD:
            self._ended.set()

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ending, seconds)


class _Gravity(IntEnum):
    """The order in which errors are told. A limit says how long to wait; a ``Cancelled`` only that a
    file was stopped on account of another."""

    FOR_GOOD = 1
    LIMIT = 2
    PASSING = 3
    STOPPED = 4


def _gravity(error: Exception) -> _Gravity:
    if isinstance(error, Cancelled):
        return _Gravity.STOPPED
    if isinstance(error, SourceRateLimited):
        return _Gravity.LIMIT
    passing = isinstance(error, DataferryError) and error.transient
    return _Gravity.PASSING if passing else _Gravity.FOR_GOOD
