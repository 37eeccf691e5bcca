"""What comes out where: results on stdout, everything else on stderr, on a terminal and in a pipe."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.fakes.files import FileServer
from tests.support import preloaded, terminal
from tests.support.server import Server
from tests.support.terminal import Terminal


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("shell") / "data") as server:
        yield server


def piped(server: Server, *arguments: str, code: int = 0, **settings: str) -> tuple[str, str]:
    """stdout and stderr of a command whose output is read by another program."""
    run = preloaded.run(arguments, env=server.environment | settings, cwd=server.data_dir.parent)
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
    assert "here already" not in err
    again, err = piped(server, "download", "builtin:iris")
    assert again == out
    assert f"builtin:iris is here already, in {out.strip()}: nothing is fetched." in err
    assert "dataferry download builtin:iris --force" in err
    out, err = piped(server, "download", "builtin:iris", "--quiet", "--force")
    assert Path(out.removesuffix("\n")).is_dir()
    assert not err
    out, err = piped(server, "download", "builtin:iris", "--json", "--force")
    assert json.loads(out)["ref"] == "builtin:iris"
    assert "needs" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "flowers", "of", "the", "iris", "--source", "builtin"],
        ["library"],
        ["library", "builtin:iris"],
        ["jobs"],
        ["users", "list"],
    ],
    ids=" ".join,
)
def test_a_table_fits_the_terminal_and_a_pipe_has_every_character(
    server: Server, arguments: list[str]
) -> None:
    server.client("somebody-with-a-long-address@department.example.org")
    piped(server, "download", "builtin:iris")
    out, _ = piped(server, *arguments)
    rows = [line.split("\t") for line in out.splitlines()]
    assert len({len(row) for row in rows}) == 1
    assert "…" not in out
    for columns in (60, 100):
        lines = shown(server, arguments, columns)
        assert all(cell_len(line) <= columns for line in lines if not line.startswith("builtin:iris@"))
        assert any(line.startswith(rows[0][0]) for line in lines)
        assert any(re.fullmatch("[A-Z -]+", line) for line in lines)
    assert json.loads(piped(server, *arguments, "--json")[0])


def test_what_changes_something_tells_it_beside_the_result(server: Server) -> None:
    """With ``--json`` there is a result too."""
    piped(server, "download", "builtin:wine")
    assert piped(server, "library", "builtin:wine", "--delete", "--quiet") == ("", "")
    piped(server, "download", "builtin:wine")
    out, err = piped(server, "library", "builtin:wine", "--delete", "--json")
    assert json.loads(out)["ref"] == "builtin:wine"
    assert "freed" in err
    server.client()  # the first account is the admin
    email, settings = "grace@example.org", {"DATAFERRY_NEW_PASSWORD": "a password of hers"}
    out, err = piped(server, "users", "create", email, "--json", **settings)
    assert json.loads(out)["email"] == email
    assert "can sign in" in err
    assert json.loads(piped(server, "users", "disable", email, "--json", "-q")[0])["disabled"]
    out, _ = piped(
        server, "jobs", "priority", json.loads(piped(server, "jobs", "--json")[0])[0]["id"], "low", code=9
    )
    assert not out
    assert json.loads(piped(server, "limits", "--json")[0])["bytes_per_s"] is None
    assert json.loads(piped(server, "model", "show", "--json")[0])["model"] is None


def test_lists_say_how_much_of_them_is_shown(server: Server) -> None:
    for name in ("iris", "wine"):
        piped(server, "download", f"builtin:{name}")
    piped(server, "download", "huggingface:nobody/unreachable", code=5)
    out, err = piped(server, "library", "--limit", "1")
    assert len(out.splitlines()) == 1
    assert "1 of 2: --page 2 shows more." in err
    # What never arrived is no dataset on this machine.
    assert "unreachable" not in out + piped(server, "library")[0]
    assert "1 more under way or failed" in err
    assert "1 shown: --page 2 shows more." in piped(server, "jobs", "--limit", "1")[1]
    assert len(json.loads(piped(server, "jobs", "--limit", "1", "--page", "2", "--json")[0])) == 1


def test_a_wait_and_its_end_are_a_line_each_on_a_terminal(server: Server) -> None:
    """The words of a wait are cut where the terminal is narrow; an error is the terminal's to wrap."""
    command = ["download", "huggingface:nobody/unreachable"]
    with Terminal(command, env=server.environment, cwd=server.data_dir.parent, columns=60) as shown_there:
        assert shown_there.wait() == 5
        lines = [line for line in shown_there.lines if line.strip()]
    assert all(re.match("(huggingface:|next try|running|queued|failed|dataferry: )", line) for line in lines)
    assert all(cell_len(line) <= 60 for line in lines if not line.startswith("dataferry: "))
    assert any("cannot be reached. Check" in line for line in lines)


def test_a_search_that_nobody_answered_is_no_search_that_found_nothing(server: Server) -> None:
    out, err = piped(server, "search", "of-no-such-thing", "--source", "builtin")
    assert not out
    assert "Nothing found" in err
    for arguments in (["imdb"], ["imdb", "--source", "huggingface"]):
        out, err = piped(server, "search", *arguments, "--quiet", code=5)
        assert "! huggingface: " in err
        assert "No source could be searched" in err


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


def test_a_command_beside_a_server_loads_little(server: Server) -> None:
    """Its token is kept for the next one, and is made anew where it is refused."""
    piped(server, "jobs")
    kept = server.data_dir / "operator.token"
    assert kept.stat().st_mode & 0o777 == 0o600
    for arguments in (["jobs"], ["library"], ["search", "iris", "--source", "builtin"]):
        command = [sys.executable, "-X", "importtime", "-m", "dataferry", *arguments]
        run = subprocess.run(command, env=server.environment, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
        loaded = set(re.findall(r"\| +([\w.]+)$", run.stderr, re.MULTILINE))
        assert "httpx" in loaded
        heavy = {"sqlalchemy", "fastapi", "uvicorn", "websockets", "alembic", "rich.console", "click"}
        assert not loaded & heavy
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"token": "of-another-key"}))
    assert "builtin" in piped(server, "search", "iris", "--source", "builtin")[0]
    assert "of-another-key" not in kept.read_text()


def test_progress_is_a_line_now_and_then_where_stderr_is_no_terminal(server: Server) -> None:
    """And a bar where it is one, also if stdout is a pipe."""
    with FileServer({"slow.bin": bytes(1_500_000)}, bytes_per_s=1_000_000) as files:
        url = files.url("slow.bin")
        out, err = piped(server, "download", url, DATAFERRY_REPORT_S="0.3")
        assert re.search(r"slow\.bin: running, \d+ %, [\d.]+ k?M?B of 1\.5 MB, [\d.]+ [kM]B/s", err), err
        assert len(out.splitlines()) == 1
        assert piped(server, "download", url, "--force", "-q", DATAFERRY_REPORT_S="0.3")[1] == ""
        command = ["download", url, "--force"]
        for columns in (60, 100):
            with Terminal(
                command, env=server.environment, cwd=server.data_dir.parent, columns=columns, piped=True
            ) as shown:
                assert shown.wait() == 0
                assert "running" in shown.text
                assert "MB" in shown.text
                bars = [line for line in shown.lines if line.startswith("running")]
                assert all(cell_len(line) <= columns for line in bars)
                assert Path(shown.output.strip()).is_dir()
            files.bytes_per_s = 2_000_000
