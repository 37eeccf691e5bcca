"""The background server that commands share where no ``dataferry serve`` runs.

``python -m dataferry.cli.background LOCK STATUS`` is started by the first command that needs one, with the
descriptor of the data folder's lock, which it goes on holding, and of a pipe on which it tells why it cannot
start. It ends by itself some seconds after its last command, when ``dataferry serve`` wants the folder, and
when the folder is deleted.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dataferry.core.errors import ConfigError, DataferryError
from dataferry.core.lock import CommandsLock, DataFolderLock, Owner, is_wanted
from dataferry.core.settings import Settings, credential_environment, load_settings
from dataferry.core.telemetry import configure_logging
from dataferry.core.types import ProblemWords, words_of

if TYPE_CHECKING:
    import uvicorn

LOG_NAME = "background.log"
#: The log is begun anew above this size.
_LOG_BYTES = 1_000_000
#: Seconds between two looks at who needs the server.
_WATCH_S = 0.2
#: They say where a server listens and what it logs, not what it does.
_IMMATERIAL = {"host", "port", "log_level", "log_json", "server", "token"}


def settings_digest(settings: Settings) -> str:
    """Equal for two commands whose server would do the same, with the same credentials."""
    material = settings.model_dump(mode="python", exclude=_IMMATERIAL)
    revealed = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for name, value in material.items()
    }
    return hashlib.sha256(json.dumps(revealed, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Starting:
    """A background server that this process has started."""

    process: "subprocess.Popen[bytes]"
    status: IO[bytes]
    log: Path

    def check(self) -> None:
        """Errors: why it did not start, once it has ended."""
        if self.process.poll() is None:
            return
        words = self.status.read()
        if words:
            raise ProblemWords.model_validate_json(words).restore()
        raise ConfigError(
            "The background server of this command did not start.", next_step=f"Its log is {self.log}."
        )


def start(settings: Settings, lock: DataFolderLock) -> Starting:
    """Start a background server, which takes over the lock. It may not listen yet."""
    lock.write(Owner(settings_digest=settings_digest(settings)))
    log = settings.data_dir / LOG_NAME
    status, told = os.pipe()
    descriptor = lock.hand_over()
    try:
        with _opened_log(log) as output:
            process = subprocess.Popen(  # noqa: S603 - this program
                # -P: a file of the folder that a command is called in is no module of the server's.
                [sys.executable, "-P", "-m", "dataferry.cli.background", str(descriptor), str(told)],
                env={**os.environ, **credential_environment(settings)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(descriptor, told),
                start_new_session=True,
            )
    finally:
        os.close(descriptor)
        os.close(told)
    return Starting(process, os.fdopen(status, "rb"), log)


def _opened_log(log: Path) -> IO[bytes]:
    def private(path: str, flags: int) -> int:
        return os.open(path, flags, 0o600)

    grown = log.exists() and log.stat().st_size > _LOG_BYTES
    return open(log, "wb" if grown else "ab", opener=private)


def main(descriptor: int, status: int) -> None:
    """Serve until no command needs it."""
    os.set_inheritable(status, False)
    try:
        settings = load_settings()
        digest = settings_digest(settings)
        settings = settings.model_copy(update={"host": "127.0.0.1", "port": 0})
        configure_logging(settings.log_level, as_json=settings.log_json)
        with DataFolderLock(settings.data_dir, descriptor) as lock:
            _serve(settings, lock, digest, status)
    except DataferryError as error:
        os.write(status, json.dumps(words_of(error)).encode())
        sys.exit(1)


def _serve(settings: Settings, lock: DataFolderLock, digest: str, status: int) -> None:
    from dataferry.cli.serving import address_of, bound_socket, checked_server

    with bound_socket(settings) as listener:
        owner = Owner(address_of(settings, listener), digest)
        server = checked_server(settings, on_started=lambda: lock.write(owner))
        watch = threading.Thread(target=_watch, args=(settings, lock, server), daemon=True)
        watch.start()
        server.run(sockets=[listener])


def _watch(settings: Settings, lock: DataFolderLock, server: "uvicorn.Server") -> None:
    """Have the server end once nobody needs it. Commands stay locked out until the process has ended."""
    commands = CommandsLock(settings.data_dir)
    needed = time.monotonic()
    while lock.in_place() and not is_wanted(settings.data_dir):
        time.sleep(_WATCH_S)
        alone = commands.hold_alone() if server.started else None
        if alone is None:
            needed = time.monotonic()
        elif time.monotonic() - needed > settings.background_idle_s:
            break
        else:
            os.close(alone)
    server.should_exit = True


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
    logging.shutdown()
    os._exit(0)  # a thread that waits for a hub would hold the end up
