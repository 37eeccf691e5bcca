"""What is about to be done in the working tree, written down first: after a kill the rest of it is done.

A journal names every rename. Each can be done again without harm, for it is known by the file's number
(inode) whether it is done already. So whatever happens in between, what is whole stays whole, and the next
command ends what this one began. It then looks the folders through, for some file systems (FAT) give files
other numbers after a restart.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Move:
    """A rename to come. ``number``: the inode of what is at ``source``."""

    source: str
    target: str
    number: int

    @classmethod
    def of(cls, source: Path, target: Path) -> Self:
        return cls(str(source), str(target), os.lstat(source).st_ino)

    def do(self, leaving: Path) -> None:
        """Rename, unless it is done. What somebody has put in its place since is kept: a folder in
        ``leaving``, a file beside it. Errors: ``OSError``."""
        if _number(self.source) != self.number:
            return
        os.makedirs(os.path.dirname(self.target), exist_ok=True)
        if os.path.lexists(self.target):
            there = Path(self.target)
            os.rename(there, _again(leaving, there.name) if there.is_dir() else free_name(there))
        os.rename(self.source, self.target)


@dataclass(frozen=True, slots=True)
class Journal:
    """A change of what stands beside one index file. ``lock``: the text that it is brought to, None for
    nothing. ``record``: what is noted once it is done."""

    index_path: str
    lock: str | None
    record: dict[str, Any]
    moves: tuple[Move, ...] = field(default=())

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None where nothing is under way."""
        try:
            content = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
        except FileNotFoundError:
            return None
        moves = tuple(Move(**entry) for entry in content.pop("moves"))
        return cls(**content, moves=moves)

    def write(self, path: Path) -> None:
        write_whole(path, json.dumps(asdict(self), ensure_ascii=False))


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, also where the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    with temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def remove_half(path: Path) -> None:
    """Remove what a killed ``write_whole`` has left."""
    remove(_temporary(path))


def remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def free_name(path: Path) -> Path:
    """A name beside it that nothing has: ``….kept``, ``….kept-2``."""
    candidate, number = path.with_name(f"{path.name}.kept"), 2
    while os.path.lexists(candidate):
        candidate, number = path.with_name(f"{path.name}.kept-{number}"), number + 1
    return candidate


def _again(leaving: Path, name: str) -> Path:
    names = (leaving / f"{name}.{number}" for number in count(1))
    leaving.mkdir(parents=True, exist_ok=True)
    return next(path for path in names if not os.path.lexists(path))


def _temporary(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _number(path: str) -> int | None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return os.lstat(path).st_ino
    return None
