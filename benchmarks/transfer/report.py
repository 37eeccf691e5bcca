"""The numbers, as text, Markdown and JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.transfer.measuring import Row
from benchmarks.transfer.outcome import Goal, Outcome

HEADINGS = ("tool", "wall s", "MB/s", "time ×", "CPU s/GB", "peak MB", "")


def cells(row: Row) -> list[str]:
    return [
        row.tool,
        f"{row.wall_s:.2f}",
        f"{row.rate:.0f}" if row.rate else "",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        f"{row.cpu_s_per_gb:.2f}" if row.rate else "",
        f"{row.peak_mb:.0f}",
        row.note,
    ]


def verdict(goal: Goal) -> str:
    return {True: "met", False: "missed", None: f"not measured: {goal.note}"}[goal.met]


def limit(goal: Goal) -> str:
    return f"{'≤' if goal.at_most else '≥'} {_number(goal.limit)} {goal.unit}"


def measured(goal: Goal) -> str:
    return "" if goal.measured is None else f"{_number(goal.measured)} {goal.unit}"


def text(outcome: Outcome) -> str:
    """A workload's table and lines, for a terminal."""
    table = [HEADINGS, *map(cells, outcome.rows)] if outcome.rows else []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in table]
    return "\n".join(f"  {line}" for line in [*lines, *outcome.lines])


def goals_text(goals: Sequence[Goal]) -> str:
    width = max((len(goal.what) for goal in goals), default=0)
    return "\n".join(
        f"  {goal.what:{width}}  {measured(goal):>16}  {limit(goal):>18}  {verdict(goal)}" for goal in goals
    )


def markdown(outcomes: Mapping[str, Outcome], facts: Mapping[str, str]) -> str:
    """The goals and then each workload's table, to paste into a document."""
    goals = [[goal.what, limit(goal), measured(goal), verdict(goal)] for goal in _goals(outcomes)]
    parts = [_table(("work", "goal", "measured", ""), goals)]
    for name, outcome in outcomes.items():
        parts.append(f"### {name}")
        if outcome.rows:
            parts.append(_table(HEADINGS, [cells(row) for row in outcome.rows]))
        parts.extend(f"{line}." for line in outcome.lines)
    versions = [f"{name} {version}" for name, version in facts.items()]
    return "\n\n".join([*parts, "Measured with: " + " · ".join(versions) + "."]) + "\n"


def write_json(path: Path, outcomes: Mapping[str, Outcome], facts: Mapping[str, str]) -> None:
    workloads = {
        name: {
            "rows": [asdict(row) for row in outcome.rows],
            "goals": [{**asdict(goal), "met": goal.met} for goal in outcome.goals],
            "lines": outcome.lines,
        }
        for name, outcome in outcomes.items()
    }
    path.write_text(json.dumps({"facts": dict(facts), "workloads": workloads}, indent=2, ensure_ascii=False))


def _goals(outcomes: Mapping[str, Outcome]) -> list[Goal]:
    return [goal for outcome in outcomes.values() for goal in outcome.goals]


def _number(value: float) -> str:
    """Three digits, and no more where there are none."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Words to the left, numbers to the right."""
    last = len(row) - 1
    return [
        f"{cell:{width}}" if at in (0, last) else f"{cell:>{width}}"
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
