"""``dataferry mcp``: the tools for an assistant that starts a program and speaks to it."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from dataferry.cli.mcp_bridge import Bridge, error_answer
from dataferry.cli.output import AsUser, warn
from dataferry.client.remote import RemoteServer
from dataferry.client.server import local_server
from dataferry.core.errors import DataferryError
from dataferry.core.settings import load_settings
from dataferry.core.telemetry import configure_logging


def mcp(user: AsUser = None) -> None:
    """Serve an assistant's program over stdin and stdout (Model Context Protocol).

    It is set up in that program, as docs/mcp.md tells; nobody calls it by hand. Downloads that it starts go
    on when the program ends.
    """
    with _protocol_output() as output:
        try:
            settings = load_settings()
            configure_logging("WARNING", as_json=False)
            if settings.server is not None:
                asyncio.run(Bridge(RemoteServer(settings, user, warn), output).run(sys.stdin.buffer))
                return
            with local_server(settings, user, warn) as server:
                asyncio.run(Bridge(server, output).run(sys.stdin.buffer))
        except DataferryError as error:
            _tell_first_request(error, output)
            raise


@contextlib.contextmanager
def _protocol_output() -> Iterator[BinaryIO]:
    """stdout for the protocol alone: whatever else is printed goes to stderr. A line that is none of the
    protocol's ends the session in many a client."""
    with os.fdopen(os.dup(1), "wb", buffering=0) as output:
        os.dup2(2, 1)
        yield output


def _tell_first_request(error: DataferryError, output: BinaryIO) -> None:
    """Many clients show no stderr: the first request is answered with why nothing works."""
    with contextlib.suppress(ValueError, OSError):
        message = json.loads(sys.stdin.buffer.readline())
        if isinstance(message, dict) and "id" in message:
            output.write(json.dumps(error_answer(message["id"], error)).encode() + b"\n")
