"""What the fetches of a process share, with real threads."""

import threading
import time as clocks
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, time
from functools import partial

import pytest

from dataferry.core.errors import Cancelled
from dataferry.transfer.limits.governor import Governor, Member, Shares

DEADLINE_S = 10.0


class Stopped(Exception):
    pass


def go_on() -> None:
    pass


class Signal:
    """A ``check_cancelled`` that counts its calls, and raises once ``stop`` is set."""

    def __init__(self) -> None:
        self.calls = threading.Semaphore(0)
        self.stop = threading.Event()

    def __call__(self) -> None:
        self.calls.release()
        if self.stop.is_set():
            raise Stopped

    def wait_called(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.calls.acquire(timeout=DEADLINE_S)


@contextmanager
def connection(member: Member, host: str, check_cancelled: Callable[[], None]) -> Iterator[None]:
    slot = member.acquire_slot(host, check_cancelled)
    try:
        yield
    finally:
        member.release_slot(slot)


def hold(member: Member, host: str, check_cancelled: Callable[[], None] = go_on) -> None:
    with connection(member, host, check_cancelled):
        pass


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def test_many_threads_keep_to_the_limits_while_they_change(pool: ThreadPoolExecutor) -> None:
    governor = Governor(Shares(connections=6, connections_per_host=4))
    lock = threading.Lock()
    open_now: Counter[str] = Counter()
    exceeded: list[str] = []

    def work(member: Member, number: int) -> None:
        for turn in range(60):
            host = "abc"[(number + turn) % 3]
            with connection(member, host, go_on):
                with lock:
                    open_now[host] += 1
                    if open_now[host] > 4 or open_now.total() > 6:
                        exceeded.append(host)
                clocks.sleep(0.0002)
                with lock:
                    open_now[host] -= 1

    with governor.join("ada") as ada, governor.join("bob") as bob:
        running = [pool.submit(work, (ada, bob)[number % 2], number) for number in range(24)]
        for connections in (3, 1, 6, 2, 6):
            governor.set_shares(Shares(connections=connections, connections_per_host=4))
            clocks.sleep(0.02)
        for each in running:
            each.result(DEADLINE_S * 3)
    assert not exceeded
    with governor.join("eve") as eve, connection(eve, "a", go_on), connection(eve, "a", go_on):
        hold(eve, "a")


def test_one_who_gives_up_waiting_takes_nothing_along(pool: ThreadPoolExecutor) -> None:
    governor = Governor(Shares(connections=1))
    member, signal = governor.join("ada"), Signal()
    with connection(member, "a", go_on):
        waiting = pool.submit(hold, member, "a", signal)
        signal.wait_called()
        signal.stop.set()
        with pytest.raises(Stopped):
            waiting.result(DEADLINE_S)
    hold(member, "a")


def test_who_waits_is_asked_ten_times_a_second(pool: ThreadPoolExecutor) -> None:
    governor = Governor(Shares(connections=1, bytes_per_s=1000))
    member = governor.join("ada")
    with connection(member, "a", go_on):
        waits: list[Callable[[Signal], None]] = [partial(hold, member, "a"), partial(member.throttle, 10**9)]
        for wait in waits:
            signal = Signal()
            waiting = pool.submit(wait, signal)
            signal.wait_called()
            started = clocks.monotonic()
            signal.wait_called(5)
            assert clocks.monotonic() - started < 5 * 0.2
            signal.stop.set()
            with pytest.raises(Stopped):
                waiting.result(DEADLINE_S)


def test_more_connections_are_there_at_once_for_those_who_wait(pool: ThreadPoolExecutor) -> None:
    governor = Governor(Shares(connections=1))
    member, signal = governor.join("ada"), Signal()
    with connection(member, "a", go_on):
        waiting = pool.submit(hold, member, "a", signal)
        signal.wait_called()
        governor.set_shares(Shares(connections=2))
        waiting.result(DEADLINE_S)


def test_a_member_that_leaves_returns_everything(pool: ThreadPoolExecutor) -> None:
    governor = Governor(Shares(connections=2, bytes_per_s=1000))
    leaving, staying = governor.join("ada"), governor.join("ada")
    slot, spending, other = Signal(), Signal(), Signal()
    with connection(leaving, "a", go_on), connection(leaving, "a", go_on):
        waits = [pool.submit(hold, leaving, "a", slot), pool.submit(leaving.throttle, 10**9, spending)]
        elsewhere = pool.submit(hold, staying, "a", other)
        for signal in (slot, spending, other):
            signal.wait_called()
        leaving.leave()
        elsewhere.result(DEADLINE_S)
        for wait in waits:
            with pytest.raises(Cancelled):
                wait.result(DEADLINE_S)
    with connection(staying, "a", go_on), connection(staying, "a", go_on):
        signal = Signal()
        signal.stop.set()
        with pytest.raises(Stopped):
            hold(staying, "a", signal)
    with pytest.raises(Cancelled):
        hold(leaving, "a")
    with pytest.raises(Cancelled):
        leaving.throttle(1, go_on)
    leaving.leave()


def test_the_cap_is_kept_and_used(pool: ThreadPoolExecutor) -> None:
    governor = Governor(Shares(bytes_per_s=4e6))
    with governor.join("ada") as ada, governor.join("bob", bytes_per_s=1e6) as bob:
        started = clocks.monotonic()

        def read(member: Member) -> int:
            count = 0
            while clocks.monotonic() - started < 1.5:
                member.throttle(16_384, go_on)
                count += 16_384
            return count

        running = {member: [pool.submit(read, member) for _ in range(3)] for member in (ada, bob)}
        had = {member: sum(each.result(DEADLINE_S) for each in reads) for member, reads in running.items()}
        elapsed = clocks.monotonic() - started
    assert 0.97 <= sum(had.values()) / elapsed / 4e6 <= 1.03
    assert 0.9 <= had[bob] / elapsed / 1e6 <= 1.03


@pytest.mark.parametrize("whose", ["all", "member"])
def test_a_cap_is_lifted_for_those_who_wait(pool: ThreadPoolExecutor, whose: str) -> None:
    governor = Governor(Shares(bytes_per_s=1000 if whose == "all" else None))
    member = governor.join("ada", bytes_per_s=1000 if whose == "member" else None)
    signal = Signal()
    waiting = pool.submit(member.throttle, 10**9, signal)
    signal.wait_called()
    lifted = clocks.monotonic()
    if whose == "all":
        governor.set_shares(Shares())
    else:
        member.limit(None)
    waiting.result(DEADLINE_S)
    assert clocks.monotonic() - lifted < 1


def test_a_cap_that_is_set_later_holds(pool: ThreadPoolExecutor) -> None:
    governor = Governor()
    member = governor.join("ada")
    signal = Signal()
    signal.stop.set()
    member.throttle(10**12, signal)  # no cap: not even asked whether to go on
    member.limit(1000)
    with pytest.raises(Stopped):
        member.throttle(10**6, signal)
    member.limit(None)
    governor.set_shares(Shares(bytes_per_s=1000))
    with pytest.raises(Stopped):
        member.throttle(10**6, signal)


@pytest.mark.parametrize(
    ("start", "end", "moment", "inside"),
    [
        ("22:00", "06:00", "23:30", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("22:00", "06:00", "12:00", False),
        ("01:00", "05:00", "01:00", True),
        ("01:00", "05:00", "05:00", False),
        ("01:00", "05:00", "00:59", False),
        ("03:00", "03:00", "03:00", False),
    ],
)
def test_night(start: str, end: str, moment: str, inside: bool) -> None:
    shares = Shares(
        bytes_per_s=10, night_bytes_per_s=70, night=(time.fromisoformat(start), time.fromisoformat(end))
    )
    assert shares.rate_at(time.fromisoformat(moment)) == (70 if inside else 10)


def test_at_nightfall_those_who_wait_go_on(pool: ThreadPoolExecutor) -> None:
    wall = datetime(2026, 11, 20, 21, 59)
    night = (time(22), time(6))
    governor = Governor(Shares(bytes_per_s=1000, night=night), now=lambda: wall)
    member, signal = governor.join("ada"), Signal()
    waiting = pool.submit(member.throttle, 10**9, signal)
    signal.wait_called(3)
    assert not waiting.done()
    wall = datetime(2026, 11, 20, 22, 0)
    waiting.result(DEADLINE_S)
    wall = datetime(2026, 11, 21, 6, 0)
    governor.set_shares(Shares(night_bytes_per_s=1000, night=night))
    member.throttle(10**9, signal)  # a cap at night alone
    wall = datetime(2026, 11, 20, 22, 0)
    signal.stop.set()
    governor.set_shares(Shares(night_bytes_per_s=1000, night=night))
    with pytest.raises(Stopped):
        member.throttle(10**9, signal)


def test_an_answer_under_way_decides_whether_there_is_room(pool: ThreadPoolExecutor) -> None:
    governor = Governor()
    member = governor.join("ada")
    member.record_response("hub", {"ratelimit": '"resolvers";r=2;t=60'}, 200)
    assert [member.request("hub"), member.request("hub")] == [0, 0]
    signal = Signal()
    waiting = pool.submit(member.request, "hub", signal)
    signal.wait_called()
    member.record_response("hub", {"ratelimit": '"resolvers";r=1;t=60'}, 200)
    member.record_response("hub", {"ratelimit": '"resolvers";r=0;t=60'}, 200)
    assert 59 < waiting.result(DEADLINE_S) <= 61
    assert member.request("other", signal) == 0


@pytest.mark.parametrize(
    "wrong", [{"connections": 0}, {"connections_per_host": 0}, {"bytes_per_s": 0}, {"night_bytes_per_s": -1}]
)
def test_a_limit_of_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"connection|cap"):
        Shares(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cap"):
        Governor().join("ada", bytes_per_s=0)
