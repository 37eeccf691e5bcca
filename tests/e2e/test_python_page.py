"""What docs/python.md and the README show of Python is what it prints."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hubs import make_hubs
from tests.support.server import Server
from tests.support.transcripts import blocks

#: In one process: what a page begins with is there for the rest of it.
CHECK = """
import doctest, sys
wanted = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
sys.exit(doctest.testfile(sys.argv[1], module_relative=False, optionflags=wanted).failed)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    hubs = make_hubs()
    data = tmp_path_factory.mktemp("python-page") / "data"
    with hubs.kaggle, hubs.hub, Server(data, **hubs.settings) as server:
        yield server


def run(server: Server, *command: str, **environment: str) -> str:
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=server.data_dir.parent,
        env=server.environment | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_what_the_pages_show_is_what_is_printed(server: Server, tmp_path: Path) -> None:
    for page, heading, count in (("docs/python.md", "", 3), ("README.md", "In Python", 1)):
        shown = blocks(page, "pycon", heading)
        assert len(shown) == count
        (tmp_path / "page.txt").write_text("\n".join(shown))
        run(server, "-c", CHECK, str(tmp_path / "page.txt"))


def test_the_program_of_another_machine_loads_a_table(server: Server, tmp_path: Path) -> None:
    (program,) = blocks("docs/python.md", "python")
    asked = {"name": "notebook", "scope": "download"}
    token = server.client().post("/api/auth/tokens", asked).json()["token"]
    program = program.replace("https://data.example.org", server.address).replace("dft_…", token)
    elsewhere = {"DATAFERRY_DATA_DIR": str(tmp_path / "none"), "XDG_CACHE_HOME": str(tmp_path)}
    *hits, shape = run(server, "-c", program, **elsewhere).splitlines()
    assert any(hit.startswith("kaggle:andrewmvd/heart-failure-clinical-data") for hit in hits)
    assert shape.startswith("(299, ")
    assert list((tmp_path / "dataferry").rglob("*.csv"))
