"""Bytes a second, on a clock of our own."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataferry.transfer.limits.bandwidth import Charge, FairQueue, Flow

BURST = 64 * 1024


@dataclass
class Connection:
    """Reads ``chunk`` bytes in ``pause`` seconds, pays for them, and so on."""

    flow: Flow
    chunk: int
    pause: float = 0.0
    charge: Charge | None = None
    free_at: float = 0.0
    paid: int = 0
    longest_wait: float = 0.0
    since: float = 0.0

    def step(self, queue: FairQueue, now: float) -> bool:
        """Whether there is a new charge."""
        if self.charge is not None and self.charge.unpaid == 0:
            self.paid += self.chunk
            self.longest_wait = max(self.longest_wait, now - self.since)
            self.charge, self.free_at = None, now + self.pause
        if self.charge is None and now >= self.free_at:
            self.charge, self.since = queue.add(self.flow, self.chunk), now
            return True
        return False

    @property
    def had(self) -> int:
        return self.paid + (self.chunk - self.charge.unpaid if self.charge else 0)


@dataclass
class Run:
    rate: float | None
    queue: FairQueue = field(init=False)
    connections: list[Connection] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.queue = FairQueue(self.rate, 0.0)

    def fetch(
        self, user: str, connections: int, chunk: int, cap: float | None = None, pause: float = 0
    ) -> Flow:
        flow = self.queue.join(user, cap, self.now)
        self.connections += [Connection(flow, chunk, pause) for _ in range(connections)]
        return flow

    def play(self, seconds: float, late: float = 0.0) -> None:
        """``late``: every wake-up comes so much too late."""
        end = self.now + seconds
        while self.now < end:
            self.now += self.queue.poll_interval_s() + late
            waiting = self.queue.any_waiting() is not None
            self.queue.serve(self.now, self.rate, wanted=waiting)
            while self.step():
                self.queue.serve(self.now, self.rate, wanted=waiting)

    def step(self) -> bool:
        """Whether any connection has a new charge; each of them has its chance."""
        return sum(connection.step(self.queue, self.now) for connection in self.connections) > 0

    def had(self, *flows: Flow) -> int:
        return sum(connection.had for connection in self.connections if connection.flow in flows)


fetches = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bob", "eve"]),
        st.integers(1, 6),
        st.sampled_from([16_384, 65_536, 262_144, 1 << 20]),
        st.sampled_from([None, 1e5, 1e6, 1e7]),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([2e5, 3e6, 2e7]),
    wanted=fetches,
    late=st.floats(0, 0.2),
)
def test_no_cap_is_exceeded_and_none_is_left_unused(
    rate: float, wanted: list[tuple[str, int, int, float | None]], late: float
) -> None:
    run = Run(rate)
    flows = [(run.fetch(user, count, chunk, cap), cap) for user, count, chunk, cap in wanted]
    run.play(2.0, late)
    elapsed = run.now
    assert run.had(*(flow for flow, _ in flows)) <= rate * elapsed + 1
    for flow, cap in flows:
        if cap is not None:
            assert run.had(flow) <= cap * elapsed + 1
    demand = sum(cap if cap is not None else rate for _, cap in flows)
    if demand <= rate or all(cap is None for _, cap in flows):
        assert run.had(*(flow for flow, _ in flows)) >= 0.97 * min(rate, demand) * (elapsed - late - 0.02)


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 8)), min_size=2, max_size=4),
    chunks=st.lists(st.sampled_from([16_384, 262_144, 1 << 20]), min_size=4, max_size=4),
    rate=st.sampled_from([4e6, 2e7]),
)
def test_users_have_equal_shares_and_so_have_the_fetches_of_each(
    counts: list[tuple[int, int]], chunks: list[int], rate: float
) -> None:
    run = Run(rate)
    users = [
        [run.fetch(f"user {number}", connections, chunk) for _ in range(fetches)]
        for number, ((fetches, connections), chunk) in enumerate(zip(counts, chunks, strict=False))
    ]
    run.play(2.0)
    share = rate * run.now / len(users)
    for flows in users:
        assert run.had(*flows) == pytest.approx(share, rel=0.1)
        for flow in flows:
            assert run.had(flow) == pytest.approx(share / len(flows), rel=0.15)
    if rate == 2e7:
        assert max(connection.longest_wait for connection in run.connections) < 2, "nobody starves"


def test_what_one_leaves_is_the_others() -> None:
    run = Run(1e6)
    slow, fast = run.fetch("ada", 4, 65_536, cap=1e5), run.fetch("bob", 1, 65_536)
    run.play(2.0)
    assert run.had(slow) == pytest.approx(2e5, rel=0.03)
    assert run.had(fast) == pytest.approx(1.8e6, rel=0.03)


def test_a_cap_that_is_lifted_leaves_no_arrears() -> None:
    run = Run(1e6)
    slow, fast = run.fetch("ada", 4, 65_536, cap=1e5), run.fetch("bob", 4, 65_536)
    run.play(10.0)
    slow.bucket.change(None, run.now)
    before = run.had(fast)
    run.play(1.0)
    assert run.had(fast) - before == pytest.approx(5e5, rel=0.15)


def test_one_who_comes_late_shares_from_then_on() -> None:
    run = Run(1e6)
    first = run.fetch("ada", 2, 16_384)
    run.play(5.0)
    late = run.fetch("bob", 2, 16_384)
    before = run.had(first)
    run.play(2.0)
    assert run.had(first) - before == pytest.approx(1e6, rel=0.1)
    assert run.had(late) == pytest.approx(1e6, rel=0.1)


def test_a_connection_that_pauses_between_its_chunks_has_its_share() -> None:
    run = Run(1e6)
    many, one = run.fetch("ada", 16, 65_536), run.fetch("bob", 1, 65_536, pause=0.05)
    run.play(5.0)
    assert run.had(one) >= 0.4 * run.had(many)


def test_after_a_pause_little_comes_at_once() -> None:
    queue = FairQueue(1e7, 0.0)
    flow = queue.join("ada", None, 0.0)
    charge = queue.add(flow, 10**9)
    queue.serve(60.0, 1e7, wanted=False)
    assert 10**9 - charge.unpaid == pytest.approx(1e7 * 0.05)
    small = FairQueue(1e3, 0.0)
    charge = small.add(small.join("ada", None, 0.0), 10**9)
    small.serve(600.0, 1e3, wanted=False)
    assert 10**9 - charge.unpaid == BURST


def test_caps_come_and_go_while_bytes_wait() -> None:
    run = Run(1e6)
    flow = run.fetch("ada", 2, 262_144)
    run.play(1.0)
    before = run.had(flow)
    run.rate = 1e5
    run.play(1.0)
    assert run.had(flow) - before <= 1e5 + 0.05 * 1e6
    before = run.had(flow)
    run.rate = None
    run.queue.serve(run.now, None, wanted=True)
    assert run.had(flow) - before > 200_000
    run.rate = 1e6
    before = run.had(flow)
    run.play(1.0)
    assert run.had(flow) - before == pytest.approx(1e6, rel=0.03)


def test_a_users_fetches_share_by_their_shares_and_others_lose_nothing() -> None:
    run = Run(6e6)
    high, low, others = run.fetch("ada", 2, 16_384), run.fetch("ada", 6, 65_536), run.fetch("bob", 1, 65_536)
    high.share, low.share = 9.0, 3.0
    run.play(4.0)
    assert run.had(others) == pytest.approx(run.had(high, low), rel=0.1)
    assert run.had(high) == pytest.approx(3 * run.had(low), rel=0.15)
    before = run.had(high), run.had(low)
    high.share, low.share = 1.0, 9.0  # while they run
    run.play(4.0)
    assert run.had(low) - before[1] > 4 * (run.had(high) - before[0])
