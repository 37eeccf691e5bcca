"""The documented examples pass mypy and pyright in strict mode, and what is wrong with others is told in its
line."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dataferry.versioning.declare.index_file import read_index

EXAMPLES = Path(__file__).parent / "typed"
REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "index-files.md").read_text()


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A folder with the examples, and with what the page shows. It is a copy: pyright leaves out folders that
    a configuration above them does not name."""
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    (documented,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "documented.py").write_text(documented)
    assert len(read_index(documented).classes[0].columns) == 5
    return tmp_path


def test_mypy_takes_what_is_documented_and_tells_what_is_wrong(examples: Path) -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull),
            *("--cache-dir", ".cache", "--no-error-summary", "index.py", "wrong.py", "documented.py"),
        ],
        cwd=examples,
        capture_output=True,
        text=True,
        env=os.environ | {"MYPYPATH": str(REPOSITORY / "backend")},
    )
    told = {int(line) for line in re.findall(r"^wrong\.py:(\d+): error", ran.stdout, re.MULTILINE)}
    assert told == wrong_lines()
    assert not re.search(r"^(index|documented)\.py", ran.stdout, re.MULTILINE)


def test_pyright_does_so_too(examples: Path) -> None:
    options = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(REPOSITORY / "backend")],
    }
    (examples / "pyrightconfig.json").write_text(json.dumps(options))
    node = Path(sys.executable).with_name("node")
    pyright = REPOSITORY / "frontend" / "node_modules" / "pyright" / "index.js"
    ran = subprocess.run(
        [node, pyright, "--outputjson", "--project", examples], capture_output=True, text=True
    )
    told = {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["severity"])
        for each in json.loads(ran.stdout)["generalDiagnostics"]
    }
    assert told == {("wrong.py", line, "error") for line in wrong_lines()}


def wrong_lines() -> set[int]:
    lines = (EXAMPLES / "wrong.py").read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
