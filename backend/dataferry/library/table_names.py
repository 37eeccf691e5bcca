"""Which files of a dataset are tables, which belong together, and what each table is called.

Only names are looked at. Files in several parts (``train-00000-of-00002.parquet``) are one table; a table
that is a split is called ``train``, ``test`` or ``validation``, any other by its file's name.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from dataferry.library.preview.suffixes import DOCUMENTS, SPLIT_WORDS, TABLES

#: Training data first, then what it is judged by.
SPLITS = ("train", "validation", "test")
_WORD = re.compile(r"[A-Za-z]+")
#: What a writer of several parts puts behind a name, or in its place.
_PART = re.compile(
    r"[-_.]?\d{4,6}-of-\d{4,6}|(?:^|[-_.])(?:part|shard|chunk)[-_.]?\d+.*|(?<=[A-Za-z])[-_]\d{5}$"
)
_ONLY_FIGURES = re.compile(r"\d{3,}")


@dataclass(frozen=True, slots=True)
class NamedTable:
    """The files of one table, in their order. ``paths`` are relative to the dataset's folder."""

    name: str
    paths: tuple[str, ...]


def split_of(path: str) -> str | None:
    """The split that a file's name tells of, or else one of its folders': ``train``, ``test``,
    ``validation``; None where none does, and where a name tells of two."""
    for part in reversed(PurePosixPath(path).parts):
        found = {SPLIT_WORDS[word] for word in map(str.lower, _WORD.findall(part)) if word in SPLIT_WORDS}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def named_tables(paths: Iterable[str]) -> tuple[NamedTable, ...]:
    """The tables among a dataset's files, by name. Documents (``.json``) count where nothing else is a table,
    as on the dataset's page."""
    every = sorted(paths)
    for suffixes in (TABLES, DOCUMENTS):
        found = [path for path in every if suffix_of(path, suffixes)]
        if found:
            return _named(_grouped(found, suffixes))
    return ()


def suffix_of(path: str, suffixes: Iterable[str]) -> str | None:
    """The suffix that a file's name ends with, the longest of ``suffixes``; None where it is a name of
    nothing else."""
    name = PurePosixPath(path).name.lower()
    return max((one for one in suffixes if name.endswith(one) and name != one), key=len, default=None)


def _grouped(paths: Sequence[str], suffixes: Sequence[str]) -> dict[str, list[str]]:
    """Files by what their names have in common: the path without the number of a part."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        suffix = suffix_of(path, suffixes) or ""
        whole = PurePosixPath(path)
        stem = whole.name[: len(whole.name) - len(suffix)]
        short = _PART.sub("", stem)
        if _ONLY_FIGURES.fullmatch(stem) and len(whole.parts) > 1:
            short = ""
        # A part without a name of its own is called by its folder.
        common = str(whole.parent / short) if short else str(whole.parent)
        if common in ("", "."):
            common = stem
        groups.setdefault(f"{common}\0{suffix}", []).append(path)
    return groups


def _named(groups: Mapping[str, Sequence[str]]) -> tuple[NamedTable, ...]:
    """The shortest name for each that no other one has: its split, its file's name, its path."""
    paths = [key.partition("\0")[0] for key in groups]
    splits = _split_names(paths)
    files = Counter(PurePosixPath(path).name for path in paths)
    tables = []
    for key, members in groups.items():
        path = key.partition("\0")[0]
        short = PurePosixPath(path).name
        if path in splits:
            name = splits[path]
        elif files[short] == 1 and short not in splits.values():
            name = short
        else:
            name = path if paths.count(path) == 1 else key.replace("\0", "")
        tables.append(NamedTable(name, tuple(members)))
    return tuple(sorted(tables, key=lambda table: (_order(table.name), table.name)))


def _split_names(paths: Sequence[str]) -> dict[str, str]:
    """The names of those that are a split. ``train`` is one rather than ``train_labels`` beside it; where
    several are the same split, of several configs, none is called by that alone."""
    exact: dict[str, str] = {}
    loose: dict[str, str] = {}
    for path in set(paths):
        word = PurePosixPath(path).name.lower()
        split = SPLIT_WORDS.get(word) or split_of(path)
        if split is not None:
            (exact if word in SPLIT_WORDS else loose)[path] = split
    holders = exact | {path: split for path, split in loose.items() if split not in exact.values()}
    several = len(set(holders.values())) < len(holders)
    return {path: path if several else split for path, split in holders.items() if paths.count(path) == 1}


def _order(name: str) -> int:
    words = _WORD.findall(name.lower())
    return next((n for n, split in enumerate(SPLITS) if split in words), len(SPLITS))


def image_tables(paths: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The images among a dataset's files by the split that their folders tell of; all of them as ``images``
    where these tell of none."""
    by_split: dict[str, list[str]] = {}
    for path in sorted(paths):
        split = split_of(str(PurePosixPath(path).parent)) or "images"
        by_split.setdefault(split, []).append(path)
    return {name: by_split[name] for name in (*SPLITS, "images") if name in by_split}
