"""Rates and times left, over recorded series: true after two seconds, calm, silent where they would lie."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dataferry.transfer.files.rate import RateMeter

MB = 1_000_000
STEP_S = 0.1


@dataclass
class Moment:
    at: float
    done: int
    rate: float | None
    left_s: float | None


def watch(total: int, arrivals: Iterator[float]) -> list[Moment]:
    """What the meter says each tenth of a second, until ``total`` bytes have come."""
    meter, now, done, seen = RateMeter(), 1000.0, 0, []
    meter.add(now, 0)
    for came in arrivals:
        now += STEP_S
        done = min(total, done + int(came))
        meter.add(now, done)
        seen.append(Moment(now - 1000.0, done, meter.rate, meter.time_left(total - done)))
        if done == total:
            break
    return seen


def steady(rate: float) -> Iterator[float]:
    while True:
        yield rate * STEP_S


def ragged(rate: float, seed: int) -> Iterator[float]:
    """A line that is shared: sometimes a third of its rate, sometimes twice, in runs of up to a second."""
    chance = random.Random(seed)
    while True:
        factor = chance.choice([0.33, 0.6, 1.0, 1.3, 2.0])
        for _ in range(chance.randrange(1, 10)):
            yield rate * factor * STEP_S


def bursts(size: float, every_s: float) -> Iterator[float]:
    """A hub that sends a piece at a time."""
    while True:
        for n in range(round(every_s / STEP_S)):
            yield size if n == 0 else 0.0


def ramp(rate: float, over_s: float) -> Iterator[float]:
    """A connection that begins slowly: after a redirect, and while its window grows."""
    n = 0
    while True:
        n += 1
        yield rate * STEP_S * min(1.0, (n * STEP_S / over_s) ** 2)


def told(seen: list[Moment]) -> list[Moment]:
    return [moment for moment in seen if moment.left_s is not None]


@pytest.mark.parametrize(
    ("arrivals", "factor"),
    [
        (steady(5 * MB), 1.05),
        (ragged(5 * MB, 1), 1.8),
        (ragged(5 * MB, 2), 1.8),
        (bursts(10 * MB, 2.0), 1.8),
        (ramp(5 * MB, 4.0), 2.5),
    ],
    ids=["steady", "ragged", "ragged too", "bursts", "slow start"],
)
def test_the_time_left_is_about_right_from_two_seconds_on(arrivals: Iterator[float], factor: float) -> None:
    seen = watch(200 * MB, arrivals)
    end = seen[-1].at
    assert all(moment.left_s is None for moment in seen if moment.at < 1.95)
    assert told(seen)[0].at < 9
    for moment in told(seen):
        truth = end - moment.at
        assert moment.left_s is not None
        # Of a few seconds more or less nothing is said.
        assert moment.left_s < factor * truth + 2.5, moment
        assert moment.left_s > truth / factor - 2.5, moment


def test_six_seconds_are_never_half_an_hour() -> None:
    def slow_then_quick() -> Iterator[float]:
        for _ in range(8):
            yield 300.0
        yield from steady(20 * MB)

    seen = watch(100 * MB, slow_then_quick())
    assert seen[-1].at < 7
    assert max(moment.left_s or 0 for moment in seen) < 15


@pytest.mark.parametrize("seed", range(5))
def test_it_runs_down_without_leaps(seed: int) -> None:
    seen = [moment for moment in told(watch(600 * MB, ragged(10 * MB, seed))) if moment.at > 8]
    for before, after in itertools.pairwise(seen):
        assert before.left_s is not None
        assert after.left_s is not None
        assert abs(after.left_s - before.left_s) < 0.06 * before.left_s + 1.0


def test_a_stall_has_no_time_left_and_what_goes_on_is_measured_anew() -> None:
    def stalls() -> Iterator[float]:
        yield from (10 * MB * STEP_S,) * 100 + (0.0,) * 200
        yield from steady(2 * MB)

    seen = watch(300 * MB, stalls())
    silent = [moment for moment in seen if 14.2 < moment.at < 30]
    assert {(moment.rate, moment.left_s) for moment in silent} == {(0.0, None)}
    again = next(moment for moment in seen if moment.at > 30 and moment.left_s is not None)
    assert again.at < 32.5
    assert again.left_s == pytest.approx(seen[-1].at - again.at, rel=0.1)
    assert not any(moment.rate == 0 for moment in seen if moment.at > 30.2)


def test_a_new_limit_counts_within_seconds() -> None:
    def limited() -> Iterator[float]:
        for _ in range(200):
            yield 10 * MB * STEP_S
        yield from steady(1 * MB)

    seen = watch(300 * MB, limited())
    later = next(moment for moment in seen if moment.at > 28)
    assert later.left_s == pytest.approx(seen[-1].at - later.at, rel=0.25)
    assert later.rate == pytest.approx(MB, rel=0.7)


def test_a_narrow_limit_that_lets_a_piece_through_now_and_then_is_no_stall() -> None:
    seen = watch(2 * MB, bursts(64 * 1024, 6.5))
    assert not any(moment.rate == 0 for moment in seen if moment.at > 20)


def test_what_is_taken_back_is_no_speed_and_an_age_is_not_told() -> None:
    meter = RateMeter()
    for n, done in enumerate([0, 100, 200, 50, 60]):
        meter.add(float(n), done)
    assert meter.rate is not None
    assert meter.rate >= 0
    assert meter.time_left(10**15) is None
