"""The account of a file's bytes."""

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.core.errors import Cancelled
from dataferry.transfer.files.spans import Range, Span, Spans, merged

SIZE = 1_000


def ranges() -> st.SearchStrategy[list[Range]]:
    edge = st.integers(0, SIZE)
    return st.lists(st.tuples(edge, edge).map(lambda pair: (min(pair), max(pair))), max_size=6)


def test_spans_ascend_and_cover_everything() -> None:
    spans = Spans(10, [(2, 4)])
    taken = [spans.take(3) for _ in range(4)]
    assert [(span.start, span.stop) for span in taken if span] == [(0, 2), (4, 7), (7, 10)]
    assert taken[3] is None


def test_what_a_connection_did_not_bring_is_missing_again() -> None:
    spans = Spans(10)
    span = spans.take(10)
    assert span is not None
    spans.wrote(span, 4)
    spans.give_back(span)
    again = spans.take(10)
    assert spans.prefix == 4
    assert again is not None
    assert (again.start, again.stop) == (4, 10)


def test_the_prefix_leaps_over_what_is_held() -> None:
    spans = Spans(10, [(3, 6)])
    first = spans.take(10)
    assert first is not None
    spans.wrote(first, 2)
    assert spans.prefix == 2
    spans.wrote(first, 1)
    assert spans.prefix == 6


def test_a_slow_connection_loses_the_second_half() -> None:
    now = 0.0
    size = 4 * 2**20
    spans = Spans(size, clock=lambda: now)
    slow = spans.take(size)
    assert slow is not None
    spans.wrote(slow, 1024)
    now = 1e-6
    assert spans.take_over() is None  # fast so far
    now = 10.0
    half = spans.take_over()
    assert half is not None
    assert (slow.stop, half.start, half.stop) == (half.start, half.start, size)
    assert half.left == pytest.approx(slow.left, abs=1)


def test_a_small_rest_is_left_alone() -> None:
    now = 0.0
    spans = Spans(1000, clock=lambda: now)
    assert spans.take(1000) is not None
    now = 100.0
    assert spans.take_over() is None


def test_the_end_can_be_asked_for_first() -> None:
    spans = Spans(100, [(95, 100)])
    done = threading.Event()

    def follow() -> None:
        spans.hurry((90, 100))
        done.set()

    thread = threading.Thread(target=follow)
    thread.start()
    span = _urgent_span(spans)
    assert (span.start, span.stop) == (90, 95)
    spans.wrote(span, 5)
    spans.give_back(span)
    assert done.wait(5)
    thread.join()


def _urgent_span(spans: Spans) -> Span:
    while True:
        span = spans.take(5)
        assert span is not None
        if span.start == 90:
            return span
        spans.give_back(span)


def test_who_waits_is_told_of_the_end() -> None:
    spans = Spans(100)
    raised: list[BaseException] = []

    def follow() -> None:
        try:
            spans.wait(50)
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    spans.end()
    thread.join(5)
    assert raised


@given(ranges())
def test_merged_holds_the_same_bytes(given_ranges: list[Range]) -> None:
    result = merged(given_ranges)
    assert _bytes(result) == _bytes(given_ranges)
    assert all(one[1] < other[0] for one, other in pairwise(result))


@given(
    present=ranges(),
    steps=st.lists(
        st.tuples(st.sampled_from(["take", "write", "back", "over"]), st.integers(0, 300)),
        max_size=60,
    ),
)
def test_no_byte_is_lost_or_taken_twice(present: list[Range], steps: list[tuple[str, int]]) -> None:
    """Any order of takes, writes, faults and take-overs: held, active and missing part the file."""
    now = 0.0
    spans = Spans(SIZE, present, smallest=5, clock=lambda: now)
    expected = _bytes(merged(present))
    active: list[Span] = []
    for action, number in steps:
        now += 1.0
        if action in ("take", "over"):
            span = spans.take(number + 1) if action == "take" else spans.take_over()
            active += [span] if span else []
        elif action == "write" and active:
            span = active[number % len(active)]
            expected |= set(range(span.position, min(span.position + number, span.stop)))
            spans.wrote(span, number)
        elif action == "back" and active:
            spans.give_back(active.pop(number % len(active)))
        held = _bytes(spans.held())
        assert held == expected
        under_way = [byte for span in active for byte in range(span.position, span.stop)]
        assert len(under_way) == len(set(under_way))
        assert not held & set(under_way)
        assert spans.prefix == next((byte for byte in range(SIZE) if byte not in held), SIZE)
    for span in active:
        spans.give_back(span)
    while span := spans.take(SIZE):
        expected |= set(range(span.start, span.stop))
        spans.wrote(span, span.left)
        spans.give_back(span)
    assert spans.whole
    assert _bytes(spans.held()) == set(range(SIZE))


def _bytes(given_ranges: list[Range]) -> set[int]:
    return {byte for start, stop in given_ranges for byte in range(start, stop)}
