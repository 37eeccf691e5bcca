"""Limits that several processes keep together: what the part that shares them has to offer, and what counts
where nothing is shared."""

from typing import Protocol


class SharedLimits(Protocol):
    """Where the processes agree. No method waits for anybody: what is asked for comes within some
    milliseconds, in the background. For any thread."""

    @property
    def processes(self) -> int:
        """How many processes download, this one included. Each has so many parts of a limit less where they
        cannot agree."""

    def take_bytes(self, rate: float, persons: int) -> float | None:
        """What came since the last call of the bytes that all processes may receive at ``rate`` bytes a
        second, and a request for more. ``persons``: those who wait for them here. None while it cannot be
        agreed."""

    def connections(self, host: str) -> int | None:
        """How many connections to a host this process may have. None while it cannot be agreed."""

    def request_connections(self) -> None:
        """Somebody waits for a connection: agree anew, soon."""


class Divided:
    """Every process keeps to its part of each limit."""

    def __init__(self, processes: int = 1) -> None:
        self.processes = processes

    def take_bytes(self, rate: float, persons: int) -> float | None:
        return None

    def connections(self, host: str) -> int | None:
        return None

    def request_connections(self) -> None:
        pass


def part_of(limit: int, processes: int) -> int:
    """A process's part of a limit of connections: one at least, or it would wait for ever."""
    return max(1, limit // processes)
