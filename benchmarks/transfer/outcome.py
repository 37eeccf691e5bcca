"""What a workload gives: a row for each tool, and each goal with what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.transfer.measuring import Row


@dataclass(frozen=True, slots=True)
class Goal:
    """A number and its limit. ``measured`` None: it could not be measured, as ``note`` says."""

    what: str
    measured: float | None
    limit: float
    at_most: bool = True
    unit: str = "×"
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


@dataclass(frozen=True, slots=True)
class Outcome:
    """``lines`` are what else is worth knowing, in words."""

    rows: Sequence[Row] = ()
    goals: Sequence[Goal] = ()
    lines: list[str] = field(default_factory=list)


def compare(
    what: str,
    rows: dict[str, Row],
    over: str,
    under: str,
    limit: float,
    *,
    by: str = "wall_s",
    at_most: bool = True,
) -> Goal:
    """One tool's number over another's. ``by`` names the number: ``wall_s``, ``rate``, ``cpu_s_per_gb``."""
    absent = [name for name in (over, under) if name not in rows]
    if absent:
        return Goal(what, None, limit, at_most, note=f"without {' and '.join(absent)}")
    return Goal(what, getattr(rows[over], by) / getattr(rows[under], by), limit, at_most)
