"""The server that a command speaks to: the one that owns the data folder, or a remote one."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from dataferry.client.kept_token import keep_token, read_token
from dataferry.core.errors import ConfigError
from dataferry.core.lock import POLL_S, CommandsLock, DataFolderLock, Owner, is_wanted, read_owner, wanted
from dataferry.core.settings import Settings

if TYPE_CHECKING:
    from dataferry.client.background import Starting

#: Is given what a person should know beside a result, a sentence.
Tell = Callable[[str], None]

#: Seconds for a server to start, or to end, on a busy machine with a large database.
_WAIT_S = 120.0


class Server(Protocol):
    """Where requests go, and as whom."""

    @property
    def address(self) -> str: ...

    @property
    def background(self) -> bool:
        """It ends by itself after the last command: jobs do not go on without one."""

    def find(self) -> bool:
        """Look again for what no longer answers, or start it. False where there is nothing to look for."""

    def token(self, *, renew: bool = False) -> str:
        """An access token; another one where the former is refused. Errors: ``DataferryError``."""


class LocalServer:
    """The server that owns this machine's data folder. Where none does, a background one is started."""

    def __init__(self, settings: Settings, user: str | None) -> None:
        self._settings = settings
        self._user = user
        self._owner = Owner()

    @property
    def address(self) -> str:
        return self._owner.address

    @property
    def background(self) -> bool:
        return self._owner.background

    def find(self) -> bool:
        """Errors: ``ConfigError`` and others that keep a server from starting."""
        if self._settings.embedded:
            self._owner = find_or_start(self._settings, lost=self._owner.address)
            return True
        host = "127.0.0.1" if self._settings.loopback else self._settings.host
        found = read_owner(self._settings.data_dir) or Owner(f"http://{host}:{self._settings.port}")
        moved, self._owner = found != self._owner, found
        return moved

    def token(self, *, renew: bool = False) -> str:
        """From the data folder's own key: who may read that may act."""
        kept = None if renew or self._user is not None else read_token(self._settings)
        if kept is not None:
            return kept
        token = self._made_token()
        if self._user is None:
            keep_token(self._settings, token)
        return token

    def _made_token(self) -> str:
        from dataferry.accounts.service import Accounts
        from dataferry.core.db import Database

        settings = self._settings
        database = Database(settings.sqlalchemy_url, threads=1, wait_s=settings.database_wait_s)
        accounts = Accounts(database, settings)
        try:
            return accounts.operator_token(self._user)
        finally:
            accounts.close()
            database.close()


@contextlib.contextmanager
def local_server(settings: Settings, user: str | None, tell: Tell) -> Iterator[LocalServer]:
    """The data folder's server, which lives as long as the body at least."""
    server = LocalServer(settings, user)
    if not settings.embedded:
        server.find()
        yield server
        return
    _end_if_other_settings(settings, tell)
    with CommandsLock(settings.data_dir).shared(_WAIT_S):
        server.find()
        yield server


def find_or_start(settings: Settings, lost: str = "") -> Owner:
    """The owner of the data folder, which takes requests. Of commands that begin in the same moment one
    starts it and the others wait.

    ``lost``: an address where the connection has ended; a server that ends lets go of the folder only
    some time after it stopped to listen. Errors: why it does not start.
    """
    starting: Starting | None = None
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        owner = read_owner(settings.data_dir)
        if owner is not None and owner.address and (owner.address != lost or _listens(lost)):
            return owner
        if starting is not None:
            starting.check()
        elif owner is None and not is_wanted(settings.data_dir):
            starting = _start(settings)
        time.sleep(POLL_S)
    raise ConfigError(
        f"The server of the data folder {settings.data_dir} does not come up.",
        next_step="Run `dataferry doctor`.",
    )


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=1).close()
    except OSError:
        return False
    return True


def _start(settings: Settings) -> "Starting | None":
    """None where another command was quicker."""
    from dataferry.client.background import start

    lock = DataFolderLock(settings.data_dir)
    if not lock.acquire():
        return None
    starting = start(settings, lock)
    if read_token(settings) is None:
        import_module("dataferry.accounts.service")  # what makes one, while the server loads
    return starting


def _end_if_other_settings(settings: Settings, tell: Tell) -> None:
    """End a background server of other settings, such as another HF_TOKEN, that no command uses now."""
    owner = read_owner(settings.data_dir)
    if owner is None or not owner.background:
        return
    from dataferry.client.background import settings_digest

    if owner.settings_digest == settings_digest(settings):
        return
    alone = CommandsLock(settings.data_dir).hold_alone()
    if alone is None:
        tell(
            "Another command's settings hold here: the server that both use was started with them."
            " Yours, such as keys in the environment, count once that command is done."
        )
        return
    try:
        with wanted(settings.data_dir):
            deadline = time.monotonic() + _WAIT_S
            while read_owner(settings.data_dir) is not None and time.monotonic() < deadline:
                time.sleep(POLL_S)
    finally:
        os.close(alone)
