"""Pictures that look alike, among a hundred thousand without comparing each with each.

Two fingerprints of 128 bits that differ in at most 7 have one of 8 bands of 16 bits in common, so only
pictures of one band are compared. What a band has in common with too many (a black border, a white page) is
compared with its neighbours in order only, and told. Candidates are then compared by 16 × 16 greys: a
fingerprint alone takes pictures for alike that have little in them
(Embassy-of-the-Free-Mind/sourcelibrary-v2#2095, qarmin/czkawka#429)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_BANDS = 8
#: Of 128.
MOST_BITS = _BANDS - 1
#: Pictures with one band in common, beyond which they are compared with their next neighbours only.
_MOST_ALIKE = 2_048
_NEIGHBOURS = 32
#: Correlation of the small greys of two pictures that are taken for one.
LEAST_CORRELATION = 0.98
#: Pairs that are looked at more closely at a time.
_BATCH = 4_096
#: Less spread than this, of 256, has no picture in it.
LEAST_SPREAD = 16


@dataclass(frozen=True, slots=True)
class NearGroups:
    """``groups``: positions of pictures that look alike. ``crowded``: pictures that have a band in common
    with so many that they were compared with neighbours only."""

    groups: Sequence[Sequence[int]]
    crowded: int


def near_groups(
    hashes: npt.NDArray[np.uint8],
    greys_of: Callable[[Sequence[int]], npt.NDArray[np.uint8]],
    *,
    check: Callable[[], None] = lambda: None,
) -> NearGroups:
    """``hashes``: (n, 16). ``greys_of``: (m, 256) of some positions. ``check`` is called between steps, and
    may raise."""
    words: Words = np.ascontiguousarray(hashes).view(np.uint64)
    bands = np.ascontiguousarray(hashes).view(">u2")
    joined = _Joined(len(hashes))
    crowded: set[int] = set()
    for band in range(_BANDS):
        for pairs in _pairs(bands[:, band], words, crowded):
            check()
            _join(joined, pairs, greys_of)
    return NearGroups(joined.groups(), len(crowded))


def _pairs(band: npt.NDArray[np.uint16], words: Words, crowded: set[int]) -> Iterator[npt.NDArray[np.int64]]:
    """Pairs (m, 2) of positions with one value of a band, whose fingerprints are close."""
    order = np.lexsort((words[:, 1], words[:, 0], band))
    edges = np.flatnonzero(np.diff(band[order])) + 1
    for members in np.split(order, edges):
        if len(members) < 2:
            continue
        if len(members) > _MOST_ALIKE:
            crowded.update(members.tolist())
            for step in range(1, _NEIGHBOURS + 1):
                yield _close(members[:-step], members[step:], words)
            continue
        for place in range(len(members) - 1):
            rest = members[place + 1 :]
            yield _close(np.full(len(rest), members[place]), rest, words)


def _close(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], words: Words) -> npt.NDArray[np.int64]:
    differing = np.bitwise_count(words[left] ^ words[right]).sum(1)
    near = differing <= MOST_BITS
    return np.stack([left[near], right[near]], 1)


def _join(
    joined: "_Joined",
    pairs: npt.NDArray[np.int64],
    greys_of: Callable[[Sequence[int]], npt.NDArray[np.uint8]],
) -> None:
    apart = [(int(a), int(b)) for a, b in pairs if joined.of(int(a)) != joined.of(int(b))]
    for start in range(0, len(apart), _BATCH):
        some = apart[start : start + _BATCH]
        left, right = (normal(greys_of([pair[side] for pair in some])) for side in (0, 1))
        for (a, b), likeness in zip(some, (left * right).sum(1).tolist(), strict=True):
            if likeness >= LEAST_CORRELATION:
                joined.join(a, b)


def normal(greys: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """With a mean of 0 and a length of 1, so that their product is their correlation."""
    values = greys.astype(np.float32)
    values -= values.mean(1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    found: npt.NDArray[np.float32] = (values / np.maximum(lengths, 1e-6)).astype(np.float32, copy=False)
    return found


class _Joined:
    """Which positions belong together."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def of(self, one: int) -> int:
        while self._parents[one] != one:
            self._parents[one] = self._parents[self._parents[one]]
            one = self._parents[one]
        return one

    def join(self, a: int, b: int) -> None:
        first, second = sorted((self.of(a), self.of(b)))
        self._parents[second] = first

    def groups(self) -> list[list[int]]:
        """Those of two and more, by their first."""
        found: dict[int, list[int]] = {}
        for one in range(len(self._parents)):
            found.setdefault(self.of(one), []).append(one)
        return [members for members in found.values() if len(members) > 1]
