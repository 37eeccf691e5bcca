"""The table of commands, which is what the help shows before a command is imported."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from dataferry.cli import COMMANDS, load_command


@pytest.mark.parametrize("name", COMMANDS)
def test_the_tables_line_is_the_commands_own(name: str) -> None:
    sentence = (load_command(name).help or "").splitlines()[0].partition(". ")[0]
    assert COMMANDS[name][1].removesuffix(".") == sentence.removesuffix(".")


def test_help_and_version_import_no_command() -> None:
    code = "import sys, dataferry.cli; print([name for name in {0!r} if name in sys.modules])"
    heavy = ["pydantic", "sqlalchemy", "httpx", "fastapi", "uvicorn", "dataferry.cli.download"]
    command = [sys.executable, "-c", code.format(heavy)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_every_command_has_json_but_those_that_serve() -> None:
    """A script needs one way to read whatever a command has to say."""

    def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        below = getattr(command, "commands", {})
        for name, one in below.items():
            yield from commands(one, f"{path} {name}")
        if not below or not command.no_args_is_help:
            yield path, command

    without = {
        path
        for name in COMMANDS
        for path, command in commands(load_command(name), name)
        if not any("--json" in getattr(parameter, "opts", ()) for parameter in command.params)
    }
    assert without <= {"serve", "worker", "doctor", "mcp"}
