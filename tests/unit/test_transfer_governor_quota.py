"""How often a host may be asked."""

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count
from time import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataferry.transfer.limits.quota import PendingRequests, Quotas
from dataferry.transfer.limits.shared import Divided


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def quota_headers(
    left: int, seconds: float, quota: int | None = None, window: int = 300, name: str = "resolvers"
) -> dict[str, str]:
    headers = {"ratelimit": f'"{name}";r={left};t={seconds}'}
    if quota is not None:
        headers["ratelimit-policy"] = f'"fixed window";"{name}";q={quota};w={window}'
    return headers


@dataclass
class Host:
    """Counts in fixed windows, as HuggingFace does."""

    quota: int
    window: int
    offset: float
    rounded: Callable[[float], int]
    says_quota: bool
    used: Counter[int] = field(default_factory=Counter)
    refused: int = 0

    def answer(self, now: float) -> tuple[int, dict[str, str]]:
        window = int((now + self.offset) // self.window)
        left = self.rounded((window + 1) * self.window - self.offset - now)
        if self.used[window] >= self.quota:
            self.refused += 1
            return 429, quota_headers(0, left, self.quota if self.says_quota else None, self.window)
        self.used[window] += 1
        rest = self.quota - self.used[window]
        return 200, quota_headers(rest, left, self.quota if self.says_quota else None, self.window)


class Simulation:
    """Connections that ask for one file after another, with delays and losses by chance."""

    def __init__(
        self, host: Host, seed: int, connections: int, latency: float, losses: float, processes: int = 1
    ) -> None:
        self.clock = Clock()
        several = [Quotas(self.clock, Divided(processes)) for _ in range(processes)]
        self.host = host
        self.chance = random.Random(seed)
        self.latency, self.losses = latency, losses
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.order = count()
        for number in range(connections):
            quotas = several[number % processes]
            fetch = quotas, quotas.join()
            self.later(0.0, lambda fetch=fetch: self.ask(fetch))  # type: ignore[misc]

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.clock.now + seconds, next(self.order), act))

    def delay(self) -> float:
        return self.chance.random() ** 3 * self.latency

    def ask(self, fetch: tuple[Quotas, PendingRequests]) -> None:
        quotas, pending = fetch
        wait = quotas.request(pending, "hub", "")
        if wait > 0:
            self.later(wait, lambda: self.ask(fetch))
        elif self.chance.random() < self.losses / 2:
            self.later(self.delay(), lambda: self.end(fetch, {}, 0))
        else:
            self.later(self.delay(), lambda: self.arrive(fetch))

    def arrive(self, fetch: tuple[Quotas, PendingRequests]) -> None:
        status, headers = self.host.answer(self.clock.now)
        if self.chance.random() < self.losses / 2:
            status, headers = 0, {}
        self.later(self.delay(), lambda: self.end(fetch, headers, status))

    def end(self, fetch: tuple[Quotas, PendingRequests], headers: dict[str, str], status: int) -> None:
        quotas, pending = fetch
        quotas.record_response(pending, "hub", "", headers, status)
        self.ask(fetch)

    def play(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.events[0][0] < end:
            self.clock.now, _, act = heapq.heappop(self.events)
            act()


@settings(max_examples=30, deadline=None)
@given(
    quota=st.integers(40, 400),
    window=st.sampled_from([20, 60, 300]),
    offset=st.floats(0, 300),
    rounded=st.sampled_from([math.floor, math.ceil, round]),
    says_quota=st.booleans(),
    connections=st.integers(1, 32),
    latency=st.floats(0.01, 2.0),
    losses=st.sampled_from([0.0, 0.0, 0.05, 0.3]),
    seed=st.integers(0, 2**32),
)
def test_a_quota_is_used_up_and_never_exceeded(
    quota: int,
    window: int,
    offset: float,
    rounded: Callable[[float], int],
    says_quota: bool,
    connections: int,
    latency: float,
    losses: float,
    seed: int,
) -> None:
    host = Host(quota, window, offset, rounded, says_quota)
    run = Simulation(host, seed, connections, latency, losses)
    run.play(4 * window)
    assert host.refused == 0
    can = connections * window / (latency / 2)
    if can > 3 * quota and losses < 0.1:
        for whole in sorted(host.used)[1:-1]:
            assert host.used[whole] >= (0.8 if losses else 0.95) * quota, (whole, host.used)


@settings(max_examples=30, deadline=None)
@given(
    quota=st.integers(100, 400),
    window=st.sampled_from([20, 60]),
    offset=st.floats(0, 300),
    connections=st.integers(1, 16),
    latency=st.floats(0.01, 2.0),
    losses=st.sampled_from([0.0, 0.0, 0.05]),
    seed=st.integers(0, 2**32),
)
def test_three_processes_use_up_a_quota_and_never_exceed_it(
    quota: int, window: int, offset: float, connections: int, latency: float, losses: float, seed: int
) -> None:
    host = Host(quota, window, offset, round, says_quota=True)
    Simulation(host, seed, connections, latency, losses, processes=3).play(4 * window)
    assert host.refused == 0
    if connections * window / (latency / 2) > 6 * quota and not losses:
        for whole in sorted(host.used)[1:-1]:
            assert host.used[whole] >= 0.9 * quota, (whole, host.used)


def test_of_several_processes_none_is_kept_waiting_by_what_was_not_counted() -> None:
    clock = Clock()
    quotas = Quotas(clock, Divided(4))
    pending = quotas.join()
    quotas.observe_response("hub", "", quota_headers(499, 240, 500), 200)
    for _ in range(100):
        assert quotas.request(pending, "hub", "") == 0
        quotas.record_response(pending, "hub", "", {}, 200)
    clock.now += 2
    assert quotas.request(pending, "hub", "") == 0


def test_nothing_is_known_before_the_first_answer() -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    assert [quotas.request(pending, "hub", "") for _ in range(100)] == [0.0] * 100


def test_what_is_under_way_counts() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    first, second = quotas.join(), quotas.join()
    quotas.request(first, "hub", "")
    quotas.record_response(first, "hub", "", quota_headers(3, 60), 200)
    assert [quotas.request(first, "hub", ""), quotas.request(second, "hub", "")] == [0.0, 0.0]
    assert quotas.request(first, "hub", "") == 0.0
    assert 0 < quotas.request(second, "hub", "") < 1, "those under way decide"
    for left in (0, 2, 1):
        quotas.record_response(first, "hub", "", quota_headers(left, 60), 200)
    wait = quotas.request(second, "hub", "")
    assert 60 <= wait <= 61
    clock.now += wait
    assert quotas.request(second, "hub", "") == 0.0


def test_a_loss_at_the_end_of_a_window_is_waited_out() -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    quotas.record_response(pending, "hub", "", quota_headers(1, 60), 200)
    assert quotas.request(pending, "hub", "") == 0
    quotas.record_response(pending, "hub", "", {}, 0)
    assert 60 <= quotas.request(pending, "hub", "") <= 61


def test_the_answer_to_a_redirect_ends_no_request() -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    quotas.observe_response("hub", "", quota_headers(2, 60), 200)
    assert [quotas.request(pending, "hub", ""), quotas.request(pending, "hub", "")] == [0.0, 0.0]
    quotas.observe_response("hub", "", quota_headers(2, 60), 200)
    assert quotas.request(pending, "hub", "") > 0


@pytest.mark.parametrize("quota", [6, None])
def test_after_its_end_a_window_counts_anew(quota: int | None) -> None:
    clock = Clock()
    quotas = Quotas(clock)
    pending = quotas.join()
    for left in (5, 0):
        quotas.record_response(pending, "hub", "", quota_headers(left, 60, quota), 200)
    clock.now += quotas.request(pending, "hub", "")
    assert [quotas.request(pending, "hub", "") for _ in range(6)] == [0.0] * 6
    assert quotas.request(pending, "hub", "") > 0


def test_those_who_leave_are_still_counted_until_an_answer_says_so() -> None:
    quotas = Quotas(Clock())
    gone, here = quotas.join(), quotas.join()
    quotas.request(here, "hub", "")
    quotas.record_response(here, "hub", "", quota_headers(4, 60), 200)
    for _ in range(3):
        assert quotas.request(gone, "hub", "") == 0.0
    quotas.leave(gone)
    assert quotas.request(here, "hub", "") == 0.0
    assert quotas.request(here, "hub", "") > 0
    quotas.record_response(
        here, "hub", "", quota_headers(3, 60), 200
    )  # the host had heard of none of the three
    for left in (2, 1):
        assert quotas.request(here, "hub", "") == 0.0
        quotas.record_response(here, "hub", "", quota_headers(left, 60), 200)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True])
