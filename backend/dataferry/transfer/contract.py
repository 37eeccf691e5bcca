"""What a fetch is told and what it gives back."""

from dataclasses import dataclass

from dataferry.core.types import Grade


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may use. Times in seconds, sizes in bytes."""

    #: Files fetched at one time, one connection each.
    connections: int = 4
    connect_timeout_s: float = 10.0
    #: A connection that gives no byte for so long ends.
    stall_timeout_s: float = 60.0
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
