"""The import law: what it says, that it covers every part, and that a breach is found."""

import os
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
BACKEND = ROOT / "backend" / "dataferry"
MAX_LINES = 400
LAW = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
NAMED = {name for layer in LAW["contracts"][0]["layers"] for name in layer.split(" | ")}
#: Parts whose folder appears with their first real code stand in brackets until then.
PARTS = {name for name in NAMED if not name.startswith("(")}
#: Layers within one of the parts.
INNER = [contract for contract in LAW["contracts"][1:] if contract["type"] == "layers"]
FENCES = [contract for contract in LAW["contracts"] if contract["type"] == "fence"]


def test_every_part_has_its_layer() -> None:
    folders = {path.parent.name for path in BACKEND.glob("*/__init__.py")}
    modules = {path.stem for path in BACKEND.glob("*.py")} - {"__init__"}
    assert folders | modules == PARTS


@pytest.mark.parametrize("fence", FENCES, ids=lambda fence: fence["name"])
def test_a_fence_is_round_what_is_there(fence: dict[str, list[str]]) -> None:
    """A misspelt part or library would keep nobody out."""
    assert {part.split(".")[1] for part in fence["only_in"]} <= PARTS
    lines = "\n".join(path.read_text() for path in ROOT.glob("backend/dataferry/**/*.py"))
    assert any(re.search(rf"^\s*(import|from) {library}\b", lines, re.M) for library in fence["libraries"])


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("dataferry", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # a ``CycleError`` names the modules of a circle


def test_no_file_is_longer_than_400_lines() -> None:
    counts = {
        path.relative_to(BACKEND).as_posix(): path.read_text().count("\n") for path in BACKEND.rglob("*.py")
    }
    assert {path: count for path, count in counts.items() if count > MAX_LINES} == {}


def test_a_breach_is_found(tmp_path: Path) -> None:
    """The law is applied to a small package of the same parts with one breach of each kind."""
    breaches = {
        "core": "import dataferry.library",
        "sources": "import dataferry.jobs",
        "chat": "import fastapi, huggingface_hub, duckdb, tantivy",
        "library": "import langchain_core, dbos, jose, mcp, pydicom",
        "versioning.model": "import dataferry.versioning.command",
    }
    package = tmp_path / "dataferry"
    package.mkdir()
    (package / "__init__.py").touch()
    for part in PARTS:
        (package / part).mkdir()
        (package / part / "__init__.py").write_text(breaches.get(part, ""))
    for contract in INNER:
        part = contract["containers"][0].removeprefix("dataferry.")
        for name in {name for layer in contract["layers"] for name in layer.split(" | ")}:
            (package / part / f"{name}.py").write_text(breaches.get(f"{part}.{name}", ""))
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    for contract in LAW["contracts"]:
        assert f"{contract['name']} BROKEN" in run.stdout, run.stdout
