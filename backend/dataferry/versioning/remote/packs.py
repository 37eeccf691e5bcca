"""Packs: many small objects in one file at a remote, with an index beside it that says where each one lies.

    packs/<name>      the objects' bytes, one after another
    indexes/<name>    of each object, in the same order, a line ``<sha256> <bytes>``, compressed

``name`` is the SHA-256 of the index's lines. They say what the pack's bytes are, so the name stands for both,
is known before the pack is made, and is the same whoever makes it.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

SMALL_BYTES = 1 << 20
"""Objects below this size go into packs."""
PACK_BYTES = 32 << 20
PACK_OBJECTS = 16_384
#: What lies between two objects is read with them if it is less: it takes no longer than another request.
_GAP_BYTES = 256 << 10
#: A request asks for no more than this, unless one object is larger.
_RANGE_BYTES = 8 << 20


class Sized(NamedTuple):
    """An object, and its size in bytes."""

    sha256: str
    size: int


class Place(NamedTuple):
    """Where an object lies in a pack: ``size`` bytes from ``offset`` on."""

    pack: str
    offset: int
    size: int


class Range(NamedTuple):
    """Bytes of a pack that one request brings, with the objects that are wanted of them."""

    pack: str
    start: int
    end: int
    objects: tuple[tuple[str, Place], ...]


def divide(objects: Iterable[Sized]) -> Iterator[list[Sized]]:
    """The objects of one pack after another, in the order in which they come."""
    pack: list[Sized] = []
    size = 0
    for item in objects:
        if pack and (size + item.size > PACK_BYTES or len(pack) == PACK_OBJECTS):
            yield pack
            pack, size = [], 0
        pack.append(item)
        size += item.size
    if pack:
        yield pack


def write_index(objects: Sequence[Sized]) -> tuple[str, bytes]:
    """The name of the pack of these objects, and its index."""
    lines = "".join(f"{item.sha256} {item.size}\n" for item in objects).encode()
    return sha256(lines).hexdigest(), zlib.compress(lines, 6)


def read_index(name: str, data: bytes) -> Iterator[tuple[str, Place]]:
    """Every object of the pack. Errors: ``ValueError`` where these are not the bytes of this index."""
    try:
        lines = zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if sha256(lines).hexdigest() != name:
        raise ValueError("its name is another one's")
    offset = 0
    for line in lines.decode().splitlines():
        digest, size = line.split(" ")
        yield digest, Place(name, offset, int(size))
        offset += int(size)


def ranges(places: Iterable[tuple[str, Place]]) -> Iterator[Range]:
    """The requests that bring these objects: those that lie close together in one."""
    ordered = sorted(places, key=lambda item: item[1])
    for pack, objects in groupby(ordered, key=lambda item: item[1].pack):
        joined: list[tuple[str, Place]] = []
        start = end = 0
        for digest, place in objects:
            stop = place.offset + place.size
            if joined and (place.offset - end > _GAP_BYTES or stop - start > _RANGE_BYTES):
                yield Range(pack, start, end, tuple(joined))
                joined = []
            start = start if joined else place.offset
            end = max(end, stop)
            joined.append((digest, place))
        yield Range(pack, start, end, tuple(joined))
