"""Two names for the same bytes of disk."""

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


def link_or_copy(existing: Path, place: Path, *, scratch: Path | None = None) -> None:
    """Put the bytes of a file at another place too, read-only, without taking disk for them twice.

    A reflink where the file system knows them, else a hardlink, else a copy. What was at ``place`` is
    replaced in one step; a kill leaves it as it was, and at most a ``.….link`` in ``scratch``, a folder
    of the same file system (by default the place's own). Neither name's end harms the other.

    Errors: ``OSError``; ``FileNotFoundError`` if ``existing`` has gone.
    """
    fresh = (scratch or place.parent) / f".{secrets.token_hex(8)}.link"
    try:
        if not (_cloned(existing, fresh) or _hardlinked(existing, fresh)):
            shutil.copyfile(existing, fresh, follow_symlinks=False)
            fresh.chmod(_READ_ONLY)
        os.replace(fresh, place)
    finally:
        # Also where both were one file already: rename leaves both names then.
        with suppress(FileNotFoundError):
            fresh.unlink()


def _cloned(existing: Path, fresh: Path) -> bool:
    """A reflink; false where the file system has none."""
    if sys.platform != "linux":
        return False
    source = os.open(existing, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        clone = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.ioctl(clone, _FICLONE, source)
            os.fchmod(clone, _READ_ONLY)  # whatever the umask
        except OSError:
            fresh.unlink()
            return False
        finally:
            os.close(clone)
    finally:
        os.close(source)
    return True


def _hardlinked(existing: Path, fresh: Path) -> bool:
    """False where a copy must do. One that could be written to through its other name is no link to make."""
    if os.lstat(existing).st_mode & 0o7777 != _READ_ONLY:
        return False
    try:
        os.link(existing, fresh, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True
