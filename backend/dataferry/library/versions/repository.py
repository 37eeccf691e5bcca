"""The git repository that has the versions of one dataset: an index file, its lock, and the cache.

No folder of a field is made in it, for nobody works there; a clone makes them (``git datasets init``).
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dataferry.core.errors import Conflict, NotFound
from dataferry.versioning.commands.history import Commit, commits, lock_at
from dataferry.versioning.hooks.trust import Trust
from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.repository import TRACKED, Repository, lock_path

INDEX = "index.py"
#: Of the name that a version has for clients of the Hub.
TAG_PREFIX = "v-"
SHORT = 10
_ID = re.compile(r"[0-9a-f]{4,40}")
_BRANCH = "main"
_SETTINGS = ("core.hooksPath=/dev/null", "commit.gpgsign=false", f"init.defaultBranch={_BRANCH}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is noted of a version beside its message. ``revision``: of the source; ``checksum``: of all files
    (``tree_checksum``); ``rows``: of all its classes
    but that of all files; ``restores``: the version that it brought back."""

    ref: str
    revision: str
    checksum: str
    files: int
    bytes: int
    rows: int
    added: int
    removed: int
    changed: int
    restores: str | None = None

    def __str__(self) -> str:
        """As the last paragraph of a commit's message."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return "\n".join(
            f"{name.capitalize()}: {value}" for name, value in named.items() if value is not None
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version. ``number``: from 1."""

    id: str
    number: int
    message: str
    author: str
    at: datetime
    facts: Facts


class DatasetVersions:
    """The versions in ``folder``. Everything blocks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = Repository(folder, folder / ".git", folder / ".git")

    @property
    def exists(self) -> bool:
        """Whether there is a version."""
        return (self.folder / ".git" / "refs" / "heads" / _BRANCH).exists()

    # -- reading ----------------------------------------------------------------------------------------

    def count(self) -> int:
        return int(self.repository.git("rev-list", "--count", "HEAD")) if self.exists else 0

    def newest(self) -> Recorded | None:
        found = self.page(None, 1)
        return found[0] if found else None

    def page(self, after: str | None, limit: int) -> list[Recorded]:
        """Versions, newest first; ``after``: the id of the one before them."""
        if not self.exists:
            return []
        begin = "HEAD" if after is None else f"{after}~1"
        found = commits(self.repository, INDEX, begin, limit)
        if not found:
            return []
        number = int(self.repository.git("rev-list", "--count", found[0].revision))
        return [_recorded(commit, number - place) for place, commit in enumerate(found)]

    def get(self, name: str) -> Recorded:
        """The version of this id, its beginning, its number, or its name at the Hub (``v-…``); ``HEAD`` is
        the newest. Errors: ``NotFound``."""
        wanted = name.removeprefix(TAG_PREFIX)
        if self.exists and name == "HEAD":
            return self.page(None, 1)[0]
        if self.exists and wanted.isdecimal() and name == wanted and len(wanted) < 4:
            behind = self.count() - int(wanted)
            found = commits(self.repository, INDEX, f"HEAD~{behind}", 1) if behind >= 0 else []
            if found and int(wanted):
                return _recorded(found[0], int(wanted))
        if self.exists and _ID.fullmatch(wanted):
            commit = self.repository.ask_git("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}")
            if commit is not None:
                found = commits(self.repository, INDEX, commit, 1)
                number = int(self.repository.git("rev-list", "--count", commit))
                return _recorded(found[0], number)
        raise NotFound(
            f"There is no version {name[:60]!r} of this dataset.", next_step="The list of versions has all."
        )

    def lock(self, version: Recorded) -> Lock:
        """Errors: ``Conflict`` where it cannot be read."""
        found = lock_at(self.repository, version.id, INDEX)
        if found is None:
            raise Conflict(
                f"The version {version.id[:SHORT]} cannot be read.",
                next_step=f"Look at {self.folder} with: git fsck",
            )
        return found

    def index_file(self, version: Recorded) -> str:
        return self.repository.show(version.id, INDEX) or ""

    # -- writing ----------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else records a version of this dataset meanwhile. What a killed process left is put away."""
        state = self.folder / ".git" / "datasets"
        if not (self.folder / ".git" / "HEAD").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            _git(self.folder, "init", "--quiet", ".")
        state.mkdir(parents=True, exist_ok=True)
        with (state / "recording").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for left in (self.folder / ".git").glob("*.lock"):
                left.unlink(missing_ok=True)
            yield

    def commit(self, text: str, lock: Lock, message: str, author: str, facts: Facts) -> Recorded:
        """The next version: an index file and the lock that belongs to it, whose data is in the cache."""
        Trust(self.repository.cache.folder).add(text)
        (self.folder / INDEX).write_text(text, encoding="utf-8")
        (self.folder / lock_path(INDEX)).write_text(str(lock), encoding="utf-8")
        if INDEX not in self.repository.config_all(TRACKED):
            _git(self.folder, "config", "--local", "--add", TRACKED, INDEX)
        _git(self.folder, "add", "--force", "--", INDEX, lock_path(INDEX))
        said = f"{message.strip()}\n\n{facts}\n"
        who = {"GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": author}
        _git(
            self.folder, "commit", "--quiet", "--cleanup=whitespace", "--file=-", input=said, environment=who
        )
        return self.page(None, 1)[0]


def check_git() -> None:
    """Errors: ``Conflict`` where there is no git."""
    if shutil.which("git") is None:
        raise Conflict(
            "Versions are kept by git, and the server has none.",
            next_step="Install git ≥ 2.30 on its machine, then try again.",
        )


def _recorded(commit: Commit, number: int) -> Recorded:
    body, _, notes = commit.body.rpartition("\n\n")
    noted = dict(line.split(": ", 1) for line in notes.splitlines() if ": " in line)
    message = f"{commit.subject}\n\n{body}".strip()
    return Recorded(
        commit.revision, number, message, commit.author, datetime.fromisoformat(commit.when), _facts(noted)
    )


def _facts(noted: Mapping[str, str]) -> Facts:
    def number(name: str) -> int:
        value = noted.get(name, "")
        return int(value) if value.isdecimal() else 0

    return Facts(
        noted.get("Ref", ""),
        noted.get("Revision", ""),
        noted.get("Checksum", ""),
        files=number("Files"),
        bytes=number("Bytes"),
        rows=number("Rows"),
        added=number("Added"),
        removed=number("Removed"),
        changed=number("Changed"),
        restores=noted.get("Restores"),
    )


def _git(
    folder: Path, *arguments: str, input: str = "", environment: Mapping[str, str] | None = None
) -> None:
    """A command of git that no setting of this machine's user changes. Errors: ``Conflict``."""
    check_git()
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_COMMITTER_NAME": "Dataferry",
        "GIT_COMMITTER_EMAIL": "dataferry@localhost",
        "LC_ALL": "C",
    }
    done = subprocess.run(  # noqa: S603 - git, with arguments of our own
        ["git", *settings, *arguments],  # noqa: S607 - the one on PATH
        cwd=folder,
        env=variables | dict(environment or {}),
        input=input.encode(),
        capture_output=True,
    )
    if done.returncode != 0:
        said = os.fsdecode(done.stderr).strip().removeprefix("fatal: ")
        raise Conflict(f"git {arguments[0]} failed: {said}", next_step=f"Look at {folder}, then try again.")
