"""Which files make one table: shards of a split, and what their names say of split and config."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from dataferry.library.preview.suffixes import SPLIT_WORDS

SHARD = re.compile(r"(?P<base>.+?)[-_.]?\d{4,6}-of-\d{4,6}(?:-[0-9a-f]{8,})?")
_PART = re.compile(r"(?:part[-_.]?)?\d{4,6}(?:-[0-9a-f-]{8,})?(?:[-_.]c\d{3})?")
_WORDS = re.compile(r"[^a-z0-9]+")
_NO_CONFIG = {"data", "datasets", "dataset", "csv", "parquet", "jsonl", "json", "tables"}


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file of a dataset."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files whose rows are one table, in their order. ``id`` stays the same while the paths do."""

    id: str
    label: str
    config: str | None
    split: str | None
    files: tuple[TableFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def group(files: Iterable[TableFile]) -> list[FileGroup]:
    """The tables of a dataset, in the order of their first files."""
    groups: dict[tuple[str, str, str], list[TableFile]] = {}
    for file in files:
        groups.setdefault(_key(file.path), []).append(file)
    return [_group(sorted(some, key=lambda one: one.path)) for some in groups.values()]


def _key(path: str) -> tuple[str, str, str]:
    """What shards of one table have in common: folder, beginning of the name, and its end."""
    folder, _, name = path.rpartition("/")
    stem, _, suffix = name.partition(".") if not name.startswith(".") else (name, "", "")
    shard = SHARD.fullmatch(stem)
    if shard is not None:
        return folder, shard["base"], suffix
    return (folder, "", suffix) if _PART.fullmatch(stem) else (folder, name, "")


def _group(files: Sequence[TableFile]) -> FileGroup:
    path = files[0].path
    folder, base, _ = _key(path)
    split = _split(base) or _split(PurePosixPath(folder).name)
    above = [
        one for one in PurePosixPath(folder).parts if _split(one) is None and one.lower() not in _NO_CONFIG
    ]
    config = above[0] if above and (split is not None or len(files) > 1) else None
    label = path if len(files) == 1 else f"{'/'.join(filter(None, (folder, base)))} ({len(files)} files)"
    return FileGroup(table_id(path), label, config, split, tuple(files))


def table_id(path: str, inner: str | None = None) -> str:
    """Of the table that begins with this file; ``inner``: its name in it."""
    text = path if inner is None else f"{path}\0{inner}"
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _split(name: str) -> str | None:
    found = [SPLIT_WORDS[word] for word in _WORDS.split(name.lower()) if word in SPLIT_WORDS]
    return found[0] if found else None
