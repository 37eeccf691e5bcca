"""Settings that nobody reads: misspelt ones, which would be ignored without a word."""

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from dataferry.core.settings import Settings, environment_name

_PREFIX = "DATAFERRY_"
#: Read by single commands, and no settings of the server.
_OF_COMMANDS = ("DATAFERRY_NEW_",)


def unknown_settings(
    environment: Mapping[str, str] | None = None, env_file: Path = Path(".env")
) -> Iterator[str]:
    """One sentence for each variable of the environment, and line of ``.env``, that begins like a setting of
    ours and is none."""
    names = {*(os.environ if environment is None else environment), *_names_of(env_file)}
    for name in sorted(names):
        upper = name.upper()
        if upper.startswith(_PREFIX) and upper not in _read_names() and not upper.startswith(_OF_COMMANDS):
            yield f"{name}: no such setting.{_suggestion(upper)}"


def _read_names() -> dict[str, str]:
    """Every name with our prefix that is read → the setting's own name, which may have none (HF_TOKEN)."""
    return {f"{_PREFIX}{field.upper()}": environment_name(field) for field in Settings.model_fields}


def _names_of(env_file: Path) -> Iterable[str]:
    try:
        return dotenv_values(env_file) if env_file.is_file() else ()
    except (OSError, UnicodeDecodeError):  # whoever reads the settings says so
        return ()


def _suggestion(name: str) -> str:
    read = _read_names()
    matches = get_close_matches(name, read, n=1, cutoff=0.8)
    return f" Did you mean {read[matches[0]]}?" if matches else ""
