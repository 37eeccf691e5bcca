"""The documented examples pass mypy in strict mode, and what is wrong with others is told in its line."""

import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent / "typed"
REPOSITORY = Path(__file__).parents[2]


def test_mypy_takes_what_is_documented_and_tells_what_is_wrong(tmp_path: Path) -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull),
            *("--cache-dir", str(tmp_path), "--no-error-summary", "index.py", "wrong.py"),
        ],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        env=os.environ | {"MYPYPATH": str(REPOSITORY / "backend")},
    )
    told = {int(line) for line in re.findall(r"^wrong\.py:(\d+): error", ran.stdout, re.MULTILINE)}
    assert told == wrong_lines()
    assert "index.py" not in ran.stdout


def wrong_lines() -> set[int]:
    lines = (EXAMPLES / "wrong.py").read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
