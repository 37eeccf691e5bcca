"""Built-in datasets: what one declares (``contract``), and how they are found (``discovery``)."""

from dataferry.plugins.contract import Column, Plugin, RemoteFile, ShippedFile, Split
from dataferry.plugins.discovery import builtin_datasets

__all__ = ["Column", "Plugin", "RemoteFile", "ShippedFile", "Split", "builtin_datasets"]
