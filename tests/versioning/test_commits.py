"""The two phases of a commit, and what ends one in the middle."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.git_repositories import GitFolder, environment
from tests.support.index_files import INGEST, SCHEMA, begin, check_agrees, more, transform
from tests.support.server import until

FAILING = """
    @staticmethod
    def broken(mask: File[png]) -> File[png]:
        if b"mask-1" in mask.read():
            raise ValueError("no such mask")
        return mask
"""


def test_an_error_leaves_everything_as_it_was(versioned: GitFolder) -> None:
    before = versioned.contents("small"), versioned.rows(), versioned.git("rev-parse", "HEAD")
    versioned.append(FAILING)
    said = versioned.fails("commit", "-qam", "broken")
    assert "no such mask" in said
    assert "index.py:" in said
    assert (versioned.contents("small"), versioned.rows(), versioned.git("rev-parse", "HEAD")) == before
    assert versioned.git("status", "--porcelain") == " M index.py\n"
    # A commit of something else is none of its business.
    versioned.write("other.txt", "")
    versioned.git("add", "other.txt")
    versioned.git("commit", "-qm", "other", "other.txt")


@pytest.mark.parametrize("how", ["-a", "index.py", "staged"])
def test_a_commit_that_comes_to_nothing(versioned: GitFolder, how: str) -> None:
    """Its message stays empty: the lock that was staged for it goes again."""
    before = (versioned.folder / "index.py.lock").read_text()
    versioned.append(transform("tiny"))
    if how == "staged":
        versioned.git("add", "index.py")
    arguments = [] if how == "staged" else [how]
    versioned.fails("commit", "--cleanup=strip", "-q", "-m", "# nothing", *arguments)
    assert not (versioned.folder / "tiny").exists(), "folders change once the commit exists"
    said = versioned.git("datasets", "status")
    assert "A commit would do: Pictures.tiny is made" in said
    assert (versioned.folder / "index.py.lock").read_text() == before
    assert versioned.git("status", "--porcelain") == ("M  index.py\n" if how == "staged" else " M index.py\n")
    versioned.git("checkout", "-q", "HEAD", "--", "index.py")
    check_agrees(versioned)


def test_folders_stay_while_a_message_is_written(versioned: GitFolder) -> None:
    """Whatever is done in another terminal meanwhile."""
    versioned.append(transform("tiny"))
    wait = "touch writing; while [ ! -e written ]; do sleep 0.05; done"
    versioned.environment["GIT_EDITOR"] = f"sh -c '{wait}; echo tiny > \"$0\"'"
    command = ["git", "commit", "-qa"]
    env = environment(versioned.home) | versioned.environment
    with subprocess.Popen(command, cwd=versioned.folder, env=env, stdin=subprocess.DEVNULL) as commit:
        until((versioned.folder / "writing").exists, "the editor is open")
        versioned.git("datasets", "status")
        versioned.git("datasets", "restore")
        assert not (versioned.folder / "tiny").exists()
        versioned.write("written", "")
    assert commit.returncode == 0
    assert versioned.names("tiny") == versioned.names("mask")
    versioned.git("clean", "-fq")
    check_agrees(versioned)
    assert versioned.git("status", "--porcelain") == ""


def test_code_of_others_runs_once_it_is_trusted(versioned: GitFolder, tmp_path: Path) -> None:
    clone = GitFolder(tmp_path / "clone", versioned.home)
    versioned.git("clone", "-q", ".", str(clone.folder))
    assert not (clone.folder / "mask").exists(), "a plain clone has no hooks"
    versioned.git("config", "datasets.remote.bucket.url", str(tmp_path / "bucket"))
    versioned.git("datasets", "push")
    clone.git("config", "datasets.remote.bucket.url", str(tmp_path / "bucket"))
    said = clone.git("datasets", "init")
    assert "Hooks are installed: the data follows git's commands in this clone." in said
    assert "index.py: Pictures, 3 rows: mask, small" in said
    check_agrees(clone)
    clone.append(transform("tiny"))
    assert "comes from somebody else" in clone.fails("commit", "-qam", "tiny")
    clone.git("datasets", "trust")
    clone.git("commit", "-qam", "tiny")
    clone.append(transform("tinier", word="tinier"))
    clone.git("commit", "-qam", "one's own edit of what is trusted")
    check_agrees(clone)
    before = versioned.rows()
    said = versioned.git("pull", "-q", str(clone.folder), "main")
    assert "What stands beside it is as before." in said, "its data was not pushed"
    assert versioned.rows() == before
    clone.git("datasets", "push")
    versioned.git("datasets", "restore")
    check_agrees(versioned)


def test_several_tracked_files(repo: GitFolder) -> None:
    for name in ("one", "two"):
        repo.write(f"{name}/index.py", SCHEMA + INGEST)
        repo.git("datasets", "track", f"{name}/index.py")
    repo.git("commit", "-qm", "two")
    repo.write("one/index.py", SCHEMA + INGEST + transform("small"))
    repo.write("two/index.py", SCHEMA + INGEST + more("more"))
    repo.git("commit", "-qam", "each its own")
    assert len(check_agrees(repo, "one").datasets[0].groups) == 1
    assert len(check_agrees(repo, "two").datasets[0].groups) == 2
    repo.git("reset", "-q", "--hard", "HEAD~1")
    assert len(check_agrees(repo, "two").datasets[0].groups) == 1
    repo.write("one/other.py", SCHEMA)
    assert "lie in one folder" in repo.fails("datasets", "track", "one/other.py")


def test_a_folder_that_git_has_is_no_field(repo: GitFolder) -> None:
    repo.write("image/logo.png", "of the program")
    repo.git("add", "image")
    repo.git("commit", "-qm", "first")
    repo.write("index.py", SCHEMA)
    assert "git has files in image/" in repo.fails("datasets", "track", "index.py")


def test_a_lock_that_is_ignored_is_committed(repo: GitFolder) -> None:
    repo.write(".gitignore", "*.lock\n*.py\n")
    begin(repo)
    check_agrees(repo)


def test_both_sides_changed_the_same_rows(versioned: GitFolder) -> None:
    """In words, and the way out is the one that they name."""
    for branch, count in (("one", 5), ("two", 4)):
        versioned.git("checkout", "-q", "-b", branch, "v2")
        versioned.write("index.py", SCHEMA + INGEST.replace("range(3)", f"range({count})"))
        versioned.git("commit", "-qam", branch)
    said = versioned.fails("merge", "-q", "one")
    assert "The rows of from_web in Pictures were changed on both sides." in said
    versioned.write("index.py", SCHEMA + INGEST.replace("range(3)", "range(5)"))
    versioned.git("add", "index.py", "index.py.lock")
    versioned.git("commit", "-q", "--no-edit")
    assert len(check_agrees(versioned).datasets[0].groups) == 1
    assert len(versioned.names("image")) == 5


def test_a_kill_between_the_phases(versioned: GitFolder) -> None:
    """The commit exists, and nothing has followed it: the next command does."""
    hook = versioned.folder / ".git/hooks/post-commit"
    text = hook.read_text()
    hook.write_text(text.replace("hook=post-commit", "exit 1"))
    versioned.append(transform("tiny"))
    versioned.git("commit", "-qm", "tiny", "index.py")
    hook.write_text(text)
    assert not (versioned.folder / "tiny").exists()
    versioned.git("datasets", "status")
    versioned.git("datasets", "restore")
    check_agrees(versioned)
    assert versioned.git("status", "--porcelain") == ""


KILLER = """
import os
if int(os.environ.get("KILL_AT", 0)):
    from tests.support.kill_points import kill_before
    kill_before(int(os.environ["KILL_AT"]))
