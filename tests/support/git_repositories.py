"""Real git in folders of the test's own, with this environment's ``git-datasets`` on the search path."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.repository import Repository
from dataferry.versioning.tree.working_tree import Brought, bring
from tests.support.transcripts import PATH

PNG = b"\x89PNG\r\n\x1a\n"
_CONFIG = """
[user]
    name = Ada
    email = ada@example.org
[init]
    defaultBranch = main
[protocol "file"]
    allow = always
[advice]
    detachedHead = false
"""


@dataclass
class GitFolder:
    """A working tree. ``home``: where git finds its settings."""

    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=environment(self.home) | self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            stdin=subprocess.DEVNULL,
        )

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """What git says, on both of its outputs; it has to succeed."""
        done = self.run("git", *arguments, cwd=cwd)
        assert done.returncode == 0, f"git {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def fails(self, *arguments: str) -> str:
        """What git says where it does not succeed."""
        done = self.run("git", *arguments)
        assert done.returncode != 0, f"git {' '.join(arguments)} succeeded\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def append(self, text: str, name: str = "index.py") -> None:
        self.write(name, (self.folder / name).read_text() + text)

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir())

    def contents(self, folder: str) -> list[bytes]:
        """Of the files in a folder, in the order of their names."""
        return [(self.folder / folder / name).read_bytes() for name in self.names(folder)]

    def rows(self, table: str = "Pictures", where: str = "") -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / where / "dataset.sqlite")) as database:
            return database.execute(f'SELECT * FROM "{table}"').fetchall()

    def columns(self, table: str = "Pictures", where: str = "") -> list[str]:
        with closing(sqlite3.connect(self.folder / where / "dataset.sqlite")) as database:
            return [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]

    @property
    def repository(self) -> Repository:
        return Repository.open(self.folder)

    def bring(self, lock: Lock | None, **how: bool) -> Brought:
        """Put a lock into the working tree, and bring the folders to it."""
        if lock is None:
            (self.folder / "index.py.lock").unlink()
        else:
            self.write("index.py.lock", str(lock))
        return bring(self.repository, "index.py", fetch=nothing_to_fetch, **how)


def nothing_to_fetch(lock: Lock) -> None:
    raise AssertionError("everything is in the cache")


def environment(home: Path) -> dict[str, str]:
    """For git and its hooks: no settings but those of the test."""
    return {
        "PATH": PATH,
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": "true",
        "GIT_TERMINAL_PROMPT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    }


def new_repository(folder: Path) -> GitFolder:
    """An empty one, below ``folder``."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "gitconfig").write_text(_CONFIG)
    (folder / "work").mkdir()
    made = GitFolder(folder / "work", home)
    made.git("init", "--quiet", "--template=")
    assert (Path(sys.executable).parent / "git-datasets").exists(), "make setup installs the command"
    return made
