"""A gate for disk writes that can be closed for good."""

import threading

from dataferry.core.errors import Cancelled

#: How long a close waits for writes; one that hangs longer is the disk's fault, and is left behind.
_CLOSE_TIMEOUT_S = 2.0


class WriteGate:
    """``with gate:`` around whatever writes to the disk. After ``close`` nothing is written, so that
    another fetch may use the folder, and another file a descriptor's number."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False

    def __enter__(self) -> None:
        """Errors: ``Cancelled`` once it is closed."""
        with self._changed:
            if self._closed:
                raise Cancelled
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside -= 1
            if self._closed:
                self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> bool:
        """Refuse new writes and wait for those in progress; whether all have ended."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: self._inside == 0, _CLOSE_TIMEOUT_S)
