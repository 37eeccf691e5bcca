"""The order of images that were taken one after another, and what is missing in it."""

import re
from collections.abc import Sequence
from itertools import pairwise

_NUMBER = re.compile(r"\d+(?=\D*$)")
_MOST_GAPS = 20
#: In one gap; a longer one is another recording's number.
_LONGEST_GAP = 100_000


def gaps_in(names: Sequence[str]) -> tuple[str, ...]:
    """Ranges of numbers that the names leave out, by the least step between two of them."""
    numbers = sorted({number for name in names if (number := _number(name)) is not None})
    steps = [after - before for before, after in pairwise(numbers)]
    if not steps:
        return ()
    step = min(steps)
    found = []
    for before, after in pairwise(numbers):
        if step < after - before < _LONGEST_GAP:
            first, last = before + step, after - step
            found.append(str(first) if first >= last else f"{first}–{last}")
    return (
        *found[:_MOST_GAPS],
        *((f"and {len(found) - _MOST_GAPS} more",) if len(found) > _MOST_GAPS else ()),
    )


def notes_on(names: Sequence[str]) -> tuple[str, ...]:
    """What may not be meant: an order against the numbers, and a number that comes twice."""
    numbers = [number for name in names if (number := _number(name)) is not None]
    notes = []
    if numbers != sorted(numbers):
        notes.append(
            "They are kept in the order in which they were sent, which is not that of their numbers."
        )
    if len(set(numbers)) < len(numbers):
        notes.append("Some have the same number.")
    return tuple(notes)


def _number(name: str) -> int | None:
    found = _NUMBER.search(name.rpartition(".")[0] or name)
    return int(found[0][-18:]) if found else None
