"""Libraries that a person has or has not."""

from importlib import import_module
from typing import Any


class MissingLibraryError(ImportError):
    """A library that is needed for what was asked is not installed."""


def imported(name: str, wanted_for: str) -> Any:
    """The module ``name``. Errors: ``MissingLibraryError`` with the command that installs it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise MissingLibraryError(
            f"{wanted_for} needs {name}, which is not installed here: pip install {name}", name=name
        ) from None
