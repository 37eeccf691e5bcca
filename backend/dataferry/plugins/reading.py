"""Who reads a dataset now, in any process of this machine: what is read is not deleted.

A process that has opened a split holds a lock on a file of its own. The system frees it when the process
ends, however that happens, so that nothing is left to clean but an empty file.
"""

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Self

from dataferry.core.errors import Conflict


class Reading:
    """Says that this process reads a dataset, until ``end``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._descriptor: int | None = None

    @classmethod
    def begun(cls, folder: Path) -> Self:
        """``folder`` holds the files of all who read one dataset. Where it cannot be written, as on a disk
        that is mounted for reading, nobody is told."""
        reading = cls(folder)
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            reading._descriptor = os.open(reading._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(reading._descriptor, fcntl.LOCK_EX)
        return reading

    def end(self) -> None:
        """Nothing is read any more."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def readers(folder: Path) -> list[int]:
    """The numbers of the processes that read now."""
    found = set()
    for path in sorted(folder.glob("*-*")) if folder.is_dir() else ():
        if _is_held(path):
            found.add(int(path.name.partition("-")[0]))
    return sorted(found)


def check_unread(folder: Path, title: str) -> None:
    """Errors: ``Conflict`` naming the processes that read."""
    found = readers(folder)
    if found:
        who = (
            f"Process {found[0]} reads" if len(found) == 1 else f"Processes {', '.join(map(str, found))} read"
        )
        raise Conflict(f"{who} {title} now.", next_step="Wait until that has ended, then delete it.")


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        with suppress(OSError):  # its process was killed
            path.unlink()
        return False
    finally:
        os.close(descriptor)
