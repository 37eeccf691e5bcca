"""The lock that a commit under way has staged, and what becomes of it.

It is noted in ``committing.json`` before anything is staged. Whoever comes next looks whether the commit
exists, and takes the lock back if it does not.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dataferry.versioning.repository import Repository, lock_path
from dataferry.versioning.tree.journal import remove, remove_half, write_whole


@dataclass(frozen=True)
class StagedLock:
    """A lock that a commit brings. ``blob``: its id at git, None where the commit removes it; ``was_staged``
    and ``was_here``: what git's index and the working tree had in its place."""

    blob: str | None
    was_staged: str | None
    was_here: str | None


@dataclass(frozen=True)
class Note:
    """What a commit that is under way has staged. ``process``: git's."""

    process: int
    locks: dict[str, StagedLock] = field(default_factory=dict)

    @classmethod
    def read(cls, repository: Repository) -> "Note | None":
        try:
            content = json.loads(_note_path(repository).read_text(encoding="utf-8", errors="surrogateescape"))
        except FileNotFoundError:
            return None
        return cls(content["process"], {path: StagedLock(**lock) for path, lock in content["locks"].items()})

    def write(self, repository: Repository) -> None:
        write_whole(_note_path(repository), json.dumps(asdict(self)))


def stage(repository: Repository, new: dict[str, str | None], process: int) -> None:
    """Put new locks into the working tree and git's index; None takes one out. ``process``: git's."""
    locks = {}
    for path, text in new.items():
        name = lock_path(path)
        blob = None if text is None else repository.git("hash-object", "-w", "--stdin", input=text)
        locks[path] = StagedLock(blob, repository.blob("", name), repository.read(name))
    Note(process, locks).write(repository)
    for path, text in new.items():
        _put(repository, lock_path(path), text)
        _put_staged(repository, lock_path(path), locks[path].blob)


def conclude(repository: Repository, *, ignore: int | None = None) -> bool:
    """End what a commit has begun: whether nothing is under way any more.

    Where the commit exists, git's own index gets its lock: after ``git commit FILE`` it has the one before.
    Where the commit came to nothing, the lock is as it was. ``ignore``: the process that asks.
    """
    note = Note.read(repository)
    if note is None:
        return True
    committed = {
        path: repository.blob("HEAD", lock_path(path)) == lock.blob for path, lock in note.locks.items()
    }
    if not all(committed.values()) and note.process != ignore and _is_alive(note.process):
        return False
    for path, lock in note.locks.items():
        name = lock_path(path)
        remove_half(repository.top / name)
        if committed[path]:
            if repository.read(name) == lock.was_here:
                _put(repository, name, repository.show("HEAD", name))
            _put_staged(repository, name, lock.blob)
        else:
            if _id_of(repository, repository.read(name)) == lock.blob:
                _put(repository, name, lock.was_here)
            if repository.blob("", name) == lock.blob:
                _put_staged(repository, name, lock.was_staged)
    remove(_note_path(repository))
    return True


def _put(repository: Repository, name: str, text: str | None) -> None:
    if text is None:
        remove(repository.top / name)
    else:
        write_whole(repository.top / name, text)


def _put_staged(repository: Repository, name: str, blob: str | None) -> None:
    if repository.blob("", name) == blob:
        return
    if blob is None:
        repository.git("update-index", "--force-remove", "--", name)
    else:
        repository.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")


def _id_of(repository: Repository, text: str | None) -> str | None:
    return None if text is None else repository.git("hash-object", "--stdin", input=text)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _note_path(repository: Repository) -> Path:
    return repository.state / "committing.json"
