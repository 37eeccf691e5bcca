"""The package: what it declares, what it carries, and how it is built."""

import ast
import importlib.metadata
import os
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import dataferry
from hatch_build import PageHook, stale

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]

#: What was asked for → the packages that are declared for it, and a module that the product imports.
NAMED = {
    "fastapi": ({"fastapi"}, "fastapi"),
    "langchain": ({"langchain"}, "langchain"),
    "google-generativeai": ({"google-genai", "langchain-google-genai"}, "langchain_google_genai"),
    "kaggle": ({"kaggle", "kagglesdk"}, "kagglesdk"),
    "huggingface_hub": ({"huggingface_hub"}, "huggingface_hub"),
    "sqlmodel": ({"sqlmodel"}, "sqlmodel"),
    "python-jose": ({"python-jose"}, "jose"),
    "passlib": ({"libpass"}, "passlib"),
    "websockets": ({"websockets"}, "websockets"),
    "pandas": ({"pandas"}, "pandas"),
}


def imported() -> set[str]:
    """Top-level modules that the product's code imports, at the top of a file or inside a function."""
    found = set()
    for path in (ROOT / "backend" / "dataferry").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def test_the_ten_named_packages_are_declared_and_used() -> None:
    declared = {Requirement(line).name for line in PROJECT["project"]["dependencies"]}
    modules = imported()
    for name, (packages, module) in NAMED.items():
        assert packages <= declared, name
        assert module in modules, name


def test_what_the_product_imports_is_declared() -> None:
    """No import rests on what another package happens to bring."""
    provided = importlib.metadata.packages_distributions()
    canonical = {
        re.sub(r"[-_.]+", "-", Requirement(line).name).lower()
        for line in [
            *PROJECT["project"]["dependencies"],
            *(line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra),
        ]
    }
    undeclared = {
        module: provided[module]
        for module in imported() - {"dataferry"}
        if module in provided
        and not canonical & {re.sub(r"[-_.]+", "-", name).lower() for name in provided[module]}
    }
    assert undeclared == {}


def test_what_the_wheel_carries_is_there() -> None:
    assert WHEEL["packages"] == ["backend/dataferry"]
    for source, target in WHEEL["force-include"].items():
        assert (ROOT / source).is_dir(), source
        assert target.startswith("dataferry/_")
    for name in PROJECT["project"]["license-files"]:
        assert (ROOT / name).is_file(), name


def test_the_version_and_the_command_are_those_of_the_package() -> None:
    assert PROJECT["project"]["version"] == dataferry.__version__
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="dataferry")
    assert callable(script.load())


def hook(root: Path) -> PageHook:
    return PageHook(str(root), {}, None, None, str(root), "wheel")  # type: ignore[arg-type]


def test_a_package_without_the_page_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no page"):
        hook(tmp_path).initialize("standard", {})
    hook(tmp_path).initialize("editable", {})


def test_a_source_distribution_brings_its_page(tmp_path: Path) -> None:
    index = tmp_path / "backend" / "dataferry" / "_web" / "index.html"
    index.parent.mkdir(parents=True)
    index.touch()
    hook(tmp_path).initialize("standard", {})


def test_a_page_older_than_its_sources_is_built_anew(tmp_path: Path) -> None:
    index, source = tmp_path / "index.html", tmp_path / "frontend" / "src" / "main.tsx"
    source.parent.mkdir(parents=True)
    source.touch()
    assert stale(index, tmp_path / "frontend")
    index.touch()
    os.utime(source, (1, 1))
    assert not stale(index, tmp_path / "frontend")
    os.utime(index, (0, 0))
    assert stale(index, tmp_path / "frontend")
