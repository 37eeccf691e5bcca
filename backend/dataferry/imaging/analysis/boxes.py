"""Boxes of objects in a picture: ``x, y, width, height`` in pixels."""

from collections.abc import Sequence

Box = tuple[float, float, float, float]


def without_overlaps(scored: Sequence[tuple[Box, float]], most: float) -> list[int]:
    """Places of the boxes that stay, the highest score first, where of two that share more than ``most`` of
    their common area the lower one goes."""
    order = sorted(range(len(scored)), key=lambda place: -scored[place][1])
    kept: list[int] = []
    for place in order:
        if all(overlap(scored[place][0], scored[other][0]) <= most for other in kept):
            kept.append(place)
    return kept


def overlap(a: Box, b: Box) -> float:
    """Their intersection by their union, from 0 to 1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (a[2] * a[3] + b[2] * b[3] - common)
