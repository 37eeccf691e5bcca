"""Nothing in the repository depends on, or tells of, the machine that it was written on."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.support.programs import program

ROOT = Path(__file__).parents[2]
#: Written with brackets, so that this file is none of its own findings.
FORBIDDEN = {
    "a folder of one machine": r"(?<![\w.…/~-])/(?:hom[e]|Users|roo[t]|wor[k]|far[m])/\w",
    "a package registry": r"python[h]osted|registry\.np[m]js|//py[p]i\.|deb\.deb[i]an",
    "a conflict of a merge": r"^(?:<{7}|>{7}) ",
    "something left for later": r"\b(?:TOD[O]|FIXM[E]|XX[X])\b",
    "a test that is not run": r"pytest\.mark\.(?:ski[p]|xfai[l])|\b(?:it|test|describe)\.ski[p]\(",
    "a test that patches our own code": r"(?:patc[h]|monkeypatch\.setatt[r])\(\s*[\"']?dataferry",
}


@cache
def texts() -> dict[str, str]:
    """Path → text of every tracked or new text file."""
    listed = subprocess.run(
        [program("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = {}
    for name in filter(None, listed.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b"\0"
        if b"\0" not in content:
            found[name] = content.decode()
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_repository_has_no(what: str) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(FORBIDDEN[what], line)
    ]
    assert found == []


def test_the_top_level_is_the_one_that_was_agreed() -> None:
    folders = {name.partition("/")[0] for name in texts()}
    assert folders >= {
        "backend", "frontend", "prompts", "tests", "docs", "benchmarks", "deploy", ".ci", ".env.example",
        "docker-compose.yml", "pyproject.toml", "requirements.lock", "Makefile", "README.md",
        "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    }  # fmt: skip
