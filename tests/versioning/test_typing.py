"""The documented examples pass mypy and pyright in strict mode, and what is wrong with others is told in its
line."""

import json
import os
import re
import shutil
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


def test_pyright_does_so_too(tmp_path: Path) -> None:
    # A copy: pyright leaves out folders that a configuration above them does not name.
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    options = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(REPOSITORY / "backend")],
        "venvPath": str(tmp_path),
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(options))
    node = Path(sys.executable).with_name("node")
    pyright = REPOSITORY / "frontend" / "node_modules" / "pyright" / "index.js"
    ran = subprocess.run(
        [node, pyright, "--outputjson", "--project", tmp_path], capture_output=True, text=True
    )
    told = {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["severity"])
        for each in json.loads(ran.stdout)["generalDiagnostics"]
    }
    assert told == {("wrong.py", line, "error") for line in wrong_lines()}


def wrong_lines() -> set[int]:
    lines = (EXAMPLES / "wrong.py").read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
