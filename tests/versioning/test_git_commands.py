"""The data follows every git command, or a clear word says what to do."""

from collections.abc import Callable

import pytest

from dataferry.versioning.model.lock_file import Lock
from tests.support.git_repositories import GitFolder
from tests.support.index_files import (
    INGEST,
    SCHEMA,
    check_agrees,
    check_beside,
    more,
    transform,
)


@pytest.fixture
def repo(versioned: GitFolder) -> GitFolder:
    return versioned


def lock_of(repo: GitFolder, revision: str) -> Lock:
    return Lock.parse(repo.git("show", f"{revision}:index.py.lock"))


def check_is(repo: GitFolder, revision: str) -> None:
    """The data is that of a revision, and git sees nothing changed in it."""
    assert check_agrees(repo) == lock_of(repo, revision)
    assert repo.git("status", "--porcelain") == ""


def test_the_versions_are_as_they_are_meant(repo: GitFolder) -> None:
    check_is(repo, "v4")
    assert repo.names("small") == ["0000000.png", "0000001.png", "0000002.png"]
    assert not (repo.folder / "image").exists()
    assert repo.columns() == ["id", "mask", "small"]
    for revision in ("v1", "v2", "v3"):
        repo.git("checkout", "-q", revision)
        check_is(repo, revision)


def partial_commit(repo: GitFolder) -> None:
    repo.write("other.txt", "staged")
    repo.git("add", "other.txt")
    repo.append(transform("tiny"))
    repo.git("commit", "-qm", "tiny", "index.py")
    assert repo.git("status", "--porcelain") == "A  other.txt\n", "the rest of the index is as it was"
    repo.git("commit", "-qm", "other")


def commit_all(repo: GitFolder) -> None:
    repo.append(transform("tiny"))
    repo.git("commit", "-qam", "tiny")


def amend(repo: GitFolder) -> None:
    commit_all(repo)
    repo.append(transform("tinier", of="tiny"))
    repo.git("commit", "-qa", "--amend", "--no-edit")
    assert repo.names("tinier") == repo.names("mask")


def another_file_of_a_commit(repo: GitFolder) -> None:
    repo.append(transform("tiny"))
    repo.write("other.txt", "")
    repo.git("add", "other.txt")
    repo.git("commit", "-qm", "other", "other.txt")
    assert not (repo.folder / "tiny").exists(), "index.py is not in this commit"
    repo.git("checkout", "-q", "index.py")


def reset_hard(repo: GitFolder) -> None:
    repo.git("reset", "-q", "--hard", "v2")
    check_is(repo, "v2")
    repo.git("reset", "-q", "--hard", "HEAD@{1}")


def reset_soft(repo: GitFolder) -> None:
    repo.git("reset", "-q", "--soft", "v3")
    check_agrees(repo)
    repo.git("commit", "-qm", "again")
    check_is(repo, "v4")


def reset_mixed(repo: GitFolder) -> None:
    repo.git("reset", "-q", "v3")
    check_agrees(repo)
    repo.git("commit", "-qam", "again")
    check_is(repo, "v4")


def switch(repo: GitFolder) -> None:
    repo.git("switch", "-q", "-c", "old", "v2")
    check_is(repo, "v2")
    repo.git("switch", "-q", "main")


def checkout_of_a_path(repo: GitFolder) -> None:
    repo.git("checkout", "-q", "v2", "--", "index.py", "index.py.lock")
    assert check_agrees(repo) == lock_of(repo, "v2")
    repo.git("commit", "-qm", "as in v2")
    check_is(repo, "v2")


def restore_of_a_revision(repo: GitFolder) -> None:
    said = repo.git("datasets", "restore", "v3")
    assert "To keep it: git commit index.py" in said
    assert check_agrees(repo) == lock_of(repo, "v3")
    repo.git("commit", "-qm", "as in v3", "index.py")
    check_is(repo, "v3")


