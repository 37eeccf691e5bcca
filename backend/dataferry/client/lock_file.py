"""``datasets.lock``: which bytes a project works with.

One JSON object a line, so that a change shows as the lines that changed, two people's changes merge, and
whatever is wrong is told with its line. First the format, then each dataset by its ref, followed by its files
by their paths::

    {"datasets.lock": 1}
    {"ref": "builtin:iris", "revision": "e744…", "license": "CC-BY-4.0", "rows": 150, "bytes": 5267, …}
    {"ref": "builtin:iris", "path": "test.csv", "bytes": 818, "sha256": "2d2a…"}

No line depends on another one but a file's on its dataset's, and nothing is summed over all of them.
"""

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.files.safe_names import UnusablePath, check_path
from dataferry.core.types import DatasetRef

NAME = "datasets.lock"
_FORMAT = 1
_VERSION = re.compile(r"[0-9a-f]{40,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: What some programs take for the end of a line, and JSON does not.
_BREAKS = re.compile("[\x85\u2028\u2029]")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_OTHER_FILE = "Name another one with --lock-file."
_WRITE_ANEW = "Correct the line, or delete the file: `dataferry lock REF` writes it anew."


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file of a locked dataset. ``line`` counts from 1; 0 where it was not read from a file."""

    path: str
    size: int
    sha256: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class LockedDataset:
    """A dataset at a revision. ``selected``: only these files of it. ``rows``: of all its tables together;
    None where that is not known. ``date``: when its files arrived, ``2026-11-30``. ``version``: the id of the
    recorded version that these files are, where the library has one."""

    ref: str
    revision: str
    files: tuple[LockedFile, ...]
    license: str | None = None
    date: str | None = None
    rows: int | None = None
    selected: bool = False
    version: str | None = None
    line: int = field(default=0, compare=False)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


Lock = Mapping[str, LockedDataset]
"""Locked datasets by their refs."""


def read_lock(path: Path) -> dict[str, LockedDataset]:
    """Errors: ``NotFound`` where there is none; ``InvalidInput`` that names the line that cannot be used, and
    for a file of another format."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"There is no {path} here.",
            next_step="`dataferry lock REF` writes it; --lock-file names another.",
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is no UTF-8 text.", next_step=_OTHER_FILE) from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", next_step=_OTHER_FILE) from None
    return _Reader(path).read(text)


def write_lock(path: Path, lock: Lock) -> None:
    """Write all of it in its order, in one step. Errors: ``InvalidInput`` where it cannot be written."""
    lines = (json.dumps(line, ensure_ascii=False) for line in _lines(lock))
    text = "".join(f"{_BREAKS.sub(_escaped, line)}\n" for line in lines)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.", next_step=_OTHER_FILE) from None


def differences(path: Path, locked: LockedDataset, found: Iterable[LockedFile]) -> Iterator[str]:
    """What is other in ``found`` than the lock says, a sentence each with the line of the lock."""
    there = {file.path: file for file in found}
    for file in locked.files:
        other = there.pop(file.path, None)
        where = f"{path}:{file.line}: {locked.ref} {file.path}"
        if other is None:
            yield f"{where} is not in revision {locked.revision[:12]}."
        elif other.sha256 != file.sha256:
            yield f"{where} has the SHA-256 {other.sha256[:16]}…, and the lock {file.sha256[:16]}…."
        elif other.size != file.size:
            yield f"{where} has {other.size} bytes, and the lock says {file.size}."
    for name in there:
        yield f"{path}:{locked.line}: {locked.ref} has the file {name}, which the lock has not."


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _lines(lock: Lock) -> Iterator[dict[str, Any]]:
    yield {NAME: _FORMAT}
    for ref in sorted(lock):
        one = lock[ref]
        about: dict[str, Any] = {"ref": ref, "revision": one.revision, "license": one.license}
        about |= {"date": one.date, "rows": one.rows, "bytes": one.size, "files": len(one.files)}
        about |= {"version": one.version} if one.version else {}
        yield about | ({"selected": True} if one.selected else {})
        for file in sorted(one.files, key=lambda file: file.path):
            yield {"ref": ref, "path": file.path, "bytes": file.size, "sha256": file.sha256}


