"""Letting threads write until nobody may any more."""

import threading

from dataferry.core.errors import Cancelled

#: A thread that hangs in a write for longer is the disk's fault, and is left behind.
_PATIENCE_S = 2.0


class Gate:
    """``with gate:`` around whatever touches the disk. Once it is closed nothing happens on disk, so that
    the folder may be another fetch's, and a descriptor's number another file's."""

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
        """Let nobody in, and wait for those inside; whether all have left."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: self._inside == 0, _PATIENCE_S)
