"""The background server that commands share where no ``dataferry serve`` runs.

``python -m dataferry.cli.background LOCK STATUS`` is started by the first command that needs one, with the
descriptor of the data folder's lock, which it goes on holding, and of a pipe on which it tells why it cannot
start. It ends by itself some seconds after its last command, when ``dataferry serve`` wants the folder, and
when the folder is deleted.
"""

import json
import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from dataferry.client.background import settings_digest
from dataferry.core.errors import DataferryError
from dataferry.core.lock import CommandsLock, DataFolderLock, Owner, is_wanted
from dataferry.core.problems import words_of
from dataferry.core.settings import Settings, load_settings
from dataferry.core.telemetry import configure_logging

if TYPE_CHECKING:
    import uvicorn

#: Seconds between two looks at who needs the server.
_WATCH_S = 0.2


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
    assistants = server.config.app.state.services.mcp  # type: ignore[union-attr]
    needed = time.monotonic()
    while lock.in_place() and not is_wanted(settings.data_dir):
        time.sleep(_WATCH_S)
        alone = commands.hold_alone() if server.started else None
        if alone is None:
            needed = time.monotonic()
        elif assistants.any_download_going:
            # Nobody would go on with it: an assistant's program does not stay for its downloads.
            os.close(alone)
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
