"""The documents say what is there."""

import re
from functools import cache
from pathlib import Path

import pytest

from dataferry.cli import COMMANDS
from dataferry.core.env_example import env_example
from dataferry.core.settings import Settings, environment_name
from scripts.documents import stale
from tests.support.proofs import check

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
ADRS = sorted(page for page in (ROOT / "docs" / "adr").glob("*.md") if page.name != "README.md")


@cache
def anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``: the headings of a page, in GitHub's form."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#{1,6} (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)[^)]*\)", page.read_text()):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_test_that_is_named_exists(page: Path) -> None:
    if page.name == "requirements.md":  # what was asked for names folders of other programs
        return
    for name in re.findall(
        r"`((?:tests|frontend|backend|scripts|benchmarks|deploy)/[^`*<…]+)`", page.read_text()
    ):
        check(name)


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.stem)
def test_a_decision_has_its_four_parts_and_is_listed(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives"]
    assert f"]({page.name})" in (page.parent / "README.md").read_text()


def test_every_setting_is_documented() -> None:
    example = (ROOT / ".env.example").read_text()
    assert example == "\n".join(env_example()) + "\n"
    for field, about in Settings.model_fields.items():
        assert about.description, field
        assert environment_name(field) in example


def test_what_is_made_from_the_code_is_up_to_date() -> None:
    assert stale() == []


def test_every_command_that_is_named_exists() -> None:
    commands = set(COMMANDS)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    # What was asked for names commands that are still to come.
    for page in (page for page in PAGES if page.name != "requirements.md"):
        text = page.read_text()
        assert set(re.findall(r"(?:`|\$ )dataferry ([a-z]+)", text)) <= commands, page
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= targets, page


def test_make_help_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    for target in ("help", "setup", "run", "demo", "dev", "test", "check", "bench", "clean"):
        assert re.search(rf"^{target}:.*## ", text, re.MULTILINE), target


def test_ci_runs_what_a_developer_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for command in ("make setup", "make check", "make test", "scripts.check_wheel"):
        assert re.search(rf"^(?!#).*{re.escape(command)}", script, re.MULTILINE), command
    readme = (ROOT / "README.md").read_text()
    first_block = readme.partition("```\n")[2].partition("```")[0]
    assert re.findall(r"^make \w+", first_block, re.MULTILINE) == ["make run", "make test"]


def test_operators_are_told_the_limits_that_hold() -> None:
    rows = [line for line in (ROOT / "docs" / "operating.md").read_text().splitlines() if line[:1] == "|"]
    for field in (
        *("header_timeout_s", "body_timeout_s", "send_timeout_s"),
        *("max_connections", "max_connections_per_client"),
    ):
        default = f"{Settings.model_fields[field].default:,g}"
        row = next(row for row in rows if f"`{environment_name(field)}`" in row)
        assert re.search(rf"\| {re.escape(default)}( s)? \|", row), row
