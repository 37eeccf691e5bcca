"""Locks (flock) in the data folder: which process owns it, who wants it, which commands are at work in it.

The system lets go of a lock when the process ends, however it ends. What the files hold counts only while
somebody holds their lock.
"""

import contextlib
import fcntl
import os
import pwd
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dataferry.core.errors import ConfigError
from dataferry.core.private_files import make_private_folder

#: Seconds between two tries to get a lock that somebody else holds.
POLL_S = 0.02
#: Who only looks whether a lock is held holds it for a moment; the next try finds it free.
_TRIES = 5


def make_data_folder(data_dir: Path) -> None:
    """Errors: ``ConfigError`` where it cannot be made."""
    try:
        make_private_folder(data_dir)
    except OSError as error:
        raise _not_writable(data_dir, error) from None


def _not_writable(data_dir: Path, error: OSError) -> ConfigError:
    owner = _other_owner(data_dir)
    if isinstance(error, PermissionError) and owner is not None:
        return ConfigError(
            f"The data folder {data_dir} belongs to another user of this machine, {owner}.",
            next_step="Set DATAFERRY_DATA_DIR to a folder of your own, or ask them for an account on their"
            " server.",
        )
    return ConfigError(
        f"The data folder {data_dir} cannot be written: {error.strerror}.",
        next_step="Give it to this user, or set DATAFERRY_DATA_DIR to another folder.",
    )


def _other_owner(data_dir: Path) -> str | None:
    """The user who owns a folder, or the one above it that is closed to this user; None where that is us."""
    for folder in (data_dir, *data_dir.parents):
        with contextlib.suppress(OSError):
            uid = folder.stat().st_uid
            if uid == os.geteuid() or (folder != data_dir and os.access(folder, os.X_OK)):
                return None
            try:
                return pwd.getpwuid(uid).pw_name
            except KeyError:  # of a container, or of another machine
                return f"user {uid}"
    return None


@dataclass(frozen=True)
class Owner:
    """The process that owns a data folder, as its lock file tells."""

    #: Where it listens; empty until it does.
    address: str = ""
    #: Of a background server: which settings it runs with. Empty for ``dataferry serve``.
    settings_digest: str = ""

    @property
    def background(self) -> bool:
        """It ends by itself when no command needs it any more."""
        return bool(self.settings_digest)

    @classmethod
    def parse(cls, text: str) -> Self:
        address, _, settings_digest = text.partition("\n")
        return cls(address, settings_digest)

    def __str__(self) -> str:
        return f"{self.address}\n{self.settings_digest}"


class DataFolderLock:
    """Held by the one process that may write a data folder. The file says where that process listens."""

    def __init__(self, data_dir: Path, descriptor: int | None = None) -> None:
        """``descriptor``: of the lock file, from the process that locked it and started this one."""
        self._path = _owner_path(data_dir)
        self._descriptor = descriptor
        if descriptor is not None:
            os.set_inheritable(descriptor, False)

    def __enter__(self) -> Self:
        """Errors: ``ConfigError`` naming the owner where there is one, or what keeps the folder shut."""
        if self._descriptor is None and not self.acquire():
            owner = read_owner(self._path.parent)
            address = owner.address if owner is not None else ""
            raise ConfigError(
                f"The data folder {self._path.parent} is in use"
                + (f" by the server at {address}." if address else " by another process."),
                next_step="Stop it, or set DATAFERRY_DATA_DIR to another folder.",
            )
        return self

    def acquire(self) -> bool:
        """Whether it is ours now. Errors: ``ConfigError`` for what keeps the folder shut."""
        self._descriptor = _lock(self._path, fcntl.LOCK_EX)
        if self._descriptor is None:
            return False
        if not self.in_place():  # deleted in this moment, and perhaps made again
            self.release()
            return False
        self.write(Owner())
        return True

    def write(self, owner: Owner) -> None:
        """Record where this process listens."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(owner).encode(), 0)

    def in_place(self) -> bool:
        """Whether the file is still the one that others find; it is not when the folder was deleted."""
        if self._descriptor is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except OSError:
            return False

    def hand_over(self) -> int:
        """The descriptor, for a child process that owns the folder from now on; close it once it runs."""
        assert self._descriptor is not None
        descriptor, self._descriptor = self._descriptor, None
        return descriptor

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def read_owner(data_dir: Path) -> Owner | None:
    """Who owns a data folder; None where nobody does, or where it cannot be entered."""
    text = _text_if_held(_owner_path(data_dir))
    return None if text is None else Owner.parse(text)


class CommandsLock:
    """Shared by the commands that are at work in a data folder, and held alone by a background server that
    ends: a command that comes in this moment waits, and starts another one."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "commands.lock"

    @contextlib.contextmanager
    def shared(self, timeout_s: float) -> Iterator[None]:
        """Held by a command. Errors: ``ConfigError`` where the folder is shut, or stays taken."""
        deadline = time.monotonic() + timeout_s
        while (descriptor := _lock(self._path, fcntl.LOCK_SH)) is None:
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"The server that other commands used does not end; {self._path} is locked.",
                    next_step="Wait a moment, then try again.",
                )
            time.sleep(POLL_S)
        try:
            yield
        finally:
            os.close(descriptor)

    def hold_alone(self) -> int | None:
        """A descriptor that keeps commands out until it is closed; None while one is at work."""
        return _lock(self._path, fcntl.LOCK_EX, tries=1, make=False)


@contextlib.contextmanager
def wanted(data_dir: Path) -> Iterator[None]:
    """Ask the background server to end, while the body runs; commands start no other one."""
    descriptor = None
    while descriptor is None:
        descriptor = _lock(_wanted_path(data_dir), fcntl.LOCK_EX)
        time.sleep(0 if descriptor else POLL_S)
    try:
        yield
    finally:
        os.close(descriptor)


def is_wanted(data_dir: Path) -> bool:
    """Whether somebody asks the background server to end."""
    return _text_if_held(_wanted_path(data_dir)) is not None


def _owner_path(data_dir: Path) -> Path:
    return data_dir / "owner.lock"


def _wanted_path(data_dir: Path) -> Path:
    return data_dir / "wanted.lock"


def _lock(path: Path, kind: int, *, tries: int = _TRIES, make: bool = True) -> int | None:
    """A descriptor of a locked file; None where others hold it, or where it is not there and is not to be
    made. Errors: ``ConfigError``."""
    if make:
        make_data_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if make else 0), 0o600)
    except OSError as error:
        if not make:
            return None
        raise _not_writable(path.parent, error) from None
    for _ in range(tries):
        if _try(descriptor, kind):
            return descriptor
        time.sleep(POLL_S / 10)
    os.close(descriptor)
    return None


def _text_if_held(path: Path) -> str | None:
    """What a lock file holds while somebody has it locked; None while nobody has."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        if _try(descriptor, fcntl.LOCK_SH):
            return None
        return os.read(descriptor, 500).decode(errors="replace").rstrip()
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    """Errors: ``ConfigError`` on a file system without locks."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise ConfigError(
            f"The data folder's file system cannot lock files: {error.strerror}.",
            next_step="Set DATAFERRY_DATA_DIR to a folder on a disk of this machine.",
        ) from None
    return True
