"""Datasets in a cache, without git: what pushes and fetches are tried on."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, write_column
from dataferry.versioning.model.lock_file import Column, Lock, LockedDataset, LockedField, RowGroup
from dataferry.versioning.model.schema import Field

REMOTE = "bucket"


def dataset_of(cache: Cache, files: Sequence[bytes], *, field: str = "image", name: str = "Pictures") -> Lock:
    """One group of rows: a file and its number in each."""
    stored = [StoredFile(digest, "png", size) for digest, size in map(cache.keep_bytes, files)]
    columns = {
        field: Column(write_column(cache, stored), sum(file.size for file in stored)),
        "number": Column(write_column(cache, range(len(files)))),
    }
    fields = (LockedField(Field(field, "file", ("png",))), LockedField(Field("number", "int")))
    return Lock((LockedDataset(name, REMOTE, fields, (RowGroup("made", "1", len(files), columns),)),))


def appended(lock: Lock, other: Lock) -> Lock:
    """The rows of the first dataset of both."""
    one, two = lock.datasets[0], other.datasets[0]
    return Lock((replace(one, groups=(*one.groups, *two.groups)),))


def made_files(count: int, size: int = 300, seed: int = 0) -> list[bytes]:
    """Files that no other one is like."""
    chance = random.Random(seed)
    return [chance.randbytes(size) for _ in range(count)]


def contents(cache: Cache) -> set[str]:
    """The SHA-256 of every object that is in the cache."""
    return {digest for digest, _ in cache.digests("objects")}


def settings(url: str | Path, **more: str) -> dict[str, str]:
    """git's configuration of the remote at this address, as ``remote_of`` asks for it."""
    return {f"datasets.remote.{REMOTE}.{key}": str(value) for key, value in {"url": url, **more}.items()}
