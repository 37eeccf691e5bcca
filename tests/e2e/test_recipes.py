"""The blocks of docs/recipes.md run as they stand there, beside a server with the demo's hubs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.hubs import make_hubs
from tests.support.programs import program
from tests.support.server import Server
from tests.support.transcripts import PATH, blocks, compare, outputs, script_of, transcript

PAGE = "docs/recipes.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    hubs = make_hubs()
    with (
        hubs.kaggle,
        hubs.hub,
        Server(tmp_path_factory.mktemp("recipes") / "data", **hubs.settings) as server,
    ):
        yield server


def run(server: Server, *command: str, **environment: str) -> str:
    """What a command shows, in a folder that the blocks of the page share."""
    ended = subprocess.run(
        command,
        cwd=server.data_dir.parent,
        env=server.environment | {"PATH": PATH} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_every_console_shows_what_the_page_promises(server: Server) -> None:
    program("curl")
    program("jq")
    promised = [pair for block in blocks(PAGE, "console") for pair in transcript(block)]
    assert len(promised) >= 8
    here = server.address.removeprefix("http://")
    shown = run(server, *script_of([command.replace("localhost:8000", here) for command, _ in promised]))
    compare(promised, outputs(shown))


def test_the_notebook_loads_a_table(server: Server) -> None:
    notebook, _ = blocks(PAGE, "python")
    assert run(server, sys.executable, "-c", notebook) == "(120, 5)\n"


def test_the_script_over_http_downloads_and_says_where(server: Server) -> None:
    _, script = blocks(PAGE, "python")
    asked = {"name": "script", "scope": "download"}
    token = server.client().post("/api/auth/tokens", asked).json()["token"]
    shown = run(server, sys.executable, "-c", script, SERVER=server.address, TOKEN=token)
    folder = Path(shown.splitlines()[-1])
    assert folder.is_dir()
    assert "kaggle/andrewmvd" in str(folder)


def test_the_step_of_ci_downloads_its_list(server: Server) -> None:
    (text,) = blocks(PAGE, "yaml")
    *_, last = yaml.safe_load(text)["jobs"]["train"]["steps"]
    (server.data_dir.parent / "datasets.txt").write_text("# of this project\nbuiltin:wine\n")
    assert "/builtin/_/wine/" in run(server, *last["run"].split())
