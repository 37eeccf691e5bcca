"""The table of commands, which is what the help shows before a command is imported."""

import subprocess
import sys

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
