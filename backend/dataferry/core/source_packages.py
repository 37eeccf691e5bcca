"""Sources that other packages bring, each an entry point of the group ``dataferry.sources``::

    [project.entry-points."dataferry.sources"]
    Zenodo = "dataferry_zenodo:ZenodoSource"

What stands on the left is the label that people are shown; in lower case it is the source's name. Both are
known without importing the package: the types of the whole program are made from them, and the package uses
these types. It is imported when the source is first used. ``docs/adding-a-source.md`` has a whole one.
"""

import logging
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dataferry.core.errors import ConfigError

ENTRY_POINT_GROUP = "dataferry.sources"

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9 -]{0,30}")

_log = logging.getLogger(__name__)


def plain(word: str) -> str:
    """A label or a name in the form of names: ``Built-in`` → ``builtin``."""
    return re.sub(r"[\s_-]", "", word.lower())


@cache
def declared() -> Mapping[str, EntryPoint]:
    """Entry points by the name of their source, in alphabetical order.

    One whose label cannot be shown is left out with a warning in the log, and so is the second of a name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name.lower()):
        if not _LABEL.fullmatch(entry.name):
            _log.warning("%r is not a label of a source: use letters, digits, blanks, hyphens", entry.name)
        elif plain(entry.name) in found:
            _log.warning("there is a source named %r already; the second is left out", plain(entry.name))
        else:
            found[plain(entry.name)] = entry
    return found


@cache
def load(name: str) -> Any:
    """The class of a declared source: called with the settings, it gives a ``Source``; its attribute ``spec``
    is a ``SourceSpec``. Errors: ``ConfigError`` where its package cannot be imported."""
    entry = declared()[name]
    try:
        made = entry.load()
    except Exception as error:  # another package's code may raise anything
        raise _unusable(entry, f"{type(error).__name__}: {error}") from error
    spec = getattr(made, "spec", None)
    if (getattr(spec, "name", None), getattr(spec, "label", None)) != (name, entry.name):
        raise _unusable(entry, f"it has no spec with the name {name!r} and the label {entry.name!r}")
    return made


def _unusable(entry: EntryPoint, why: str) -> ConfigError:
    return ConfigError(
        f"The source {entry.name} ({entry.value}) cannot be loaded: {why}.",
        next_step="Mend or uninstall its package, then start again.",
    )
