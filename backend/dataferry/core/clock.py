"""The time by which all processes judge: that of the database they share.

The clocks of machines differ and are set while programs run. What one process writes down and another
judges (who is alive, what is over, what was used a moment ago) must be by one clock. ``now`` is this
machine's clock, put right by what the database said when it was asked last. With SQLite there is one machine.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: How long a comparison with the database's clock counts.
_VALID_S = 10.0
#: A difference below this is left as it is: times that follow each other in a process stay in order.
_TOLERANCE = timedelta(seconds=0.1)
#: This machine's clock was set, or it slept, where its clocks disagree by more than this.
_JUMP_S = 0.5


class SharedClock:
    """Any thread. ``system``: seconds since the epoch by this machine; ``steady``: by a clock nobody sets."""

    def __init__(
        self, system: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self.system = system
        self._steady = steady
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._compared_at: float | None = None
        self._apart_s = 0.0

    def now(self) -> datetime:
        return self._machine_time() + self._offset

    def needs_comparison(self) -> bool:
        """Whether the database has not been asked lately, or this machine's clock was set since."""
        if self._compared_at is None or self._steady() - self._compared_at > _VALID_S:
            return True
        return abs(self.system() - self._steady() - self._apart_s) > _JUMP_S

    def compare(self, ask: Callable[[], datetime]) -> None:
        """Go by what ``ask`` says, as of the middle of the time that the answer took."""
        began = self._steady()
        told = ask()
        ended = self._steady()
        with self._lock:
            offset = told + timedelta(seconds=(ended - began) / 2) - self._machine_time()
            # Whoever waited long for the answer knows the time no better than so.
            doubt = _TOLERANCE + timedelta(seconds=(ended - began) / 2)
            if abs(offset - self._offset) > doubt:
                self._offset = offset
            self._compared_at, self._apart_s = ended, self.system() - ended

    def _machine_time(self) -> datetime:
        return datetime.fromtimestamp(self.system(), UTC)


#: Of this process.
clock = SharedClock()


def now() -> datetime:
    return clock.now()
