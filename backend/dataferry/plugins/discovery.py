"""Finds the built-in datasets: those of this package, and those that other packages declare.

Another package declares one as an entry point of the group ``dataferry.plugins``
(https://packaging.python.org/en/latest/specifications/entry-points/), which names a ``Plugin``::

    [project.entry-points."dataferry.plugins"]
    penguins = "my_package.penguins:PLUGIN"
"""

import logging
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType

from dataferry.plugins import datasets
from dataferry.plugins.base import AnyPlugin, DatasetPlugin
from dataferry.plugins.contract import Plugin

ENTRY_POINT_GROUP = "dataferry.plugins"

_log = logging.getLogger(__name__)


@cache
def builtin_datasets() -> Mapping[str, AnyPlugin]:
    """Every plugin by its name, in alphabetical order.

    A plugin of another package that cannot be imported, or whose name is taken, is left out with a
    warning in the log, and hides no other.
    """
    found = {plugin.name: plugin for plugin in _own()}
    for plugin in _of_other_packages():
        if plugin.name in found:
            _log.warning("there is a built-in dataset named %r already; the second is left out", plugin.name)
        else:
            found[plugin.name] = plugin
    return MappingProxyType(dict(sorted(found.items())))


def _own() -> Iterator[AnyPlugin]:
    """The ``PLUGIN`` of each module in ``datasets/``."""
    for module in pkgutil.iter_modules(datasets.__path__):
        yield import_module(f"{datasets.__name__}.{module.name}").PLUGIN


def _of_other_packages() -> Iterator[AnyPlugin]:
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            plugin = entry_point.load()
        except Exception:  # another package's code may raise anything
            _log.warning("the built-in dataset %s cannot be loaded", entry_point.value, exc_info=True)
            continue
        if isinstance(plugin, Plugin | DatasetPlugin):
            yield plugin
        else:
            _log.warning("%s is not a Plugin of dataferry.plugins; it is left out", entry_point.value)
