"""Files as functions of an index file see them: those that they are given, and those that they give."""

import contextlib
import os
import shutil
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from dataferry.versioning.declare.declarations import File
from dataferry.versioning.declare.formats import Format
from dataferry.versioning.execute.intake import Intake, named_path
from dataferry.versioning.execute.wire import PendingFile
from dataferry.versioning.model.columns import StoredFile
from dataferry.versioning.model.schema import Field
from dataferry.versioning.model.values import WrongValue, is_of

_NAME_CHARACTERS = 80


class GivenFile(File[Format]):
    """A file of the dataset. Its path is made when it is asked for: reading needs none."""

    def __init__(self, stored: StoredFile, cached: Path, link: Path) -> None:
        super().__init__(cached)
        self.stored = stored
        self._link = link
        self._is_linked = False

    @property
    def path(self) -> Path:
        if not self._is_linked:
            self._link.parent.mkdir(parents=True, exist_ok=True)
            assert self._path is not None
            try:
                self._link.symlink_to(self._path)
            except FileExistsError:
                pass
            except OSError:
                shutil.copyfile(self._path, self._link)
            self._is_linked = True
        return self._link

    def read(self) -> bytes:
        assert self._path is not None
        return self._path.read_bytes()

    def open(self) -> BinaryIO:
        assert self._path is not None
        return self._path.open("rb")

    @property
    def size(self) -> int:
        return self.stored.size

    def __repr__(self) -> str:
        return f"File({self._link.parent.name}/{self._link.name})"


class GivenFiles:
    """Makes the values that functions are given. ``cache``: its folder; ``links``: where paths are made."""

    def __init__(self, cache: Path, links: Path) -> None:
        self._objects = cache / "objects"
        self._links = links

    def value(self, field: Field, entry: Any) -> object:
        """``entry``: as it came by wire. Files are named by their content: what is made of one may not depend
        on the row that it is in."""
        from datetime import date

        if entry is None:
            return None
        if field.kind == "file":
            stored = StoredFile(*entry)
            cached = self._objects / stored.sha256[:2] / stored.sha256[2:]
            name = f"{stored.sha256[:16]}.{stored.extension}"
            return GivenFile(stored, cached, self._links / field.name / name)
        if field.kind == "date":
            return date.fromisoformat(entry)
        return Path(entry) if field.kind == "path" else entry

    def clear(self) -> None:
        """Take the paths away that were made."""
        shutil.rmtree(self._links, ignore_errors=True)


class RowFiles:
    """Takes the files that functions give."""

    def __init__(self, intake: Intake, moved: Path) -> None:
        self._intake = intake
        self._moved = moved
        #: Where files were that have been moved away: a function may give one of them again.
        self._names: dict[str, str] = {}
        self._numbers = count()
        self._taken: dict[str, StoredFile] = {}

    def kept(self, value: object, field: Field) -> StoredFile | None:
        """A transform's value, in the cache at once. Errors: ``WrongValue``, ``OSError``."""
        if value is None:
            if field.optional:
                return None
            raise WrongValue(f"returned nothing, and is to return {field}")
        if (stored := self._at_hand(value, field)) is not None:
            return stored
        shown = self._path(value)
        path = os.path.abspath(shown)
        if path in self._taken and not os.path.lexists(path):
            return self._taken[path]
        stored = self._intake.take_file(path, field, shown=shown)
        if not os.path.lexists(path):
            self._taken[path] = stored
        return stored

    def pending(self, value: object, field: Field) -> StoredFile | PendingFile:
        """An ingest's value. Bytes are taken at once; a file on disk is only looked at. One in the temporary
        folder of this run is taken out of the way: its name may be used again for the next row.

        Errors: ``WrongValue``, ``OSError``."""
        if (stored := self._at_hand(value, field)) is not None:
            return stored
        shown = self._path(value)
        path = os.path.abspath(shown)
        try:
            if self._intake.is_movable(path):
                path = self._set_aside(path)
            found = os.stat(path)
        except FileNotFoundError as error:
            if path not in self._names:
                raise WrongValue(f"is {shown}, which does not exist") from error
            path = self._names[path]
            found = os.stat(path)
        except OSError as error:
            raise WrongValue(f"is {shown}, which cannot be read: {error.strerror}") from error
        return PendingFile(path, found.st_mtime_ns, found.st_size, shown)

    def stored(self, pending: PendingFile, field: Field) -> StoredFile:
        """Errors: ``WrongValue``, ``OSError``."""
        unchanged = pending.changed, pending.size
        return self._intake.take_file(
            pending.path, field, shown=pending.shown, unchanged=unchanged, stays=True
        )

    def _at_hand(self, value: object, field: Field) -> StoredFile | None:
        """Of a file that a function was given, and of bytes."""
        if isinstance(value, GivenFile):
            if is_of(value.stored, field):
                return value.stored
            raise WrongValue(f"is {value.stored.extension}, and not {' or '.join(field.formats)}")
        data = value._data if isinstance(value, File) else value
        if isinstance(data, bytes | bytearray | memoryview):
            return self._intake.take_bytes(bytes(data), field)
        return None

    def _path(self, value: object) -> str:
        path = named_path(value._path if isinstance(value, File) else value)
        if path is None:
            raise WrongValue(
                f"is something of the type {type(value).__name__}, and not a file: return File(path) or "
                "File(data=…)"
            )
        return path

    def _set_aside(self, path: str) -> str:
        self._moved.mkdir(exist_ok=True)
        target = f"{self._moved}/{next(self._numbers)}-{os.path.basename(path)[-_NAME_CHARACTERS:]}"
        with contextlib.suppress(OSError):
            os.rename(path, target)
            self._names[path] = target
            return target
        return path
