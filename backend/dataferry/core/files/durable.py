"""Writes and renames that survive a power cut. Functions raise ``OSError``."""

import ctypes
import errno
import os
from pathlib import Path

#: linux/fs.h: swap the two names in one step.
_RENAME_EXCHANGE = 2
#: linux/fcntl.h: relative paths are relative to the current folder.
_AT_FDCWD = -100
_libc = ctypes.CDLL(None, use_errno=True)


def write_all(descriptor: int, chunk: bytes | memoryview) -> None:
    """Write a whole chunk: one ``write`` may take only a part of it."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_all_at(descriptor: int, chunk: memoryview, offset: int) -> None:
    """Write a whole chunk at an offset of the file, in bytes."""
    while chunk:
        count = os.pwrite(descriptor, chunk, offset)
        chunk, offset = chunk[count:], offset + count


def sync_data(descriptor: int) -> None:
    """What was written to a file survives a power cut once this returns."""
    os.fdatasync(descriptor) if hasattr(os, "fdatasync") else os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """The names in a folder survive a power cut once this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Everything written below ``folder`` so far survives a power cut once this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if hasattr(_libc, "syncfs"):
            raise_for_errno(_libc.syncfs(descriptor))
        else:
            os.sync()
    finally:
        os.close(descriptor)


def exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system cannot."""
    if not hasattr(_libc, "renameat2"):
        return False
    result = _libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)
    )
    if result != 0 and ctypes.get_errno() in (errno.EINVAL, errno.ENOSYS):
        return False
    raise_for_errno(result)
    return True


def raise_for_errno(result: int) -> None:
    """Errors: ``OSError`` if a call through ``ctypes`` with ``use_errno`` returned anything but 0."""
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
