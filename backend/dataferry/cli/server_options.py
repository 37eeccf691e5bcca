"""``--server``, ``--token`` and ``--token-file``: options of the whole program, wherever they are written."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from dataferry.core.errors import InvalidInput

#: They work on the data folder of this machine. ``users`` does nothing else, whatever names a server.
_LOCAL_COMMANDS = ("serve", "worker", "doctor", "users")
_OPTIONS = ("--server", "--token", "--token-file")


def moved_to_front(arguments: Sequence[str]) -> list[str]:
    """The arguments with these options before the command, wherever they were written."""
    front: list[str] = []
    rest: list[str] = []
    parts = iter(arguments)
    for part in parts:
        if part == "--":
            rest += [part, *parts]
        elif part in _OPTIONS:
            front += [part, *(value for value in (next(parts, None),) if value is not None)]
        elif part.startswith(tuple(f"{name}=" for name in _OPTIONS)):
            front.append(part)
        else:
            rest.append(part)
    return front + rest


def use(server: str | None, token: str | None, token_file: str | None, command: str | None) -> None:
    """Put what the options say into the environment, where settings are read. Errors: ``InvalidInput``."""
    named = server or (command == "users" and os.environ.get("DATAFERRY_SERVER"))
    if named and command in _LOCAL_COMMANDS:
        raise InvalidInput(
            f"`dataferry {command}` works in the data folder of this machine.",
            next_step="Run it there, or leave the server out.",
        )
    if server:
        os.environ["DATAFERRY_SERVER"] = server
    if token_file:
        os.environ["DATAFERRY_TOKEN"] = _read_token(token_file)
    elif token:
        _begin_again_without_token(token)


def _read_token(path: str) -> str:
    try:
        text = sys.stdin.readline() if path == "-" else Path(path).read_text()
    except OSError as error:
        raise InvalidInput(
            f"The token file {path} cannot be read: {error.strerror}.", next_step="Check its name and rights."
        ) from None
    except ValueError:
        text = ""
    if not text.strip():
        raise InvalidInput(f"There is no token in {path}.", next_step="Write the token on its first line.")
    return text.split()[0]


def _begin_again_without_token(token: str) -> None:
    """Everybody on this machine reads the arguments of every process: the program starts anew without it."""
    count = len(sys.argv) - 1
    python, arguments = sys.orig_argv[: len(sys.orig_argv) - count], sys.orig_argv[-count:]
    environment = {**os.environ, "DATAFERRY_TOKEN": token}
    os.execve(sys.executable, [*python, *_without_token(arguments)], environment)  # noqa: S606 - ourselves


def _without_token(arguments: Sequence[str]) -> Iterator[str]:
    parts = iter(arguments)
    for part in parts:
        if part == "--":
            yield from (part, *parts)
        elif part == "--token":
            next(parts, None)
        elif not part.startswith("--token="):
            yield part
