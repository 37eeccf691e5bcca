"""The transcripts in the README are what a user sees."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support import terminal
from tests.support.hubs import make_hubs
from tests.support.programs import program
from tests.support.server import Server

ROOT = Path(__file__).parents[2]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
#: Printed before each command, to tell their outputs apart.
MARK = "=====next====="


def transcript(heading: str) -> list[tuple[str, str]]:
    """Commands of the console block below a heading of the README, each with the output it promises."""
    section = (ROOT / "README.md").read_text().partition(f"## {heading}\n")[2]
    block = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    assert block is not None, heading
    parts = re.split(r"^\$ ((?:.*\\\n)*.*)\n", block[1], flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def pattern(promised: str) -> re.Pattern[str]:
    """``…`` stands for anything; further lines may stand between those that are promised."""
    lines = [re.escape(line.rstrip()).replace("…", ".*") for line in promised.splitlines()]
    return re.compile(r"\s*" + r"\s*\n(?:.*\n)*?".join(lines) + r"\s*", re.DOTALL)


def script_of(commands: list[str]) -> list[str]:
    """The commands in one shell, since later ones use earlier variables."""
    return ["bash", "-c", "\n".join(f"echo {MARK}\n{command}" for command in commands)]


def compare(promised: list[tuple[str, str]], shown: list[str]) -> None:
    assert len(shown) == len(promised)
    for (command, promise), output in zip(promised, shown, strict=True):
        assert "Traceback" not in output
        assert pattern(promise).fullmatch(output), f"$ {command}\n{output}\n--- promised ---\n{promise}"


def test_the_shell_transcript_runs_as_it_is_written(tmp_path: Path) -> None:
    """At a terminal, with no server running, no key and no hub in reach."""
    promised = transcript("In the shell")
    assert len(promised) >= 5
    environment = {
        "PATH": PATH,
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
        "DATAFERRY_DATA_DIR": str(tmp_path / "data"),
        "DATAFERRY_POLL_S": "0.05",
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "DATAFERRY_KAGGLE_ENDPOINT": "http://127.0.0.1:9",
    }
    script = script_of([command for command, _ in promised])
    _code, lines = terminal.run(command=script, env=environment, cwd=tmp_path, columns=120, timeout=100)
    compare(promised, "\n".join(lines).split(MARK)[1:])


def test_the_http_transcript_runs_as_it_is_written(tmp_path: Path) -> None:
    """Word for word but the port, against the demo's hubs."""
    program("curl")
    promised = transcript("Over HTTP")
    assert len(promised) >= 5
    (tmp_path / ".curlrc").write_text("silent\nshow-error\n")  # no progress meter between the lines
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub, Server(tmp_path / "data", **hubs.settings) as server:
        here = server.address.removeprefix("http://")
        commands = [command.replace("localhost:8000", here) for command, _ in promised]
        run = subprocess.run(
            script_of(commands),
            cwd=tmp_path,
            env={"PATH": PATH, "HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        shown = run.stdout.split(MARK + "\n")[1:]
        compare(promised, shown)
    folder = Path(json.loads(shown[-1])["file_path"])
    assert any(path.is_file() for path in folder.rglob("*"))
