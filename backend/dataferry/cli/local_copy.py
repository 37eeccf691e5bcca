"""A dataset's files in a folder of the person's own, outside the store too."""

import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataferry.core.errors import ChecksumMismatch, Conflict, DiskFull, InvalidInput, NotFound
from dataferry.core.files.digests import sha256_of
from dataferry.core.files.durable import write_all
from dataferry.core.files.hardlinks import link
from dataferry.core.files.safe_names import check_path
from dataferry.core.sizes import readable_bytes

_CHUNK_BYTES = 1 << 20
#: Files that an error lists.
_MAX_LISTED = 5


@dataclass(frozen=True, slots=True)
class _File:
    """One of the dataset's files: where it lies in the store and in the folder."""

    stored: Path
    placed: Path
    size: int
    sha256: str


def place(receipt: dict[str, Any], folder: Path, *, force: bool) -> int:
    """Put the files of a download into ``folder``; returns how many were not there yet.

    Each is a reflink or a hardlink of the store's where the file system has these, else a copy that is
    verified while it is written, and comes under its name in one step. What is there already as it should be
    stays. Errors: ``Conflict`` before anything is written where another file has a name that is needed and
    ``force`` is not given; ``DiskFull``; ``ChecksumMismatch``; ``NotFound`` where the store is not on this
    machine.
    """
    tree = Path(receipt["local_path"])
    if not tree.is_dir():
        raise NotFound(
            f"The files are not on this machine: {tree} is a folder of the server's.",
            next_step="Leave out --local-dir; over a network, fetch them from the server.",
        )
    missing = _missing(_files(receipt, tree, folder), force=force)
    _check_room(missing, tree, folder)
    for number, file in enumerate(missing):
        try:
            _place_file(file)
        except OSError as error:
            raise _fault(error, file, number, len(missing)) from error
    return len(missing)


def _files(receipt: dict[str, Any], tree: Path, folder: Path) -> list[_File]:
    found = []
    for file in receipt["files"]:
        check_path(file["path"])
        found.append(_File(tree / file["path"], folder / file["path"], file["size"], file["sha256"]))
    return found


def _missing(files: Sequence[_File], *, force: bool) -> list[_File]:
    """Those that are not there as they should be. Errors: ``Conflict``, naming what is in the way."""
    missing, changed = [], []
    for file in files:
        try:
            status = file.placed.lstat()
        except (FileNotFoundError, NotADirectoryError):
            missing.append(file)
            continue
        if stat.S_ISDIR(status.st_mode):
            raise Conflict(f"{file.placed} is a folder, where a file belongs.", next_step="Move it away.")
        if not _is_as_stored(file, status):
            changed.append(file)
    if changed and not force:
        names = ", ".join(str(file.placed) for file in changed[:_MAX_LISTED])
        more = f" and {len(changed) - _MAX_LISTED} more" if len(changed) > _MAX_LISTED else ""
        raise Conflict(
            f"Other files are there already: {names}{more}. Nothing was written.",
            next_step="Move them away, choose another folder, or replace them with --force.",
        )
    return missing + changed


def _is_as_stored(file: _File, status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
        return False
    stored = file.stored.lstat()
    same = (status.st_dev, status.st_ino) == (stored.st_dev, stored.st_ino)
    return same or sha256_of(file.placed) == file.sha256


def _check_room(missing: Sequence[_File], tree: Path, folder: Path) -> None:
    """Errors: ``DiskFull`` where copies would not fit; ``InvalidInput`` for a folder that cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The folder {folder} cannot be made: {error.strerror}.", next_step="Choose another one."
        ) from None
    if folder.stat().st_dev == tree.stat().st_dev:
        return  # links take no room
    needed, free = sum(file.size for file in missing), shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFull(
            f"{folder} needs {readable_bytes(needed)}, and {readable_bytes(free)} are free there."
            " Nothing was written.",
            next_step="Free some space, or choose a folder on another disk; the download itself is kept.",
        )


def _place_file(file: _File) -> None:
    file.placed.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.placed.parent / f".{secrets.token_hex(8)}.dataferry"
    try:
        if not link(file.stored, temporary):
            _copy_verified(file, temporary)
        os.replace(temporary, file.placed)
    finally:
        # Also where both were one file already: rename leaves both names then.
        with suppress(FileNotFoundError):
            temporary.unlink()


def _copy_verified(file: _File, temporary: Path) -> None:
    """Errors: ``ChecksumMismatch`` where the store's bytes are not those that were verified."""
    digest = hashlib.sha256()
    copy = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with file.stored.open("rb") as stored:
            while chunk := stored.read(_CHUNK_BYTES):
                digest.update(chunk)
                write_all(copy, chunk)
    finally:
        os.close(copy)
    if digest.hexdigest() != file.sha256:
        raise ChecksumMismatch(
            f"{file.stored} is not what was downloaded.",
            next_step="Download the dataset again with --force, without --local-dir.",
        )


def _fault(error: OSError, file: _File, placed: int, wanted: int) -> Exception:
    so_far = f"{placed:,} of {wanted:,} files are there, whole; the same command brings the rest."
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            f"There is no room left for {file.placed}. {so_far}", next_step="Free some space first."
        )
    return InvalidInput(
        f"{file.placed} cannot be written: {error.strerror}. {so_far}", next_step="Check the folder's rights."
    )
