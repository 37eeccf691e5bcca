"""What a fetch takes and returns, and what its downloads report to their scheduler."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dataferry.core.types import Checksum, FileEntry, Grade

Reuse = Callable[[Checksum, int], Path | None]
"""Finds a file on this machine with the given checksum and size in bytes; None where there is none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may use."""

    #: Connections at one time.
    connections: int = 8
    connect_timeout_s: float = 10.0
    #: A connection that sends no byte for this long is closed and replaced.
    stall_timeout_s: float = 30.0
    #: Larger files are downloaded over several connections. A kill costs at most this much of each.
    piece_bytes: int = 4 * 2**20
    #: The longest span that is requested at a time.
    span_bytes: int = 32 * 2**20
    #: A connection is measured over windows of this length: after two it may turn out to be a slow one.
    pace_window_s: float = 0.15
    #: The pause after a fault, doubled with each further one in a row.
    backoff_s: float = 0.05
    #: The pause after a hub's storage has refused an address that the hub had just made; doubled too.
    refusal_backoff_s: float = 0.25
    #: Bytes that may arrive in vain before the fetch ends; as many as the dataset has, if those are more.
    refetch_bytes: int = 64 * 2**20
    #: The interval between syncs; a power cut costs at most what arrived since the last one.
    sync_interval_s: float = 5.0
    #: Disk space that stays free.
    min_free_bytes: int = 0
    #: An archive may grow to this many times its size, and always to ``unpack_floor_bytes``.
    #: Deflate reaches 1032 on nothing but zeros; tables of real text stay below 50.
    unpack_ratio: int = 250
    unpack_floor_bytes: int = 256 * 2**20
    unpack_files: int = 2_000_000


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """One verified file. ``path`` is relative to the target, ``size`` is in bytes, ``sha256`` is always
    computed here from the bytes, and ``grade`` says whose checksum they were verified against."""

    path: str
    size: int
    sha256: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The files below the target, ordered by path; an archive is represented by its members. ``inode``: of
    the folder that was put at the target, where one was."""

    files: tuple[FetchedFile, ...]
    inode: int | None = None


class FolderUser(Protocol):
    """A run that works in a folder. Others may be at work in the same folder, or may have been."""

    @property
    def name(self) -> str:
        """This run's alone, and good as the name of a file."""

    def is_overtaken(self, name: str) -> bool:
        """Whether the run of that name has lost its work to another one, and need not be waited for."""


Accept = Callable[[Sequence[FetchedFile]], None]
"""Looks at the verified files of a fetch, ordered by path, and raises a ``DataferryError`` to refuse them."""


class Scheduler(Protocol):
    """What the downloads of one fetch call. Every method may be called from any thread."""

    def check_cancelled(self) -> None:
        """Errors: ``Cancelled`` once the fetch has stopped."""

    def sleep(self, seconds: float) -> None:
        """Wait. Errors: ``Cancelled`` as soon as the fetch stops."""

    def wake(self) -> None:
        """There may be bytes to download again for a connection that waits for work."""

    def kept(self, count: int) -> None:
        """So many bytes have arrived that need not be downloaded again: the fetch gets on."""

    def discarded(self, entry: FileEntry, count: int) -> None:
        """So many bytes of a file have arrived in vain."""

    def response_started(self, latency_s: float) -> None:
        """The head of a response arrived ``latency_s`` after its request."""

    def connection_is_slow(self) -> None:
        """One connection alone does not download all that could arrive: more would help."""

    def completed(self, entry: FileEntry, file: FetchedFile) -> None:
        """Called when a ranged download has put its verified file in place."""

    def failed(self, error: Exception, entry: FileEntry) -> None:
        """Called when a ranged download cannot complete, outside of any connection's own request."""