"""


#: All of them: DATAFERRY_EVERY_KILL=1 python -m pytest tests/versioning/test_commits.py -k killed
POINTS = range(1, 80) if os.environ.get("DATAFERRY_EVERY_KILL") else (2, 9, 16, 25, 40)


@pytest.mark.parametrize("at", POINTS)
def test_a_commit_whose_hooks_are_killed(repo: GitFolder, tmp_path: Path, at: int) -> None:
    """Each process of ours is killed before its change number ``at``."""
    repo.write("index.py", SCHEMA + INGEST)
    repo.git("datasets", "track", "index.py")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(KILLER)
    root = str(Path(__file__).parents[2])
    repo.environment = {"PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{root}", "KILL_AT": str(at)}
    repo.run("git", "commit", "-qm", "first", "index.py")
    repo.environment = {}
    if repo.run("git", "rev-parse", "-q", "--verify", "HEAD").returncode != 0:
        repo.git("commit", "-qm", "again", "index.py")
    repo.git("datasets", "restore")
    check_agrees(repo)
    assert repo.git("status", "--porcelain") == ""


HELPED = """
    @staticmethod
    def {name}(mask: File[png]) -> int:
        from helpers import factor
        return factor({number})
"""
FACTOR = "def factor(number):\n    return {} * number\n"


def test_modules_count_as_they_are_committed(versioned: GitFolder) -> None:
    """Of a module that is half staged the lock would be of something that no commit has."""
    versioned.write("helpers.py", FACTOR.format(2))
    versioned.append(HELPED.format(name="doubled", number=1))
    assert "imports helpers.py, which would not be in this commit" in versioned.fails("commit", "-qam", "1")
    versioned.git("add", "helpers.py")
    said = versioned.fails("commit", "-qm", "1", "index.py")
    assert "git commit index.py helpers.py" in said
    versioned.git("commit", "-qam", "1")

    versioned.write("helpers.py", FACTOR.format(3))
    versioned.append("# a remark\n")
    assert "stale" not in versioned.git("commit", "-qm", "a remark", "index.py")
    assert versioned.rows()[0][-1] == 2
    versioned.append(HELPED.format(name="more", number=2))
    assert "helpers.py is not as this commit would have it" in versioned.fails(
        "commit", "-qm", "2", "index.py"
    )
    versioned.git("commit", "-qm", "2", "index.py", "helpers.py")
    assert versioned.rows()[0][-2:] == (3, 6)
