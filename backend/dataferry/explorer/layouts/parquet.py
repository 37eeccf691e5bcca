"""Parquet files with a column of pictures, as ``datasets`` and the Hub write them.

::

    data/train-00000-of-00002.parquet      image: STRUCT(bytes BLOB, path VARCHAR), or BLOB
                                           label: BIGINT, a ClassLabel whose names are in the file's metadata
                                           objects: STRUCT(bbox DOUBLE[][], category BIGINT[])
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.core.errors import DamagedFile
from dataferry.explorer.layouts.contract import FileSet, FoundBox, FoundImage, Layout, Place
from dataferry.explorer.layouts.names import WHOLE, split_of
from dataferry.library.preview.locked_duckdb import locked_down

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHARD = re.compile(r"^(.+?)-\d{5}-of-\d{5}(?:-[0-9a-f]+)?\.parquet$")
_STRUCT = re.compile(r'^STRUCT\("?bytes"? BLOB\b')
_LABELS = ("label", "labels", "fine_label", "class", "category", "target")
_SOURCE = "read_parquet($1, hive_partitioning = false, file_row_number = true)"
_BATCH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class _Columns:
    """``value``: the expression for a picture's bytes."""

    value: str
    label: str | None
    names: Sequence[str]
    objects: str | None
    object_names: Sequence[str]


def parquet(files: FileSet) -> Layout | None:
    """Only labels are read for the list; a picture is when it is asked for."""
    found = [path for path in files.paths if path.lower().endswith(".parquet")]
    first = next((file for path in found if (file := files.local(path)) is not None), None)
    columns = _columns(first) if first is not None else None
    if columns is None:
        return None
    several = len({path.rpartition("/")[0] for path in found}) > 1
    damaged: list[str] = []

    def images() -> Iterator[FoundImage]:
        for path in found:
            file = files.local(path)
            if file is None:
                continue
            try:
                yield from _rows(path, file, columns, _split(path, several=several))
            except DamagedFile:
                damaged.append(path)

    notes = lambda: [f"{path} cannot be read, or has no pictures." for path in damaged]  # noqa: E731
    classes = columns.object_names if columns.objects else columns.names
    return Layout("Parquet", columns.objects is not None, images(), classes=classes, notes=notes)


def parquet_picture(file: Path, row: int) -> bytes:
    """The bytes of one picture. Errors: ``DamagedFile``."""
    import duckdb

    columns = _columns(file)
    if columns is None:
        raise _damaged(file)
    query = f"SELECT {columns.value} FROM {_SOURCE} WHERE file_row_number = $2"  # noqa: S608 - of quoted names
    try:
        with locked_down(file.parent) as connection:
            found = connection.execute(query, [str(file), row]).fetchone()
    except duckdb.Error as error:
        raise _damaged(file) from error
    if found is None or found[0] is None:
        raise DamagedFile("This row has no picture.", next_step="Look at the others.")
    return bytes(found[0])


def _rows(path: str, file: Path, columns: _Columns, split: str) -> Iterator[FoundImage]:
    import duckdb

    wanted = ", ".join(("file_row_number", columns.label or "NULL", columns.objects or "NULL"))
    try:
        with locked_down(file.parent) as connection:
            query = f"SELECT {wanted} FROM {_SOURCE} WHERE {columns.value} IS NOT NULL"  # noqa: S608
            if columns.label is None and columns.objects is None:
                query = f"SELECT {wanted} FROM {_SOURCE}"  # noqa: S608 - the pictures need not be read for it
            rows = connection.execute(query, [str(file)])
            while some := rows.fetchmany(_BATCH_ROWS):
                for number, label, objects in some:
                    place = Place("row", path, int(number))
                    name = f"{path}#{number}"
                    boxes = tuple(_boxes(objects, columns.object_names))
                    yield FoundImage(split, name, place, _named(label, columns.names), boxes)
    except duckdb.Error as error:
        raise _damaged(file) from error


def _named(value: Any, names: Sequence[str]) -> str | None:
    """The name of a ClassLabel; -1 is none."""
    if value is None or isinstance(value, list | dict | bytes):
        return None
    if names and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None
    return str(value)[:200]


