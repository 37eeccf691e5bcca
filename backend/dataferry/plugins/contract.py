"""What a built-in dataset declares.

A plugin is one module in ``datasets/`` with a ``PLUGIN``, or an entry point of another package. Each of
its files is shipped in ``tables/<name>/`` (ours are made by ``scripts/make_tables.py``) or remote, and
is opened only when somebody asks for it.
"""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
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
class RemoteFile:
    """A file that is fetched from ``url`` when the dataset is downloaded. ``size`` in bytes; a download
    whose bytes do not have the pinned ``sha256`` fails."""

    path: str
    size: int
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """A built-in dataset: everything that can be said of it without opening a file.

    ``license`` is an SPDX id; ``license_note`` says whose word that is. ``classes`` are the values of
    the target column in their usual order, empty for a regression. ``tags`` are further words that
    people look for it by. ``package`` is the import package that ships the files.
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
    files: tuple[ShippedFile | RemoteFile, ...]
    classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    package: str = "dataferry.plugins"

    @property
    def revision(self) -> str:
        """SHA-256 over the sorted lines ``<sha256>  <path>``: it changes when a byte does."""
        lines = sorted(f"{file.sha256}  {file.path}\n" for file in self.files)
        return sha256("".join(lines).encode()).hexdigest()

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)

    def open(self, file: ShippedFile) -> BinaryIO:
        """A fresh binary stream over one of the shipped ``files``."""
        return cast(BinaryIO, (files(self.package) / "tables" / self.name / file.path).open("rb"))
