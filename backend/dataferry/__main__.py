"""The command ``dataferry``, and ``python -m dataferry``."""

import signal
import sys

from dataferry.interpreter import missing_module


def main() -> None:
    """Run a command. A Python that was built without a part of its library is told of in one line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until a command is imported there is nothing to tidy up: Ctrl+C ends the process, as it ends any
        # other program. As an exception in the midst of an import it would be a stack trace.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from dataferry.cli import main as run
    except ModuleNotFoundError:
        missing = missing_module()
        if not missing:
            raise
        sys.exit(f"dataferry: {missing}")
    sys.exit(run())


if __name__ == "__main__":
    main()
