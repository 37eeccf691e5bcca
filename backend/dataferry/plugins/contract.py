"""What a built-in dataset declares: its files, and of a table its columns and splits.

A plugin is one module in ``datasets/`` with a ``PLUGIN``, a file in a person's folder, or an entry point of
another package. A table is declared by a ``Plugin``; images and texts by a ``DatasetPlugin`` (``base``).

The files of both become the manifest of the ``builtin`` source (``manifest``), so that the one transfer
engine fetches, resumes, verifies and unpacks them.
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, cast

State = MutableMapping[str, Any]
"""Where a download tells how far it is: ``state["message"]``, and ``state["progress"]`` from 0 to 100."""
#: What of a download's bar the fetch takes; the index has the rest.
FETCHED_PERCENT = 90.0

SplitName = Literal["train", "val", "test"]
SPLIT_NAMES: tuple[SplitName, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. Units are in the description."""

    name: str
    description: str
    role: Literal["feature", "target"] = "feature"


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a table: ``rows`` records in the file at ``path``."""

    name: SplitName
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class ShippedFile:
    """A file that the wheel carries. ``size`` in bytes; ``sha256`` is pinned when the file is made."""

    path: str
    size: int
    sha256: str

    @property
    def identity(self) -> str:
        """What changes when the bytes do."""
        return self.sha256


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that is fetched when the dataset is downloaded, to ``path`` below the dataset's folder.

    ``url`` comes first; where it does not answer, the ``mirrors`` are tried in their order. ``size`` in
    bytes, as published. Give ``sha256``, or else ``md5``, where its publisher tells one: a download of other
    bytes fails. Where no checksum is given, the SHA-256 of what the first download brings is recorded, the
    receipt says ``recorded at first use``, and a later look at the files compares them with it. A later
    download that brings other bytes fails, and what is here stays (``recorded``).

    With ``unpack`` the file is an archive (zip, tar, tar.gz, tar.bz2, tar.xz, or one compressed file), and
    its members take its place, in the folder that ``path`` is in: of ``images/val.zip`` the member
    ``val/1.jpg`` becomes ``images/val/1.jpg``.
    """

    path: str
    url: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    mirrors: tuple[str, ...] = ()
    unpack: bool = False

    @property
    def published(self) -> bool:
        """Whether its publisher tells a checksum."""
        return bool(self.sha256 or self.md5)

    @property
    def identity(self) -> str:
        """What changes when the bytes do; where no checksum is published, when the address does."""
        return self.sha256 or self.md5 or f"{self.url} {self.size or ''}"


class Filed(Protocol):
    """What has files to fetch, under a name and a revision."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    @property
    def files(self) -> Sequence[ShippedFile | RemoteFile]: ...

    def open(self, file: ShippedFile) -> BinaryIO:
        """A fresh binary stream over one of the shipped ``files``."""
        ...


class Placed(Filed, Protocol):
    """What is fetched into a folder of its own."""

    @property
    def display_name(self) -> str: ...

    @property
    def root(self) -> Path:
        """The dataset's folder, there once it is downloaded."""
        ...

    @property
    def recorded_file(self) -> Path:
        """Where the checksums of first downloads are written down (``recorded``)."""
        ...


def revision_of(declared: Sequence[ShippedFile | RemoteFile]) -> str:
    """SHA-256 over the sorted lines ``<identity>  <path>``: it changes when a byte does."""
    lines = sorted(f"{file.identity}  {file.path}\n" for file in declared)
    return sha256("".join(lines).encode()).hexdigest()


def size_of(declared: Sequence[ShippedFile | RemoteFile]) -> int | None:
    """Bytes to fetch; None where one file's size is not known."""
    sizes = [file.size for file in declared]
    return None if None in sizes else sum(size for size in sizes if size is not None)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A built-in table: everything that can be said of it without opening a file.

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
        return revision_of(self.files)

    @property
    def size_bytes(self) -> int | None:
        """Bytes to fetch; None where one file's size is not known."""
        return size_of(self.files)

    def open(self, file: ShippedFile) -> BinaryIO:
        """A fresh binary stream over one of the shipped ``files``."""
        return cast(BinaryIO, (files(self.package) / "tables" / self.name / file.path).open("rb"))
