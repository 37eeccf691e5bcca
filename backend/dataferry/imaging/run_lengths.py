"""Masks as COCO writes them: the lengths of runs down the columns, in turn beside the object and on it.

::

    {"size": [height, width], "counts": [272, 2, 4, 4, …]}     plain
    {"size": [height, width], "counts": "]h09>K1:CG…"}         packed: five bits a character, from "0" on

Packed lengths are differences to the one two places before, from the fourth on. pycocotools defines both.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from dataferry.imaging.pixels import MAX_PIXELS

#: Five bits of a value, the sign of the last five, and whether others follow.
_BITS, _SIGN, _MORE = 0x1F, 0x10, 0x20
_ZERO = 48
#: No length has more bits.
_LONGEST = 35


def lengths_of(size: Sequence[int], counts: str | Sequence[int]) -> list[int]:
    """The lengths of a mask's runs. Errors: ``ValueError`` where they are none, or do not fill its size."""
    height, width = size
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise ValueError(f"a mask of {width} × {height} pixels")
    lengths = _unpacked(counts) if isinstance(counts, str) else list(counts)
    if any(length < 0 for length in lengths):
        raise ValueError("a run of negative length")
    if sum(lengths) != height * width:
        raise ValueError(f"runs of {sum(lengths):,} pixels in a mask of {height * width:,}")
    return lengths


def box_of(size: Sequence[int], counts: str | Sequence[int]) -> tuple[float, float, float, float]:
    """Left and upper edge, width and height of what a mask covers. Errors: as ``lengths_of``, and where it
    covers nothing."""
    height = size[0]
    ends = list(accumulate(lengths_of(size, counts)))
    runs = [(start, end) for start, end in list(pairwise(ends))[::2] if end > start]
    if not runs:
        raise ValueError("an empty mask")
    left, right = runs[0][0] // height, (runs[-1][1] - 1) // height
    crossing = any(start // height != (end - 1) // height for start, end in runs)
    top = 0 if crossing else min(start % height for start, _ in runs)
    bottom = height - 1 if crossing else max((end - 1) % height for _, end in runs)
    return left, top, right - left + 1, bottom - top + 1


def _unpacked(counts: str) -> list[int]:
    lengths: list[int] = []
    value = shift = 0
    for character in counts:
        code = ord(character) - _ZERO
        if not 0 <= code < 2 * _MORE or shift > _LONGEST:
            raise ValueError("characters that no length has")
        value |= (code & _BITS) << shift
        shift += 5
        if code & _MORE:
            continue
        if code & _SIGN:
            value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("it is cut off")
    return lengths
