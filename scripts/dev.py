"""``make dev``: the API restarts and the page reloads when a file changes."""

import os
import subprocess
import sys
from pathlib import Path

from watchfiles import run_process

ROOT = Path(__file__).parents[1]


def main() -> None:
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    page = subprocess.Popen(["npm", "run", "dev"], cwd=ROOT / "frontend", env={**os.environ, "PATH": path})
    try:
        run_process(
            ROOT / "backend", target=f"{sys.executable} -m dataferry.cli serve", target_type="command"
        )
    finally:
        page.terminate()
        page.wait()


if __name__ == "__main__":
    main()
