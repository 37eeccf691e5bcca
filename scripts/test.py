"""``make test``: every test, in parallel; with arguments, that part of the Python ones.

Tests that measure time run afterwards, one by one. Skipped ones are listed with what they want.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What the tests of full and large files take at one time.
NEEDED_BYTES = 1_500_000_000


def main(arguments: list[str]) -> int:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        print(
            f"The tests take {NEEDED_BYTES / 1e9:.1f} GB for a while, and {folder} has {free / 1e9:.1f} GB. "
            "Name another folder: make test TMPDIR=/var/tmp",
            file=sys.stderr,
        )
        return 2
    # Whole files to each process, those that take long first.
    beside = ["--numprocesses", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
    codes = [
        pytest("-m", "not alone", "--durations", "20", *beside, *arguments),
        pytest("-m", "alone", *arguments),
    ]
    if not arguments:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        page = ["npm", "run", "--silent", "test"]
        codes.append(subprocess.run(page, cwd=ROOT / "frontend", env=environment, check=False).returncode)
    if all(code == NO_TESTS_COLLECTED for code in codes):
        return NO_TESTS_COLLECTED
    return max((code for code in codes if code != NO_TESTS_COLLECTED), default=0)


#: https://docs.pytest.org/en/stable/reference/exit-codes.html
NO_TESTS_COLLECTED = 5


def pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
