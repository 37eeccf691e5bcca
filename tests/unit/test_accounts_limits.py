"""Limits and tickets: in one process, and over several through Redis, which may be away."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from dataferry.accounts.limits import (
    Limit,
    Subject,
    TryLimits,
    network_of,
    readable_wait,
    sign_in_subjects,
)
from dataferry.accounts.redis_state import RedisTryLimits, connect
from dataferry.accounts.security import Claims, Passwords
from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import NotSignedIn, TooManyRequests
from dataferry.core.settings import Settings
from tests.support.redis import RedisServer, redis_server

LIMIT = Limit(free=3, fade_s=100, first_wait_s=10, longest_wait_s=50)
A, B = Subject("a", LIMIT), Subject("b", LIMIT)
ADA, BOB = Claims("user_1", "session_1"), Claims("user_2", None)


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connection(redis: RedisServer) -> Iterator[Redis]:
    with connect(redis.url) as connection:
        connection.flushall()
        yield connection


@pytest.fixture(params=["local", "shared"])
def tries(request: pytest.FixtureRequest, clock: Clock) -> TryLimits:
    if request.param == "local":
        return TryLimits(clock=clock)
    return RedisTryLimits(request.getfixturevalue("connection"), clock=clock, shared_clock=clock)


def wait_of(tries: TryLimits, *subjects: Subject) -> float:
    """What one more try is told: 0 when it is admitted, and counted."""
    return round(tries.try_to_admit(subjects), 3)


def test_the_first_are_free_and_each_further_one_waits_twice_as_long(tries: TryLimits, clock: Clock) -> None:
    assert [wait_of(tries, A) for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(4):
        wait = wait_of(tries, A)
        waits.append(wait)
        clock.now += wait / 2  # a try that is refused lengthens nothing
        assert wait_of(tries, A) == wait / 2
        clock.now += wait / 2
        assert wait_of(tries, A) == 0
    # What fades meanwhile is less than one try, so that the waits go on growing, up to the longest.
    assert waits == [10, 20, 40, 50]


def test_what_is_counted_fades(tries: TryLimits, clock: Clock) -> None:
    for _ in range(3):
        assert wait_of(tries, A) == 0
    clock.now += 200  # two of them have
    assert [wait_of(tries, A) for _ in range(3)] == [0, 0, 10]
    clock.now += 1000
    assert [wait_of(tries, A) for _ in range(4)] == [0, 0, 0, 10]


def test_a_try_is_counted_for_all_or_for_none(tries: TryLimits) -> None:
    for _ in range(3):
        assert wait_of(tries, A) == 0
    assert [wait_of(tries, A, B) for _ in range(5)] == [10] * 5
    assert [wait_of(tries, B) for _ in range(4)] == [0, 0, 0, 10]


def test_a_good_try_is_taken_back_and_lifts_the_wait_that_it_made(tries: TryLimits) -> None:
    for _ in range(3):
        assert wait_of(tries, A, B) == 0
    tries.take_back(B)
    assert wait_of(tries, B) == 0
    assert wait_of(tries, B) == 10
    tries.clear(A)
    assert [wait_of(tries, A) for _ in range(3)] == [0, 0, 0]


def test_a_shared_clock_that_was_set_back_keeps_nobody_out_for_long(connection: Redis, clock: Clock) -> None:
    tries = RedisTryLimits(connection, shared_clock=clock)
    for _ in range(3):
        assert wait_of(tries, A) == 0
    clock.now -= 86_400
    assert wait_of(tries, A) == LIMIT.longest_wait_s


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_a_jump_of_the_wall_clock_neither_locks_nor_frees(
    connection: Redis, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    """By default nobody asks the process's own wall clock."""
    for tries in (TryLimits(), RedisTryLimits(connection)):
        for _ in range(3):
            assert wait_of(tries, A) == 0
        with monkeypatch.context() as patched:
            patched.setattr("time.time", lambda: 1_000_000.0 + jump_s)
            assert 5 < wait_of(tries, A) <= 10
            assert wait_of(tries, B) == 0