def fast_forward(repo: GitFolder) -> None:
    repo.git("switch", "-q", "-c", "old", "v1")
    repo.git("merge", "-q", "--ff-only", "main")
    check_is(repo, "v4")


def merge(repo: GitFolder) -> None:
    """A computed field on one side, rows on the other: the new rows' field is made by the commit."""
    repo.git("switch", "-q", "-c", "rows", "v2")
    repo.append(more("more"))
    repo.git("commit", "-qam", "more rows")
    repo.git("switch", "-q", "-c", "field", "v2")
    repo.write("index.py", SCHEMA + transform("tiny") + INGEST)
    repo.git("commit", "-qam", "a field")
    said = repo.fails("merge", "-q", "--no-edit", "rows")
    assert "Run: git commit --no-edit" in said
    assert len(repo.names("image")) == 4, "what both sides have is there"
    repo.git("commit", "-q", "--no-edit")
    assert repo.names("tiny") == repo.names("image")


def merge_without_work(repo: GitFolder) -> None:
    """A field on each side, of the same rows: nothing is left to be made."""
    repo.git("switch", "-q", "-c", "one", "v2")
    repo.append(transform("tiny"))
    repo.git("commit", "-qam", "tiny")
    repo.git("switch", "-q", "-c", "two", "v2")
    repo.write("index.py", SCHEMA + transform("big", of="image").replace("[png])", "[png | jpg])") + INGEST)
    repo.git("commit", "-qam", "big")
    repo.git("merge", "-q", "--no-edit", "one")
    assert repo.names("tiny") == repo.names("big")


def merge_that_is_aborted(repo: GitFolder) -> None:
    repo.git("switch", "-q", "-c", "one", "v2")
    repo.append(transform("tiny"))
    repo.git("commit", "-qam", "tiny")
    repo.fails("merge", "-q", "--no-edit", "main")
    repo.git("merge", "--abort")
    assert "tiny" in repo.columns()


def pull(repo: GitFolder) -> None:
    repo.git("clone", "-q", "--no-hardlinks", ".", str(repo.home / "up"))
    repo.git("remote", "add", "origin", str(repo.home / "up"))
    repo.git("fetch", "-q", "origin")
    repo.git("reset", "-q", "--hard", "v2")
    repo.git("pull", "-q", "--ff-only", "origin", "main")
    check_is(repo, "v4")


def pull_rebase(repo: GitFolder) -> None:
    repo.git("clone", "-q", "--no-hardlinks", ".", str(repo.home / "up"))
    repo.git("remote", "add", "origin", str(repo.home / "up"))
    repo.git("reset", "-q", "--hard", "v3")
    repo.write("other.txt", "")
    repo.git("add", "other.txt")
    repo.git("commit", "-qm", "other")
    repo.git("pull", "-q", "--rebase", "origin", "main")
    assert check_agrees(repo) == lock_of(repo, "v4")


def rebase(repo: GitFolder) -> None:
    repo.git("switch", "-q", "-c", "topic", "v2")
    repo.write("other.txt", "")
    repo.git("add", "other.txt")
    repo.git("commit", "-qm", "other")
    repo.git("rebase", "-q", "main")
    assert check_agrees(repo) == lock_of(repo, "v4")


def rebase_of_data(repo: GitFolder) -> None:
    """Where code would have to run a word says so, and what to do."""
    repo.git("switch", "-q", "-c", "topic", "v2")
    repo.write("index.py", SCHEMA + more("more") + INGEST)
    repo.git("commit", "-qam", "more")
    said = repo.git("rebase", "-q", "v3")
    assert "index.py.lock is stale" in said
    assert "git commit --amend --no-edit" in said
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert repo.names("small") == repo.names("image")
    assert len(repo.names("small")) == 4


def rebase_that_is_aborted(repo: GitFolder) -> None:
    repo.git("switch", "-q", "-c", "topic", "v2")
    repo.write("index.py", SCHEMA + INGEST + transform("small", word="other"))
    repo.git("commit", "-qam", "other")
    repo.fails("rebase", "-q", "v3")
    repo.git("rebase", "--abort")
    assert b"other" in repo.contents("small")[0]


