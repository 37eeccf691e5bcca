"""The import law: what it says, that it covers every part, and that a breach is found."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAW = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PARTS = {name for layer in LAW["contracts"][0]["layers"] for name in layer.split(" | ")}
#: What only one part may import, and the part.
FENCED = {
    "fastapi": {"api", "app"},
    "starlette": {"api", "app"},
    "kaggle": {"sources"},
    "kagglesdk": {"sources"},
    "huggingface_hub": {"sources"},
    "langchain": {"chat"},
    "langchain_core": {"chat"},
    "dbos": {"jobs"},
    "jose": {"accounts"},
    "passlib": {"accounts"},
}


def test_every_part_has_its_layer() -> None:
    package = ROOT / "backend" / "dataferry"
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    assert folders | modules == PARTS


@pytest.mark.parametrize("library", FENCED)
def test_a_fence_keeps_out_every_other_part(library: str) -> None:
    kept_out = {
        source.removeprefix("dataferry.")
        for contract in LAW["contracts"]
        if library in contract.get("forbidden_modules", ())
        for source in contract["source_modules"]
    }
    assert kept_out == PARTS - FENCED[library]


def test_a_breach_is_found(tmp_path: Path) -> None:
    """The law is applied to a small package of the same parts with one breach of each kind."""
    breaches = {
        "core": "import dataferry.library",
        "sources": "import dataferry.jobs",
        "chat": "import fastapi, huggingface_hub",
        "library": "import langchain_core, dbos, jose",
    }
    package = tmp_path / "dataferry"
    package.mkdir()
    (package / "__init__.py").touch()
    for part in PARTS:
        (package / f"{part}.py").write_text(breaches.get(part, ""))
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    for contract in LAW["contracts"]:
        assert f"{contract['name']} BROKEN" in run.stdout, run.stdout
