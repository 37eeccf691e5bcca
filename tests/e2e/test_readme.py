"""The transcripts in the README are what a user sees."""

import json
import subprocess
from pathlib import Path

from tests.support import terminal
from tests.support.hubs import make_hubs
from tests.support.programs import program
from tests.support.server import Server
from tests.support.transcripts import PATH, Transcript, blocks, compare, outputs, script_of, transcript


def readme(heading: str) -> Transcript:
    (block,) = blocks("README.md", "console", heading)
    promised = transcript(block)
    assert len(promised) >= 5
    return promised


def test_the_shell_transcript_runs_as_it_is_written(tmp_path: Path) -> None:
    """At a terminal, with no server running, no key and no hub in reach."""
    promised = readme("In the shell")
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
    compare(promised, outputs("\n".join(lines)))


def test_the_http_transcript_runs_as_it_is_written(tmp_path: Path) -> None:
    """Word for word but the port, against the demo's hubs."""
    program("curl")
    promised = readme("Over HTTP")
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
        shown = outputs(run.stdout)
        compare(promised, shown)
    folder = Path(json.loads(shown[-1])["file_path"])
    assert any(path.is_file() for path in folder.rglob("*"))
