"""Work that is done again and again in a thread of its own."""

import threading
from collections.abc import Callable


class Periodic:
    """Calls ``work`` every ``every_s`` seconds, the first time after so many. It catches its own errors."""

    def __init__(self, name: str, every_s: float, work: Callable[[], object]) -> None:
        self._name = name
        self._every_s = every_s
        self._work = work
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait until the call that is under way has ended; nothing where it was never started."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self._work()
