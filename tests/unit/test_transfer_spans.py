"""Which bytes of a file are held, active and missing."""

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
    taken = [spans.next_span(3) for _ in range(4)]
    assert [(span.start, span.stop) for span in taken if span] == [(0, 2), (4, 7), (7, 10)]
    assert taken[3] is None


def test_what_a_connection_did_not_bring_is_missing_again() -> None:
    spans = Spans(10)
    span = spans.next_span(10)
    assert span is not None
    spans.record_written(span, 4)
    spans.release(span)
    again = spans.next_span(10)
    assert spans.prefix == 4
    assert again is not None
    assert (again.start, again.stop) == (4, 10)


def test_the_prefix_leaps_over_what_is_held() -> None:
    spans = Spans(10, [(3, 6)])
    first = spans.next_span(10)
    assert first is not None
    spans.record_written(first, 2)
    assert spans.prefix == 2
    spans.record_written(first, 1)
    assert spans.prefix == 6


def test_a_slow_connection_loses_the_second_half() -> None:
    now = 0.0
    size = 4 * 2**20
    spans = Spans(size, clock=lambda: now)
    slow = spans.next_span(size)
    assert slow is not None
    spans.record_written(slow, 1024)
    now = 1e-6
    assert spans.split_slowest() is None  # fast so far
    now = 10.0
    half = spans.split_slowest()
    assert half is not None
    assert (slow.stop, half.start, half.stop) == (half.start, half.start, size)
    assert half.remaining == pytest.approx(slow.remaining, abs=1)


def test_a_small_rest_is_left_alone() -> None:
    now = 0.0
    spans = Spans(1000, clock=lambda: now)
    assert spans.next_span(1000) is not None
    now = 100.0
    assert spans.split_slowest() is None


def test_the_end_can_be_asked_for_first() -> None:
    spans = Spans(100, [(95, 100)])
    done = threading.Event()

    def follow() -> None:
        spans.fetch_first((90, 100))
        done.set()

    thread = threading.Thread(target=follow)
    thread.start()
    span = _urgent_span(spans)
    assert (span.start, span.stop) == (90, 95)
    spans.record_written(span, 5)
    spans.release(span)
    assert done.wait(5)
    thread.join()


def _urgent_span(spans: Spans) -> Span:
    while True:
        span = spans.next_span(5)
        assert span is not None
        if span.start == 90:
            return span
        spans.release(span)


def test_who_waits_is_told_of_the_end() -> None:
    spans = Spans(100)
    raised: list[BaseException] = []

    def follow() -> None:
        try:
            spans.wait_for_prefix(50)
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    spans.close()
    thread.join(5)
    assert raised


@given(ranges())
def test_merged_holds_the_same_bytes(given_ranges: list[Range]) -> None:
    result = merged(given_ranges)
    assert _bytes(result) == _bytes(given_ranges)
    assert all(one[1] < other[0] for one, other in pairwise(result))


@given(
    held=ranges(),
    steps=st.lists(
        st.tuples(st.sampled_from(["take", "write", "back", "over"]), st.integers(0, 300)),
        max_size=60,
    ),
)
def test_no_byte_is_lost_or_taken_twice(held: list[Range], steps: list[tuple[str, int]]) -> None:
    """Any order of takes, writes, faults and take-overs: held, active and missing part the file."""
    now = 0.0
    spans = Spans(SIZE, held, min_split_bytes=5, clock=lambda: now)
    expected = _bytes(merged(held))
    active: list[Span] = []
    for action, number in steps:
        now += 1.0
        if action in ("take", "over"):
            span = spans.next_span(number + 1) if action == "take" else spans.split_slowest()
            active += [span] if span else []
        elif action == "write" and active:
            span = active[number % len(active)]
            expected |= set(range(span.position, min(span.position + number, span.stop)))
            spans.record_written(span, number)
        elif action == "back" and active:
            spans.release(active.pop(number % len(active)))
        held = _bytes(spans.held())
        assert held == expected
        under_way = [byte for span in active for byte in range(span.position, span.stop)]
        assert len(under_way) == len(set(under_way))
        assert not held & set(under_way)
        assert spans.prefix == next((byte for byte in range(SIZE) if byte not in held), SIZE)
    for span in active:
        spans.release(span)
    while span := spans.next_span(SIZE):
        expected |= set(range(span.start, span.stop))
        spans.record_written(span, span.remaining)
        spans.release(span)
    assert spans.is_complete
    assert _bytes(spans.held()) == set(range(SIZE))


def _bytes(given_ranges: list[Range]) -> set[int]:
    return {byte for start, stop in given_ranges for byte in range(start, stop)}
