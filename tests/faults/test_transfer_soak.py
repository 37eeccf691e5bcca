"""A small soak; ``python -m tests.faults.soak`` is the long one."""

import subprocess
import sys
from pathlib import Path


def test_downloads_under_faults_leave_nothing_behind() -> None:
    command = [sys.executable, "-m", "tests.faults.soak", "--downloads", "20", "--at-once", "5"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
