"""The connection of a command to its server."""

import contextlib
from collections.abc import Iterator

from dataferry.cli.output import warn
from dataferry.client.client import Client as Client
from dataferry.client.client import opened
from dataferry.core.settings import load_settings
from dataferry.core.telemetry import configure_logging


@contextlib.contextmanager
def connected(user: str | None = None) -> Iterator[Client]:
    """A client of the running server, or of one that lives as long as commands need it.

    ``user``: an account's e-mail to act as; by default this machine's operator.
    """
    settings = load_settings()
    configure_logging("WARNING", as_json=False)
    with opened(settings, user=user, tell=warn) as client:
        yield client
