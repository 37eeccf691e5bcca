"""The index file of a library's dataset: what a person would write by hand."""

import inspect
from collections.abc import Sequence
from pathlib import Path

from dataferry.library.versions import names
from dataferry.library.versions.layouts import Layout

#: The remote's name in index files: the server's own copy of the data.
REMOTE = "dataferry"
_PYTHON = {"path": "str", "file": "Path", "date": "date"}

_PATHS = '''def paths() -> list[str]:
    """Every file of the dataset, in the order of their paths."""
    found = (file for file in FOLDER.rglob("*") if file.is_file() and not file.is_symlink())
    return sorted(file.relative_to(FOLDER).as_posix() for file in found)
'''


def index_text(title: str, ref: str, folder: Path, checksum: str, layouts: Sequence[Layout]) -> str:
    """``folder``: where the dataset lies; ``checksum``: of all of its files, so that the functions run again
    once another is recorded."""
    classes = [_class(layout, checksum) for layout in layouts]
    body = "\n\n".join(classes)
    used = [name for name in ("folders_of", "split_of", "part_of") if f"{name}(" in body]
    if "part_of" in used:
        used = ["folders_of", "split_of", "part_of"]
    functions = [inspect.getsource(getattr(names, name)) for name in used]
    if used:
        functions.insert(0, f"SPLITS = {_tuple(names.SPLITS)}\n")
    uses_paths = any("paths()" in line for layout in layouts for line in layout.body)
    parts = [
        _docstring(title, ref) + "\n" + _imports(layouts),
        f"#: Where the dataset lies on the machine that recorded it.\nFOLDER = Path({str(folder)!r})\n",
        *functions,
        *([_PATHS] if uses_paths else []),
        *classes,
    ]
    return "\n\n".join(parts)


def _docstring(title: str, ref: str) -> str:
    named = _words(title)
    return (
        f'"""{named}, {_words(ref)}.\n\n'
        "Dataferry wrote this when the dataset became a versioned one, and writes it anew with each version\n"
        "that it records. In a clone it is yours. Functions run only when they have changed, by a commit.\n"
        '"""\n'
    )


def _words(text: str) -> str:
    """A stranger's title, with nothing in it that ends a docstring."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain.replace("\\", "/").replace('"', "'")[:200]


def _imports(layouts: Sequence[Layout]) -> str:
    fields = [field for layout in layouts for field in layout.fields]
    formats = {name for field in fields for name in field.formats}
    lines = ["from collections.abc import Iterator"]
    if any(field.kind == "date" for field in fields):
        lines.append("from datetime import date")
    lines.append("from pathlib import Path")
    lines.append("")
    if any("duckdb" in line for layout in layouts for line in layout.body):
        lines += ["import duckdb", ""]
    versioning = sorted({"File", "dataset", "ingest", *formats}, key=lambda name: (name.islower(), name))
    lines.append(f"from dataferry.versioning import {', '.join(versioning)}")
    return "\n".join(lines) + "\n"


def _class(layout: Layout, checksum: str) -> str:
    values = ", ".join(_value_type(field.kind, optional=field.optional) for field in layout.fields)
    lines = [
        f'@dataset(remote="{REMOTE}")',
        f"class {layout.name}:",
        f'    """{_words(layout.about)}"""',
        "",
        *(f"    {field.name}: {field}" for field in layout.fields),
        "",
        f'    @ingest(version="{checksum[:16]}")',
        f"    def {layout.ingest}() -> Iterator[tuple[{values}]]:",
        *(f"        {line}" for line in layout.body),
    ]
    return "\n".join(lines) + "\n"


def _value_type(kind: str, *, optional: bool) -> str:
    python = _PYTHON.get(kind, kind)
    return f"{python} | None" if optional else python


def _tuple(words: Sequence[str]) -> str:
    return "(" + ", ".join(f'"{word}"' for word in words) + ")"
