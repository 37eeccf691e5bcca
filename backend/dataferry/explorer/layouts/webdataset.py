"""WebDataset: tar files in which the members of one sample stand together and share a key.

::

    train-000000.tar:  000001.jpg  000001.cls  000001.json  000002.jpg  …

The key ends at the first dot of the name, as WebDataset's own reader has it.
"""

import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from dataferry.explorer.layouts.contract import FileSet, FoundImage, Layout, Place
from dataferry.explorer.layouts.names import SUFFIXES, is_meant, split_of

_LABELS = ("cls", "cls.txt", "label", "class")
_JSON_LABELS = ("label", "class", "cls", "category", "class_name")
_MAX_LABEL_BYTES = 64 << 10
_LOOKED_AT = 200


def webdataset(files: FileSet) -> Layout | None:
    """The members of each tar are found once; nothing is unpacked."""
    tars = [path for path in files.paths if path.lower().endswith(".tar")]
    local = [(path, file) for path in tars if (file := files.local(path)) is not None]
    if not local or not _has_images(local[0][1]):
        return None
    damaged: list[str] = []

    def images() -> Iterator[FoundImage]:
        for path, file in local:
            try:
                yield from _images_in(path, file)
            except (tarfile.TarError, OSError, EOFError):
                damaged.append(path)

    def notes() -> Sequence[str]:
        return [f"{path} is damaged: what is behind the damage is not shown." for path in damaged]

    return Layout("WebDataset", False, images(), notes=notes)


def _has_images(file: Path) -> bool:
    with suppress(tarfile.TarError, OSError, EOFError), tarfile.open(file, "r:") as archive:
        for _, member in zip(range(_LOOKED_AT), archive, strict=False):
            if _suffix(member.name) is not None:
                return True
    return False


def _images_in(path: str, file: Path) -> Iterator[FoundImage]:
    split = split_of(path)
    key, label = "", None
    found: list[tarfile.TarInfo] = []
    with tarfile.open(file, "r:") as archive:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # else a million stay in memory
            if not member.isfile() or not is_meant(member.name.removeprefix("./")):
                continue
            this, _, ending = _split_name(member.name)
            if this != key:
                yield from _sample(split, path, found, label)
                key, found, label = this, [], None
            if _suffix(member.name) is not None:
                found.append(member)
            elif member.size <= _MAX_LABEL_BYTES and (stream := archive.extractfile(member)) is not None:
                label = _label(ending, stream.read()) or label
    yield from _sample(split, path, found, label)


def _sample(
    split: str, path: str, members: Sequence[tarfile.TarInfo], label: str | None
) -> Iterator[FoundImage]:
    for one in members:
        place = Place("stored", path, one.offset_data, one.size, one.size)
        yield FoundImage(split, f"{path}#{one.name}", place, label)


def _split_name(name: str) -> tuple[str, str, str]:
    folder, _, last = name.rpartition("/")
    key, dot, ending = last.partition(".")
    return f"{folder}/{key}", dot, ending.lower()


def _suffix(name: str) -> str | None:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix in SUFFIXES else None


def _label(ending: str, data: bytes) -> str | None:
    text = data.decode("utf-8", "replace").strip()
    if ending in _LABELS:
        return text[:200] or None
    if ending == "json":
        with suppress(ValueError, RecursionError):
            told = json.loads(text)
            for name in _JSON_LABELS if isinstance(told, dict) else ():
                if isinstance(told.get(name), str | int):
                    return str(told[name])[:200]
    return None
