"""Pictures that look alike, among many that do not."""

import numpy as np
import numpy.typing as npt
import pytest

from dataferry.core.errors import Cancelled
from dataferry.explorer.health import near
from dataferry.explorer.health.near import near_groups

Bytes = npt.NDArray[np.uint8]


def groups(hashes: Bytes, greys: Bytes) -> list[list[int]]:
    found = near_groups(hashes, lambda places: greys[list(places)])
    return [list(group) for group in found.groups]


def random_bytes(count: int, size: int, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, size), np.uint8)


def with_bits(one: Bytes, *bits: int) -> Bytes:
    changed = one.copy()
    for bit in bits:
        changed[bit // 8] ^= 1 << (bit % 8)
    return changed


def test_every_pair_that_differs_in_few_bits_is_found() -> None:
    """Seven bits, one in each band but the last, still leave one band in common; eight do not."""
    hashes, greys = random_bytes(3_000, 16), random_bytes(3_000, 256, 1)
    hashes[2_500] = with_bits(hashes[7], *range(0, 7 * 16, 16))
    hashes[2_600] = with_bits(hashes[9], *range(0, 8 * 16, 16))
    greys[2_500], greys[2_600] = greys[7], greys[9]
    assert groups(hashes, greys) == [[7, 2_500]]


def test_what_differs_is_not_alike() -> None:
    """Fingerprints may be the same by chance, or because a picture has little in it."""
    hashes, greys = np.zeros((4, 16), np.uint8), random_bytes(4, 256)
    greys[3] = np.clip(greys[1].astype(int) + 3, 0, 255)
    assert groups(hashes, greys) == [[1, 3]]


def test_a_crowd_is_told_and_compared_with_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "_MOST_ALIKE", 50)
    hashes, greys = random_bytes(200, 16), random_bytes(200, 256, 1)
    hashes[:, :2] = 0  # a border that all have
    hashes[150], greys[150] = hashes[20], greys[20]
    found = near_groups(hashes, lambda places: greys[list(places)])
    assert ([list(group) for group in found.groups], found.crowded) == ([[20, 150]], 200)


def test_it_ends_when_nobody_waits() -> None:
    def check() -> None:
        raise Cancelled

    hashes = np.zeros((10, 16), np.uint8)
    with pytest.raises(Cancelled):
        near_groups(hashes, lambda places: np.zeros((len(places), 256), np.uint8), check=check)
