"""Reflinks and hardlinks: a file at two paths that takes disk space once."""

import errno
import fcntl
import os
import secrets
import shutil
import sys
from contextlib import suppress
from pathlib import Path

#: linux/fs.h: the destination shares the source's blocks until either is written to.
_FICLONE = 0x40049409
_READ_ONLY = 0o444
#: The file system cannot link these two, or will not: bytes are copied instead. EMLINK comes after
#: 65,000 names on ext4; EPERM where ``fs.protected_hardlinks`` minds whose the file is.
_NO_LINK = frozenset(
    {errno.EPERM, errno.EACCES, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
)


def link_or_copy(existing: Path, target: Path, *, scratch: Path | None = None) -> None:
    """Put a file at another path too, read-only, without taking disk space for it twice.

    A reflink where the file system knows them, else a hardlink, else a copy. What was at ``target`` is
    replaced in one step; a kill leaves it as it was, and at most a ``.….link`` in ``scratch``, a folder
    of the same file system (by default the target's own). Deleting one path does not harm the other.

    Errors: ``OSError``; ``FileNotFoundError`` if ``existing`` has gone.
    """
    temporary = (scratch or target.parent) / f".{secrets.token_hex(8)}.link"
    try:
        if not link(existing, temporary):
            shutil.copyfile(existing, temporary, follow_symlinks=False)
            temporary.chmod(_READ_ONLY)
        os.replace(temporary, target)
    finally:
        # Also where both were one file already: rename leaves both names then.
        with suppress(FileNotFoundError):
            temporary.unlink()


def link(existing: Path, new: Path) -> bool:
    """Give a file a second, new path: a reflink where the file system knows them, else a hardlink.

    False where it can be neither; then there is no ``new``. Errors: ``OSError``.
    """
    return reflink(existing, new) or _hardlink(existing, new)


def reflink(existing: Path, new: Path) -> bool:
    """Make a new file, read-only, that shares a file's blocks until either is written to.

    False where the file system knows no reflinks; then there is none. Errors: ``OSError``.
    """
    if sys.platform != "linux":
        return False
    source = os.open(existing, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        copy = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.ioctl(copy, _FICLONE, source)
            os.fchmod(copy, _READ_ONLY)  # whatever the umask
        except OSError:
            new.unlink()
            return False
        finally:
            os.close(copy)
    finally:
        os.close(source)
    return True


def _hardlink(existing: Path, temporary: Path) -> bool:
    """False where a copy is needed: the file system refuses, or the file could be changed through its other
    path."""
    if os.lstat(existing).st_mode & 0o7777 != _READ_ONLY:
        return False
    try:
        os.link(existing, temporary, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True
