"""What a fetch is told and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dataferry.core.types import Checksum, Grade

Reuse = Callable[[Checksum, int], Path | None]
"""A file with the promised bytes, of so many bytes, that is here already; None where there is none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may use. Times in seconds, sizes in bytes."""

    #: Connections at one time.
    connections: int = 8
    connect_timeout_s: float = 10.0
    #: A connection that gives no byte for so long is cut and replaced.
    stall_timeout_s: float = 30.0
    #: Larger files come over several connections. What a kill costs is at most so much of each.
    piece_bytes: int = 4 * 2**20
    #: A connection is asked for at most so much at a time.
    span_bytes: int = 32 * 2**20
    #: How often what has come is made to outlast a power cut.
    sync_s: float = 5.0
    #: Disk space that stays free.
    min_free_bytes: int = 0
    #: An archive may grow to this many times its size, and always to ``unpack_floor_bytes``.
    #: Deflate reaches 1032 on nothing but zeros; tables of real text stay below 50.
    unpack_ratio: int = 250
    unpack_floor_bytes: int = 256 * 2**20
    unpack_files: int = 2_000_000


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """One verified file. ``path`` is relative to the target; ``sha256`` is always ours, computed from
    the bytes; ``grade`` says whose word those bytes were held against."""

    path: str
    size: int
    sha256: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The files below the target, ordered by path; archives stand as their members."""

    files: tuple[FetchedFile, ...]
