"""What the command says, on stderr: sentences, and on a terminal one line of progress."""

import sys
import time
from collections.abc import Callable, Iterable

from dataferry.core.sizes import readable_bytes, readable_count

#: Seconds between two states of the line.
_INTERVAL_S = 0.2
_line_is_open = False


def say(text: str) -> None:
    """A sentence, of which everybody sees who said it: git shows it among its own."""
    from dataferry.core.visible import visible

    _close_line()
    sys.stderr.write(f"git-datasets: {visible(text)}\n")
    sys.stderr.flush()


def show(lines: Iterable[str]) -> None:
    """A result, on stdout. Names in it may be anybody's: none of them controls the terminal."""
    from dataferry.core.visible import visible

    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))


class Progress:
    """A line that is written over, at a terminal only. ``shown``: a number of what is counted, as text."""

    def __init__(self, shown: Callable[[int], str]) -> None:
        self._shown = shown
        self._next = 0.0

    def report(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or (now < self._next and done < total):
            return
        self._next = now + _INTERVAL_S
        _show(f"{what}: {self._shown(done)} of {self._shown(total)}")


def of_bytes() -> Progress:
    return Progress(readable_bytes)


def of_rows() -> Progress:
    return Progress(readable_count)


def _show(text: str) -> None:
    global _line_is_open
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
    _line_is_open = True


def _close_line() -> None:
    global _line_is_open
    if _line_is_open:
        sys.stderr.write("\r\x1b[K")
        _line_is_open = False
