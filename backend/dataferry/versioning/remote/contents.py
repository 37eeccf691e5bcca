"""What a remote has, of what is asked for."""

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from dataferry.versioning.model.cache import Cache, Kind
from dataferry.versioning.remote.packs import SMALL_BYTES, Place, Range, ranges, read_index
from dataferry.versioning.remote.remotes import Entry, Remote

_READ_BYTES = 16 << 20


class Contents:
    """Asks a remote by listing its folders. What is at the paths ``without`` counts as absent. Indexes of
    packs never change: they are kept beside the cache."""

    def __init__(self, remote: Remote, cache: Cache, without: Collection[str] = ()) -> None:
        self._remote, self._without = remote, without
        self._indexes = cache.folder / "remotes" / sha256(remote.url.encode()).hexdigest()[:16]
        self._packs: dict[str, Entry] | None = None

    @property
    def packs(self) -> Mapping[str, Entry]:
        """All packs, also those that no index belongs to yet."""
        if self._packs is None:
            self._packs = self._kept_packs(self._remote.list("packs"))
        return self._packs

    def _kept_packs(self, listed: Mapping[str, Entry]) -> dict[str, Entry]:
        return {name: entry for name, entry in listed.items() if f"packs/{name}" not in self._without}

    def places(self, wanted: Collection[str]) -> Iterator[tuple[str, Place]]:
        """Where these objects lie in packs; an object may be in several. A pack that was cut, and one whose
        index is damaged, count as absent."""
        if not wanted:
            return
        # At once: a store far away takes as long for one answer as for two.
        indexes, packs = self._remote.each(self._remote.list, ("indexes", "packs"))
        self._packs = self._kept_packs(packs)
        names = sorted(indexes.keys() & self._packs.keys())
        for name, data in zip(names, self._remote.each(self._index, names), strict=True):
            with suppress(ValueError):
                objects = list(read_index(name, data))
                if objects[-1][1].offset + objects[-1][1].size == self.packs[name].size:
                    yield from (item for item in objects if item[0] in wanted)

    def files(self, kind: Kind, wanted: Iterable[str]) -> dict[str, Entry]:
        """Which of these lie there as files of their own."""
        wanted = set(wanted)
        prefixes = sorted({digest[:2] for digest in wanted})
        found: dict[str, Entry] = {}
        listings = self._remote.each(lambda prefix: self._remote.list(f"{kind}/{prefix}"), prefixes)
        for prefix, entries in zip(prefixes, listings, strict=True):
            found |= {prefix + name: entry for name, entry in entries.items() if prefix + name in wanted}
        return {
            digest: entry for digest, entry in found.items() if path_of(kind, digest) not in self._without
        }

    def large(self, objects: Mapping[str, int]) -> set[str]:
        """Which of these objects, by their sizes, lie there whole."""
        found = self.files("objects", objects)
        return {digest for digest, entry in found.items() if entry.size == objects[digest]}

    def _index(self, name: str) -> bytes:
        kept = self._indexes / name
        with suppress(FileNotFoundError, ValueError):
            data = kept.read_bytes()
            next(read_index(name, data))
            return data
        try:
            data = self._remote.read(f"indexes/{name}")
        except FileNotFoundError:
            return b""  # it was deleted since the listing
        _keep(kept, data)
        return data

    def sound(self, objects: Mapping[str, int], columns: Iterable[str]) -> tuple[set[str], set[str]]:
        """Which of these objects and columns are there and are what they should be: everything is read."""
        small = {digest: size for digest, size in objects.items() if size < SMALL_BYTES}
        found: set[str] = set()
        asked = ranges(self.places(small))
        for pieces in self._remote.each(lambda wanted: list(read_range(self._remote, wanted)), asked):
            found |= {digest for digest, _, data in pieces if data is not None}
        large = self.large({digest: size for digest, size in objects.items() if digest not in small})
        found |= self._filtered(lambda digest: self._is_whole(digest, objects[digest]), large)
        return found, self._filtered(self._is_column, self.files("columns", columns))

    def _filtered(self, is_sound: Callable[[str], bool], digests: Iterable[str]) -> set[str]:
        ordered = sorted(digests)
        answers = self._remote.each(is_sound, ordered)
        return {digest for digest, sound in zip(ordered, answers, strict=True) if sound}

    def _is_whole(self, digest: str, size: int) -> bool:
        hashed = sha256()
        for start in range(0, size, _READ_BYTES):
            end = min(start + _READ_BYTES, size)
            hashed.update(self._remote.read(path_of("objects", digest), start, end))
        return hashed.hexdigest() == digest

    def _is_column(self, digest: str) -> bool:
        try:
            lines = zlib.decompress(self._remote.read(path_of("columns", digest)))
        except zlib.error:
            return False
        return sha256(lines).hexdigest() == digest


def read_range(remote: Remote, wanted: Range) -> Iterator[tuple[str, Place, memoryview | None]]:
    """The bytes of the objects of a range; None of one that is damaged."""
    try:
        data = memoryview(remote.read(f"packs/{wanted.pack}", wanted.start, wanted.end))
    except FileNotFoundError:
        data = memoryview(b"")
    for digest, place in wanted.objects:
        begin = place.offset - wanted.start
        piece = data[begin : begin + place.size]
        yield digest, place, piece if sha256(piece).hexdigest() == digest else None


def path_of(kind: Kind, digest: str) -> str:
    """Where a file lies at a remote."""
    return f"{kind}/{digest[:2]}/{digest[2:]}"


def paths_of(pack: str) -> tuple[str, str]:
    """Where a pack and its index lie at a remote."""
    return f"packs/{pack}", f"indexes/{pack}"


def _keep(path: Path, data: bytes) -> None:
    with suppress(OSError):  # it is read again at the next use
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".part")
        aside.write_bytes(data)
        aside.replace(path)
