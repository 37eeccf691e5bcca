"""Tests that a document names: do they exist?"""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def names_in(path: Path) -> set[str]:
    """Names of the tests of a file: functions of Python, titles of TypeScript."""
    text = path.read_text()
    if path.suffix == ".py":
        return {
            node.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    return set(re.findall(r"""\b(?:test|it)\(\s*["'`](.+?)["'`],""", text))


def check(name: str) -> None:
    """``path`` or ``path::test``, from the repository's root. Fails where there is no such thing."""
    path, _, test = name.partition("::")
    assert (ROOT / path).exists(), path
    if test:
        assert test in names_in(ROOT / path), name
