"""git datasets: an index file says what a dataset is, and git versions it, data and all.

Nothing here needs a server, and nothing of the rest of Dataferry but ``core``.

>>> from dataferry.versioning import File, dataset, ingest, jpg, png
"""

from importlib import import_module
from typing import Any

_DECLARATIONS = ("File", "dataset", "ingest", "transform")
#: Formats whose names are those of Python's own functions: to be imported by name, never by a star.
BUILTIN_NAMES = ("bin", "zip")


def __getattr__(name: str) -> Any:
    """What index files import is imported when it is first used: hooks start often, and need none of it."""
    if name in _DECLARATIONS:
        return getattr(import_module("dataferry.versioning.declare.declarations"), name)
    if not name.startswith("_"):
        formats = import_module("dataferry.versioning.declare.formats")
        if (own := formats.SPELLINGS.get(name, name)) in formats.FORMATS:
            return formats.FORMATS[own]
        if name == "Format":
            return formats.Format
    if name == "__all__":
        return [each for each in public_names() if each not in BUILTIN_NAMES]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *public_names()]


def public_names() -> list[str]:
    """Everything that an index file can import."""
    formats = import_module("dataferry.versioning.declare.formats")
    return [*_DECLARATIONS, "Format", *formats.FORMATS, *formats.SPELLINGS]
