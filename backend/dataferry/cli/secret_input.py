"""Passwords and keys for commands: asked for, from standard input or from a variable.

Never among the arguments, which everybody on this machine can read while the command runs (``ps``), and which
the shell keeps in its history.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from dataferry.core.errors import ConfigError, InvalidInput


@dataclass(frozen=True, slots=True)
class SecretInput:
    """Where a command's secret comes from: ``stdin_option`` reads standard input, ``variable`` is one of the
    environment. ``name`` as it stands in sentences, e.g. ``password``."""

    name: str
    prompt: str
    stdin_option: str
    variable: str
    #: Typed twice, since nobody sees what they type.
    confirmed: bool = False

    def read(self, *, from_stdin: bool, arguments: Sequence[str | None] = ()) -> str:
        """The secret. ``arguments``: where it may have been written in vain.

        Errors: ``InvalidInput`` where it was, or is empty; ``ConfigError`` where nobody can be asked.
        """
        if any(argument is not None for argument in arguments):
            raise self.refusal()
        secret = self._from_stdin() if from_stdin else os.environ.get(self.variable) or self._asked()
        if not secret:
            raise InvalidInput(f"The {self.name} is empty.", next_step="Give one.")
        return secret

    def refusal(self) -> InvalidInput:
        """What is said of a secret among the arguments, without repeating it."""
        return InvalidInput(
            f"A {self.name} is not taken from the command's arguments: others on this machine can read them,"
            " and the shell's history keeps them.",
            next_step=f"Use another one now, and {self._ways}.",
        )

    @property
    def _ways(self) -> str:
        return f"type it when asked, pipe it to `{self.stdin_option}`, or set {self.variable}"

    def _from_stdin(self) -> str:
        try:
            text = sys.stdin.read()
        except UnicodeDecodeError:
            raise InvalidInput(f"The {self.name} is not UTF-8 text.") from None
        return text.removesuffix("\n").removesuffix("\r")

    def _asked(self) -> str:
        if not sys.stdin.isatty():
            raise ConfigError(
                f"There is no terminal to ask for the {self.name} on.",
                next_step=f"Pipe it to `{self.stdin_option}`, or set {self.variable}.",
            )
        answer: str = typer.prompt(self.prompt, hide_input=True, confirmation_prompt=self.confirmed, err=True)
        return answer
