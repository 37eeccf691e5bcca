"""Built-in datasets: one file each, found by being in this folder."""

from dataferry.plugins.base import Column, Plugin, ShippedFile, Split, builtin_datasets

__all__ = ["Column", "Plugin", "ShippedFile", "Split", "builtin_datasets"]
