"""Whatever goes wrong is one plain line on stderr that names the next act, and a fitting exit code."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import preloaded
from tests.support.server import Server
from tests.support.terminal import Terminal


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("shell") / "data") as server:
        yield server


def failing(server: Server, *arguments: str, code: int, cwd: Path | None = None, **settings: str) -> str:
    """The one line that a command has for its failure."""
    run = preloaded.run(arguments, env=server.environment | settings, cwd=cwd or server.data_dir.parent)
    assert run.returncode == code, run.stdout + run.stderr
    assert not run.stdout
    [line] = run.stderr.splitlines()
    assert line.startswith("dataferry: ")
    return line


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["serch"], 2, "Did you mean `dataferry search`?"),
        (["jobs", "paus", "x"], 2, "Did you mean 'pause'?"),
        (["search", "--licence", "mit"], 2, "Did you mean --license?"),
        (["library", "../jobs"], 3, "There is no dataset '../jobs'. `dataferry library` lists them"),
        (["library", ""], 2, "The dataset's name is empty."),
        (["library", " "], 2, "The dataset's name is empty."),
        (["library", "kaggle:"], 2, "is not a dataset id of Kaggle."),
        (["jobs", "pause", ""], 2, "The job's name is empty."),
        (["jobs", "pause", "../datasets"], 3, "`dataferry jobs` lists them."),
        (["download", ""], 2, "REF: "),
        (["download", " "], 2, "names no source"),
        (["download", "kaggle:"], 2, "is not a dataset id of Kaggle."),
        (["search", "x", "--source", "nope"], 2, "--source: Input should be"),
        (["validate", f"{'n' * 300}.py"], 2, "is too long to be a file's name."),
        (["bundle", "import", f"{'n' * 300}.tar"], 2, "is too long to be a file's name."),
        (["lock", "--lock-file", "n" * 300], 2, "is too long to be a file's name."),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_was_typed_wrongly(server: Server, arguments: list[str], code: int, told: str) -> None:
    line = failing(server, *arguments, code=code)
    assert told in line
    assert "/api/" not in line


def test_a_data_folder_that_is_none(server: Server, tmp_path: Path) -> None:
    tmp_path.joinpath("file").write_text("x")
    for place, told in (("file", "File exists"), ("file/within", "Not a directory")):
        for command in (["library"], ["users", "list"]):
            line = failing(server, *command, code=2, DATAFERRY_DATA_DIR=str(tmp_path / place))
            assert f"{tmp_path / place} cannot be written: {told}" in line
            assert "DATAFERRY_DATA_DIR" in line
    # Nobody may make anything there, root neither.
    assert "cannot be written" in failing(server, "library", code=2, DATAFERRY_DATA_DIR="/proc/nothing")


def test_a_file_of_settings_in_another_encoding(server: Server, tmp_path: Path) -> None:
    tmp_path.joinpath(".env").write_bytes(b"HF_TOKEN=m\xfcller\n")
    line = failing(server, "library", code=2, cwd=tmp_path)
    assert f"{tmp_path / '.env'} is not UTF-8: byte 0xfc at 10." in line


def test_a_database_that_is_damaged_or_of_a_newer_version(server: Server, tmp_path: Path) -> None:
    damaged, newer = tmp_path / "damaged", tmp_path / "newer"
    damaged.mkdir()
    damaged.joinpath("dataferry.sqlite").write_bytes(os.urandom(20_000))
    failing_there = {"DATAFERRY_DATA_DIR": str(newer), "DATAFERRY_NEW_PASSWORD": "a password of hers"}
    preloaded.run(["users", "list"], env=server.environment | failing_there, cwd=tmp_path)
    database = sqlite3.connect(newer / "dataferry.sqlite")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    for folder, told, command in (
        (damaged, "is damaged", ["library"]),
        (newer, "a newer version of Dataferry", ["users", "list"]),
    ):
        line = failing(server, *command, code=2, DATAFERRY_DATA_DIR=str(folder))
        assert told in line
        assert "backup" in line


def test_what_nobody_foresaw_names_the_log(server: Server, tmp_path: Path) -> None:
    """A stack trace is for whoever mends it: it is in a file, and on stderr where it is asked for."""
    tmp_path.joinpath("secret.key").mkdir()
    line = failing(server, "users", "list", code=1, DATAFERRY_DATA_DIR=str(tmp_path))
    log = tmp_path / "unforeseen.log"
    assert f"The details are in {log}" in line
    assert log.stat().st_mode & 0o777 == 0o600
    assert "$ dataferry users list\nTraceback" in log.read_text()


def test_an_ascii_terminal_and_closed_descriptors(server: Server) -> None:
    """Characters that it does not have are replaced, of JSON escaped."""
    environment = server.environment | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    program = f"{sys.executable} -m dataferry"
    for script, told in (
        (f"{program} search müller --source builtin", "Nothing found for 'm?ller'"),
        (f"{program} search müller --source builtin --json -q", r"m\u00fcller"),
        (f"{program} download builtin:iris -q >&- 2>&-; echo $?", "0\n"),
        (f"{program} download builtin:iris 2>/dev/full", "builtin/_/iris"),
        (f"{program} library none 2>&-; echo code $?", "code 3\n"),
    ):
        run = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, timeout=60)
        assert run.returncode == 0, run.stderr
        assert told in (run.stdout + run.stderr).decode("ascii")
        assert b"dataferry: " not in run.stdout


def test_ctrl_c_while_it_starts(server: Server) -> None:
    """At any moment of its imports it ends at once, with no stack trace. What Python itself does before
    the program's first line is not ours."""
    command = [sys.executable, "-X", "importtime", "-m", "dataferry", "library"]
    for moment in ("dataferry.interpreter", "typer.main", "dataferry.cli.output", "httpx"):
        with Terminal(command=command, env=server.environment, cwd=server.data_dir.parent) as terminal:
            terminal.until(f" {moment}\n")
            terminal.interrupt()
            assert terminal.wait() in (130, -2)
            assert "Traceback" not in terminal.text
            assert "Error" not in terminal.text
