"""What an index file says of a dataset: its fields, and the functions that fill them."""

from dataclasses import dataclass
from typing import Literal

FieldKind = Literal["file", "int", "float", "str", "bool", "date", "path"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a dataset. ``formats``: of a field of files, in alphabetical order. Of an ``optional`` one
    a row may have no value."""

    name: str
    kind: FieldKind
    formats: tuple[str, ...] = ()
    optional: bool = False

    def __str__(self) -> str:
        """As an index file writes its type."""
        written = (
            f"File[{' | '.join(self.formats)}]" if self.kind == "file" else _WRITTEN.get(self.kind, self.kind)
        )
        return f"{written} | None" if self.optional else written


_WRITTEN = {"path": "Path"}


@dataclass(frozen=True, slots=True)
class Ingest:
    """A function that brings rows, one list for each of the ``fields`` of its class, in their order.

    ``fingerprint`` changes with the function and what it uses, and not with a comment. With ``replace`` its
    rows take the place of all that were there. ``line``: where it begins, from 1.
    """

    name: str
    fingerprint: str
    line: int
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Transform:
    """A function that makes the value of ``field`` from those of its ``inputs``, which may be other
    transforms' fields. ``batch``: rows that it takes at once, as lists; None for one by one."""

    field: Field
    inputs: tuple[str, ...]
    fingerprint: str
    line: int
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class DatasetClass:
    """One class with ``@dataset``. ``remote``: the name of the place where its data is pushed to."""

    name: str
    remote: str | None
    fields: tuple[Field, ...]
    ingests: tuple[Ingest, ...]
    transforms: tuple[Transform, ...]
    line: int

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields that are declared, then those that are made, in the order of the file."""
        return (*self.fields, *(transform.field for transform in self.transforms))


@dataclass(frozen=True, slots=True)
class IndexFile:
    """All of one file's classes. ``sha256``: of its text, by which it is trusted."""

    classes: tuple[DatasetClass, ...]
    sha256: str
