"""Blocks of the documents; consoles are run as they stand there: ``$ command``, then what it shows."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: The commands of this environment come first.
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
#: Printed before each command, to tell their outputs apart.
MARK = "=====next====="

Transcript = list[tuple[str, str]]


def blocks(page: str, language: str, heading: str = "") -> list[str]:
    """The blocks of a language on a page, below ``heading`` where there is one."""
    text = (ROOT / page).read_text()
    if heading:
        text = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def transcript(block: str) -> Transcript:
    """The commands of a console, each with the output that it promises."""
    parts = re.split(r"^\$ ((?:.*\\\n)*.*)\n", block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def script_of(commands: list[str]) -> list[str]:
    """The commands in one shell, since later ones use earlier variables."""
    return ["bash", "-c", "\n".join(f"echo {MARK}\n{command}" for command in commands)]


def outputs(shown: str) -> list[str]:
    """What each command of ``script_of`` has shown."""
    return shown.split(f"{MARK}\n")[1:]


def compare(promised: Transcript, shown: list[str]) -> None:
    assert len(shown) == len(promised)
    for (command, promise), output in zip(promised, shown, strict=True):
        assert "Traceback" not in output
        assert _pattern(promise).fullmatch(output), f"$ {command}\n{output}\n--- promised ---\n{promise}"


def _pattern(promised: str) -> re.Pattern[str]:
    """``…`` stands for anything; further lines may stand between those that are promised."""
    lines = [re.escape(line.rstrip()).replace("…", ".*") for line in promised.splitlines()]
    return re.compile(r"\s*" + r"\s*\n(?:.*\n)*?".join(lines) + r"\s*", re.DOTALL)
