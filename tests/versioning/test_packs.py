"""Packs: what lies where in them, and which requests bring it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.versioning.remote.packs import (
    PACK_BYTES,
    PACK_OBJECTS,
    SMALL_BYTES,
    Place,
    Sized,
    divide,
    ranges,
    read_index,
    write_index,
)

_SIZES = st.lists(st.integers(0, SMALL_BYTES - 1), max_size=200)


def _objects(sizes: list[int]) -> list[Sized]:
    return [Sized(f"{number:064x}", size) for number, size in enumerate(sizes)]


@given(_SIZES)
def test_every_object_is_in_one_pack_and_its_index_says_where(sizes: list[int]) -> None:
    objects = _objects(sizes)
    packs = list(divide(objects))
    assert [item for pack in packs for item in pack] == objects
    for pack in packs:
        assert sum(item.size for item in pack) <= PACK_BYTES
        name, data = write_index(pack)
        end = 0
        for item, (digest, place) in zip(pack, read_index(name, data), strict=True):
            assert (digest, place) == (item.sha256, Place(name, end, item.size))
            end += item.size


def test_many_tiny_objects_are_more_than_one_pack() -> None:
    assert len(list(divide(_objects([1] * (PACK_OBJECTS + 1))))) == 2


def test_an_index_is_refused_where_a_byte_of_it_is_another() -> None:
    name, data = write_index(_objects([3, 4]))
    for changed in (data[:-1], data[:20] + b"x" + data[21:], b"", write_index(_objects([3, 5]))[1]):
        with pytest.raises(ValueError):
            list(read_index(name, changed))


@given(_SIZES, st.randoms(use_true_random=False))
def test_ranges_bring_all_that_is_wanted_in_few_requests(sizes: list[int], chance: object) -> None:
    name, data = write_index(_objects(sizes))
    everything = list(read_index(name, data))
    wanted = [item for item in everything if chance.random() < 0.3]  # type: ignore[attr-defined]
    asked = list(ranges(wanted))
    assert sorted(item for one in asked for item in one.objects) == sorted(wanted)
    for one in asked:
        assert all(
            one.start <= place.offset and place.offset + place.size <= one.end for _, place in one.objects
        )
        # None goes over 8 MiB, and none brings more that is not wanted than 256 KiB at a time.
        assert one.end - one.start <= 8 << 20


def test_a_whole_pack_of_small_files_is_asked_for_in_a_few_requests() -> None:
    pack = next(divide(_objects([3000] * 12_000)))
    assert len(list(ranges(read_index(*write_index(pack))))) <= 5
