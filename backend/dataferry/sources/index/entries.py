"""A dataset of a snapshot, on its way into the index."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from dataferry.core.types import DatasetSummary


@dataclass(frozen=True, slots=True)
class Entry:
    """``summary`` is what a search shows; ``text`` is searched too."""

    summary: DatasetSummary
    text: str = ""


@dataclass(slots=True)
class Reading:
    """How far a snapshot was read. ``left_out``: rows by the reason."""

    advanced: Callable[[int], None]
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def leave_out(self, reason: str, rows: int = 1) -> None:
        if rows:
            self.left_out[reason] += rows

    def count(self) -> None:
        """One more row was read."""
        self.rows += 1
        if self.rows % 1000 == 0:
            self.advanced(self.rows)
