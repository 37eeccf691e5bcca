"""``docs/requirements.md`` is honest: every id has its row, every claim its test."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IDS = (ROOT / "tests" / "requirement_ids.txt").read_text().split()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in (ROOT / "docs" / "requirements.md").read_text().splitlines()
    if re.match(r"\| [A-Z]-\d\d ", line)
]


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


def test_every_id_has_one_row() -> None:
    assert [row[0] for row in ROWS] == IDS
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_claim_names_tests_that_exist(row: list[str]) -> None:
    _id, _what, state, proof = row
    assert state in ("open", "partly", "met")
    named = re.findall(r"`([^`]+)`", proof)
    assert bool(named) == (state != "open"), "what is met or partly met names its tests"
    for name in named:
        path, _, test = name.partition("::")
        assert (ROOT / path).is_file(), path
        assert test in names_in(ROOT / path), name
