"""A lock file (flock) in the data folder: one process owns it."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from dataferry.core.errors import ConfigError
from dataferry.core.private_files import make_private_folder


def make_data_folder(data_dir: Path) -> None:
    """Errors: ``ConfigError`` where it cannot be made."""
    try:
        make_private_folder(data_dir)
    except OSError as error:
        raise _not_writable(data_dir, error) from None


def _not_writable(data_dir: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The data folder {data_dir} cannot be written: {error.strerror}.",
        next_step="Give it to this user, or set DATAFERRY_DATA_DIR to another folder.",
    )


class DataFolderLock:
    """Held by the one process that may write a data folder. The system lets go of it when the
    process ends, however it ends.

    The file says where that process listens, so that the CLI finds a running server.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "owner.lock"
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Errors: ``ConfigError`` naming the owner where there is one, or what keeps the folder shut."""
        make_data_folder(self._path.parent)
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _not_writable(self._path.parent, error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(descriptor, 500).decode(errors="replace").strip()
            os.close(descriptor)
            raise ConfigError(
                f"The data folder {self._path.parent} is in use"
                + (f" by the server at {owner}." if owner else " by another process."),
                next_step="Stop it, or set DATAFERRY_DATA_DIR to another folder.",
            ) from None
        self._descriptor = descriptor
        self.write_address("")
        return self

    def write_address(self, address: str) -> None:
        """Record where this process listens."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, address.encode(), 0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def owner_address(data_dir: Path) -> str | None:
    """Where the owner of a data folder listens; None when nobody holds it or it is not a server."""
    path = data_dir / "owner.lock"
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return os.read(descriptor, 500).decode(errors="replace").strip() or None
    finally:
        os.close(descriptor)
    return None