def test_the_answer_says_how_long_to_wait(clock: Clock) -> None:
    tries = TryLimits(clock=clock)
    subject = Subject("a", Limit(free=1, fade_s=600, first_wait_s=60, longest_wait_s=900))
    tries.admit(subject, refusal="No")
    clock.now += 17.4
    with pytest.raises(TooManyRequests, match="No") as refused:
        tries.admit(subject, refusal="No")
    assert refused.value.retry_after == pytest.approx(42.6)
    assert refused.value.next_step == "Wait 43 seconds and try again."
    assert [readable_wait(s) for s in (0.2, 1.5, 90, 91, 900)] == [
        *("1 second", "2 seconds", "90 seconds"),
        *("2 minutes", "15 minutes"),
    ]


def test_a_flood_of_names_costs_no_more_than_so_much_memory(clock: Clock) -> None:
    tries = TryLimits(clock=clock, max_subjects=100)
    for number in range(101):
        for _ in range(3):
            assert wait_of(tries, Subject(f"name {number}", LIMIT)) == 0
    assert wait_of(tries, Subject("name 1", LIMIT)) == 10
    assert wait_of(tries, Subject("name 0", LIMIT)) == 0


def test_an_address_is_its_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("192.0.2.1") == network_of("::ffff:192.0.2.1") == network_of("::FFFF:c000:201")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("64:ff9b::192.0.2.1") == network_of("2002:c000:0201:7::9") == "192.0.2.1"
    assert network_of("testclient") == "testclient"


def test_whom_a_try_to_sign_in_is_counted_for() -> None:
    def keys(device: str | None, address_known: bool) -> list[str]:
        subjects = sign_in_subjects(
            "ada", "192.0.2.1", device=device, address_known=address_known, failures=5
        )
        return [subject.key for subject in subjects]

    assert keys("d1", True) == keys("d1", False) == ["device:ada:d1"]
    assert keys(None, True) == ["pair:192.0.2.1:ada"]
    assert keys(None, False) == ["pair:192.0.2.1:ada", "account:ada", "address:192.0.2.1"]
    long = sign_in_subjects("x" * 10_000, "192.0.2.1", device=None, address_known=False, failures=5)
    assert max(len(subject.key) for subject in long) < 400


def test_processes_share_what_redis_holds(connection: Redis, clock: Clock) -> None:
    here, there = (RedisTryLimits(connection, shared_clock=clock) for _ in range(2))
    ada = Subject("account:ada@example.org", LIMIT)
    assert [wait_of(tries, ada) for tries in (here, there, here)] == [0, 0, 0]
    assert wait_of(here, ada) == wait_of(there, ada) == 10
    # It is forgotten when all of it has faded.
    assert 290 <= connection.ttl(next(connection.scan_iter("dataferry:tries:*"))) <= 301
    # No address can be read there.
    assert "ada" not in " ".join(f"{key}" for key in connection.scan_iter())


def test_without_redis_each_process_goes_on_alone(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with redis_server() as server, connect(server.url) as connection:
        tries = RedisTryLimits(connection, clock=clock)
        server.stop()
        for _ in range(3):
            assert wait_of(tries, A) == 0
        assert wait_of(tries, A) == 10
        tries.take_back(A)
        assert wait_of(tries, A) == 0
        tries.clear(A)
        assert wait_of(tries, A) == 0
    assert "goes on alone" in caplog.text


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_two_servers_count_one_guessers_tries_together(
    database: Database, connection: Redis, redis: RedisServer, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, REDIS_URL=redis.url)  # type: ignore[call-arg]
    servers = [Accounts(database, settings, passwords=Passwords(rounds=1, memory_kib=8)) for _ in range(2)]
    user = await servers[0].register("ada@example.org", "correct horse battery")
    for number in range(5):
        with pytest.raises(NotSignedIn):
            await servers[number % 2].login(user.email, "wrong password", address="192.0.2.1")
    for server in servers:
        with pytest.raises(TooManyRequests):
            await server.login(user.email, "correct horse battery", address="192.0.2.1")
    await servers[1].login(user.email, "correct horse battery", address="192.0.2.2")
    for server in servers:
        server.close()
