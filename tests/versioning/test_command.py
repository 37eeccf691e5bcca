"""The command as such: what it offers, what it is told wrongly, how quickly it starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.git_repositories import GitFolder
from tests.support.index_files import SCHEMA, transform
from tests.support.transcripts import ROOT

COMMANDS = {"init", "track", "status", "diff", "log", "restore", "trust", "push", "fetch", "gc", "doctor"}


def test_every_command_is_described_everywhere(repo: GitFolder) -> None:
    offered = repo.git("datasets", "-h")
    page = (ROOT / "docs/git-datasets.md").read_text()
    manual = (ROOT / "backend/dataferry/versioning/git-datasets.1").read_text()
    for name in COMMANDS:
        assert f"\n    {name} " in offered
        assert f"`git datasets {name}" in page
        assert f"\n.B {name}" in manual
        for option in set(repo.git("datasets", name, "-h").split()) & {
            *("--no-fetch", "--all", "--repair", "--field", "--rows", "--dry-run", "--older-than", "--remote")
        }:
            assert option.replace("-", "\\-") in manual, (name, option)


def test_git_finds_the_manual() -> None:
    """``git datasets --help`` is ``man git-datasets``, which looks beside the folders of programs."""
    installed = Path(sys.executable).parents[1] / "share/man/man1/git-datasets.1"
    assert installed.read_text().startswith(".TH GIT-DATASETS 1")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("track", "nothing.py"), "There is no file nothing.py."),
        (("track", "../outside.py"), "lies outside of"),
        (("track", "notes.txt"), "is no Python file"),
        (("track", "empty.py"), "has no class with @dataset"),
        (("track", "wrong.py"), "wrong.py:2"),
        (("restore", "nothing"), "neither a revision nor a file that is tracked"),
        (("diff", "nothing"), "There is no revision nothing."),
        (("trust",), "Nothing is tracked here."),
        (("gc", "--remote", "nowhere"), "The remote nowhere has no address here."),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_what_is_wrong_is_told(repo: GitFolder, command: tuple[str, ...], words: str) -> None:
    repo.write("notes.txt", "")
    repo.write("empty.py", "x = 1\n")
    repo.write("wrong.py", "x = 1\nclass (:\n")
    said = repo.fails("datasets", *command)
    assert words in said
    assert said.startswith("git-datasets: ")


def test_wrong_usage_and_no_repository(repo: GitFolder, tmp_path: Path) -> None:
    assert repo.run("git", "datasets", "fetch", "--rows", "a:b").returncode == 2
    assert repo.run("git", "datasets").returncode == 2
    outside = repo.run("git", "datasets", "status", cwd=repo.home)
    assert outside.returncode == 1
    assert "There is no git repository" in outside.stderr


@pytest.mark.parametrize("command", ["doctor", "status", "log", "push", "fetch", "gc --dry-run"])
def test_a_repository_without_a_commit(repo: GitFolder, command: str) -> None:
    """A clone of an empty one, say."""
    repo.git("update-ref", "-d", "HEAD")
    assert "failed" not in repo.git("datasets", *command.split())


def test_status_says_what_a_commit_would_do(versioned: GitFolder) -> None:
    assert versioned.git("datasets", "status") == "index.py: Pictures, 3 rows: mask, small\n"
    versioned.append(transform("tiny"))
    versioned.write("small/mine.txt", "")
    (versioned.folder / "mask/0000001.png").unlink()
    said = versioned.git("datasets", "status")
    assert "A commit would do: Pictures.tiny is made for the 3 rows of from_web." in said
    assert "small/ has 1 file of yours (mine.txt)" in said
    assert "mask/ lacks files. To bring them back: git datasets restore" in said
    versioned.git("datasets", "restore")
    assert len(versioned.names("mask")) == 3


def test_a_sparse_checkout_is_told(versioned: GitFolder) -> None:
    """Its index file is not "gone", and ``git restore`` would not bring it back."""
    versioned.write("other/kept.txt", "x")
    versioned.git("add", "other")
    versioned.git("commit", "-qm", "something beside it")
    versioned.git("sparse-checkout", "set", "--no-cone", "/other/")
    said = versioned.git("datasets", "status")
    assert "index.py: a sparse checkout leaves it out" in said
    assert "git sparse-checkout disable" in said
    versioned.git("sparse-checkout", "disable")
    assert "sparse" not in versioned.git("datasets", "status")


def test_log_and_diff(versioned: GitFolder) -> None:
    log = versioned.git("datasets", "log").splitlines()
    assert log[0].endswith(" Ada: v4")
    assert log[1] == "    index.py: Pictures, 3 rows; −image"
    assert log[5] == "    index.py: Pictures, 3 rows (+3)"
    assert versioned.git("datasets", "diff", "v1", "v3").splitlines() == [
        "index.py: Pictures",
        "  + small: File[png]",
        "  3 rows added: 0–2",
    ]
    assert versioned.git("datasets", "diff") == "No field and no row differs.\n"


def test_a_part_is_fetched_and_the_rest_when_it_is_asked_for(versioned: GitFolder, tmp_path: Path) -> None:
    versioned.git("config", "datasets.remote.bucket.url", str(tmp_path / "bucket"))
    versioned.git("datasets", "push")
    clone = GitFolder(tmp_path / "clone", versioned.home)
    versioned.git("clone", "-q", ".", str(clone.folder))
    clone.git("config", "datasets.remote.bucket.url", str(tmp_path / "bucket"))
    clone.git("datasets", "init", "--no-fetch")
    assert clone.names("mask") == []
    assert len(clone.rows()) == 3
    clone.git("datasets", "fetch", "--field", "small", "--rows", "0:2")
    assert clone.names("small") == ["0000000.png", "0000001.png"]
    assert "only what was fetched" in clone.git("datasets", "status")
    clone.git("datasets", "fetch")
    assert clone.contents("mask") == versioned.contents("mask")


def test_nobodys_words_control_the_terminal(versioned: GitFolder) -> None:
    versioned.append(transform("tiny"))
    versioned.git("commit", "-qam", "\x1b[2Jgone")
    assert "[U+001B][2Jgone" in versioned.git("datasets", "log")


def test_the_doctor_mends(versioned: GitFolder) -> None:
    assert versioned.git("datasets", "doctor") == "git-datasets: All is well.\n"
    (versioned.folder / ".git/hooks/pre-commit").unlink()
    damaged = (versioned.folder / "mask/0000000.png").resolve()
    damaged.chmod(0o644)
    damaged.write_text("damaged")
    said = versioned.fails("datasets", "doctor")
    assert "The hooks pre-commit were not installed, and are now." in said
    assert "The cache had damaged files: 1, which are in" in said
    assert "git config datasets.remote.bucket.url" in said, "what the file came from is asked for it"


def test_gc_keeps_what_commits_need(versioned: GitFolder) -> None:
    said = versioned.git("datasets", "gc", "--older-than", "0")
    assert "0 files deleted" in said
    versioned.git("checkout", "-q", "v3")
    versioned.git("tag", "-d", "v4")
    versioned.git("branch", "-q", "-D", "main")
    assert "0 files deleted" in versioned.git("datasets", "gc", "--older-than", "0"), "the reflog needs it"
    assert versioned.names("image") == versioned.names("small")


#: What takes long to import, and no hook needs.
_SLOW = {"argparse", "asyncio", "concurrent", "email", "http", "logging", "multiprocessing", "sqlite3", "ssl"}


@pytest.mark.parametrize(
    ("code", "most"),
    [
        ("import dataferry.versioning.command", 45),
        ("import dataferry.versioning.command, dataferry.versioning.hooks.following", 140),
    ],
)
def test_hooks_start_quickly(code: str, most: int) -> None:
    """git runs hooks often. What they import is told by its modules, for time depends on the machine."""
    imported = _imported(code) - _imported("pass")
    tops = {name.partition(".")[0] for name in imported}
    assert tops - {"dataferry"} <= sys.stdlib_module_names
    assert not tops & _SLOW
    assert {"dataferry.versioning.command", "dataferry.core.errors"} <= imported
    assert len(imported) <= most, sorted(imported)


def _imported(code: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    # Python names some that it only tries, for other systems.
    names = {line.rpartition("|")[2].strip() for line in lines}
    return {name for name in names if name.partition(".")[0] != "org"}


def test_a_field_that_is_called_id(repo: GitFolder) -> None:
    repo.write("index.py", SCHEMA.replace("mask", "id"))
    assert "id" in repo.fails("datasets", "track", "index.py")
