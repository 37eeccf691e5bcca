"""What a built-in dataset declares, and how the declarations are found.

A plugin is one module in this package with a ``PLUGIN``. Its files lie in ``tables/<name>/``, made by
``scripts/make_tables.py``; nothing here reads them before somebody asks for them.
"""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import BinaryIO, Literal, cast


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. Units are in the description."""

    name: str
    description: str
    role: Literal["feature", "target"] = "feature"


@dataclass(frozen=True, slots=True)
class Split:
    """A part of the dataset: ``rows`` records in the file at ``path``."""

    name: Literal["train", "val", "test"]
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class ShippedFile:
    """A file that the wheel carries. ``size`` in bytes; ``sha256`` is pinned when the file is made."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """A built-in dataset: everything that can be said of it without opening a file.

    ``license`` is an SPDX id; ``license_note`` says whose word that is. ``classes`` are the values of
    the target column in their usual order, empty for a regression. ``tags`` are further words that
    people look for it by.
    """

    name: str
    title: str
    description: str
    about: str
    task: str
    license: str
    license_note: str
    homepage: str
    citation: str
    columns: tuple[Column, ...]
    splits: tuple[Split, ...]
    files: tuple[ShippedFile, ...]
    classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def revision(self) -> str:
        """SHA-256 over the sorted lines ``<sha256>  <path>``: it changes when a byte does."""
        lines = sorted(f"{file.sha256}  {file.path}\n" for file in self.files)
        return sha256("".join(lines).encode()).hexdigest()

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)

    def open(self, path: str) -> BinaryIO:
        """A fresh binary stream over one of ``files``."""
        return cast(BinaryIO, (self._folder / path).open("rb"))

    @property
    def _folder(self) -> Traversable:
        return files("dataferry.plugins") / "tables" / self.name


@cache
def builtin_datasets() -> Mapping[str, Plugin]:
    """Every plugin of this package by its name, in alphabetical order."""
    package = import_module("dataferry.plugins")
    found: dict[str, Plugin] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        plugin = getattr(import_module(f"{package.__name__}.{module.name}"), "PLUGIN", None)
        if isinstance(plugin, Plugin):
            found[plugin.name] = plugin
    return MappingProxyType(found)
