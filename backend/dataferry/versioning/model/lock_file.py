"""The lock beside an index file: what its dataset holds, in one small file that git keeps.

    {
     "version": 1,
     "datasets": [
      {
       "name": "SegmentationDataset",
       "remote": "awsbucket",
       "fields": [
        {"name": "image", "kind": "file", "formats": ["jpg", "png"]},
        {"name": "small", "kind": "file", "formats": ["png"], "inputs": ["image"], "fingerprint": "1f0c…"}
       ],
       "groups": [
        {
         "source": "from_web",
         "fingerprint": "77ab…",
         "rows": 50,
         "columns": {
          "image": {"sha256": "9d3e…", "bytes": 5120},
          "small": {"sha256": "02c4…", "bytes": 900, "made_from": "5bd1…"}
         }
        }
       ]
      }
     ]
    }

Rows stand in groups: those that one ingest brought. An ingest that is added adds a group, one that changes
makes its own anew, and one that is taken out of the class leaves its rows. So what is appended costs no
earlier row a computation, and two branches that append can be merged.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from dataferry.core.errors import InvalidInput
from dataferry.versioning.model.schema import Field, FieldKind, Transform

VERSION = 1


_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one field for a group's rows: a column file of this ``sha256``. ``bytes``: of the files
    in it together, 0 of other values. ``made_from``: the key of what computed it (``column_key``)."""

    sha256: str
    bytes: int = 0
    made_from: str | None = None


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows that the ingest ``source`` of this ``fingerprint`` brought. Only computed columns may be
    missing: they are stale until the next commit."""

    source: str
    fingerprint: str
    rows: int
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class LockedField:
    """A field; of one that a transform makes also its ``inputs`` and ``fingerprint``."""

    field: Field
    inputs: tuple[str, ...] = ()
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class LockedDataset:
    """One class of an index file, with its rows."""

    name: str
    remote: str | None
    fields: tuple[LockedField, ...]
    groups: tuple[RowGroup, ...] = ()

    @property
    def rows(self) -> int:
        return sum(group.rows for group in self.groups)

    @property
    def columns(self) -> dict[str, FieldKind]:
        """The SHA-256 of every column file, with the kind of its values."""
        kinds = {locked.field.name: locked.field.kind for locked in self.fields}
        return {column.sha256: kinds[name] for group in self.groups for name, column in group.columns.items()}


@dataclass(frozen=True, slots=True)
class Lock:
    """All datasets of an index file, in its order."""

    datasets: tuple[LockedDataset, ...] = ()

    @classmethod
    def parse(cls, text: str, name: str = "the lock") -> Self:
        """Errors: ``InvalidInput`` for what is no lock, and for one of a newer version."""
        try:
            content = json.loads(text)
            version = content["version"]
            if version == VERSION:
                return cls(tuple(_dataset(entry) for entry in content["datasets"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(
                f"{name} is damaged, or has conflicts in it.",
                next_step="Resolve the index file beside it and commit: the lock is made anew.",
            ) from error
        raise InvalidInput(
            f"{name} is of version {version}, and this git-datasets knows version {VERSION}.",
            next_step="Install a newer one: pip install -U dataferry.",
        )

    def __str__(self) -> str:
        """The file's text: sorted and indented, so that git shows and merges it by lines."""
        content = {"version": VERSION, "datasets": [_dataset_entry(dataset) for dataset in self.datasets]}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def dataset(self, name: str) -> LockedDataset | None:
        return next((dataset for dataset in self.datasets if dataset.name == name), None)

    @property
    def columns(self) -> dict[str, FieldKind]:
        """The SHA-256 of every column file, with the kind of its values."""
        return {digest: kind for dataset in self.datasets for digest, kind in dataset.columns.items()}


def column_key(transform: Transform | LockedField, columns: Mapping[str, Column]) -> str | None:
    """What a computed column of a group is made from: the function and the columns of its inputs. None where
    one of them is missing."""
    inputs = [columns.get(name) for name in transform.inputs]
    if None in inputs:
        return None
    parts = [transform.fingerprint or "", *(column.sha256 for column in inputs if column is not None)]
    return sha256("\n".join(parts).encode()).hexdigest()


def is_current(dataset: LockedDataset) -> bool:
    """Whether no computed column is missing or made from something else."""
    return all(
        (column := group.columns.get(locked.field.name)) is not None
        and (locked.fingerprint is None or column.made_from == column_key(locked, group.columns))
        for group in dataset.groups
        for locked in dataset.fields
    )


def is_newer(text: str) -> bool:
    """Whether a text is a lock of a version that is not known here."""
    try:
        version = json.loads(text)["version"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(version, int) and version > VERSION


def _dataset(entry: Mapping[str, Any]) -> LockedDataset:
    return LockedDataset(
        _name(entry["name"]),
        entry["remote"],
        tuple(_field(field) for field in entry["fields"]),
        tuple(_group(group) for group in entry["groups"]),
    )


def _field(entry: Mapping[str, Any]) -> LockedField:
    formats = tuple(entry.get("formats", ()))
    field = Field(_name(entry["name"]), entry["kind"], formats, entry.get("optional", False))
    return LockedField(field, tuple(entry.get("inputs", ())), entry.get("fingerprint"))


def _group(entry: Mapping[str, Any]) -> RowGroup:
    columns = {
        _name(name): Column(_sha256(column["sha256"]), column.get("bytes", 0), column.get("made_from"))
        for name, column in entry["columns"].items()
    }
    return RowGroup(_name(entry["source"]), entry["fingerprint"], int(entry["rows"]), columns)


def _name(name: str) -> str:
    """A lock may come from anybody, and names in it become files': errors are ``ValueError``."""
    if not name.isidentifier():
        raise ValueError(name)
    return name


def _sha256(digest: str) -> str:
    if len(digest) != _SHA256_DIGITS or not digest.isalnum():
        raise ValueError(digest)
    return digest


def _dataset_entry(dataset: LockedDataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "remote": dataset.remote,
        "fields": [_field_entry(locked) for locked in dataset.fields],
        "groups": [_group_entry(group) for group in dataset.groups],
    }


def _field_entry(locked: LockedField) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": locked.field.name, "kind": locked.field.kind}
    if locked.field.formats:
        entry["formats"] = list(locked.field.formats)
    if locked.field.optional:
        entry["optional"] = True
    if locked.fingerprint is not None:
        entry |= {"inputs": list(locked.inputs), "fingerprint": locked.fingerprint}
    return entry


def _group_entry(group: RowGroup) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in sorted(group.columns):
        column = group.columns[name]
        columns[name] = {"sha256": column.sha256}
        if column.bytes:
            columns[name]["bytes"] = column.bytes
        if column.made_from is not None:
            columns[name]["made_from"] = column.made_from
    return {"source": group.source, "fingerprint": group.fingerprint, "rows": group.rows, "columns": columns}