def test_a_host_that_asks_for_a_pause_is_left_alone_by_all(status: int, as_date: bool) -> None:
    headers = {"retry-after": formatdate(time() + 12.9, usegmt=True) if as_date else "12"}
    clock = Clock()
    quotas = Quotas(clock)
    first, second = quotas.join(), quotas.join()
    quotas.request(first, "hub", "")
    quotas.record_response(first, "hub", "", headers, status)
    wait = quotas.request(second, "hub", "")
    assert 10 < wait <= 13
    assert quotas.request(second, "other", "") == 0.0
    clock.now += wait
    assert quotas.request(second, "hub", "") == 0.0


def test_a_limit_concerns_one_kind_and_an_overload_all() -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    quotas.record_response(pending, "hub", "ada", {"retry-after": "9"}, 429)
    assert quotas.request(pending, "hub", "ada") == 9
    assert quotas.request(pending, "hub", "bob") == 0
    quotas.record_response(pending, "hub", "ada", {"retry-after": "5"}, 503)
    assert quotas.request(pending, "hub", "bob") == 5


def test_no_host_is_left_alone_for_ever() -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    quotas.record_response(pending, "hub", "", {"retry-after": "999999999"}, 429)
    assert quotas.request(pending, "hub", "") == 3600


def test_the_policies_of_the_last_answer_are_those_that_count() -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    quotas.record_response(pending, "hub", "", quota_headers(0, 99, name="api"), 200)
    assert quotas.request(pending, "hub", "") > 99
    quotas.record_response(pending, "hub", "", quota_headers(5, 99, name="resolvers"), 200)
    assert quotas.request(pending, "hub", "") == 0
    both = {"ratelimit": '"api";r=0;t=10, "resolvers";r=3;t=87'}
    quotas.record_response(pending, "hub", "", both, 200)
    assert quotas.request(pending, "hub", "") > 80, "the api's window ends with the latest that was sent"


