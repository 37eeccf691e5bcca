"""Starting the background server that callers share where no ``dataferry serve`` runs.

``dataferry.cli.background`` is that server. It is named, not imported: it is above this part.
"""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dataferry.core.errors import ConfigError
from dataferry.core.lock import DataFolderLock, Owner
from dataferry.core.problems import ProblemWords
from dataferry.core.settings import Settings, credential_environment

LOG_NAME = "background.log"
#: The log is begun anew above this size.
_LOG_BYTES = 1_000_000
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
