"""Pictures at their source: in a dataset's zips, without downloading them."""

import io
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from dataferry.core.errors import (
    DamagedFile,
    DataferryError,
    NetworkFault,
    NotFound,
    SourceTimeout,
    TransferError,
)
from dataferry.core.types import DatasetRef, Http
from dataferry.explorer.layouts.contract import Place
from dataferry.explorer.layouts.zip_members import (
    MAX_MEMBER_BYTES,
    ZipDirectory,
    needed,
    read_directory,
    span_of,
    unpacked,
)
from dataferry.explorer.recent import Recent
from dataferry.transfer import Governor
from dataferry.transfer.partial_file import PartialFile

#: For the directory of a zip, and for pictures.
_DIRECTORY_S, _PICTURES_S = 30.0, 10.0
_MAX_DIRECTORY_BYTES = 96 << 20
#: At the end of a zip: what says where its directory is, and mostly all of a small one.
_TAIL_BYTES = 64 << 10
_KEPT_BYTES = 16 << 20


@dataclass
class RemoteOrigins:
    """Where the files of one dataset are, and whose share of the line is used. ``sizes``: as listed."""

    ref: DatasetRef
    origins: Mapping[str, Http]
    sizes: Mapping[str, int | None]
    governor: Governor
    user_id: str
    #: Validators of zips by path, once their directories were read.
    etags: dict[str, str | None] = field(default_factory=dict)

    @contextmanager
    def opened(self, path: str, seconds: float, max_bytes: int) -> Iterator[PartialFile]:
        """One of the files. Errors: those of ``PartialFile``; ``NotFound``."""
        origin = self.origins.get(path)
        if origin is None:
            raise NotFound(f"{path} is not among the files at its source any more.", next_step="Look again.")
        deadline = time.monotonic() + seconds
        with (
            self.governor.join(self.user_id) as member,
            PartialFile(
                self.ref,
                path,
                origin,
                member,
                deadline=deadline,
                max_bytes=max_bytes,
                etag=self.etags.get(path),
            ) as file,
        ):
            yield file

    def directory(self, path: str) -> ZipDirectory:
        """The directory of a zip, in two requests mostly. Errors: those of ``PartialFile``, where its server
        knows no ranges too; ``DamagedFile``."""
        with self.opened(path, _DIRECTORY_S, _MAX_DIRECTORY_BYTES) as file:
            stream = _RemoteStream(file, self._tail(file, path))
            found = read_directory(cast(BinaryIO, stream), path)
            self.etags[path] = file.etag
            return found

    def _tail(self, file: PartialFile, path: str) -> bytes:
        size = self.sizes.get(path)
        try:
            return file.tail(_TAIL_BYTES if size is None else min(_TAIL_BYTES, size))
        except (NetworkFault, SourceTimeout):
            raise
        except DataferryError:
            # Some servers know ranges, but none that is counted from the end.
            if not size:
                raise
            file.size = size
            return file.spans([(max(0, size - _TAIL_BYTES), size)])[0]


class _RemoteStream(io.RawIOBase):
    """A zip at its source, as ``zipfile`` reads one: its end is here, what is before it is fetched."""

    def __init__(self, file: PartialFile, tail: bytes) -> None:
        if file.size is None:
            raise TransferError("Its server does not tell its size.", next_step="Download it.")
        self._file, self._size, self._at = file, file.size, 0
        self._parts = [(self._size - len(tail), tail)]

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = (0, self._at, self._size)[whence] + offset
        if self._at < 0:
            raise OSError("before the beginning of the file")
        return self._at

    def read(self, count: int = -1) -> bytes:
        start = self._at
        end = self._size if count is None or count < 0 else min(start + count, self._size)
        if end <= start:
            return b""
        self._at = end
        for first, data in self._parts:
            if first <= start and end <= first + len(data):
                return data[start - first : end - first]
        (data,) = self._file.spans([(start, end)])
        self._parts.append((start, data))
        return data


class RemoteBytes:
    """``PictureBytes`` at the source. What was fetched lately is kept in memory."""

    def __init__(self, origins: RemoteOrigins) -> None:
        self._origins = origins
        self._kept: Recent[tuple[str, int], bytes] = Recent(_KEPT_BYTES, len)

    def read(self, places: Sequence[tuple[str, Place]]) -> Sequence[bytes]:
        """Those of a zip in one request where they stand near each other."""
        found = {(one.file, one.start): self._kept.peek((one.file, one.start)) for _, one in places}
        missing: dict[str, list[tuple[str, Place]]] = {}
        for name, place in places:
            if found[place.file, place.start] is None:
                missing.setdefault(place.file, []).append((name, place))
        for path, some in missing.items():
            for (_, place), data in zip(some, self._fetched(path, some), strict=True):
                self._kept.put((path, place.start), data)
                found[path, place.start] = data
        return [found[place.file, place.start] or b"" for _, place in places]

    def _fetched(self, path: str, places: Sequence[tuple[str, Place]]) -> list[bytes]:
        most = max(place.size for _, place in places)
        if most > MAX_MEMBER_BYTES:
            raise DamagedFile(f"A picture of {most:,} bytes is too large to show.", next_step="Download it.")
        with self._origins.opened(path, _PICTURES_S, 2 * MAX_MEMBER_BYTES) as file:
            spans = [span_of(name, place) for name, place in places]
            end = self._origins.sizes.get(path)
            spans = [(start, min(last, end) if end else last) for start, last in spans]
            raw = file.spans(spans)
            return [_member(file, data, place) for data, (_, place) in zip(raw, places, strict=True)]


def _member(file: PartialFile, raw: bytes, place: Place) -> bytes:
    data = unpacked(raw, place)
    if data is None:  # its own header is longer than most
        (raw,) = file.spans([(place.start, place.start + needed(raw, place))])
        data = unpacked(raw, place)
    if data is None:
        raise DamagedFile(f"{place.file} cannot be read: a member is cut off.", next_step="Look again.")
    return data


class RemoteZips:
    """A ``FileSet`` of the members of zips at their source."""

    def __init__(self, pictures: RemoteBytes, places: Mapping[str, Place]) -> None:
        self._pictures, self._places = pictures, places
        self.paths: Sequence[str] = list(places)

    def size(self, path: str) -> int:
        return self._places[path].size

    def read(self, paths: Sequence[str], limit: int) -> Iterator[tuple[str, bytes]]:
        some = [path for path in paths if self._places[path].size <= MAX_MEMBER_BYTES]
        if some:
            data = self._pictures.read([(path, self._places[path]) for path in some])
            yield from ((path, one[:limit]) for path, one in zip(some, data, strict=True))

    def place(self, path: str) -> Place:
        return self._places[path]

    def local(self, path: str) -> None:
        return None
