"""What tries a fetch has left: pauses that grow from fault to fault, and budgets after which it ends."""

import threading
from collections import Counter

from dataferry.core.errors import NetworkFault
from dataferry.core.sizes import readable_bytes

#: The longest pause after a fault.
_MAX_BACKOFF_S = 1.0
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
