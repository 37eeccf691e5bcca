"""The same work by four tools: each in a repository of its own, with a remote that is a folder.

Half of the files are one field, or folder, and half another one. Every command is what each tool's own manual
says; a step's time is that of all its commands together.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FIELDS = ("image", "mask")
INDEX = """\
from pathlib import Path

from dataferry.versioning import File, dataset, ingest, png

SOURCE = Path({source!r})


@dataset(remote="store")
class Pictures:
    image: File[png]
    mask: File[png]

    @ingest
    def from_a_folder():
        return [sorted((SOURCE / name).iterdir()) for name in ("image", "mask")]
"""


class Failed(Exception):
    """A command of a tool ended with an error."""


@dataclass
class Tool:
    """``folder`` is its own; ``source`` has a folder of files for each field."""

    folder: Path
    source: Path
    commands: Path

    name = ""

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @classmethod
    def missing(cls, commands: Path) -> str | None:
        """Why it cannot be measured here."""
        return None

    def prepare(self) -> None:
        """What is done once and not measured: an empty repository and its remotes."""
        self.folder.mkdir()
        self.run("git", "init", "-q", "--bare", "-b", "main", "upstream.git", cwd=self.folder)
        self.run("git", "init", "-q", "-b", "main", "work", cwd=self.folder)
        self.run("git", "remote", "add", "origin", self.upstream)

    @property
    def upstream(self) -> str:
        return f"file://{self.folder / 'upstream.git'}"

    def materialise(self) -> None:
        raise NotImplementedError

    def drop(self) -> None:
        self.run("git", "rm", "-rq", "mask")
        self.run("git", "commit", "-q", "-m", "Without masks")

    def restore(self) -> None:
        self.run("git", "reset", "-q", "--hard", "HEAD~1")

    def push(self) -> None:
        raise NotImplementedError

    def clone_and_restore(self) -> None:
        raise NotImplementedError

    def check(self) -> None:
        """The clone has the files."""
        for name in FIELDS:
            files = [path for path in (self.clone / name).iterdir() if path.suffix == ".png"]
            assert len(files) == len(list((self.source / name).iterdir())), self.name
            assert all(path.stat().st_size for path in files), self.name

    def run(self, *command: str, cwd: Path | None = None) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environment |= {
            "PATH": f"{self.commands}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_GLOBAL": str(self.folder.parent / "gitconfig"),
            "DVC_NO_ANALYTICS": "1",
        }
        done = subprocess.run(
            command, cwd=cwd or self.work, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{' '.join(command)}: {done.stdout}{done.stderr}")

    def copy_in(self) -> None:
        """As a user who has the files elsewhere brings them into the working tree."""
        for name in FIELDS:
            shutil.copytree(self.source / name, self.work / name)


class GitDatasets(Tool):
    name = "git datasets"

    def materialise(self) -> None:
        self.run("git", "config", "datasets.remote.store.url", str(self.folder / "store"))
        (self.work / "index.py").write_text(INDEX.format(source=str(self.source)))
        self.run("git", "datasets", "track", "index.py")
        self.run("git", "commit", "-q", "-m", "Pictures", "index.py")

    def drop(self) -> None:
        index = self.work / "index.py"
        text = index.read_text()
        index.write_text(text[: text.index("    mask:")] + "\n")
        self.run("git", "commit", "-q", "-m", "Without masks", "index.py")

    def push(self) -> None:
        self.run("git", "push", "-q", "origin", "main")

    def clone_and_restore(self) -> None:
        self.run("git", "clone", "-q", self.upstream, "clone", cwd=self.folder)
        self.run("git", "config", "datasets.remote.store.url", str(self.folder / "store"), cwd=self.clone)
        self.run("git", "datasets", "init", cwd=self.clone)


class Dvc(Tool):
    name = "DVC"

    @classmethod
    def missing(cls, commands: Path) -> str | None:
        return None if _found("dvc", commands) else f"python -m venv {commands.parent}; bin/pip install dvc"

    def prepare(self) -> None:
        super().prepare()
        self.run("dvc", "init", "-q")
        self.run("dvc", "remote", "add", "-q", "-d", "store", str(self.folder / "store"))
        self.run("git", "commit", "-q", "-m", "dvc init")

    def materialise(self) -> None:
        self.copy_in()
        self.run("dvc", "add", "-q", *FIELDS)
        self.run("git", "add", ".")
        self.run("git", "commit", "-q", "-m", "Pictures")

    def drop(self) -> None:
        self.run("dvc", "remove", "-q", "mask.dvc")
        shutil.rmtree(self.work / "mask")
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", "Without masks")

    def restore(self) -> None:
        self.run("git", "reset", "-q", "--hard", "HEAD~1")
        self.run("dvc", "checkout", "-q")

    def push(self) -> None:
        self.run("dvc", "push", "-q")
        self.run("git", "push", "-q", "origin", "main")

    def clone_and_restore(self) -> None:
        self.run("git", "clone", "-q", self.upstream, "clone", cwd=self.folder)
        self.run("dvc", "pull", "-q", cwd=self.clone)


class GitLfs(Tool):
    name = "git-lfs"

    @classmethod
    def missing(cls, commands: Path) -> str | None:
        return None if _found("git-lfs", commands) else "apt install git-lfs"

    def prepare(self) -> None:
        super().prepare()
        self.run("git", "lfs", "install", "--local")
        self.run("git", "lfs", "track", "*.png")
        self.run("git", "add", ".gitattributes")
        self.run("git", "commit", "-q", "-m", "lfs track")

    def materialise(self) -> None:
        self.copy_in()
        self.run("git", "add", ".")
        self.run("git", "commit", "-q", "-m", "Pictures")

    def push(self) -> None:
        self.run("git", "push", "-q", "origin", "main")

    def clone_and_restore(self) -> None:
        lfs = [f"filter.lfs.{key}=git-lfs {value}" for key, value in _LFS_FILTERS]
        options = [part for text in (*lfs, "filter.lfs.required=true") for part in ("-c", text)]
        self.run("git", "clone", "-q", *options, self.upstream, "clone", cwd=self.folder)


_LFS_FILTERS = (("smudge", "smudge -- %f"), ("clean", "clean -- %f"), ("process", "filter-process"))


class GitAnnex(Tool):
    name = "git-annex"

    @classmethod
    def missing(cls, commands: Path) -> str | None:
        return None if _found("git-annex", commands) else "apt install git-annex"

    def prepare(self) -> None:
        super().prepare()
        self.run("git", "annex", "init", "-q")
        self.run("git", "annex", "init", "-q", cwd=self.folder / "upstream.git")

    def materialise(self) -> None:
        self.copy_in()
        self.run("git", "annex", "add", "-q", ".")
        self.run("git", "commit", "-q", "-m", "Pictures")

    def push(self) -> None:
        self.run("git", "push", "-q", "origin", "main")
        self.run("git", "annex", "copy", "-q", "--to", "origin")
        self.run("git", "annex", "sync", "-q")

    def clone_and_restore(self) -> None:
        self.run("git", "clone", "-q", self.upstream, "clone", cwd=self.folder)
        self.run("git", "annex", "get", "-q", ".", cwd=self.clone)


TOOLS: Sequence[type[Tool]] = (GitDatasets, Dvc, GitLfs, GitAnnex)


def _found(program: str, commands: Path) -> str | None:
    return shutil.which(program, path=f"{commands}:{os.environ['PATH']}")