class _Reader:
    """Reads a lock file line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = 0
        self._about: dict[str, tuple[int, dict[str, Any]]] = {}
        self._files: dict[str, dict[str, LockedFile]] = {}

    def read(self, text: str) -> dict[str, LockedDataset]:
        first = True
        for self._line, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            values = self._object(line)
            if first:
                self._check_format(values)
            elif "path" in values:
                self._take_file(values)
            else:
                self._take_dataset(values)
            first = False
        if first:
            self._line = 1
            raise self._wrong("it is empty", "Delete it: `dataferry lock REF` writes it.")
        lock = {ref: self._dataset(ref) for ref in self._about}
        for ref, files in self._files.items():
            self._line = min(file.line for file in files.values())
            raise self._wrong(f"the line of {ref} itself is missing")
        return lock

    def _object(self, line: str) -> dict[str, Any]:
        if line.startswith(_CONFLICT):
            raise self._wrong(
                "two versions of it were merged and not resolved",
                "Keep the lines of both sides, one for each dataset and each file of it.",
            )
        try:
            values = json.loads(line)
        except ValueError as error:
            raise self._wrong(f"it is no JSON: {error}") from None
        if not isinstance(values, dict):
            raise self._wrong("it is no JSON object")
        return values

    def _check_format(self, values: Mapping[str, Any]) -> None:
        if NAME not in values:
            raise self._wrong(f'it does not begin with {{"{NAME}": {_FORMAT}}}', _OTHER_FILE)
        if values[NAME] != _FORMAT:
            raise self._wrong(
                f"it is of format {values[NAME]}, and this Dataferry reads {_FORMAT}",
                "Use the Dataferry that wrote it, or delete it and let `dataferry lock REF` write it anew.",
            )

    def _take_dataset(self, values: dict[str, Any]) -> None:
        ref = self._text(values, "ref")
        try:
            ref = str(DatasetRef.parse(ref))
        except InvalidInput as error:
            raise self._wrong(error.detail.rstrip(".")) from None
        if ref in self._about:
            raise self._wrong(f"{ref} is there a second time, after line {self._about[ref][0]}")
        self._text(values, "revision")
        if "version" in values and not _VERSION.fullmatch(self._text(values, "version")):
            raise self._wrong(f"version of {ref} is no id of a version")
        self._about[ref] = self._line, values

    def _take_file(self, values: dict[str, Any]) -> None:
        ref, path, digest = (self._text(values, name) for name in ("ref", "path", "sha256"))
        try:
            check_path(path)
        except UnusablePath as error:
            raise self._wrong(f"{path!r} is no path of a file") from error
        size = values.get("bytes")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise self._wrong(f"bytes of {path} is {size!r}, and no whole number")
        if not _SHA256.fullmatch(digest):
            raise self._wrong(f"sha256 of {path} is not 64 figures from 0 to f")
        files = self._files.setdefault(ref, {})
        if path in files:
            raise self._wrong(f"{path} of {ref} is there a second time, after line {files[path].line}")
        files[path] = LockedFile(path, size, digest, self._line)

    def _dataset(self, ref: str) -> LockedDataset:
        self._line, about = self._about[ref]
        files = self._files.pop(ref, {})
        told = about.get("files")
        if told != len(files):
            raise self._wrong(f"it says {told} files of {ref}, and there are lines of {len(files)}")
        return LockedDataset(
            ref,
            about["revision"],
            tuple(files[path] for path in sorted(files)),
            license=about.get("license"),
            date=about.get("date"),
            rows=about.get("rows"),
            selected=bool(about.get("selected")),
            version=about.get("version"),
            line=self._line,
        )

    def _text(self, values: Mapping[str, Any], name: str) -> str:
        value = values.get(name)
        if not isinstance(value, str) or not value:
            raise self._wrong(f"{name} is missing, or no text")
        return value

    def _wrong(self, what: str, next_step: str = _WRITE_ANEW) -> InvalidInput:
        return InvalidInput(f"{self._path}:{self._line}: {what}.", next_step=next_step)


def chosen_paths(files: Sequence[LockedFile]) -> list[str]:
    """The files' paths as a request for them alone: what would be read as a pattern is quoted."""
    return [re.sub(r"[*?\[]", r"[\g<0>]", file.path) for file in files]
