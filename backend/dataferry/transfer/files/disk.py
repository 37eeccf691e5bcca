"""The disk under a transfer: free space, allocation, and disk errors."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_int64
from pathlib import Path

from dataferry.core.errors import DiskFull, StoreNotWritable
from dataferry.core.files.durable import raise_for_errno
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import Manifest

#: Files of at least this size are synced one by one when they are complete; smaller ones together, with
#: one sync of the file system at the end (a sync costs about 0.5 ms a file).
SYNC_BYTES = 8 * 2**20

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: linux/magic.h.
_TMPFS_MAGIC = 0x01021994
_libc = ctypes.CDLL(None, use_errno=True)


def preflight(needed: int | Manifest, folder: Path, min_free_bytes: int = 0) -> None:
    """Check that ``needed`` bytes, or a manifest and what it unpacks to, have room below ``folder``.

    ``folder`` need not exist yet. Unknown sizes count as nothing.

    Errors: ``DiskFull`` with both numbers, ``StoreNotWritable`` naming the folder.
    """
    if isinstance(needed, Manifest):
        needed = sum(entry.size or 0 for entry in needed.files) + unpacked_peak(needed)
    with disk_faults(folder):
        existing = _nearest_existing(folder)
        free = shutil.disk_usage(existing).free
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise _not_writable(existing, "permission denied" if existing.is_dir() else "it is not a folder")
    if needed + min_free_bytes > free:
        raise _no_room(folder, needed + min_free_bytes, free)


def unpacked_peak(manifest: Manifest) -> int:
    """Bytes that archives take beside themselves while they are unpacked."""
    return (manifest.unpacked_bytes or 0) if any(entry.unpack for entry in manifest.files) else 0


@contextmanager
def disk_faults(folder: Path, needed: int | None = None) -> Iterator[None]:
    """Translates ``OSError`` inside the block to ``DiskFull`` or ``StoreNotWritable``."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            free = shutil.disk_usage(_nearest_existing(folder)).free
            raise _no_room(folder, needed, free) from error
        raise _not_writable(_nearest_existing(folder), (error.strerror or str(error)).lower()) from error


def _nearest_existing(folder: Path) -> Path:
    """The folder, or the closest one above it that exists."""
    folder = folder.absolute()
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def _no_room(folder: Path, needed: int | None, free: int) -> DiskFull:
    amount = f"The download needs {readable_bytes(needed)}" if needed else "The download needs more room"
    short = f" {readable_bytes(needed - free)}" if needed and needed > free else " space"
    return DiskFull(
        f"{amount}, and {readable_bytes(free)} is free in {folder}.", next_step=f"Free{short} there."
    )


def _not_writable(folder: Path, reason: str) -> StoreNotWritable:
    return StoreNotWritable(
        f"The folder {folder} cannot be written: {reason}.",
        next_step="Ask an admin to give it to the server's user, or to choose another folder for downloads.",
        setting="DOWNLOAD_PATH",
    )


def allocate(descriptor: int, size: int) -> None:
    """Give a file its size, and on Linux its blocks too, so that a full disk is met now and not in the
    middle. Errors: ``OSError``."""
    if hasattr(_libc, "fallocate") and not _is_tmpfs(descriptor):
        # Not os.posix_fallocate: where a file system cannot, it writes a byte into every block.
        while (result := _libc.fallocate(descriptor, 0, c_int64(0), c_int64(size))) != 0:
            code = ctypes.get_errno()
            if code in (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
                break
            if code != errno.EINTR:
                raise_for_errno(result)
    os.ftruncate(descriptor, size)


def _is_tmpfs(descriptor: int) -> bool:
    """Whether a file lies in a tmpfs, where blocks that are reserved are cleared first: measured at three
    times the cost of all the rest."""
    answer = (ctypes.c_long * 32)()
    return bool(_libc.fstatfs(descriptor, answer) == 0 and answer[0] == _TMPFS_MAGIC)


def allocated(path: Path) -> int:
    """Bytes of disk that a file takes already; 0 where there is none."""
    try:
        return path.stat().st_blocks * 512
    except OSError:
        return 0
