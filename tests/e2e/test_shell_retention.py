"""What is kept and what goes, who sees it, and what there was: the real program, at a terminal and in a
pipe."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.support import preloaded
from tests.support.server import Server, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("kept") / "data") as server:
        yield server


def run(server: Server, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    """A command in a pipe."""
    done = preloaded.run(arguments, env=server.environment, cwd=server.data_dir.parent)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_prune_shows_what_goes_and_wants_an_answer(server: Server) -> None:
    """It asks before it deletes, and a script must say so itself (docker/for-linux#822)."""
    for name in ("iris", "wine"):
        run(server, "download", f"builtin:{name}")
    assert "kept" in run(server, "library", "pin", "builtin:wine").stderr
    assert "What may go?" in run(server, "library", "prune", "--yes", code=2).stderr
    assert "no age" in run(server, "library", "prune", "--older-than", "soon", code=2).stderr
    nothing = run(server, "library", "prune", "--older-than", "1d")
    assert "Nothing can go. What stays: 1 pinned." in nothing.stderr
    wanted = ("library", "prune", "--older-than", "0d")
    shown = run(server, *wanted, "--dry-run")
    assert [line.split("\t")[0] for line in shown.stdout.splitlines()] == ["builtin:iris"]
    assert "1 dataset would go, which frees" in shown.stderr
    assert "--yes" in run(server, *wanted, code=2).stderr
    pruned = json.loads(run(server, *wanted, "--yes", "--json").stdout)
    assert [one["ref"] for one in pruned["datasets"]] == ["builtin:iris"]
    until(lambda: "iris" not in run(server, "library", "ls").stdout, "it is gone")
    assert "wine" in run(server, "library", "ls").stdout
    assert "no longer pinned" in run(server, "library", "pin", "builtin:wine", "--off").stderr


def test_the_history_goes_on_and_ends_when_its_owner_says_so(server: Server) -> None:
    rows = [line.split("\t")[1:3] for line in run(server, "history").stdout.splitlines()]
    assert ["deleted", "builtin:iris"] in rows
    assert ["downloaded", "builtin:iris"] in rows
    assert len(json.loads(run(server, "history", "--json").stdout)) == len(rows)
    assert "--yes" in run(server, "history", "--clear", code=2).stderr
    assert f"{len(rows)} entries" in run(server, "history", "--clear", "--yes").stderr
    assert run(server, "history").stdout == ""


def test_what_all_see_is_said_to_be_public(server: Server) -> None:
    assert "everybody on this server sees it" in run(server, "library", "share", "builtin:wine").stderr
    refused = run(server, "library", "share", "builtin:wine", "--all", code=9).stderr
    assert "sees this dataset already" in refused
