"""Built-in datasets: what one declares (``contract``, ``base``), and how they are found (``discovery``)."""

from dataferry.plugins.base import AnyPlugin, ClassificationPlugin, DatasetPlugin, DetectionPlugin, TextPlugin
from dataferry.plugins.contract import Column, Plugin, RemoteFile, ShippedFile, Split
from dataferry.plugins.discovery import Plugins, builtin_datasets, installed_plugins
from dataferry.plugins.samples import Samples

__all__ = [
    "AnyPlugin",
    "ClassificationPlugin",
    "Column",
    "DatasetPlugin",
    "DetectionPlugin",
    "Plugin",
    "Plugins",
    "RemoteFile",
    "Samples",
    "ShippedFile",
    "Split",
    "TextPlugin",
    "builtin_datasets",
    "installed_plugins",
]
