"""The command ``dataferry``, and ``python -m dataferry``."""

import os
import signal
import sys
from contextlib import suppress

from dataferry.interpreter import missing_module


def main() -> None:
    """Run a command. A Python that was built without a part of its library is told of in one line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until a command is imported there is nothing to tidy up: Ctrl+C ends the process, as it ends any
        # other program. As an exception in the midst of an import it would be a stack trace.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _take_standard_descriptors()
    try:
        from dataferry.cli import main as run
    except ModuleNotFoundError:
        missing = missing_module()
        if not missing:
            raise
        sys.exit(f"dataferry: {missing}")
    code = run()
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.flush()
    # Everything is closed and written. Taking the modules apart, as Python does when it ends, would take as
    # long as many a command, and wait for threads that wait for a hub.
    os._exit(code)


def _take_standard_descriptors() -> None:
    """Where the program was started without one (``>&-``), it is nowhere: else the next file that is opened
    would be in its place, and get what is printed."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    main()
