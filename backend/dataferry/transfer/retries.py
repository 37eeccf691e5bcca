"""What tries a fetch has left: pauses that grow from fault to fault, and budgets after which it ends."""

import threading
import time
from collections import Counter

from dataferry.core.errors import ContentChanged, DataferryError, NetworkFault, TransferError
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import FileEntry

#: The longest pause after a fault.
_MAX_BACKOFF_S = 1.0
#: A large file that has to begin anew more often is left to a later run.
_MAX_RESTARTS = 6
#: A server that honoured ranges and ignores more of them in a row is asked for the whole file instead.
_MAX_IGNORED_RANGES = 2
#: Faults of a file's first request, before it is made without a range.
_MAX_FAILED_PROBES = 4
#: So many bytes that arrived and are kept take one fault back. Bytes that are thrown away take none.
_BYTES_PER_FAULT = 64 * 1024


def backoff_s(first_s: float, faults: int, longest_s: float = _MAX_BACKOFF_S) -> float:
    """Seconds to wait after the given number of faults in a row, the last one included."""
    return min(first_s * 2.0 ** min(max(faults - 1, 0), 30), max(first_s, longest_s))


class FaultCounter:
    """Faults in a row, for many threads. Whether a fetch gets on is a question of bytes that are kept: a line
    that is cut again and again and brings something each time has few faults in a row."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._kept = 0

    def add(self) -> int:
        """One more fault; how many there are in a row."""
        with self._lock:
            self._in_a_row += 1
            return self._in_a_row

    def kept(self, count: int) -> None:
        """So many bytes have arrived and are kept."""
        if self._in_a_row == 0:
            return
        with self._lock:
            self._kept += count
            forgiven, self._kept = divmod(self._kept, _BYTES_PER_FAULT)
            self._in_a_row = max(0, self._in_a_row - forgiven)

    def reset(self) -> None:
        """A file is complete."""
        with self._lock:
            self._in_a_row = self._kept = 0


class RefetchBudget:
    """Bytes that may arrive in vain: as many as the files have, and at least ``floor``.

    ``known_bytes`` is the sum of the sizes that are known. A file of unknown size counts with the most that
    has arrived of it.
    """

    def __init__(self, known_bytes: int, floor: int) -> None:
        self._lock = threading.Lock()
        self._limit_known = known_bytes
        self._floor = floor
        self._spent = 0
        self._unknown: Counter[str] = Counter()

    def spend(self, path: str, count: int, *, size_known: bool) -> NetworkFault | None:
        """``count`` bytes of a file were thrown away. The error of the fetch once the budget is spent."""
        with self._lock:
            self._spent += count
            if not size_known:
                self._unknown[path] = max(self._unknown[path], count)
            limit = max(self._floor, self._limit_known + self._unknown.total())
            if self._spent <= limit:
                return None
            spent = self._spent
        return NetworkFault(
            f"{readable_bytes(spent)} arrived in vain, the last of them of {path}: its server breaks off and"
            " does not go on where it stopped.",
            next_step="Try again later, or over another line; what has arrived whole is kept.",
        )


class FileTries:
    """What tries one large file has left."""

    def __init__(self, path: str, first_backoff_s: float) -> None:
        self._path = path
        self._first_backoff_s = first_backoff_s
        self._faults = FaultCounter()
        self._restarts = 0
        self._ignored_ranges = 0
        self._failed_probes = 0
        #: How often it had changed at its source.
        self.changes = 0
        #: Nothing of it is requested before this moment, in monotonic seconds.
        self.paused_until = 0.0

    @property
    def is_paused(self) -> bool:
        return time.monotonic() < self.paused_until

    def kept(self, count: int) -> None:
        """So many bytes have arrived and are kept."""
        self._faults.kept(count)

    def fault(self, *, others_go_on: bool) -> None:
        """A request failed: the file pauses, unless other connections get on with it."""
        pause_s = backoff_s(self._first_backoff_s, self._faults.add())
        if not others_go_on:
            self.paused_until = time.monotonic() + pause_s

    def ranges_are_refused(self, error: DataferryError) -> bool:
        """The first request of a file failed. Whether it is worth a try without a range, which some servers
        refuse: a fault may pass by itself."""
        self._failed_probes += 1
        return not isinstance(error, NetworkFault) or self._failed_probes >= _MAX_FAILED_PROBES

    def range_honoured(self) -> None:
        self._ignored_ranges = 0

    def range_ignored(self) -> bool:
        """A server that honoured ranges sent other bytes. Whether another range is worth a try."""
        self._ignored_ranges += 1
        return self._ignored_ranges <= _MAX_IGNORED_RANGES

    def restart(self, *, changed: bool, broke_off: DataferryError | None) -> TransferError | None:
        """The file begins anew, as it had changed or as its only response ``broke_off``. Its error once it
        has begun too often."""
        self._restarts += 1
        self.changes += changed
        if self._restarts <= _MAX_RESTARTS:
            return None
        what = f"{self._path} had to begin anew {self._restarts} times"
        if broke_off is None:
            return ContentChanged(f"{what}: its server says each time that it has changed.")
        return NetworkFault(
            f"{what}, as its server cannot continue a download. {broke_off.detail}",
            next_step="Try again later, or over another line.",
        )


class PausedFiles:
    """Small files that failed, until each may be requested again. Under the lock of its owner."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, FileEntry]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def due_at(self) -> list[float]:
        """When each is, in monotonic seconds."""
        return [at for at, _ in self._waiting]

    def add(self, entry: FileEntry, pause_s: float) -> None:
        self._waiting.append((time.monotonic() + pause_s, entry))

    def take_due(self) -> list[FileEntry]:
        now = time.monotonic()
        due = [entry for at, entry in self._waiting if at <= now]
        if due:
            self._waiting = [(at, entry) for at, entry in self._waiting if at > now]
        return due

    def clear(self) -> None:
        self._waiting.clear()