def cherry_pick(repo: GitFolder) -> None:
    repo.git("reset", "-q", "--hard", "v2")
    repo.git("cherry-pick", "v3", "v4")
    check_is(repo, "v4")


def revert(repo: GitFolder) -> None:
    repo.git("revert", "--no-edit", "v4")
    check_is(repo, "v3")


def stash(repo: GitFolder) -> None:
    repo.append(transform("tiny"))
    repo.git("stash", "-q")
    check_is(repo, "v4")
    repo.git("stash", "pop", "-q")
    repo.git("commit", "-qam", "tiny")
    assert "tiny" in repo.columns()


def bisect(repo: GitFolder) -> None:
    repo.git("bisect", "start", "v4", "v1")
    assert check_agrees(repo) in (lock_of(repo, "v2"), lock_of(repo, "v3"))
    said = repo.git("bisect", "run", "sh", "-c", "test ! -e small")
    assert "v3" in said.partition("is the first bad commit")[2]
    repo.git("bisect", "reset")
    check_is(repo, "v4")


def worktree(repo: GitFolder) -> None:
    repo.git("worktree", "add", "-q", "../other", "v2")
    other = GitFolder(repo.folder.parent / "other", repo.home)
    check_is(other, "v2")
    other.git("checkout", "-q", "v3")
    check_is(other, "v3")
    other.append(transform("tiny"))
    other.git("commit", "-qam", "in a worktree")
    assert check_agrees(other) is not None
    other.git("checkout", "-q", "v1")
    check_is(repo, "v4")


def without_hooks(repo: GitFolder) -> None:
    repo.append(transform("tiny"))
    said = repo.git("commit", "-qam", "tiny", "--no-verify")
    assert "index.py.lock is stale. Pictures.tiny is made" in said
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert "tiny" in repo.columns()


def removed(repo: GitFolder) -> None:
    repo.git("rm", "-q", "index.py")
    repo.git("commit", "-qm", "no dataset any more")
    assert check_agrees(repo) is None
    assert repo.git("status", "--porcelain") == ""
    repo.git("revert", "--no-edit", "HEAD")
    check_is(repo, "v4")


def moved(repo: GitFolder) -> None:
    (repo.folder / "deep").mkdir()
    repo.git("mv", "index.py", "deep/index.py")
    repo.git("commit", "-qm", "moved")
    assert check_agrees(repo) is None
    assert check_agrees(repo, "deep") == lock_of(repo, "v4"), "nothing was made anew"
    assert repo.git("status", "--porcelain") == ""
    repo.git("reset", "-q", "--hard", "HEAD~1")
    check_is(repo, "v4")


def from_a_folder_below(repo: GitFolder) -> None:
    (repo.folder / "deep").mkdir()
    repo.append(transform("tiny"))
    repo.git("commit", "-qam", "tiny", cwd=repo.folder / "deep")
    repo.git("reset", "-q", "--hard", "v2", cwd=repo.folder / "deep")
    check_is(repo, "v2")


COMMANDS = (
    *(partial_commit, commit_all, amend, another_file_of_a_commit, without_hooks, removed, moved),
    *(reset_hard, reset_soft, reset_mixed, switch, checkout_of_a_path, restore_of_a_revision),
    *(fast_forward, merge, merge_without_work, merge_that_is_aborted, pull, pull_rebase),
    *(rebase, rebase_of_data, rebase_that_is_aborted, cherry_pick, revert, stash, bisect, worktree),
    from_a_folder_below,
)


@pytest.mark.parametrize("act", COMMANDS, ids=lambda act: act.__name__)
def test_the_data_follows(repo: GitFolder, act: Callable[[GitFolder], None]) -> None:
    act(repo)
    lock = check_agrees(repo)
    assert repo.git("status", "--porcelain") == ""
    if lock is not None:
        assert lock == lock_of(repo, "HEAD")
        check_beside(repo, lock, repo.folder)
