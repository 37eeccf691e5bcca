"""The clock that all processes share."""

from datetime import UTC, datetime, timedelta

import pytest

from dataferry.core.clock import SharedClock

DATABASE_TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Machine:
    """A machine's clocks; ``ahead_s``: how far the one that is set is ahead of the database's."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead_s = ahead_s
        self.passed_s = 0.0
        self.clock = SharedClock(
            lambda: DATABASE_TIME.timestamp() + self.passed_s + self.ahead_s, lambda: 40.0 + self.passed_s
        )

    def ask(self, takes_s: float = 0.0) -> datetime:
        self.passed_s += takes_s / 2
        told = DATABASE_TIME + timedelta(seconds=self.passed_s)
        self.passed_s += takes_s / 2
        return told

    @property
    def error_s(self) -> float:
        return (self.clock.now() - DATABASE_TIME).total_seconds() - self.passed_s


@pytest.mark.parametrize("ahead_s", [600.0, 20.0, -20.0])
def test_a_wrong_clock_is_put_right(ahead_s: float) -> None:
    machine = Machine(ahead_s)
    assert machine.clock.needs_comparison()
    machine.clock.compare(lambda: machine.ask(takes_s=2.0))
    assert abs(machine.error_s) < 0.01
    assert not machine.clock.needs_comparison()


def test_a_clock_that_is_set_is_compared_again() -> None:
    machine = Machine(0.0)
    machine.clock.compare(machine.ask)
    machine.ahead_s = 600.0
    assert machine.clock.needs_comparison()
    machine.clock.compare(machine.ask)
    assert abs(machine.error_s) < 0.01
    machine.passed_s += 11.0
    assert machine.clock.needs_comparison()


def test_a_slow_answer_moves_a_good_clock_less_than_it_can_tell() -> None:
    machine = Machine(0.05)
    machine.clock.compare(machine.ask)
    before = machine.clock.now()
    machine.clock.compare(machine.ask)
    assert machine.clock.now() == before
