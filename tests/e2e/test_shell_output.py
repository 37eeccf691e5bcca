"""What comes out where: results on stdout, everything else on stderr, on a terminal and in a pipe."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support import preloaded, terminal
from tests.support.server import Server

#: Long enough that no table of 60 columns holds it.
LONG = "builtin:iris"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("shell") / "data") as server:
        yield server


def piped(server: Server, *arguments: str, code: int = 0) -> tuple[str, str]:
    """stdout and stderr of a command whose output is read by another program."""
    run = preloaded.run(arguments, env=server.environment, cwd=server.data_dir.parent)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout, run.stderr


def shown(server: Server, arguments: Sequence[str], columns: int) -> list[str]:
    """Lines of a terminal."""
    code, lines = terminal.run(arguments, env=server.environment, cwd=server.data_dir.parent, columns=columns)
    assert code == 0, lines
    return lines


def test_only_the_path_is_on_stdout(server: Server) -> None:
    out, err = piped(server, "download", "builtin:iris")
    assert Path(out.removesuffix("\n")).is_dir()
    assert "needs" in err
    assert "verified" in err
    out, err = piped(server, "download", "builtin:iris", "--quiet", "--force")
    assert Path(out.removesuffix("\n")).is_dir()
    assert not err
    out, err = piped(server, "download", "builtin:iris", "--json", "--force")
    assert json.loads(out)["ref"] == "builtin:iris"
    assert "needs" in err


@pytest.mark.parametrize("columns", [60, 100])
def test_a_table_fits_the_terminal_and_a_pipe_has_every_character(server: Server, columns: int) -> None:
    query = ["search", "flowers", "of", "the", "iris", "--source", "builtin"]
    lines = shown(server, query, columns)
    assert lines[0].startswith("REF")
    assert all(cell_len(line) <= columns for line in lines)
    assert any(line.startswith(f"{LONG} ") for line in lines)
    out, _ = piped(server, *query)
    rows = [line.split("\t") for line in out.splitlines()]
    assert LONG in [row[0] for row in rows]
    assert len({len(row) for row in rows}) == 1
    assert "…" not in out


def test_a_pipe_that_nobody_reads_and_a_full_disk(server: Server) -> None:
    """`dataferry … | head -1` ends quietly; a result that cannot be written is told, in one line."""
    command = f"{sys.executable} -m dataferry search iris --source builtin --json"
    for redirected, code, told in (("| head -c 1", 141, ""), ("> /dev/full", 7, "No space left on device")):
        script = f"{command} {redirected}; exit ${{PIPESTATUS[0]}}"
        run = subprocess.run(
            ["bash", "-c", script],
            env={**os.environ, **server.environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.returncode in (code, 0 if code == 141 else code), run.stderr
        assert told in run.stderr
        assert len(run.stderr.splitlines()) == (1 if told else 0), run.stderr
