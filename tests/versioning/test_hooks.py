"""Our hooks beside those of others, and without us."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from dataferry.versioning.hooks import installing
from tests.support.git_repositories import GitFolder
from tests.support.index_files import INGEST, SCHEMA, begin, check_agrees, transform


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def writes(word: str, log: str) -> str:
    """A hook that notes that it ran, and what it was given."""
    return f'#!/bin/sh\necho "{word} $*" >> "{log}"\n[ "{word}" != pre-push ] || cat >> "{log}"\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_hooks_that_were_there_run_first(repo: GitFolder, log: Path) -> None:
    """As those of git-lfs, which has three of ours."""
    for name in ("pre-commit", "post-checkout", "post-commit", "post-merge", "pre-push"):
        executable(repo.folder / ".git/hooks" / name, writes(name, str(log)))
    begin(repo)
    repo.git("init", "-q", "--bare", "../up.git")
    repo.git("config", "datasets.remote.bucket.url", str(log.parent / "bucket"))
    repo.git("push", "-q", "../up.git", "main")
    noted = log.read_text().split("\n")
    assert noted[:2] == ["pre-commit ", "post-commit "]
    assert noted[-3].startswith("pre-push ../up.git")
    assert noted[-2].startswith("refs/heads/main "), "what git tells on stdin is passed on"
    check_agrees(repo)


def test_a_hook_that_refuses_is_heard(repo: GitFolder) -> None:
    executable(repo.folder / ".git/hooks/pre-commit", "#!/bin/sh\necho no >&2\nexit 3\n")
    repo.write("index.py", SCHEMA)
    repo.git("datasets", "track", "index.py")
    assert "no\n" in repo.fails("commit", "-qm", "first")
    assert not (repo.folder / "index.py.lock").exists()


def test_installing_again_changes_nothing(repo: GitFolder) -> None:
    executable(repo.folder / ".git/hooks/pre-commit", "#!/bin/sh\n")
    repo.git("datasets", "init")
    before = {path.name: path.read_text() for path in (repo.folder / ".git/hooks").iterdir()}
    repo.git("datasets", "init")
    assert {path.name: path.read_text() for path in (repo.folder / ".git/hooks").iterdir()} == before


def test_the_framework_pre_commit_over_ours(versioned: GitFolder, log: Path) -> None:
    """It keeps our hook beside its own, as ``pre-commit.legacy``, and runs it."""
    hook = versioned.folder / ".git/hooks/pre-commit"
    hook.rename(hook.with_name("pre-commit.legacy"))
    executable(
        hook, f'#!/bin/sh\n# pre-commit\necho its >> "{log}"\nexec "${{0%/*}}/pre-commit.legacy" "$@"\n'
    )
    versioned.append(transform("tiny"))
    versioned.git("commit", "-qam", "tiny")
    check_agrees(versioned)
    assert log.read_text() == "its\n"
    assert installing.missing(versioned.repository) == []
    versioned.git("datasets", "init")
    assert "its" in hook.read_text(), "its hook is left alone"


def test_a_hook_that_was_overwritten_is_installed_again(versioned: GitFolder, log: Path) -> None:
    """``git lfs update --force`` does that. The hooks that are left notice it."""
    executable(versioned.folder / ".git/hooks/pre-commit", writes("forced", str(log)))
    versioned.git("checkout", "-q", "v2")
    versioned.git("checkout", "-q", "main")
    versioned.append(transform("tiny"))
    versioned.git("commit", "-qam", "tiny")
    check_agrees(versioned)
    assert log.read_text() == "forced \n"


def test_the_commit_that_finds_hooks_overwritten_has_its_data(versioned: GitFolder, log: Path) -> None:
    """``git lfs update --force`` writes over four of ours, and not over ``pre-commit``."""
    for name in ("pre-push", "post-checkout", "post-commit", "post-merge"):
        executable(versioned.folder / ".git/hooks" / name, writes(name, str(log)))
    versioned.append(transform("tiny"))
    versioned.git("commit", "-qam", "tiny")
    check_agrees(versioned)
    assert installing.missing(versioned.repository) == []
    assert log.read_text().split() == ["post-commit"]


def test_hooks_that_run_each_other_end(repo: GitFolder) -> None:
    hook = repo.folder / ".git/hooks/pre-commit"
    executable(hook, '#!/bin/sh\nold="${0%/*}/pre-commit.legacy"\n[ ! -e "$old" ] || exec "$old" "$@"\n')
    begin(repo)
    shutil.copy(hook, hook.with_name("pre-commit.legacy"))
    repo.append(transform("tiny"))
    repo.git("commit", "-qam", "tiny")
    check_agrees(repo)


def test_huskys_hooks_find_their_scripts_by_their_own_names(repo: GitFolder, log: Path) -> None:
    """Husky 9 sets ``core.hooksPath`` to a folder that git ignores, and writes it anew with each install."""
    repo.write(".husky/_/.gitignore", "*")
    executable(repo.folder / ".husky/pre-commit", writes("husky", str(log)))
    by_name = '#!/bin/sh\nscript="$(dirname "$(dirname "$0")")/$(basename "$0")"\n'
    executable(
        repo.folder / ".husky/_/pre-commit", by_name + '[ -f "$script" ] || exit 0\nexec "$script" "$@"\n'
    )
    repo.git("config", "core.hooksPath", ".husky/_")
    begin(repo)
    assert log.read_text().startswith("husky")
    assert repo.names(".husky/_") == [".gitignore", "pre-commit"]
    check_agrees(repo)

    repo.git("config", "core.hooksPath", ".husky/_")  # npm install
    assert "git datasets init" in repo.git("datasets", "status")
    repo.git("datasets", "init")
    repo.append(transform("tiny"))
    log.unlink()
    repo.git("commit", "-qam", "tiny")
    assert log.read_text().startswith("husky")
    check_agrees(repo)


@pytest.mark.parametrize("where", ["of git", "of all repositories"])
def test_a_folder_of_hooks_that_is_not_the_repositorys_own(
    repo: GitFolder, log: Path, where: str, tmp_path: Path
) -> None:
    """Husky 4 to 8, ``.githooks``, hooks for everything: the folder stays as it is, all its hooks run."""
    if where == "of git":
        executable(repo.folder / ".githooks/pre-commit", writes("theirs", str(log)))
        executable(repo.folder / ".githooks/commit-msg", writes("message", str(log)))
        repo.git("add", ".githooks")
        repo.git("commit", "-qm", "hooks")
        repo.git("config", "core.hooksPath", ".githooks")
        folder = repo.folder / ".githooks"
    else:
        folder = tmp_path / "hooks of all"
        executable(folder / "pre-commit", writes("theirs", str(log)))
        executable(folder / "commit-msg", writes("message", str(log)))
        repo.git("config", "--global", "core.hooksPath", str(folder))
    before = sorted(path.name for path in folder.iterdir())
    begin(repo)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert {line.split()[0] for line in log.read_text().splitlines()} == {"theirs", "message"}
    assert repo.git("status", "--porcelain") == ""
    check_agrees(repo)


def test_without_the_command_git_works_and_links_open(versioned: GitFolder) -> None:
    for path in (versioned.folder / ".git/hooks").iterdir():
        path.write_text(
            path.read_text().replace(f"command={installing._command()}", "command=/gone/git-datasets")
        )
    driver = versioned.git("config", "merge.datasets.driver").replace(
        installing._command(), "/gone/git-datasets"
    )
    versioned.git("config", "merge.datasets.driver", driver.strip())
    versioned.environment["PATH"] = without_command(versioned)
    before = versioned.contents("small")
    versioned.append(transform("tiny"))
    assert "git-datasets is not installed any more" in versioned.git("commit", "-qam", "tiny")
    versioned.git("checkout", "-q", "v2")
    versioned.git("checkout", "-q", "main")
    assert versioned.contents("small") == before
    del versioned.environment["PATH"]
    versioned.git("datasets", "restore")
    versioned.git("datasets", "trust")
    versioned.git("commit", "-q", "--amend", "--no-edit")
    check_agrees(versioned)


def without_command(repo: GitFolder) -> str:
    """A search path with git, and what hooks need of the system."""
    folder = repo.home / "bin"
    folder.mkdir()
    for name in ("git", "sh", "sed", "sort", "cmp", "find", "grep", "cat"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return str(folder)


def test_nothing_is_started_where_nothing_changed(versioned: GitFolder, log: Path) -> None:
    """The hooks look in the shell; Python would take longer than git."""
    spy = versioned.home / "spy"
    executable(spy, f'#!/bin/sh\necho "$@" >> "{log}"\nexec {installing._command()} "$@"\n')
    for path in (versioned.folder / ".git/hooks").iterdir():
        path.write_text(path.read_text().replace(f"command={installing._command()}", f"command={spy}"))
    versioned.write("other.txt", "1")
    versioned.git("add", "other.txt")
    versioned.git("commit", "-qm", "other")
    versioned.git("switch", "-qc", "topic")
    versioned.git("reset", "-q", "--hard", "HEAD~1")
    versioned.git("switch", "-q", "main")
    versioned.git("merge", "-q", "topic")
    versioned.git("stash", "list")
    versioned.write("other.txt", "2")
    versioned.git("stash", "-q")
    versioned.git("stash", "pop", "-q")
    assert not log.exists(), log.read_text()
    versioned.git("checkout", "-qf", "v2")
    assert set(log.read_text().split()) == {"_follow"}


def test_a_repository_without_datasets_notices_nothing(repo: GitFolder) -> None:
    repo.git("datasets", "init")
    repo.write("script.py.lock", "version = 1\n")  # uv's, of a script
    repo.write("script.py", "")
    repo.git("add", ".")
    assert repo.git("commit", "-qm", "first") == ""
    repo.git("switch", "-qc", "topic")
    repo.write("script.py.lock", "version = 1\nrequires = 2\n")
    repo.git("commit", "-qam", "theirs")
    repo.git("switch", "-q", "main")
    repo.write("script.py.lock", "version = 1\nrequires = 3\n")
    repo.git("commit", "-qam", "ours")
    assert "CONFLICT" in repo.fails("merge", "topic")
    assert "<<<<<<<" in (repo.folder / "script.py.lock").read_text(), "merged as any text"


def test_uvs_lock_of_a_script_is_left_alone(repo: GitFolder) -> None:
    repo.write("index.py", SCHEMA)
    repo.write("index.py.lock", "version = 1\n")
    assert "another program's" in repo.fails("datasets", "track", "index.py")


def test_hooks_are_found_where_the_search_path_is_short(versioned: GitFolder) -> None:
    """As an editor or a desktop client starts git."""
    versioned.environment["PATH"] = without_command(versioned)
    versioned.append(transform("tiny"))
    versioned.git("commit", "-qam", "tiny")
    del versioned.environment["PATH"]
    check_agrees(versioned)


def test_names_with_spaces_and_beyond_ascii(repo: GitFolder) -> None:
    repo.write("meine Daten/größe.py", SCHEMA + INGEST)
    repo.git("datasets", "track", "meine Daten/größe.py")
    repo.git("commit", "-qm", "first")
    assert len(repo.names("meine Daten/image")) == 3
    repo.git("rm", "-q", "meine Daten/größe.py")
    repo.git("commit", "-qm", "gone")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    assert len(repo.names("meine Daten/image")) == 3
    assert repo.git("status", "--porcelain") == ""


def test_hooks_are_no_more_than_they_have_to_be(repo: GitFolder) -> None:
    repo.git("datasets", "init")
    for path in (repo.folder / ".git/hooks").iterdir():
        assert os.stat(path).st_mode & stat.S_IXUSR
    assert sorted(repo.names(".git/hooks")) == sorted(installing.HOOKS)
