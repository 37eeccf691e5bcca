"""What the rows of a dataset are, told by its files: the classes that its index file has.

A dataset of pictures has a row for each, with its folder as the label; files that share their names, such as
pictures and their masks, stand in one row; a table has its own rows. Every dataset also has ``Files``, with a
row for each file whatever it is: what is restored is restored from that.
"""

import keyword
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dataferry.library.image_samples import is_image
from dataferry.library.versions.names import folders_of, part_of, split_of
from dataferry.versioning.declare.formats import FORMATS, SPELLINGS
from dataferry.versioning.model.columns import StoredFile, Value
from dataferry.versioning.model.schema import Field

Row = tuple[Value, ...]

FILES = "Files"
#: Names in an index file that no field may take.
_TAKEN = frozenset({"id", "file", "dataset", "ingest", "transform", "path", "date", *FORMATS, *SPELLINGS})
#: Beginnings of folders' names whose pictures belong to others: where none has one, folders are labels.
_BELONGING = ("mask", "seg", "annot", "label", "gt", "ground", "target", "depth")
#: A row has at most so many files that share a name.
_MOST_PARTS = 6
#: Files that are of no row, such as a readme, as a share of all.
_MOST_STRAY = 0.2


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a version. ``format``: what its bytes are, of the formats of index files; ``bin`` for what is
    none of them, or not what its name says."""

    path: str
    sha256: str
    size: int
    format: str

    def stored(self, field: Field) -> StoredFile:
        """As the value of a field of files."""
        return StoredFile(self.sha256, self.format if field.formats != ("bin",) else "bin", self.size)


@dataclass(frozen=True, slots=True)
class Layout:
    """A class of an index file. ``body``: of its ingest, line by line; ``rows``: what that brings."""

    name: str
    about: str
    fields: tuple[Field, ...]
    ingest: str
    body: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


def files_layout(files: Sequence[KeptFile]) -> Layout:
    """Every file with its path. ``files``: in the order of their paths."""
    path, file = Field("path", "path"), Field("file", "file", ("bin",))
    return Layout(
        FILES,
        "Every file of the dataset.",
        (path, file),
        "every_file",
        ("for path in paths():", "    yield path, FOLDER / path"),
        lambda: ((each.path, each.stored(file)) for each in files),
    )


def pictures_layout(files: Sequence[KeptFile]) -> Layout | None:
    """The pictures, with the folder as the label where folders differ; None where they are not most of the
    files."""
    pictures = [file for file in files if is_image(file.path) and _suffix(file.path)]
    shown = [file for file in files if not file.path.rpartition("/")[2].startswith(".")]
    if len(pictures) < 2 or len(pictures) < (1 - _MOST_STRAY) * len(shown):
        return None
    fields = [Field("path", "path"), _field_of_files("image", pictures)]
    values: list[tuple[str, Callable[[str], str]]] = []
    labels = {(folders_of(file.path) or [""])[-1] for file in pictures}
    if "" not in labels and len(labels) > 1:
        fields.append(Field("label", "str"))
        values.append(("folders_of(path)[-1]", lambda path: folders_of(path)[-1]))
    if all(split_of(file.path) for file in pictures):
        fields.append(Field("split", "str"))
        values.append(("split_of(path)", split_of))
    suffixes = sorted({f".{_suffix(file.path)}" for file in pictures})
    written = ", ".join(["path", "FOLDER / path", *(text for text, _ in values)])
    return Layout(
        "Pictures",
        "The pictures, each with the folder that it lies in." if values else "The pictures.",
        tuple(fields),
        "pictures",
        (
            "for path in paths():",
            '    name = path.rpartition("/")[2].lower()',
            f'    if name.endswith({_tuple(suffixes)}) and not name.startswith("."):',
            f"        yield {written}",
        ),
        lambda: (
            (file.path, file.stored(fields[1]), *(value(file.path) for _, value in values))
            for file in pictures
        ),
    )


def pairs_layout(files: Sequence[KeptFile]) -> Layout | None:
    """Files that share their names, one row for each name; None where most files have no such partners."""
    parts: defaultdict[str, dict[str, KeptFile]] = defaultdict(dict)
    for file in files:
        name, part = part_of(file.path)
        if part in parts and name in parts[part]:
            return None
        parts[part][name] = file
    same: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for part, found in parts.items():
        same[frozenset(found)].append(part)
    names, chosen = max(same.items(), key=lambda item: len(item[0]) * (len(item[1]) - 1))
    chosen.sort()
    covered = len(names) * len(chosen)
    if not 2 <= len(chosen) <= _MOST_PARTS or len(names) < 2 or covered < (1 - _MOST_STRAY) * len(files):
        return None
    if not all(_suffix(_example(part)) for part in chosen) or _are_labels(chosen):
        return None
    titles = field_names([_title_of(part, chosen) for part in chosen])
    fields = [
        _field_of_files(title, list(parts[part].values())) for title, part in zip(titles, chosen, strict=True)
    ]
    order = sorted(names)
    return Layout(
        "Pairs",
        "Files that share a name, one row for each name.",
        (Field("name", "str"), *fields),
        "pairs",
        (
            f"parts = {_list(chosen)}",
            "found: dict[str, dict[str, Path]] = {}",
            "for path in paths():",
            "    name, part = part_of(path)",
            "    found.setdefault(name, {})[part] = FOLDER / path",
            "for name in sorted(found):",
            "    if set(parts) <= set(found[name]):",
            "        yield name, *(found[name][part] for part in parts)",
        ),
        lambda: (
            (name, *(parts[part][name].stored(field) for part, field in zip(chosen, fields, strict=True)))
            for name in order
        ),
    )


def field_names(wanted: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """Names of fields, each of its own, for whatever columns and folders are called."""
    found: list[str] = []
    used = Counter(name.lower() for name in taken)
    for word in wanted:
        name = re.sub(r"\W+", "_", word).strip("_") or "column"
        if name[0].isdigit() or not name.isidentifier():
            name = f"column_{name}" if name.isascii() else "column"
        if keyword.iskeyword(name) or name.lower() in _TAKEN or name in ("True", "False", "None"):
            name = f"{name}_"
        base, number = name, 1
        while used[name.lower()]:
            number += 1
            name = f"{base}_{number}"
        used[name.lower()] += 1
        found.append(name)
    return found


def _field_of_files(name: str, files: Sequence[KeptFile]) -> Field:
    """Of the formats that these files are in; of any where one is not what its name says."""
    formats = sorted({file.format for file in files})
    return Field(name, "file", ("bin",) if "bin" in formats else tuple(formats))


def _suffix(path: str) -> str:
    """The suffix of a file whose format index files know; else empty."""
    suffix = path.rpartition("/")[2].rpartition(".")[2].lower()
    return suffix if SPELLINGS.get(suffix, suffix) in FORMATS else ""


def _title_of(part: str, parts: Sequence[str]) -> str:
    """The folder that tells a part from the others; where that does not, its suffix."""
    *folders, suffix = part.split("/")
    others = ["/".join(other.split("/")[:-1]) for other in parts if other != part]
    return folders[-1] if folders and "/".join(folders) not in others else suffix


def _are_labels(parts: Sequence[str]) -> bool:
    """Whether parts are nothing but pictures in folders, none of which is of masks or the like."""
    folders = [folder for part in parts for folder in part.lower().split("/")[:-1]]
    return all(is_image(_example(part)) for part in parts) and not any(
        folder.startswith(_BELONGING) for folder in folders
    )


def _example(part: str) -> str:
    """The name of a file that is of a part."""
    return f"x.{part.rpartition('/')[2]}"


def _tuple(words: Sequence[str]) -> str:
    inside = ", ".join(f'"{word}"' for word in words)
    return f"({inside},)" if len(words) == 1 else f"({inside})"


def _list(words: Sequence[str]) -> str:
    return "[" + ", ".join(map(repr, words)) + "]"
