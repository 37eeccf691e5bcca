"""``dataferry`` that stands still (SIGSTOP) at a moment of a download, as if its machine were suspended.

``python -m tests.support.halting MOMENT worker``; the moments: ``placing``, just before the tree becomes the
target, and ``placed``, just after; ``none``.
"""

import os
import runpy
import signal
import sys


def halt_at(moment: str) -> None:
    """Stand still once, when the moment comes."""
    placed_in: str | None = None
    done = False

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal placed_in, done
        if done:
            return
        if event == "os.rename" and str(arguments[0]).endswith("/tree"):
            placed_in = os.path.dirname(str(arguments[1]))
            done = moment == "placing"
        elif event == "open" and placed_in is not None and str(arguments[0]) == placed_in:
            done = moment == "placed"
        if done:
            os.kill(os.getpid(), signal.SIGSTOP)

    sys.addaudithook(audit)


if __name__ == "__main__":
    halt_at(sys.argv.pop(1))
    sys.argv[0] = "dataferry"
    runpy.run_module("dataferry", run_name="__main__", alter_sys=True)
