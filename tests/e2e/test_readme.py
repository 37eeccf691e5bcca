"""The transcripts in the README are what a user sees."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import terminal
from tests.support.hub_client import token_of
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What `make demo` starts."""
    hubs = make_hubs()
    folder = tmp_path_factory.mktemp("readme") / "data"
    with hubs.kaggle, hubs.hub, Server(folder, **hubs.settings) as server:
        yield server


def shown_by(promised: Transcript, server: Server, folder: Path, **environment: str) -> list[str]:
    """What the commands print: word for word but the port."""
    here = server.address.removeprefix("http://")
    run = subprocess.run(
        script_of([command.replace("localhost:8000", here) for command, _ in promised]),
        cwd=folder,
        env={"PATH": PATH, "HOME": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
    )
    return outputs(run.stdout)


def test_the_http_transcript_runs_as_it_is_written(server: Server, tmp_path: Path) -> None:
    program("curl")
    promised = readme("Over HTTP")
    (tmp_path / ".curlrc").write_text("silent\nshow-error\n")  # no progress meter between the lines
    shown = shown_by(promised, server, tmp_path)
    compare(promised, shown)
    folder = Path(json.loads(shown[-1])["file_path"])
    assert any(path.is_file() for path in folder.rglob("*"))


def test_the_mirrors_transcript_runs_as_it_is_written(server: Server, tmp_path: Path) -> None:
    """With HuggingFace's own command."""
    (block,) = blocks("README.md", "console", "With the code you have")
    promised = transcript(block)
    token = token_of(server.client(), "download")
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    compare(promised, shown_by(promised, server, tmp_path, TOKEN=token, HF_HOME=str(tmp_path), **quiet))
