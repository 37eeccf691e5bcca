"""The modules beside an index file as git has them: a commit is made of these, whatever lies on the disk."""

from functools import cached_property, lru_cache
from pathlib import Path

from dataferry.core.errors import Conflict
from dataferry.versioning.declare.index_file import text_sha256
from dataferry.versioning.declare.local_modules import LocalModules, Read, read_here
from dataferry.versioning.repository import Repository


class _Modules:
    """Of a revision, or, with ``""``, of git's index. What git has not, as a module that it is told to
    ignore, is read from the disk."""

    def __init__(self, repository: Repository, revision: str) -> None:
        self._repository, self._revision = repository, revision
        self.read = lru_cache(maxsize=None)(self._read)

    def _read(self, path: Path) -> bytes | None:
        name = path.relative_to(self._repository.top).as_posix()
        if name not in self._names:
            return read_here(path)
        text = self._repository.show(self._revision, name)
        return None if text is None else text.encode(errors="surrogateescape")

    @cached_property
    def _names(self) -> frozenset[str]:
        listing = (
            ("ls-tree", "-r", "--name-only", "-z", self._revision) if self._revision else ("ls-files", "-z")
        )
        names = (self._repository.ask_git(*listing) or "").split("\0")
        return frozenset(name for name in names if name.endswith(".py"))


def modules_of(repository: Repository, revision: str) -> Read:
    """What reads the modules of a revision, or, with ``""``, those that are staged."""
    return _Modules(repository, revision).read


def check_modules(repository: Repository, path: str, text: str) -> None:
    """Functions run as their modules lie on the disk. Errors: ``Conflict`` where the commit would have
    others, and its lock would not be that of what it contains."""
    folder = (repository.top / path).parent
    for name in LocalModules(folder, modules_of(repository, "")).texts(text):
        module = (folder / name).relative_to(repository.top).as_posix()
        again = f"git add {module} (or name both: git commit {path} {module}), then commit again"
        staged, here = repository.show("", module), repository.read(module)
        if staged is None:
            if repository.ask_git("check-ignore", "-q", "--", module) is not None:
                continue
            raise Conflict(
                f"{path} imports {module}, which would not be in this commit.", next_step=f"{again}."
            )
        if here is None or text_sha256(here) != text_sha256(staged):
            raise Conflict(
                f"{module} is not as this commit would have it, and functions of {path} run with it.",
                next_step=f"{again}; or put your changes aside: git stash --keep-index.",
            )