def test_a_late_answer_of_an_old_window_says_nothing_of_this_one() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    pending = quotas.join()
    quotas.record_response(pending, "hub", "", quota_headers(1, 30, 100), 200)
    clock.now += 32
    quotas.record_response(pending, "hub", "", quota_headers(0, 2, 100), 200)
    assert quotas.request(pending, "hub", "") == 0
    quotas.record_response(pending, "hub", "", quota_headers(90, 299, 100), 200)
    quotas.record_response(pending, "hub", "", quota_headers(0, 1, 100), 200)
    assert quotas.request(pending, "hub", "") == 0


def test_a_few_requests_are_left_for_others() -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    quotas.record_response(pending, "hub", "", quota_headers(21, 30, 5000), 200)
    assert quotas.request(pending, "hub", "") == 0
    quotas.record_response(pending, "hub", "", quota_headers(20, 30, 5000), 200)
    assert 30 <= quotas.request(pending, "hub", "") <= 31


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        ";;;",
        '"resolvers"',
        '"resolvers";r=;t=3',
        "r=1;t=",
        ",".join(f'"{n}";r=9;t=9' for n in range(99)),
    ],
)
def test_nonsense_stops_nobody(text: str) -> None:
    quotas = Quotas(Clock())
    pending = quotas.join()
    quotas.request(pending, "hub", "")
    quotas.record_response(pending, "hub", "", {"ratelimit": text, "ratelimit-policy": text}, 200)
    assert quotas.request(pending, "hub", "") == 0
