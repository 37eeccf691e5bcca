"""Which files make one table where the dataset's own README declares ``configs:`` (``sources.subsets``)."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from dataferry.explorer.table_groups import FileGroup, TableFile, group, table_id
from dataferry.library.readmes import front_matter
from dataferry.library.selection import paths_of_pattern
from dataferry.sources.subsets import subsets

_README = "README.md"
#: A longer beginning is no front matter.
_MAX_CHARS = 1 << 20
#: Of a card that declares more, the others are grouped by their names.
_MAX_TABLES = 500
#: Patterns that are tried against the files.
_MAX_PATTERNS = 2_000


def groups_of(tree: Path, files: Sequence[TableFile]) -> list[FileGroup]:
    """The tables of the dataset in the folder ``tree``: those that its README declares, by config and split,
    and of the files that it does not name those that their names tell of. Blocks."""
    readme = tree / _README
    try:
        status = readme.stat()
    except OSError:
        return group(files)
    return list(_grouped(readme, status.st_mtime_ns, status.st_size, tuple(files)))


@lru_cache(maxsize=256)
def _grouped(readme: Path, _mtime_ns: int, _size: int, files: tuple[TableFile, ...]) -> tuple[FileGroup, ...]:
    try:
        with readme.open(encoding="utf-8", errors="replace") as stream:
            text = stream.read(_MAX_CHARS)
    except OSError:
        text = ""
    declared = declared_groups(text, files)
    named = {file.path for one in declared for file in one.files}
    return (*declared, *group(file for file in files if file.path not in named))


def declared_groups(readme: str, files: Sequence[TableFile]) -> list[FileGroup]:
    """The tables that a README declares, as far as their files are here; none for one that cannot be read."""
    try:
        head = yaml.safe_load(front_matter(readme))
        told = subsets(head.get("configs")) if isinstance(head, dict) else []
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    known = {file.path: file for file in files}
    found: list[FileGroup] = []
    tried = 0
    for config, split, patterns in told[:_MAX_TABLES]:
        tried += len(patterns)
        if tried > _MAX_PATTERNS:
            break
        paths = sorted({path for pattern in patterns for path in paths_of_pattern(known, pattern)})
        if paths:
            found.append(_group(config, split, tuple(known[path] for path in paths)))
    return found


def _group(config: str, split: str, files: tuple[TableFile, ...]) -> FileGroup:
    """Two configs may have one file: the table's id is of all three."""
    path = files[0].path
    label = path if len(files) == 1 else f"{split} ({len(files)} files)"
    return FileGroup(table_id(path, f"{config}\0{split}"), label, config, split, files)
