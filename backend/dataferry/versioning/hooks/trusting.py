"""Whose code commits may run: what was trusted (``trust``), and what the user has made of it.

A commit whose parents are trusted is the user's own, for it is made here. Trust is of texts: of an index
file, and of the modules beside it that it imports.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from dataferry.versioning.declare.local_modules import LocalModules
from dataferry.versioning.hooks.trust import Trust
from dataferry.versioning.repository import Repository

#: Of a commit that is made of another one, which it is.
_PICKED = ("CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_HEAD")


def is_trusted(repository: Repository, path: str, text: str) -> bool:
    """Whether a commit may run the functions of an index file of this text, and of its modules."""
    texts = [text, *_modules(repository, path, text).values()]
    return _are_trusted(repository, texts) or _own(repository, path, text)


def trust(repository: Repository, path: str, text: str) -> None:
    """Trust an index file of this text, and its modules as they are in the working tree."""
    trusted = Trust(repository.common_dir / "datasets")
    for each in (text, *_modules(repository, path, text).values()):
        trusted.add(each)


def trust_if_own(repository: Repository, path: str, text: str) -> None:
    """Trust what a commit that is about to be made has, if what it begins with is trusted."""
    if _own(repository, path, text):
        trust(repository, path, text)


def trust_own_commit(repository: Repository, path: str) -> None:
    """Trust what HEAD has, of a commit that was made here without asking (``--no-verify``, a rebase): if what
    it began with is trusted, and so is the commit that was picked, if one was."""
    picked = [name for name in _PICKED if (repository.git_dir / name).exists()]
    action = repository.ask_git("log", "--walk-reflogs", "-1", "--format=%gs") or ""
    text = repository.show("HEAD", path)
    if text is None or not (picked or action.startswith("commit")):
        return
    if _revisions_are_trusted(repository, path, text, ["HEAD^", *picked]):
        trust(repository, path, text)


def _own(repository: Repository, path: str, text: str) -> bool:
    heads = ["HEAD"]
    with contextlib.suppress(FileNotFoundError):
        heads += (repository.git_dir / "MERGE_HEAD").read_text().split()
    return _revisions_are_trusted(repository, path, text, heads)


def _revisions_are_trusted(repository: Repository, path: str, text: str, revisions: Sequence[str]) -> bool:
    """Whether all that these have of an index file and its modules is trusted, and there is something."""
    names = [path, *_modules(repository, path, text)]
    found = [
        [here for name in names if (here := repository.show(revision, name)) is not None]
        for revision in revisions
    ]
    return any(found) and all(_are_trusted(repository, texts) for texts in found)


def _are_trusted(repository: Repository, texts: Sequence[str]) -> bool:
    trusted = Trust(repository.common_dir / "datasets")
    return all(trusted.is_trusted(text) for text in texts)


def _modules(repository: Repository, path: str, text: str) -> dict[str, str]:
    """The modules beside an index file that it imports, by their paths from the top."""
    with contextlib.suppress(SyntaxError, ValueError):
        parent = Path(path).parent
        found = LocalModules(repository.top / parent).texts(text)
        return {(parent / name).as_posix(): module for name, module in found.items()}
    return {}
