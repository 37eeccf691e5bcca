"""Where the built-in datasets lie, and what belongs to them but is not their data."""

from functools import cache
from pathlib import Path

from dataferry.core.settings import read_settings

#: The folder of a revision bears so much of its name, as every dataset's does in the store.
_REVISION_CHARS = 12


@cache
def own_store() -> Path:
    """The store that this machine's settings name, for a program that uses a plugin without a server."""
    return read_settings().store


def data_folder(store: Path, name: str, revision: str) -> Path:
    """Where the library puts a revision of a built-in dataset (``library.paths``)."""
    return store / "builtin" / "_" / name / revision[:_REVISION_CHARS]


def index_folder(store: Path, name: str, revision: str) -> Path:
    """Where a plugin may keep what it has computed of a revision, beside the data and not among it."""
    return store / ".plugins" / name / revision[:_REVISION_CHARS]


def readers_folder(store: Path, name: str) -> Path:
    """Where those say so who read a built-in dataset (``reading``)."""
    return store / ".plugins" / name / "readers"


def recorded_file(store: Path, name: str) -> Path:
    """Where the checksums of first downloads are written down (``recorded``)."""
    return store / ".plugins" / name / "recorded.json"


def tried_file(store: Path) -> Path:
    """Where it is written down which plugins' files have passed their trial (``trial``)."""
    return store / ".plugins" / "tried.json"
