"""A git repository as git datasets sees it: its folders, its settings, and what git has of a file.

    .git/datasets/            shared by all worktrees: the cache (``cache``), the memo, what is trusted
    <git dir>/datasets/       of one worktree: what its folders are (``working_tree``)

Of the main worktree both are one folder.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from dataferry.core.errors import Conflict, DataferryError, InvalidInput, NotFound
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.lock_file import Lock

LOCK_SUFFIX = ".lock"
#: git's setting, one entry a file, from the top of the working tree.
TRACKED = "datasets.tracked"
#: What a merge, a cherry-pick and a revert under way leave in the git folder.
_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


@dataclass(frozen=True)
class Repository:
    """``top``: of the working tree. ``git_dir``: of this worktree; ``common_dir``: of all of them."""

    top: Path
    git_dir: Path
    common_dir: Path

    @classmethod
    def open(cls, cwd: Path | None = None) -> Self:
        """The repository round a folder, by default the current one. Errors: ``NotFound``."""
        command = ["git", "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir"]
        found = _run(command, cwd or Path.cwd(), dict(os.environ))
        if found.returncode != 0:
            said = os.fsdecode(found.stderr).strip().removeprefix("fatal: ")
            raise NotFound(
                f"There is no git repository with a working tree here: {said}",
                next_step="Go into one, or make one: git init",
            )
        top, git_dir, common_dir = os.fsdecode(found.stdout).splitlines()
        # git tells the common folder from the folder that it was asked in.
        return cls(Path(top), Path(git_dir), ((cwd or Path.cwd()) / common_dir).resolve())

    @cached_property
    def cache(self) -> Cache:
        return Cache(self.common_dir / "datasets")

    @property
    def state(self) -> Path:
        """Where it is kept what the folders of this worktree are."""
        return self.git_dir / "datasets"

    # -- git --------------------------------------------------------------------------------------------

    def git(self, *arguments: str, input: str | None = None) -> str:
        """What a git command prints, without the last line's end. Errors: ``Conflict`` with git's words."""
        done = self._git(arguments, input)
        if done.returncode != 0:
            said = os.fsdecode(done.stderr).strip().removeprefix("fatal: ").removeprefix("error: ")
            raise Conflict(
                f"git {arguments[0]} failed: {said}",
                next_step="Mend what git names, then try again.",
            )
        return os.fsdecode(done.stdout).removesuffix("\n")

    def ask_git(self, *arguments: str) -> str | None:
        """As ``git``; None where it fails."""
        done = self._git(arguments, None)
        return os.fsdecode(done.stdout).removesuffix("\n") if done.returncode == 0 else None

    @property
    def has_commits(self) -> bool:
        """Whether HEAD is a commit: in a new repository, or a clone of an empty one, it is none."""
        return self.ask_git("rev-parse", "--verify", "--quiet", "HEAD") is not None

    def _git(self, arguments: tuple[str, ...], input: str | None) -> "subprocess.CompletedProcess[bytes]":
        return _run(["git", *arguments], self.top, self._environment, input)

    @cached_property
    def _environment(self) -> dict[str, str]:
        """A hook may be told where the repository is by a path from another folder."""
        environment = dict(os.environ)
        if "GIT_DIR" in environment or "GIT_WORK_TREE" in environment:
            environment |= {"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": str(self.top)}
        environment.pop("GIT_PREFIX", None)
        return environment

    def config(self, name: str) -> str | None:
        return self.ask_git("config", "--get", name)

    def config_all(self, name: str) -> list[str]:
        return (self.ask_git("config", "--get-all", name) or "").splitlines()

    @property
    def is_merging(self) -> bool:
        """Whether the next commit concludes a merge, a cherry-pick, a revert or a step of a rebase."""
        return any((self.git_dir / name).exists() for name in _UNDER_WAY)

    # -- files ------------------------------------------------------------------------------------------

    def show(self, revision: str, path: str) -> str | None:
        """A file's text in a revision, or, with ``""``, in git's index; None where it is not there."""
        done = self._git(("cat-file", "blob", f"{revision}:{path}"), None)
        return os.fsdecode(done.stdout) if done.returncode == 0 else None

    def blob(self, revision: str, path: str) -> str | None:
        """The id of a file's text in a revision, or, with ``""``, in git's index."""
        return self.ask_git("rev-parse", "--verify", "--quiet", f"{revision}:{path}")

    def read(self, path: str) -> str | None:
        """A file's text in the working tree; None where it is not there."""
        try:
            return os.fsdecode((self.top / path).read_bytes())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def is_left_out(self, path: str) -> bool:
        """Whether git has a file that a sparse checkout keeps out of the working tree."""
        return (self.ask_git("ls-files", "-t", "--", path) or "").startswith("S ")

    def lock(self, text: str | None, index_path: str) -> Lock | None:
        """Errors: ``InvalidInput`` for a text that is no lock."""
        return None if text is None else Lock.parse(text, lock_path(index_path))

    def tracked(self) -> list[str]:
        """The index files, in alphabetical order: those that were tracked here, those whose lock git has,
        and those whose folders are here."""
        found = set(self.config_all(TRACKED))
        for path in self._listed_locks():
            if is_ours(self.read(path) or self.show("", path)):
                found.add(path.removesuffix(LOCK_SUFFIX))
        return sorted(found | set(self.applied_paths()))

    def applied_paths(self) -> Iterator[str]:
        """The index files whose folders are here."""
        folder = self.state / "applied"
        for path in folder.rglob(f"*.py{LOCK_SUFFIX}"):
            yield path.relative_to(folder).as_posix().removesuffix(LOCK_SUFFIX)

    def index_path(self, given: str, cwd: Path | None = None) -> str:
        """A file that was named from a folder, as a path from the top. Errors: ``InvalidInput``."""
        path = Path(os.path.abspath((cwd or Path.cwd()) / given))
        with contextlib.suppress(OSError):
            path = path.parent.resolve() / path.name
        if not path.is_relative_to(self.top):
            raise InvalidInput(
                f"{given} lies outside of {self.top}.", next_step="Name a file of this repository."
            )
        return path.relative_to(self.top).as_posix()

    def settled_key(self, revision: str | None = None) -> str:
        """One name for the texts of all index files, the modules that they import and their locks, as git's
        index has them, or a revision. It is made as ``hook.sh`` makes it, and of the same files."""
        listed = self._listed_locks()
        paths = {path.removesuffix(LOCK_SUFFIX) for path in listed} | set(self.config_all(TRACKED))
        names = [name for path in paths for name in (path, lock_path(path))] + self.modules()
        if revision is None:
            entries = self.git("--literal-pathspecs", "ls-files", "-s", "--", *names)
        else:
            entries = self._entries(revision, names)
        return self.git("hash-object", "--stdin", input=entries + "\n" if entries else "")

    def modules(self) -> list[str]:
        """Modules that index files import, as far as they were looked at."""
        try:
            return (self.common_dir / "datasets" / "modules").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _entries(self, revision: str, paths: list[str]) -> str:
        """As ``git ls-files -s`` writes them."""
        lines = self.git("--literal-pathspecs", "ls-tree", revision, "--", *paths).splitlines()
        entries = (line.split("\t", 1) for line in lines)
        return "\n".join(f"{about.split()[0]} {about.split()[2]} 0\t{path}" for about, path in entries)

    def _listed_locks(self) -> list[str]:
        listed = self.git("ls-files", "-z", "--cached", "--", f"*.py{LOCK_SUFFIX}")
        return [path for path in listed.split("\0") if path]


def lock_path(index_path: str) -> str:
    return index_path + LOCK_SUFFIX


def is_ours(text: str | None) -> bool:
    """Whether a ``….py.lock`` is one of git datasets: uv keeps the packages of a script in such a file."""
    return text is not None and text.startswith("{")


def _run(
    command: list[str], cwd: Path, environment: dict[str, str], input: str | None = None
) -> "subprocess.CompletedProcess[bytes]":
    data = None if input is None else input.encode(errors="surrogateescape")
    stdin = subprocess.DEVNULL if data is None else None
    try:
        return subprocess.run(  # noqa: S603 - git, with arguments of our own
            command, cwd=cwd, env=environment, input=data, stdin=stdin, capture_output=True
        )
    except FileNotFoundError as error:
        raise DataferryError("The program git was not found.", next_step="Install git ≥ 2.30.") from error
