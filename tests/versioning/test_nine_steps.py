"""The nine steps, as the documents tell them, word for word."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.git_repositories import GitFolder, environment
from tests.support.transcripts import PATH, ROOT, compare, outputs, script_of, transcript


def steps(page: str, heading: str) -> list[tuple[str, str]]:
    """The blocks of a section, each with its language."""
    text = (ROOT / page).read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```(python|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "heading"), [("docs/git-datasets.md", "The nine steps"), ("README.md", "Datasets in git")]
)
def test_the_steps_are_what_a_user_sees(repo: GitFolder, page: str, heading: str) -> None:
    where = search_path(repo)
    repo.git("init", "-q", "--bare", "../server.git")
    repo.git("remote", "add", "origin", "../server.git")
    found = steps(page, heading)
    assert len(found) >= 2
    for language, block in found:
        if language == "python":
            repo.write("index.py", block)
            continue
        promised = transcript(block)
        run = subprocess.run(
            script_of([command for command, _ in promised]),
            cwd=repo.folder,
            env=environment(repo.home) | {"LC_ALL": "C", "PATH": where},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        compare(promised, outputs(run.stdout))
    check_the_clone(repo, Path(repo.folder.parent / "clone"))


SQLITE = f"""#!{sys.executable}
import sqlite3, sys
query = "SELECT sql || ';' FROM sqlite_master" if sys.argv[2] == ".schema" else sys.argv[2]
for row in sqlite3.connect(sys.argv[1]).execute(query):
    print(*row, sep="|")
"""


def search_path(repo: GitFolder) -> str:
    """With a program ``sqlite3``, also where none is installed."""
    if shutil.which("sqlite3"):
        return PATH
    (repo.home / "bin").mkdir()
    (repo.home / "bin/sqlite3").write_text(SQLITE)
    (repo.home / "bin/sqlite3").chmod(0o755)
    return f"{repo.home / 'bin'}{os.pathsep}{PATH}"


def check_the_clone(repo: GitFolder, folder: Path) -> None:
    """It has the same bytes."""
    clone = GitFolder(folder, repo.home)
    names = sorted(path.name for path in repo.folder.iterdir() if path.is_dir() and path.name != ".git")
    assert names
    for name in names:
        assert clone.contents(name) == repo.contents(name)
    assert clone.rows("SegmentationDataset") == repo.rows("SegmentationDataset")
    assert clone.git("status", "--porcelain") == ""
