"""``docs/requirements.md`` is honest: every id has its row, every claim its test."""

import re
from pathlib import Path

import pytest

from tests.support.proofs import check

ROOT = Path(__file__).parents[2]
IDS = (ROOT / "tests" / "requirement_ids.txt").read_text().split()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in (ROOT / "docs" / "requirements.md").read_text().splitlines()
    if re.match(r"\| [A-Z]-\d\d ", line)
]


def test_every_id_has_one_row() -> None:
    assert [row[0] for row in ROWS] == IDS
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_claim_names_tests_that_exist(row: list[str]) -> None:
    _id, what, state, proof = row
    assert what
    assert state in ("open", "partly", "met")
    named = re.findall(r"`([^`]+)`", proof)
    assert bool(named) == (state != "open"), "what is met or partly met names its tests"
    for name in named:
        assert "::" in name, f"{name}: the test itself is named, not its file"
        check(name)
