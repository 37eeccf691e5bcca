"""The transcript in the README is what a user sees."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def transcript() -> list[tuple[str, str]]:
    """Commands of the README's console block, each with the output that it promises."""
    block = re.search(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    parts = re.split(r"^\$ (.+)\n", block[1], flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def pattern(promised: str) -> re.Pattern[str]:
    """``…`` stands for anything; lines end where they like."""
    lines = [re.escape(line.rstrip()).replace("…", ".*") for line in promised.splitlines()]
    return re.compile(r"\s*" + r"\s*\n(?:.*\n)*?".join(lines) + r"\s*", re.DOTALL)


def test_the_transcript_runs_as_it_is_written(tmp_path: Path) -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "COLUMNS": "200",
        "PYTHONWARNINGS": "ignore",
        "DATAFERRY_DATA_DIR": str(tmp_path / "data"),
        "DATAFERRY_POLL_S": "0.05",
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "DATAFERRY_KAGGLE_ENDPOINT": "http://127.0.0.1:9",
    }
    commands = transcript()
    assert len(commands) >= 5
    for command, promised in commands:
        run = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=60
        )
        shown = run.stdout + run.stderr
        assert pattern(promised).fullmatch(shown), f"$ {command}\n{shown}\n--- promised ---\n{promised}"
        assert "Traceback" not in shown
