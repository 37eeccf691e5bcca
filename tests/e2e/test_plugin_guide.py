"""``docs/plugins.md``, followed as a new user would: what it shows is what happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.fakes.files import FileServer
from tests.support.preloaded import run

GUIDE = Path(__file__).parents[2] / "docs" / "plugins.md"


def blocks() -> dict[str, str]:
    """The page's files, by the name in their first line."""
    found = re.findall(r"```\w+\n# (\S+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    return dict(found)


def shown() -> list[str]:
    """The lines that the page says ``validate`` prints."""
    return [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if re.match(r"(ok|-)  ", line)]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATAFERRY_DATA_DIR": str(tmp_path / "data")}


def test_the_guide_leads_to_two_validated_plugins_and_to_training_files(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    files = blocks()
    (tmp_path / "make.py").write_text(files["make.py"])
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path, check=True)
    served = {name: (tmp_path / name).read_bytes() for name in ("pets.zip", "street.zip")}
    folder = tmp_path / "data" / "plugins"
    folder.mkdir(parents=True)
    with FileServer(served) as server:
        for name in ("pets.toml", "street.py"):
            (folder / name).write_text(files[name].replace("127.0.0.1:9000", server.address))
        pets = run(["validate", "pets"], env=environment, cwd=tmp_path)
        street = run(["validate", str(folder / "street.py")], env=environment, cwd=tmp_path)
        assert (pets.returncode, street.returncode) == (0, 0), pets.stdout + street.stdout + street.stderr
        printed = (pets.stdout + street.stdout).splitlines()
        assert [line for line in shown() if line not in printed] == []
        code = "from dataferry.plugins.loader import get_dataset_plugin as get; get('street').download({})"
        subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=True)
    written = run(["training", "street", "made"], env=environment, cwd=tmp_path)
    page = yaml.safe_load(Path(written.stdout.strip()).read_text())
    assert (page["nc"], page["names"]) == (2, {0: "car", 1: "person"})
    paths = [Path(page[name]) for name in ("path", "train", "val")]
    assert all(path.is_absolute() and path.is_dir() for path in paths)
    images = sorted(paths[1].iterdir())
    assert [image.is_symlink() and image.resolve().is_file() for image in images] == [True] * 6
    labels = [path.read_text() for path in sorted((tmp_path / "made/labels/train").iterdir())]
    assert labels[2].splitlines() == ["0 0.5 0.5 0.25 0.5"] * labels[2].count("\n")


BROKEN = """
name = "pets"
display_name = "Pets"
format = "folders"
clases = ["cat"]
"""


def test_what_is_wrong_is_a_line_of_its_own_and_the_exit_code_says_so(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "pets.toml").write_text(BROKEN)
    ended = run(["validate", "pets.toml"], env=environment, cwd=tmp_path)
    assert ended.returncode == 6
    assert "pets.toml:5: There is no key clases" in ended.stdout
    unknown = run(["validate", "nothing"], env=environment, cwd=tmp_path)
    assert (unknown.returncode, "iris" in unknown.stderr) == (3, True)