def _boxes(objects: Any, names: Sequence[str]) -> Iterator[FoundBox]:
    """``bbox`` is COCO's: left, top, width and height in pixels."""
    if not isinstance(objects, Mapping):
        return
    categories = objects.get("category") or objects.get("categories") or objects.get("label") or ()
    for number, bbox in enumerate(objects.get("bbox") or ()):
        with suppress(TypeError, ValueError):
            x, y, width, height = map(float, bbox)
            value = categories[number] if number < len(categories) else None
            yield FoundBox((x, y, width, height), _named(value, names) or "object")


def _columns(file: Path) -> _Columns | None:
    """The column of pictures, and those that say what is in them."""
    import duckdb

    try:
        with locked_down(file.parent) as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM {_SOURCE}", [str(file)]).fetchall()  # noqa: S608
            types = {str(name): str(dtype) for name, dtype, *_ in described}
            value = next(filter(None, (_value(connection, file, *one) for one in types.items())), None)
            if value is None:
                return None
            features = _features(connection, file)
    except duckdb.Error:
        return None
    labels = {name: features[name]["names"] for name in types if _is_class_label(features.get(name))}
    label = next(iter(labels), None) or next(
        (name for name in _LABELS if name in types and not types[name].endswith("]")), None
    )
    objects = next(
        (name for name, dtype in types.items() if "bbox DOUBLE[][]" in dtype.replace('"', "")), None
    )
    objects = objects or next((n for n, t in types.items() if "bbox FLOAT[][]" in t.replace('"', "")), None)
    return _Columns(
        value,
        None if label is None else _quoted(label),
        labels.get(label or "", ()),
        None if objects is None else _quoted(objects),
        _names_within(features.get(objects or "")),
    )


def _value(connection: "DuckDBPyConnection", file: Path, name: str, dtype: str) -> str | None:
    if _STRUCT.match(dtype):
        value = f"{_quoted(name)}.bytes"
    elif dtype == "BLOB":
        value = _quoted(name)
    else:
        return None
    query = f"SELECT {value} FROM {_SOURCE} WHERE {value} IS NOT NULL LIMIT 1"  # noqa: S608 - quoted
    first = connection.execute(query, [str(file)]).fetchone()
    starts = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P5", b"P6")
    webp = first is not None and (first[0][:4] != b"RIFF" or first[0][8:12] == b"WEBP")
    return value if first is not None and first[0].startswith(starts) and webp else None


def _features(connection: "DuckDBPyConnection", file: Path) -> dict[str, Any]:
    """What ``datasets`` wrote of the columns into the file's metadata."""
    query = "SELECT value FROM parquet_kv_metadata($1) WHERE key = 'huggingface'"
    found = connection.execute(query, [str(file)]).fetchone()
    with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
        features = json.loads(bytes(found[0]))["info"]["features"] if found is not None else {}
        return dict(features.items())
    return {}


def _is_class_label(feature: Any) -> bool:
    return isinstance(feature, dict) and isinstance(feature.get("names"), list)


def _names_within(feature: Any) -> Sequence[str]:
    """The names of the first ClassLabel in a nested feature."""
    if _is_class_label(feature):
        return [str(name) for name in feature["names"]]
    inner = feature.values() if isinstance(feature, dict) else feature if isinstance(feature, list) else ()
    return next((names for one in inner if (names := _names_within(one))), ())


def _split(path: str, *, several: bool) -> str:
    """``train`` of ``data/train-00000-of-00002.parquet``; with several folders theirs before it."""
    folder, _, name = path.rpartition("/")
    shard = _SHARD.match(name)
    split = shard[1] if shard else split_of(name)
    if split == WHOLE:
        split = split_of(path)
    config = folder.rsplit("/", 1)[-1]
    return f"{config}/{split}" if several and config not in ("", "data", split) else split


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _damaged(file: Path) -> DamagedFile:
    return DamagedFile(f"{file.name} is no sound Parquet of pictures.", next_step="Verify the dataset.")
