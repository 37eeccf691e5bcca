"""The lock of a working folder, and the name of the run that has it.

The lock (flock) is let go of by the system when its process ends. It is not enough: a process that stands
still keeps it, and some network file systems lock nothing. So the lock's file names the run that works in the
folder, and whoever has the job by now need not wait for one that has lost it.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dataferry.core.errors import FolderBusy
from dataferry.core.files.mounts import is_local
from dataferry.transfer.contract import FolderUser
from dataferry.transfer.files.disk import disk_faults

#: When a folder that another fetch holds is worth another look.
_BUSY_RETRY_S = 1.0
#: What a run that has lost its job is given to find that out and to leave the folder.
_FAREWELL_S = 2.0
_FAREWELL_POLL_S = 0.1
#: The file system knows no locks.
_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP})
_LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class FolderLock:
    """A working folder's lock, held. ``shared``: whoever had it before may still be at work in the folder."""

    descriptor: int
    shared: bool

    def release(self) -> None:
        """Let go of it, and of the name: nobody works in the folder any more."""
        with suppress(OSError):
            os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)


@contextmanager
def locked(root: Path, user: FolderUser | None = None) -> Iterator[FolderLock]:
    """Keep every other run out of a working folder inside the block; it is created if it is missing.

    Errors: ``FolderBusy`` while another run is at work in it that has not been overtaken;
    ``StoreNotWritable``; those of ``user.is_overtaken``.
    """
    with disk_faults(root):
        lock = _acquire(root, user)
    try:
        yield lock
    finally:
        lock.release()


def _acquire(root: Path, user: FolderUser | None) -> FolderLock:
    broken = False
    while True:
        descriptor = _open(root)
        try:
            free = _try(descriptor) or _overtake(root, descriptor, user)
            current = _is_current(root, descriptor)
            before = _name_in(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if free and current:
            _write_name(descriptor, user)
            return FolderLock(descriptor, shared=broken or (before != "" and not is_local(root)))
        if not free and current:
            (root / "lock").unlink(missing_ok=True)
            broken = True
        os.close(descriptor)


def _overtake(root: Path, descriptor: int, user: FolderUser | None) -> bool:
    """Whether a run that has lost its job has left the folder within a moment; else it is not waited for.

    Errors: ``FolderBusy`` where the one that holds it has not lost its job.
    """
    holder = _name_in(descriptor)
    if user is None or holder in ("", user.name) or not user.is_overtaken(holder):
        raise FolderBusy(
            f"Another download is at work in {root}.",
            next_step="Wait for it, or cancel it.",
            retry_after=_BUSY_RETRY_S,
        )
    deadline = time.monotonic() + _FAREWELL_S
    while time.monotonic() < deadline:
        time.sleep(_FAREWELL_POLL_S)
        if _try(descriptor):
            return True
    return False


def _open(root: Path) -> int:
    while True:
        # Private: a gated dataset's files are downloaded here.
        root.parent.mkdir(parents=True, exist_ok=True)
        for folder in (root.parent, root):
            if folder.is_symlink():  # what is in it is deleted sooner or later
                raise OSError(errno.ELOOP, "it is a symbolic link", str(folder))
        with suppress(FileNotFoundError):  # a fetch that ended removed the folder just now
            root.mkdir(mode=0o700, exist_ok=True)
            return os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _is_current(root: Path, descriptor: int) -> bool:
    """Whether the descriptor's file is the folder's lock still."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(root / "lock"))
    except FileNotFoundError:
        return False


def _name_in(descriptor: int) -> str:
    return os.pread(descriptor, _LONGEST_NAME, 0).decode(errors="replace")


def _write_name(descriptor: int, user: FolderUser | None) -> None:
    os.ftruncate(descriptor, 0)
    if user is not None:
        os.pwrite(descriptor, user.name.encode(), 0)
