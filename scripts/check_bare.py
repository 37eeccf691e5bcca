"""``make test`` as it is on a machine with Python, git and make alone: ``python -m scripts.check_bare``.

A part of the suite is run with every program that only some tests want hidden from the PATH, and ``CI``
unset. It must pass, and name each thing that it skipped tests for, with the line that brings it.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What this takes off the PATH, and no part of Python, git or make.
HIDDEN_PROGRAMS = re.compile(
    r"redis-.*|chromium.*|google-chrome.*|strace.*|nginx|mount|umount|curl|wget|aria2c|psql|pg_.*|node|npm|npx|uv"
)
#: A file for each thing that some tests want.
TEST_FILES = [
    "tests/contract/test_bus.py",  # a Redis: comes with `make setup`
    "tests/contract/jobs/test_pause.py",  # a Postgres: comes with `make setup`
    "tests/e2e/test_own_key.py",
    "tests/faults/test_set_up.py",
    "tests/faults/test_transfer_powercut.py",
    "tests/api/test_downloads.py",
]
#: What it must name as skipped.
EXPECTED_SKIPS = [
    "wants Chromium: apt install chromium",
    "wants strace: apt install strace",
    "wants curl: apt install curl",
    "wants to mount a small disk",
]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for program in programs():
            link = Path(folder) / program.name
            if not HIDDEN_PROGRAMS.fullmatch(program.name) and not link.exists():
                link.symlink_to(program)
        environment = {name: value for name, value in os.environ.items() if name != "CI"}
        run = subprocess.run(
            ["make", "test", f"ARGS={' '.join(TEST_FILES)}"],
            cwd=ROOT,
            env=environment | {"PATH": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    missing = [words for words in EXPECTED_SKIPS if words not in run.stdout]
    if run.returncode or missing:
        print(run.stdout)
        print(f"Not named as skipped: {missing}" if missing else f"make test ended with {run.returncode}")
        return 1
    print("\n".join(line for line in run.stdout.splitlines() if line.startswith("SKIPPED")))
    return 0


def programs() -> list[Path]:
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]


if __name__ == "__main__":
    sys.exit(main())
