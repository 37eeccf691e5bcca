"""Plugins by name, without a server::

from dataferry.plugins.loader import discover_plugins, get_dataset_plugin

discover_plugins()
plugin = get_dataset_plugin("my_dataset")
"""

from collections.abc import Mapping

from dataferry.core.errors import NotFound
from dataferry.core.settings import read_settings
from dataferry.plugins.base import AnyPlugin
from dataferry.plugins.discovery import installed_plugins
from dataferry.plugins.registration import register_dataset, registered

__all__ = ["discover_plugins", "get_dataset_plugin", "register_dataset"]


def discover_plugins() -> Mapping[str, AnyPlugin]:
    """Every plugin by its name, of this package, of the plugins' folder and of other packages."""
    return {**installed_plugins(read_settings()), **registered}


def get_dataset_plugin(name: str) -> AnyPlugin:
    """The plugin of a name. Errors: ``NotFound`` naming those that there are."""
    found = discover_plugins()
    if name not in found:
        raise NotFound(
            f"There is no plugin named {name!r}.",
            next_step=f"There are {', '.join(found)}; dataferry validate {name} may say why.",
        )
    return found[name]
